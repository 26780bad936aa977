"""Losses that are not fit to train with are refused before training; those of the suite pass."""

import importlib.util
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from softbench import InputError, losses
from softbench.losses import catalogue, trial, weighted_sum

HEAD = """from torch import nn
import torch

VERSION = 1
LOSS = {{"class": "Own"}}
{declared}

class Own(nn.Module):
    def forward(self, logits, target):
        log_p = torch.log_softmax(logits, dim=1)
        p, ce = log_p.exp(), -(target.soft * log_p).sum(dim=1).mean()
        return {returned}
"""
DECLARES = "SMALLEST_AT_TARGET = True\n"
FAULTY = {  # what `forward` returns -> what is said
    "None": r"the loss Own \(.*own\.py\) must return one number for the whole batch, .* but returned None",
    "logits.mean((1, 2))": r"but returned a tensor of the shape \(1, 6\)\. Take the mean over what is left",
    "0.5": r"but returned 0\.5",
    "logits / logits.missing": r"own\.py\) stopped with AttributeError: .* \(own\.py, line 12\)\. Fix it there",
    "ce * float('nan')": r"own\.py: the loss 'own' is nan for equal logits\. Nothing is trained with it: correct its",
    "ce / (p - 0.5).abs().max()": r"own\.py: the loss 'own' is inf for equal logits",
    "ce - torch.log(1 - p).mean()": r"is inf for a network that is sure and right",
    "(p - target.soft).abs().sqrt().mean()": r"has a gradient that is NaN or infinite for a network that is sure and",
    "torch.tensor(0.5)": r"does not depend on the logits",
    "-ce": r"has the wrong sign: one step against its gradient from equal logits lowers the mean probability of the "
    r"labelled classes from 0\.5000 to 0\.4\d+\. Nothing is trained with it: a loss falls where .* turn its sign",
    "(p * target.soft).sum(dim=1).mean()": "has the wrong sign",
}
FALSE_CLAIMS = {
    "ce - 0.5 * -(p * log_p).sum(dim=1).mean()": r"'own' says SMALLEST_AT_TARGET, but is 0\.\d+ where the prediction "
    r"is the target and 0\.\d+ where its logits are halved\..* correct its equation, or take SMALLEST_AT_TARGET out",
    "(1 - p * target.soft).mean()": r"the target and 0\.\d+ where (its logits are doubled|the most probable class)",
    "0 * ce": r"the target and no larger anywhere else that was tried",
    "(p - target.soft.detach()).square().mean() + ce.detach() - ce": "has the wrong sign",
}


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A loss `own`, alone among losses, that returns what is written."""

    def write(returned: str, declared: str = "") -> None:
        path = tmp_path / "own.py"
        path.write_text(HEAD.format(returned=returned, declared=declared))
        spec = importlib.util.spec_from_file_location("own", path)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "own", module)  # where `inspect` looks for the file of a class
        spec.loader.exec_module(module)
        monkeypatch.setattr(catalogue, "ROOM", tmp_path)
        for user in (weighted_sum, trial):
            monkeypatch.setattr(user, "import_file", lambda file: module)

    return write


@pytest.mark.parametrize("returned", FAULTY)
def test_faulty_loss_names_its_file_and_what_was_found(returned: str, own: Callable[..., None]) -> None:
    own(returned)
    with pytest.raises(InputError, match=FAULTY[returned]):
        trial.try_out("own")


@pytest.mark.parametrize("returned", FALSE_CLAIMS)
def test_loss_that_is_not_smallest_where_it_says_is_refused(returned: str, own: Callable[..., None]) -> None:
    own(returned, DECLARES)
    with pytest.raises(InputError, match=FALSE_CLAIMS[returned]):
        trial.try_out("own")


def test_same_loss_without_the_claim_passes(own: Callable[..., None]) -> None:
    own("ce - 0.5 * -(p * log_p).sum(dim=1).mean()")
    trial.try_out("own")


def test_slope_that_does_not_belong_to_its_value_is_refused(own: Callable[..., None]) -> None:
    """The value of the squared error with the slope of its negative is found by the step, not by values."""
    own("2 * (p - target.soft).square().mean().detach() - (p - target.soft).square().mean()", DECLARES)
    with pytest.raises(InputError, match="has the wrong sign"):
        trial.try_out("own")


@pytest.mark.parametrize("expression", ["0.1*ce + own", "0.0*own + ce", "learned(ce + own)", "ce(hard) + own(hard)"])
def test_each_term_is_tried_whatever_its_weight(
    expression: str, own: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = dict(catalogue.known())
    real, room = weighted_sum.import_file, catalogue.ROOM
    own("-ce")
    faulty = weighted_sum.import_file
    monkeypatch.setattr(catalogue, "known", lambda: known | {"own": catalogue.Loss("Own")})
    for user in (weighted_sum, trial):
        monkeypatch.setattr(user, "import_file", lambda f: faulty(f) if f.stem == "own" else real(room / f.name))
    with pytest.raises(InputError, match=r"own.*has the wrong sign"):
        trial.try_out(expression)


def test_loss_that_stands_beside_another_is_tried_in_its_sum(
    own: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    known, real, room = dict(catalogue.known()), weighted_sum.import_file, catalogue.ROOM
    own("0.1 * -ce", "STANDS_BESIDE = True\n")
    beside = weighted_sum.import_file
    monkeypatch.setattr(catalogue, "known", lambda: known | {"own": catalogue.Loss("Own")})
    for user in (weighted_sum, trial):
        monkeypatch.setattr(user, "import_file", lambda f: beside(f) if f.stem == "own" else real(room / f.name))
    trial.try_out("ce + own")
    for expression in ("own", "ce + 20*own"):
        with pytest.raises(InputError, match=r"wrong sign.* STANDS_BESIDE says that it needs another loss, so add one"):
            trial.try_out(expression)


@pytest.mark.parametrize(("classes", "dims"), [(2, 2), (3, 3), (9, 2)])
@pytest.mark.parametrize("name", [*losses.names(), "learned(l1 + soft_dice)", "ce + dice + ml1_ace(soft_bins=true)"])
def test_shipped_losses_pass(name: str, classes: int, dims: int) -> None:
    trial.try_out(name, classes=classes, dims=dims)


@pytest.mark.parametrize(
    "expression",
    ["focal(gamma=5)", "dsc_pp(gamma=0.5)", "sdc(code=true)", "sdc(alpha=1, distance=1)", "ecp(alpha=1)",
     "nacl(alpha=1)", "mbls(margin=0)", "acls(margin=0)", "tversky(alpha=0.9, beta=0.1)", "dice(background=false)",
     "jaccard(background=false)", "soft_dice(per_class=false)", "adaptive_wing(epsilon=0.5)"],
)  # fmt: skip
def test_shipped_losses_pass_with_other_settings(expression: str) -> None:
    trial.try_out(expression, classes=3)


def test_frequencies_of_a_class_that_is_absent_pass() -> None:
    trial.try_out("wce", classes=3, frequencies=[0.9, 0.1, 0.0])


def test_losses_that_say_they_are_smallest_at_the_target_are_those_of_the_page(root: Path) -> None:
    """Of the table in docs/losses.md; `kl` is smallest at the target divided by its sum, which is the target here."""
    lines = (root / "docs" / "losses.md").read_text(encoding="utf-8").splitlines()
    rows = [re.split(r"(?<!\\)\|", line.strip("| ")) for line in lines if line.startswith("| `")]
    told = {row[0].strip(" `") for row in rows if row[-1].strip() in ("p = q", "p = y", "p = q / sum_c q_c")}
    declared = {name for name in losses.names() if trial.DECLARED in (catalogue.ROOM / f"{name}.py").read_text()}
    assert declared == told


def test_trying_draws_no_random_number() -> None:
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    trial.try_out("ce + dice")
    assert torch.equal(torch.rand(3), expected)
