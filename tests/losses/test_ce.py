"""Cross-entropy equals the authors' losses and torch's, and its gradient its numerical one."""

from pathlib import Path

import numpy as np
import pytest
import torch
from softbench import losses
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


def test_soft_targets_give_torchs_cross_entropy_with_probabilities(batch) -> None:
    logits, target = batch(2, 3, 4, 5)
    expected = torch.nn.functional.cross_entropy(logits, target.soft)
    assert losses.build("ce")(logits, target).item() == pytest.approx(expected.item(), rel=1e-6)


def test_one_hot_targets_give_the_recorded_cross_entropy(oracles: Path) -> None:
    file = np.load(oracles / "labels" / "losses.npz")
    soft = np.stack([one_hot.soften(y[None], None, (1, 1, 1), classes=4) for y in file["y"]])
    target = target_of(np.full_like(soft, 0.25), file["y"])
    for loss, its_target in (("ce", target._replace(soft=torch.from_numpy(soft))), ("ce(hard)", target)):
        value = losses.build(loss)(torch.from_numpy(file["logits"]), its_target)
        assert float(value) == pytest.approx(float(file["ce"]), abs=1e-6)


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
