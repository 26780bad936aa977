"""Weighted cross-entropy weighs classes by 1 / ln(1.02 + frequency)."""

import numpy as np
import pytest
import torch
from softbench import InputError, losses

FREQUENCIES = [0.9, 0.1, 0.0]
WEIGHTS = 1 / np.log([1.92, 1.12, 1.02])  # 1.53, 8.82, 50.50


@pytest.mark.parametrize("given", [FREQUENCIES, np.array(FREQUENCIES), torch.tensor(FREQUENCIES)])
def test_value_is_torchs_with_these_weights(batch, given) -> None:
    logits, target = batch(2, 3, 4, 5)
    expected = torch.nn.functional.cross_entropy(logits, target.soft, weight=torch.tensor(WEIGHTS).float())
    assert losses.build("wce", frequencies=given)(logits, target).item() == pytest.approx(expected.item(), rel=1e-6)


@pytest.mark.parametrize("labelled", [0, 1, 2])
def test_voxel_costs_the_weight_of_its_class(labelled: int) -> None:
    target = losses.Target(torch.zeros(1, 3, 1), torch.tensor([[labelled]]), torch.tensor([[True]]))
    value = losses.build("wce(hard)", frequencies=FREQUENCIES)(torch.zeros(1, 3, 1), target)
    assert float(value) == pytest.approx(WEIGHTS[labelled] * np.log(3), rel=1e-6)


def test_minimum_leans_towards_the_rare_class() -> None:
    # q = (1/2, 1/2) with weights a, b: smallest at p = (a, b) / (a + b)
    target = losses.Target(torch.tensor([[[0.5], [0.5]]]), torch.tensor([[0]]), torch.tensor([[True]]))
    weights = 1 / np.log([1.92, 1.12])
    logits = torch.tensor(weights).log().float().view(1, 2, 1).requires_grad_()
    losses.build("wce", frequencies=[0.9, 0.1])(logits, target).backward()
    assert torch.allclose(logits.grad, torch.zeros_like(logits), atol=1e-6)


def test_weights_are_no_part_of_a_checkpoint() -> None:
    loss = losses.build("wce", frequencies=FREQUENCIES)
    assert not loss.state_dict()
    assert not list(loss.parameters())


def test_missing_frequencies_are_asked_for() -> None:
    with pytest.raises(InputError, match=r"'ce \+ wce' weighs classes .* `frequencies` is missing"):
        losses.build("ce + wce")


@pytest.mark.parametrize("wrong", [[0.5, 0.4], [1.5, -0.5], [np.nan, 1.0], [[0.5, 0.5]], [900.0, 100.0]])
def test_frequencies_that_are_none_are_named(wrong) -> None:
    with pytest.raises(InputError, match="`frequencies` must hold the share of each class"):
        losses.build("wce", frequencies=wrong)


def test_frequencies_of_other_classes_are_named(batch) -> None:
    with pytest.raises(InputError, match="holds 2 classes, but the network has 3"):
        losses.build("wce", frequencies=[0.5, 0.5])(*batch(1, 4, 4))
