"""KL divergence is torch's, and cross-entropy less the target's own entropy."""

import numpy as np
import pytest
import torch
from softbench import losses


def one_voxel(*q: float) -> losses.Target:
    soft = torch.tensor(q).view(1, -1, 1)
    return losses.Target(soft, soft.argmax(dim=1), torch.ones(1, 1, dtype=torch.bool))


def test_value_is_torchs(batch) -> None:
    logits, target = batch(2, 3, 4, 5)
    per_voxel = torch.nn.functional.kl_div(torch.log_softmax(logits, 1), target.soft, reduction="none").sum(dim=1)
    assert losses.build("kl")(logits, target).item() == pytest.approx(per_voxel.mean().item(), rel=1e-5)


def test_value_follows_the_equation() -> None:
    # q = (3/4, 1/4, 0), p = 1/3 each: 3/4 ln(9/4) + 1/4 ln(3/4), since 0 ln 0 = 0
    value = losses.build("kl")(torch.zeros(1, 3, 1), one_voxel(0.75, 0.25, 0.0))
    assert float(value) == pytest.approx(0.75 * np.log(9 / 4) + 0.25 * np.log(3 / 4))


def test_certain_targets_give_cross_entropy(batch) -> None:
    logits, target = batch(2, 5, 6)
    kl, ce = (losses.build(f"{name}(hard)")(logits, target) for name in ("kl", "ce"))
    assert kl.item() == pytest.approx(ce.item(), rel=1e-6)


def test_gradient_is_that_of_cross_entropy(batch) -> None:
    logits, target = batch(2, 5, 6)
    gradients = [
        torch.autograd.grad(losses.build(name)(logits.requires_grad_(), target), logits)[0] for name in ("kl", "ce")
    ]
    assert torch.allclose(*gradients, atol=1e-9)


def test_difference_to_cross_entropy_is_the_entropy_of_the_target(batch) -> None:
    logits, target = batch(2, 5, 6)
    entropy = torch.distributions.Categorical(probs=target.soft.movedim(1, -1)).entropy().mean()
    kl, ce = (losses.build(name)(logits, target) for name in ("kl", "ce"))
    assert (ce - kl).item() == pytest.approx(entropy.item(), rel=1e-5)


def test_target_that_sums_to_less_than_1_can_cost_less_than_nothing() -> None:
    # the superpixel paper's q, to the letter: 1/2 on the labelled side of an edge and 1/4 beyond; S = 3/4, and
    # p = q / S = (2/3, 1/3) gives S ln S
    target = one_voxel(0.5, 0.25)
    best = losses.build("kl")(torch.tensor([2 / 3, 1 / 3]).log().view(1, 2, 1), target)
    assert float(best) == pytest.approx(0.75 * np.log(0.75))
    for p in (0.6, 0.64, 0.69, 0.75):
        assert float(losses.build("kl")(torch.tensor([p, 1 - p]).log().view(1, 2, 1), target)) > float(best)
