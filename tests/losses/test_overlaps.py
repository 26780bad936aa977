"""Jaccard, Tversky and Dice++ by MONAI's losses and worked examples."""

import pytest
import torch
from monai.losses import DiceLoss, TverskyLoss
from softbench import losses

SHAPES = pytest.mark.parametrize("shape", [(2, 5, 6), (2, 4, 5, 6)], ids=["2-D", "3-D"])
BACKGROUND = pytest.mark.parametrize("background", [True, False])


@SHAPES
@BACKGROUND
def test_jaccard_is_monais(batch, shape: tuple[int, ...], background: bool) -> None:
    logits, target = batch(*shape)
    theirs = DiceLoss(softmax=True, soft_label=True, jaccard=True, batch=True, include_background=background)
    value = losses.build(f"jaccard(background={str(background).lower()})")(logits, target)
    assert value.item() == pytest.approx(theirs(logits, target.soft).item(), abs=1e-6)


@SHAPES
@BACKGROUND
@pytest.mark.parametrize(("alpha", "beta"), [(0.3, 0.7), (1.0, 1.0), (0.5, 0.1)])
def test_tversky_is_monais(batch, shape, background: bool, alpha: float, beta: float) -> None:
    logits, target = batch(*shape)
    theirs = TverskyLoss(
        softmax=True, soft_label=True, batch=True, include_background=background, alpha=alpha, beta=beta
    )
    expression = f"tversky(alpha={alpha}, beta={beta}, background={str(background).lower()})"
    assert losses.build(expression)(logits, target).item() == pytest.approx(
        theirs(logits, target.soft).item(), abs=1e-6
    )


@pytest.mark.parametrize(("weight", "name"), [(0.5, "dice"), (1, "jaccard")])
def test_tversky_with_equal_weights_is_dice_or_jaccard(batch, weight: float, name: str) -> None:
    logits, target = batch(2, 5, 6)
    value = losses.build(f"tversky(alpha={weight}, beta={weight})")(logits, target)
    assert value.item() == pytest.approx(losses.build(name)(logits, target).item(), abs=1e-6)


def test_dsc_pp_raises_errors_to_a_power() -> None:
    # class 0: p = 0.8 and 0.4, q = 1 and 0: errors 0.2 and 0.4; class 1: the same errors
    p, q = torch.tensor([[[0.8, 0.4], [0.2, 0.6]]]), torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
    target = losses.Target(q, torch.tensor([[0, 1]]), torch.ones(1, 2, dtype=torch.bool))
    wrong = 0.2**2 + 0.4**2
    expected = (wrong / (2 * 0.8 + wrong) + wrong / (2 * 0.6 + wrong)) / 2
    assert losses.build("dsc_pp")(p.log(), target).item() == pytest.approx(expected, rel=1e-4)


def test_dsc_pp_without_a_power_is_soft_dice(batch) -> None:
    logits, target = batch(2, 5, 6)
    value = losses.build("dsc_pp(hard, gamma=1)")(logits, target)
    assert value.item() == pytest.approx(losses.build("soft_dice(hard)")(logits, target).item(), abs=1e-5)
