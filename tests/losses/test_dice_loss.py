"""Dice loss is MONAI's for soft labels; the ordinary one where labels are hard."""

import pytest
import torch
from monai.losses import DiceLoss
from softbench import losses


def one_class_of(p: list[float]) -> torch.Tensor:
    """Probabilities (1, 2, voxels) of two classes, from those of class 1."""
    foreground = torch.tensor(p, dtype=torch.float64)
    return torch.stack([1 - foreground, foreground])[None]


def target_of(q: list[float]) -> losses.Target:
    soft = one_class_of(q)
    return losses.Target(soft, soft.argmax(dim=1), torch.ones(1, len(q), dtype=torch.bool))


@pytest.mark.parametrize("background", [True, False])
@pytest.mark.parametrize("shape", [(2, 5, 6), (2, 3, 4, 5)], ids=["2-D", "3-D"])
def test_value_is_monais_for_soft_labels(batch, shape: tuple[int, ...], background: bool) -> None:
    logits, target = batch(*shape)
    peer = DiceLoss(include_background=background, softmax=True, soft_label=True, batch=True)
    ours = losses.build(f"dice(background={str(background).lower()})")
    assert ours(logits, target).item() == pytest.approx(peer(logits, target.soft).item(), rel=1e-5)


def test_gradient_is_monais_for_soft_labels(batch) -> None:
    logits, target = batch(2, 3, 4, 5)
    peer = DiceLoss(softmax=True, soft_label=True, batch=True)
    logits.requires_grad_()
    ours = torch.autograd.grad(losses.build("dice")(logits, target), logits)[0]
    assert torch.allclose(ours, torch.autograd.grad(peer(logits, target.soft), logits)[0], atol=1e-7)


def test_hard_labels_give_the_ordinary_soft_dice_loss(batch) -> None:
    logits, target = batch(2, 3, 4, 5)
    ordinary = DiceLoss(softmax=True, to_onehot_y=True, batch=True)(logits, target.hard.unsqueeze(1))
    assert losses.build("dice(hard)")(logits, target).item() == pytest.approx(ordinary.item(), rel=1e-5)


def test_value_follows_the_equation() -> None:
    # class 1: |1 - 1/2| + |0 - 1/2| + |1/2 - 1/2| = 1 over sum p + sum q = 3/2 + 3/2; class 0 likewise: 1/3
    value = losses.build("dice")(one_class_of([0.5, 0.5, 0.5]).log(), target_of([1.0, 0.0, 0.5]))
    assert float(value) == pytest.approx(1 / 3, rel=1e-5)


def test_ordinary_dice_loss_prefers_hard_predictions_of_soft_labels_and_this_one_does_not() -> None:
    target, agreeing, hard = target_of([0.6, 0.4]), one_class_of([0.6, 0.4]), one_class_of([1.0, 0.0])
    ordinary = DiceLoss(batch=True)
    assert float(ordinary(agreeing, target.soft)) == pytest.approx(0.48, abs=1e-5)  # 1 - 2 (0.36 + 0.16) / 2
    assert float(ordinary(hard, target.soft)) == pytest.approx(0.40, abs=1e-5)  # 1 - 2 (0.6) / 2
    assert float(losses.build("dice")(agreeing.log(), target)) == pytest.approx(0, abs=1e-12)
    assert float(losses.build("dice")(100 * hard, target)) == pytest.approx(0.4, abs=1e-5)  # (0.4 + 0.4) / 2


def test_class_that_is_neither_there_nor_predicted_costs_nothing() -> None:
    value = losses.build("dice(background=false)")(torch.tensor([[[100.0] * 4, [-100.0] * 4]]), target_of([0.0] * 4))
    assert float(value) == 0
