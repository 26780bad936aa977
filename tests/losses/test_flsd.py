"""FLSD-53: gamma 5 below a probability of 0.2, else 3."""

import math

import pytest
import torch
from softbench import losses


@pytest.mark.parametrize(("p", "gamma"), [(0.1, 5), (0.19, 5), (0.21, 3), (0.9, 3)])
def test_exponent_depends_on_the_probability_of_the_class(p: float, gamma: int) -> None:
    target = losses.Target(torch.tensor([[[1.0], [0.0]]]), torch.tensor([[0]]), torch.tensor([[True]]))
    value = losses.build("flsd")(torch.tensor([p, 1 - p]).log()[None, :, None], target)
    assert value.item() == pytest.approx(-((1 - p) ** gamma) * math.log(p), rel=1e-5)


def test_soft_target_weighs_each_class_by_its_own_probability() -> None:
    target = losses.Target(torch.tensor([[[0.5], [0.5]]]), torch.tensor([[0]]), torch.tensor([[True]]))
    value = losses.build("flsd")(torch.tensor([0.1, 0.9]).log()[None, :, None], target)
    assert value.item() == pytest.approx(-(0.9**5 * math.log(0.1) + 0.1**3 * math.log(0.9)) / 2, rel=1e-5)
