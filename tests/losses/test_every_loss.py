"""What holds for every loss that config may name, and for the papers' sums of them."""

from itertools import pairwise

import pytest
import torch
from softbench import losses
from softbench.losses import catalogue

FREQUENCIES = [0.7, 0.2, 0.1]
PAPERS = ["ce(hard) + dice(hard) + kl", "wce(hard) + kl", "ce + dice", "learned(l1 + soft_dice)", "learned(l1 + dice)"]
FOREGROUND = [f"{name}(background=false)" for name, loss in catalogue.known().items() if "background" in loss.settings]
OTHER_SETTINGS = [
    "focal(gamma=0.5)", "soft_dice(per_class=false)", "ml1_ace(soft_bins=true)", "mbls(margin=0.5)", "acls(margin=0.5)",
    "dsc_pp(gamma=0.5)", "sdc(code=true)", "adaptive_wing(epsilon=0.5)", "ce + dice + ml1_ace",
]  # fmt: skip
EVERY = [*losses.names(), *OTHER_SETTINGS, *FOREGROUND, *PAPERS]
SMALLEST_AT_THE_TARGET = [
    "ce", "kl", "l1", "dice", "dice_vnet", "jaccard", "tversky", "adaptive_wing", "ce + dice", "ce(soft) + kl",
    "learned(l1 + dice)",
]  # fmt: skip


def make(expression: str, frequencies=FREQUENCIES) -> torch.nn.Module:
    return losses.build(expression, frequencies=frequencies)


def halves(batch, shape: tuple[int, ...]):
    """A batch whose second half along the last axis is not valid, and its first half alone."""
    logits, target = batch(*shape)
    middle = shape[-1] // 2
    target.valid[..., middle:] = False
    return logits, target, logits[..., :middle], losses.Target(*(part[..., :middle] for part in target))


@pytest.mark.parametrize("shape", [(2, 5, 6), (2, 3, 4, 6)], ids=["2-D", "3-D"])
@pytest.mark.parametrize("expression", EVERY)
def test_voxels_that_are_not_valid_change_nothing(batch, expression: str, shape: tuple[int, ...]) -> None:
    logits, target, first, first_target = halves(batch, shape)
    value = make(expression)(logits.requires_grad_(), target)
    assert value.item() == pytest.approx(make(expression)(first, first_target).item(), rel=1e-5)
    value.backward()
    assert not logits.grad[..., shape[-1] // 2 :].any()
    assert logits.grad[..., : shape[-1] // 2].any()


@pytest.mark.parametrize("expression", EVERY)
def test_nan_logit_makes_the_loss_nan_wherever_it_lies(batch, expression: str) -> None:
    logits, target, *_ = halves(batch, (2, 5, 6))
    logits[0, :, 0, -1] = torch.nan
    assert make(expression)(logits, target).isnan()


@pytest.mark.parametrize("expression", EVERY)
def test_batch_without_valid_voxels_has_no_loss(batch, expression: str) -> None:
    logits, target = batch(1, 4, 4)
    assert make(expression)(logits, target._replace(valid=torch.zeros_like(target.valid))).isnan()


@pytest.mark.parametrize("shape", [(2, 2, 3), (1, 2, 2, 2)], ids=["2-D", "3-D"])
@pytest.mark.parametrize("expression", EVERY)
def test_gradient_is_the_numerical_one(batch, expression: str, shape: tuple[int, ...]) -> None:
    logits, target = batch(*shape, dtype=torch.float64)
    target.valid[0, 0, 0] = False
    loss = make(expression).double()
    assert torch.autograd.gradcheck(lambda x: loss(x, target), (logits.requires_grad_(),))


@pytest.mark.parametrize("expression", [name for name in EVERY if name not in FOREGROUND])
def test_order_of_classes_does_not_matter(batch, expression: str) -> None:
    logits, target = batch(2, 5, 6)
    order = [2, 0, 1]
    hard = torch.tensor([order.index(c) for c in range(3)])[target.hard]
    turned = losses.Target(target.soft[:, order], hard, target.valid)
    value = make(expression, [FREQUENCIES[c] for c in order])(logits[:, order], turned)
    assert value.item() == pytest.approx(make(expression)(logits, target).item(), rel=1e-5)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("expression", EVERY)
def test_half_precision_is_computed_in_float32(batch, expression: str, dtype: torch.dtype) -> None:
    logits, target = batch(2, 5, 6)
    value = make(expression)(logits.to(dtype), target)
    assert value.dtype == torch.float32
    assert torch.equal(value, make(expression)(logits.to(dtype).float(), target))


@pytest.mark.parametrize("size", [30.0, 1e4])
@pytest.mark.parametrize("expression", EVERY)
def test_loss_and_gradient_of_a_certain_network_are_finite(batch, expression: str, size: float) -> None:
    logits, target = batch(2, 5, 6)
    certain = (size * torch.nn.functional.one_hot(logits.argmax(dim=1), 3).movedim(-1, 1)).requires_grad_()
    value = make(expression)(certain, target)
    value.backward()
    assert value.isfinite()
    assert certain.grad.isfinite().all()


@pytest.mark.parametrize("expression", [name for name in EVERY if "ml1_ace" not in name])  # it jumps between bins
def test_twenty_steps_of_gradient_descent_lower_the_loss(batch, expression: str) -> None:
    logits, target = batch(2, 4, 4)
    loss = make(expression)
    optimiser = torch.optim.SGD([logits.requires_grad_(), *loss.parameters()], lr=0.1)
    values = []
    for _ in range(21):
        value = loss(logits, target)
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
        values.append(value.item())
    assert all(after < before for before, after in pairwise(values))


@pytest.mark.parametrize("name", losses.names())
def test_hard_target_is_the_one_hot_soft_one(batch, name: str) -> None:
    logits, target = batch(2, 5, 6)
    soft = torch.nn.functional.one_hot(target.hard, 3).movedim(-1, 1).float()
    on_soft = make(name)(logits, target._replace(soft=soft))
    assert torch.equal(make(f"{name}(hard)")(logits, target), on_soft)
    assert not torch.allclose(on_soft, make(name)(logits, target), rtol=1e-3)


@pytest.mark.parametrize("expression", SMALLEST_AT_THE_TARGET)
def test_loss_is_smallest_where_prediction_and_target_agree(batch, expression: str) -> None:
    _, target = batch(2, 5, 6, dtype=torch.float64)
    agreeing, loss = target.soft.log(), make(expression)
    best = loss(agreeing, target).item()
    for seed in range(20):
        away = torch.randn(agreeing.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
        for step in (1e-3, 0.1, 3.0):
            assert loss(agreeing + step * away, target).item() > best


@pytest.mark.parametrize("expression", ["kl", "l1", "dice", "dice_vnet"])
def test_agreement_costs_nothing(batch, expression: str) -> None:
    _, target = batch(2, 5, 6)
    assert float(make(expression)(target.soft.log(), target)) == pytest.approx(0, abs=1e-6)
