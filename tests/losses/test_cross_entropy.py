"""Cross-entropy equals the authors' losses and torch's, and its gradient its numerical one."""

from pathlib import Path

import numpy as np
import pytest
import torch
from softbench import InputError, losses
from softbench.soft_labels import ls, one_hot, svls


def target_of(soft: np.ndarray, hard: np.ndarray) -> losses.Target:
    hard_tensor = torch.from_numpy(hard.astype(np.int64))
    return losses.Target(torch.from_numpy(soft), hard_tensor, torch.ones_like(hard_tensor, dtype=torch.bool))


@pytest.mark.parametrize("alpha", [0.0, 0.1, 0.2, 0.3])
def test_smoothed_targets_give_torchs_label_smoothing(oracles: Path, alpha: float) -> None:
    file = np.load(oracles / "labels" / "losses.npz")
    soft = np.stack([ls.soften(y[None], None, (1, 1, 1), classes=4, alpha=alpha) for y in file["y"]])
    value = float(losses.build("ce")(torch.from_numpy(file["logits"]), target_of(soft, file["y"])))
    expected = torch.nn.functional.cross_entropy(
        torch.from_numpy(file["logits"]), torch.from_numpy(file["y"].astype(np.int64)), label_smoothing=alpha
    )
    assert value == pytest.approx(float(expected), abs=1e-6)
    if alpha > 0:
        assert value == pytest.approx(float(file[f"ls_{alpha}"]), abs=1e-6)


@pytest.mark.parametrize(("recipe", "name"), [(svls, "svls"), (one_hot, "oh")])
def test_loss_is_that_of_the_svls_authors(oracles: Path, recipe, name: str) -> None:
    file = np.load(oracles / "labels" / "svls3d.npz")
    soft = recipe.soften(file["toy_label"][None], None, (1, 1, 1), classes=4)
    value = losses.build("ce")(torch.from_numpy(file["toy_logits"]), target_of(soft[None], file["toy_label"][None]))
    assert float(value) == pytest.approx(float(file[f"toy_loss_{name}"]), abs=1e-6)


def test_voxels_that_are_not_valid_count_for_nothing() -> None:
    logits = torch.randn(1, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    hard = torch.zeros(1, 4, 4, dtype=torch.int64)
    soft = torch.nn.functional.one_hot(hard, 3).permute(0, 3, 1, 2).float()
    valid = torch.zeros_like(hard, dtype=torch.bool)
    valid[:, :2] = True
    half = losses.build("ce")(logits[:, :, :2], losses.Target(soft[:, :, :2], hard[:, :2], valid[:, :2]))
    assert losses.build("ce")(logits, losses.Target(soft, hard, valid)) == pytest.approx(float(half))


def test_gradient_is_prediction_minus_target() -> None:
    logits = torch.randn(1, 3, 5, generator=torch.Generator().manual_seed(0)).requires_grad_()
    soft = torch.softmax(torch.randn(1, 3, 5, generator=torch.Generator().manual_seed(1)), dim=1)
    hard = soft.argmax(dim=1)
    losses.build("ce")(logits, losses.Target(soft, hard, torch.ones_like(hard, dtype=torch.bool))).backward()
    assert torch.allclose(logits.grad, (torch.softmax(logits, dim=1) - soft) / 5, atol=1e-6)


def test_terms_are_weighted_and_summed() -> None:
    logits = torch.randn(1, 2, 3, generator=torch.Generator().manual_seed(0))
    hard = torch.tensor([[0, 1, 0]])
    target = losses.Target(
        torch.nn.functional.one_hot(hard, 2).permute(0, 2, 1).float(), hard, torch.ones_like(hard, dtype=torch.bool)
    )
    once = losses.build("ce")(logits, target)
    assert float(losses.build("ce + 0.5*ce")(logits, target)) == pytest.approx(1.5 * float(once))


@pytest.mark.parametrize(("expression", "message"), [("crossentropy", "known losses: ce"), ("x*ce", "no number")])
def test_unknown_terms_are_named(expression: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        losses.build(expression)
