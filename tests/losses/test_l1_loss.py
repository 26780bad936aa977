"""Mean absolute error is torch's over all voxels and classes."""

import pytest
import torch
from softbench import losses


def test_value_is_torchs(batch) -> None:
    logits, target = batch(2, 3, 4, 5)
    expected = torch.nn.functional.l1_loss(torch.softmax(logits, dim=1), target.soft)
    assert losses.build("l1")(logits, target).item() == pytest.approx(expected.item(), rel=1e-6)


def test_value_follows_the_equation() -> None:
    # p = 1/3 each, q = (1, 0, 0): (2/3 + 1/3 + 1/3) / 3 = 4/9
    target = losses.Target(torch.tensor([[[1.0], [0.0], [0.0]]]), torch.tensor([[0]]), torch.tensor([[True]]))
    assert float(losses.build("l1")(torch.zeros(1, 3, 1), target)) == pytest.approx(4 / 9)
