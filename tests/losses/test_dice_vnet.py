"""The Dice loss of V-Net: squared sizes, MONAI's `squared_pred`."""

import pytest
import torch
from monai.losses import DiceLoss
from softbench import losses


@pytest.mark.parametrize("background", [True, False])
@pytest.mark.parametrize("shape", [(2, 5, 6), (2, 3, 4, 5)], ids=["2-D", "3-D"])
def test_value_is_monais_with_squares(batch, shape: tuple[int, ...], background: bool) -> None:
    logits, target = batch(*shape)
    peer = DiceLoss(include_background=background, softmax=True, squared_pred=True, batch=True)
    ours = losses.build(f"dice_vnet(background={str(background).lower()})")
    assert ours(logits, target).item() == pytest.approx(peer(logits, target.soft).item(), rel=1e-5)


def test_gradient_is_monais(batch) -> None:
    logits, target = batch(2, 3, 4, 5)
    logits.requires_grad_()
    ours = torch.autograd.grad(losses.build("dice_vnet(hard)")(logits, target), logits)[0]
    peer = DiceLoss(softmax=True, squared_pred=True, to_onehot_y=True, batch=True)
    assert torch.allclose(ours, torch.autograd.grad(peer(logits, target.hard.unsqueeze(1)), logits)[0], atol=1e-7)


def test_value_follows_the_equation() -> None:
    # class 1: p = 3/4, 1/4; q = 1, 0: 2 (3/4) over 9/16 + 1/16 + 1 = 13/8: 1 - 12/13; class 0 alike, by symmetry
    p = torch.tensor([[[0.25, 0.75], [0.75, 0.25]]], dtype=torch.float64)
    q = torch.tensor([[[0.0, 1.0], [1.0, 0.0]]], dtype=torch.float64)
    target = losses.Target(q, q.argmax(dim=1), torch.ones(1, 2, dtype=torch.bool))
    assert float(losses.build("dice_vnet")(p.log(), target)) == pytest.approx(1 / 13, rel=1e-4)


def test_it_is_not_the_plain_form_on_hard_labels(batch) -> None:
    logits, target = batch(2, 3, 4, 5)
    squared, plain = (losses.build(f"{name}(hard)")(logits, target).item() for name in ("dice_vnet", "dice"))
    assert plain - squared > 0.02
