"""A loss that is not fit to train with stops a run before its first step."""

import types
from pathlib import Path

import pytest
import torch
from softbench import InputError
from softbench.losses import ce, trial, weighted_sum
from softbench.training import loop, parts

from .test_training import train


class WrongSign(ce.CrossEntropy):
    """Cross-entropy that rises where the prediction comes nearer to the labels."""

    def forward(self, logits, target):
        return -super().forward(logits, target)


class NotANumber(ce.CrossEntropy):
    """Cross-entropy that is NaN."""

    def forward(self, logits, target):
        return super().forward(logits, target) * torch.nan


class Flatter(ce.CrossEntropy):
    """Cross-entropy whose file says that it is smallest at the target, less the entropy of the prediction."""

    def forward(self, logits, target):
        log_p = torch.log_softmax(logits, dim=1)
        return super().forward(logits, target) + 0.5 * (log_p.exp() * log_p).sum(dim=1).mean()


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (WrongSign, r"losses/ce\.py: the loss 'ce' has the wrong sign"),
        (NotANumber, r"losses/ce\.py: the loss 'ce' is nan for equal logits"),
        (Flatter, r"losses/ce\.py: the loss 'ce' says SMALLEST_AT_TARGET, but is"),
    ],
)
def test_faulty_loss_stops_before_the_first_step(
    kind: type, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = types.SimpleNamespace(CrossEntropy=kind, SMALLEST_AT_TARGET=True)
    for user in (weighted_sum, trial):
        monkeypatch.setattr(user, "import_file", lambda file: module)
    monkeypatch.setattr(loop, "_step", lambda *_: pytest.fail("a step was taken"))
    monkeypatch.setattr(parts, "fresh_network", lambda *_: pytest.fail("a network was made"))
    with pytest.raises(InputError, match=said):
        train(tmp_path)
    assert not list(tmp_path.iterdir())


def test_loss_is_tried_with_the_classes_and_axes_of_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def refuse(expression: str, **how: object) -> None:
        asked.append((expression, how))
        raise InputError("no")

    monkeypatch.setattr(trial, "try_out", refuse)
    with pytest.raises(InputError, match="no"):
        train(tmp_path)
    assert asked == [("ce", {"classes": 2, "dims": 3, "frequencies": None})]
