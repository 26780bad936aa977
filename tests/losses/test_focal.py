"""Focal loss is that of MbLS, and MONAI's softmax form up to its mean over classes."""

from pathlib import Path

import numpy as np
import pytest
import torch
from monai.losses import FocalLoss
from softbench import losses


@pytest.mark.parametrize("gamma", [0.0, 1.0, 2.0, 3.0])
def test_hard_targets_give_the_recorded_values_of_mbls(oracles: Path, gamma: float) -> None:
    file = np.load(oracles / "labels" / "losses.npz")
    hard = torch.from_numpy(file["y"].astype(np.int64))
    anything = torch.zeros(file["logits"].shape)
    target = losses.Target(anything, hard, torch.ones_like(hard, dtype=torch.bool))
    value = float(losses.build(f"focal(hard, gamma={gamma})")(torch.from_numpy(file["logits"]), target))
    assert value == pytest.approx(float(file[f"focal_{gamma}"]), abs=1e-6)
    assert value == pytest.approx(4 * float(file[f"focal_monai_softmax_{gamma}"]), abs=1e-6)  # 4 classes


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0, 3.0])
def test_soft_targets_give_monais_softmax_form_times_the_classes(batch, gamma: float) -> None:
    logits, target = batch(2, 3, 4, 5)
    expected = 3 * FocalLoss(use_softmax=True, gamma=gamma)(logits, target.soft)
    assert losses.build(f"focal(gamma={gamma})")(logits, target).item() == pytest.approx(expected.item(), rel=1e-6)


def test_gamma_0_is_cross_entropy(batch) -> None:
    logits, target = batch(2, 3, 4)
    assert torch.equal(losses.build("focal(gamma=0)")(logits, target), losses.build("ce")(logits, target))


def test_gamma_is_2_unless_given(batch) -> None:
    logits, target = batch(2, 3, 4)
    assert torch.equal(losses.build("focal")(logits, target), losses.build("focal(gamma=2)")(logits, target))


def test_value_follows_the_equation_for_a_soft_target() -> None:
    # p = 1/2 for both classes, gamma = 2: (3/4 + 1/4) * (1/2)^2 * ln 2
    target = losses.Target(torch.tensor([[[0.75], [0.25]]]), torch.tensor([[0]]), torch.tensor([[True]]))
    value = losses.build("focal")(torch.zeros(1, 2, 1), target)
    assert float(value) == pytest.approx(np.log(2) / 4)


def test_soft_target_is_no_minimum() -> None:
    soft = torch.tensor([[[0.9], [0.1]]])
    target = losses.Target(soft, torch.tensor([[0]]), torch.tensor([[True]]))
    at_target = float(losses.build("focal")(soft.log(), target))
    less_certain = float(losses.build("focal")(torch.tensor([[[0.8], [0.2]]]).log(), target))
    # 0.9 * 0.1^2 * -ln 0.9 + 0.1 * 0.9^2 * -ln 0.1 = 0.1875; 0.9 * 0.2^2 * -ln 0.8 + 0.1 * 0.8^2 * -ln 0.2 = 0.1110
    assert at_target == pytest.approx(0.18746, abs=1e-5)
    assert less_certain == pytest.approx(0.11104, abs=1e-5)
