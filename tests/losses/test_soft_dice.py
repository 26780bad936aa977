"""The Dice loss that EPD prints, Eq. 2: products over sums, on soft targets."""

import pytest
import torch
from monai.losses import DiceLoss
from softbench import losses


def two_classes(foreground: list[float]) -> torch.Tensor:
    """Probabilities (1, 2, voxels) of two classes, from those of class 1."""
    p = torch.tensor(foreground, dtype=torch.float64)
    return torch.stack([1 - p, p])[None]


def target_of(q: list[float]) -> losses.Target:
    soft = two_classes(q)
    return losses.Target(soft, soft.argmax(dim=1), torch.ones(1, len(q), dtype=torch.bool))


def value_of(expression: str, p: list[float], q: list[float]) -> float:
    return float(losses.build(expression)(two_classes(p).log(), target_of(q)))


def uniform_on_simplex(classes: int, seed: int) -> torch.Tensor:
    """Probabilities (1, C, 300, 300), each point of the simplex as likely as any."""
    generator = torch.Generator().manual_seed(seed)
    drawn = -torch.rand(1, classes, 300, 300, generator=generator, dtype=torch.float64).log()
    return drawn / drawn.sum(dim=1, keepdim=True)


@pytest.mark.parametrize("background", [True, False])
@pytest.mark.parametrize("shape", [(2, 5, 6), (2, 3, 4, 5)], ids=["2-D", "3-D"])
def test_value_is_monais_product_form(batch, shape: tuple[int, ...], background: bool) -> None:
    logits, target = batch(*shape)
    peer = DiceLoss(include_background=background, softmax=True, batch=True)
    ours = losses.build(f"soft_dice(background={str(background).lower()})")
    assert ours(logits, target).item() == pytest.approx(peer(logits, target.soft).item(), rel=1e-5)


def test_gradient_is_monais(batch) -> None:
    logits, target = batch(2, 3, 4, 5)
    logits.requires_grad_()
    ours = torch.autograd.grad(losses.build("soft_dice")(logits, target), logits)[0]
    peers = torch.autograd.grad(DiceLoss(softmax=True, batch=True)(logits, target.soft), logits)[0]
    assert torch.allclose(ours, peers, atol=1e-7)


def test_value_follows_equation_2() -> None:
    # class 1: p = 3/4, 1/4; q = 1, 1/2: 2 (3/4 + 1/8) = 7/4 over 3/2 + 1 = 5/2: 1 - 7/10 = 3/10
    # class 0: p = 1/4, 3/4; q = 0, 1/2: 2 (0 + 3/8) = 3/4 over 1/2 + 1 = 3/2: 1 - 1/2 = 1/2; mean 2/5
    assert value_of("soft_dice", [0.75, 0.25], [1.0, 0.5]) == pytest.approx(0.4, rel=1e-4)
    assert value_of("soft_dice(background=false)", [0.75, 0.25], [1.0, 0.5]) == pytest.approx(0.3, rel=1e-4)
    # both classes in one ratio: (7/4 + 3/4) over (5/2 + 3/2) = 5/8: 1 - 5/8 = 3/8
    assert value_of("soft_dice(per_class=false)", [0.75, 0.25], [1.0, 0.5]) == pytest.approx(0.375, rel=1e-4)


def test_one_ratio_over_classes_is_the_mean_agreement_of_voxels(batch) -> None:
    logits, target = batch(2, 5, 6)
    agreement = (torch.softmax(logits, dim=1) * target.soft).sum(dim=1).mean()
    value = losses.build("soft_dice(per_class=false)")(logits, target)
    assert value.item() == pytest.approx(1 - agreement.item(), rel=1e-5)


def test_agreement_with_a_soft_target_costs_what_the_target_lacks_of_certainty() -> None:
    # q = 0.6, 0.4 for both classes: 1 - 2 (0.36 + 0.16) / 2 = 0.48; a hard prediction: 1 - 2 (0.6) / 2 = 0.4
    assert value_of("soft_dice", [0.6, 0.4], [0.6, 0.4]) == pytest.approx(0.48, abs=1e-5)
    assert value_of("soft_dice", [1 - 1e-9, 1e-9], [0.6, 0.4]) == pytest.approx(0.4, abs=1e-5)


def test_single_class_is_smallest_where_half_its_dice_is_the_threshold() -> None:
    # q = 0.9, 0.3, 0.2: p = 1, 0, 0 has the Dice 1.8 / 2.4 = 3/4, so 0.3 lies below 3/8; p = 1, 1, 0 has 2.4 / 3.4
    best = value_of("soft_dice(background=false)", [1 - 1e-12, 1e-12, 1e-12], [0.9, 0.3, 0.2])
    assert best == pytest.approx(1 - 0.75, abs=1e-5)
    for p in ([0.9, 0.3, 0.2], [1 - 1e-12, 1 - 1e-12, 1e-12], [0.99, 0.01, 0.01], [1 - 1e-12, 0.01, 1e-12]):
        assert value_of("soft_dice(background=false)", p, [0.9, 0.3, 0.2]) > best


@pytest.mark.parametrize(("classes", "apart"), [(2, 1 / 6), (6, 25 / 66)])
def test_it_is_not_the_semimetric_form_on_soft_targets(classes: int, apart: float) -> None:
    """Of C classes, p and q have P(p > x) = (1 - x)^(C - 1) and the mean 1/C, so E|p - q| = 2 (1/C - 1/(2C - 1)).

    Printed: 1 - 2 C^-2 / (2/C) = 1 - 1/C. Semimetric: E|p - q| / (2/C) = 1 - C/(2C - 1): for two 1/3, for six 5/11.
    """
    logits, soft = uniform_on_simplex(classes, 0).log(), uniform_on_simplex(classes, 1)
    target = losses.Target(soft, soft.argmax(dim=1), torch.ones(1, 300, 300, dtype=torch.bool))
    printed, semimetric = (losses.build(name)(logits, target).item() for name in ("soft_dice", "dice"))
    assert printed - semimetric == pytest.approx(apart, abs=0.01)


def test_on_hard_labels_it_is_the_semimetric_form(batch) -> None:
    logits, target = batch(2, 3, 4, 5)
    logits.requires_grad_()
    values = [losses.build(f"{name}(hard)")(logits, target) for name in ("soft_dice", "dice")]
    gradients = [torch.autograd.grad(value, logits)[0] for value in values]
    assert values[0].item() == pytest.approx(values[1].item(), rel=1e-6)
    assert torch.allclose(*gradients, atol=1e-8)


def test_class_that_is_neither_there_nor_predicted_costs_nothing() -> None:
    logits = torch.tensor([[[100.0] * 4, [-100.0] * 4]])
    value = losses.build("soft_dice(background=false)")(logits, target_of([0.0] * 4))
    assert float(value) == 0


def test_sums_run_over_the_batch(batch) -> None:
    """Two images of one voxel: class 1 has 2 (1 x 1/2) / (1 + 1/2 + 1/2), not the mean of 2/3 and 0."""
    p = torch.tensor([[0.5, 0.5], [0.5, 0.5]], dtype=torch.float64).log()[..., None]
    q = torch.tensor([[0.0, 1.0], [1.0, 0.0]], dtype=torch.float64)[..., None]
    target = losses.Target(q, q.argmax(dim=1), torch.ones(2, 1, dtype=torch.bool))
    assert float(losses.build("soft_dice(background=false)")(p, target)) == pytest.approx(0.5, rel=1e-4)
