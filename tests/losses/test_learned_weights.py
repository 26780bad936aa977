"""Learned weights follow EPD's Eq. 3: a loss that has fallen counts more."""

import numpy as np
import pytest
import torch
from softbench import losses
from softbench.losses.learned_weights import LearnedWeights


class Constant(torch.nn.Module):
    """A loss that nothing changes."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = value

    def forward(self, logits: torch.Tensor, target: losses.Target) -> torch.Tensor:
        return torch.tensor(self.value, dtype=torch.float64)


def learned(*values: float) -> LearnedWeights:
    return LearnedWeights([f"loss_{n}" for n in range(len(values))], [Constant(v) for v in values]).double()


def test_sum_at_the_start_is_half_the_losses_and_ln_2_each(batch) -> None:
    logits, target = batch(2, 5, 6)
    l1, dice, both = (losses.build(e)(logits, target).item() for e in ("l1", "dice", "learned(l1 + dice)"))
    assert both == pytest.approx(l1 / 2 + dice / 2 + 2 * np.log(2), rel=1e-6)


def test_gradients_follow_the_equation(batch) -> None:
    logits, target = batch(2, 5, 6)
    logits.requires_grad_()
    loss = losses.build("learned(l1 + dice)")
    (w,) = loss.parameters()
    with torch.no_grad():
        w.copy_(torch.tensor([0.5, 2.0]))
    values = [losses.build(name)(logits, target) for name in ("l1", "dice")]
    by_logits, by_w = torch.autograd.grad(loss(logits, target), (logits, w))
    # dL/dw = -L_t / w^3 + 2 w / (1 + w^2): -8 L_1 + 1 / 1.25 and -L_2 / 8 + 4 / 5
    expected = torch.stack([-8 * values[0] + 0.8, -values[1] / 8 + 0.8])
    assert torch.allclose(by_w, expected, rtol=1e-5)
    parts = [torch.autograd.grad(value, logits)[0] for value in values]
    assert torch.allclose(by_logits, parts[0] * 2 + parts[1] / 8, atol=1e-7)  # 1 / (2 * 1/4), 1 / (2 * 4)


@pytest.mark.parametrize("value", [0.01, 0.3, 1.0, 5.0])
def test_descent_ends_at_the_stationary_point(value: float) -> None:
    # -L / w^3 + 2 w / (1 + w^2) = 0 with u = w^2: 2 u^2 - L u - L = 0, so u = (L + sqrt(L^2 + 8 L)) / 4
    loss = learned(value)
    optimiser = torch.optim.LBFGS(
        loss.parameters(), max_iter=100, line_search_fn="strong_wolfe", tolerance_grad=1e-12, tolerance_change=0
    )

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        total = loss(None, None)
        total.backward()
        return total

    optimiser.step(closure)
    assert (loss.w[0] ** 2).item() == pytest.approx((value + np.sqrt(value**2 + 8 * value)) / 4, rel=1e-5)


def test_weight_of_a_loss_of_1_stays_at_1() -> None:
    # u = (1 + sqrt(9)) / 4 = 1
    loss = learned(1.0, 1.0)
    loss(None, None).backward()
    assert torch.allclose(loss.w.grad, torch.zeros(2, dtype=torch.float64), atol=1e-15)


def test_weights_are_shown_by_the_name_of_their_term() -> None:
    loss = losses.build("ce + learned(0.5*l1 + dice(hard))")
    assert loss.weights() == {"w_0.5*l1": 1.0, "w_dice(hard)": 1.0}
    with torch.no_grad():
        next(iter(loss.parameters())).copy_(torch.tensor([2.0, 0.5]))
    assert loss.weights() == {"w_0.5*l1": 2.0, "w_dice(hard)": 0.5}


def test_losses_without_learned_weights_show_none() -> None:
    assert losses.build("ce + dice").weights() == {}


def test_learned_weights_go_through_a_checkpoint() -> None:
    first, second = losses.build("learned(l1 + dice)"), losses.build("learned(l1 + dice)")
    with torch.no_grad():
        next(iter(first.parameters())).copy_(torch.tensor([2.0, 0.5]))
    second.load_state_dict(first.state_dict())
    assert second.weights() == first.weights()


def test_learned_sum_is_weighted_like_any_term(batch) -> None:
    logits, target = batch(2, 5, 6)
    ce, both, total = (
        losses.build(e)(logits, target).item() for e in ("ce", "learned(l1 + dice)", "ce + 2*learned(l1 + dice)")
    )
    assert total == pytest.approx(ce + 2 * both, rel=1e-6)
