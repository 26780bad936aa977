"""Label relaxation is the divergence from the nearest label that is good enough."""

import math

import numpy as np
import pytest
import torch
from softbench import losses


def value_of(p: list[float], alpha: float = 0.1, soft: tuple[float, ...] = (1, 0, 0)) -> float:
    of_voxel = torch.tensor(soft).float()[None, :, None]
    target = losses.Target(of_voxel, torch.tensor([[0]]), torch.ones(1, 1, dtype=torch.bool))
    return float(losses.build(f"label_relaxation(alpha={alpha})")(torch.tensor(p).log()[None, :, None], target))


def test_class_that_is_sure_enough_costs_nothing() -> None:
    assert value_of([0.95, 0.03, 0.02]) == 0


def test_other_classes_share_alpha_as_the_prediction_does() -> None:
    label, p = (0.9, 0.1 * 0.75, 0.1 * 0.25), (0.6, 0.3, 0.1)
    assert value_of([*p]) == pytest.approx(sum(q * math.log(q / r) for q, r in zip(label, p, strict=True)), rel=1e-5)


def test_no_allowed_label_is_nearer() -> None:
    rng, p = np.random.default_rng(0), np.array([0.5, 0.3, 0.2])
    of_class = 0.9 + 0.1 * rng.uniform(0, 1, 2000) ** 3
    share = rng.uniform(0, 1, 2000)
    labels = np.stack([of_class, (1 - of_class) * share, (1 - of_class) * (1 - share)], axis=1)
    divergences = (labels * np.log(np.maximum(labels, 1e-300) / p)).sum(axis=1)
    assert value_of([*p]) == pytest.approx(divergences.min(), abs=3e-3)
    assert (divergences >= value_of([*p]) - 1e-6).all()


def test_soft_target_counts_as_its_largest_class() -> None:
    assert value_of([0.6, 0.3, 0.1], soft=(0.5, 0.3, 0.2)) == value_of([0.6, 0.3, 0.1])
