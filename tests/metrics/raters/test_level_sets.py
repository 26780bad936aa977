"""GED of level sets against brute force: each mask compared with each, weighted by the thresholds that give it."""

import itertools
import math

import numpy as np
import pytest
from softbench.errors import InputError
from softbench.metrics.raters.level_sets import ged, level_set_distances
from softbench.metrics.raters.levels import LEVELS

RNG = np.random.default_rng(5)


def distance(first: np.ndarray, second: np.ndarray) -> float:
    union = np.count_nonzero(first | second)
    return 1 - np.count_nonzero(first & second) / union if union else 0.0


def mean_distance(first: list[tuple[float, np.ndarray]], second: list[tuple[float, np.ndarray]]) -> float:
    return sum(a * b * distance(one, other) for a, one in first for b, other in second)


def level_sets(p: np.ndarray) -> list[tuple[float, np.ndarray]]:
    """Each distinct level set with the share of thresholds that give it."""
    ends = np.unique(np.concatenate([[0.0, 1.0], p.ravel()]))
    return [(high - low, p > (low + high) / 2) for low, high in itertools.pairwise(ends)]


@pytest.mark.parametrize("shape", [(4, 5), (3, 2, 4)])
@pytest.mark.parametrize("raters", [1, 2, 5])
@pytest.mark.parametrize("top", [3, 40, LEVELS])
def test_is_what_brute_force_gives(shape: tuple[int, ...], raters: int, top: int) -> None:
    codes = np.where(RNG.random(shape) < 0.3, 0, RNG.integers(0, top + 1, shape)).astype(np.uint16)
    masks = RNG.random((raters, *shape)) < 0.4
    sets, drawn = level_sets(codes / LEVELS), [(1 / raters, mask) for mask in masks]
    found = level_set_distances(codes, masks)
    assert found.to_raters == pytest.approx(mean_distance(sets, drawn), abs=1e-12)
    assert found.among_level_sets == pytest.approx(mean_distance(sets, sets), abs=1e-12)
    assert found.among_raters == pytest.approx(mean_distance(drawn, drawn), abs=1e-12)
    expected = 2 * found.to_raters - found.among_level_sets - found.among_raters
    assert ged(codes, masks) == pytest.approx(expected, abs=1e-12)
    assert ged(codes / LEVELS, masks) == pytest.approx(expected, abs=1e-12)
    assert expected >= 0


def test_distinct_raters_alone() -> None:
    masks = RNG.random((4, 6, 6)) < 0.5
    found = level_set_distances(masks[0], masks)
    assert found.among_distinct_raters == pytest.approx(found.among_raters * 4 / 3)
    assert ged(masks[0], masks, unbiased=True) == pytest.approx(ged(masks[0], masks) - found.among_raters / 3)
    assert math.isnan(ged(masks[0], masks[:1], unbiased=True))


def test_map_whose_level_sets_are_the_raters_is_zero_away() -> None:
    raters = np.array([[[1, 1, 1, 0]], [[1, 1, 0, 0]], [[1, 0, 0, 0]]], bool)
    assert ged(raters.mean(axis=0), raters) == pytest.approx(0, abs=1e-12)
    assert ged(raters[1], raters) == pytest.approx(2 * (1 / 3 + 1 / 2) / 3 - 2 * (1 / 3 + 2 / 3 + 1 / 2) / 9)


def test_empty_masks() -> None:
    nothing, something = np.zeros((2, 2, 2), bool), np.ones((2, 2, 2), bool)
    assert ged(nothing[0], nothing) == 0
    assert ged(something[0], nothing) == ged(nothing[0], something) == 2
    half = np.full((2, 2), 0.5)
    assert level_set_distances(half, nothing).to_raters == pytest.approx(0.5, abs=1e-4)
    assert level_set_distances(half, nothing).among_level_sets == pytest.approx(0.5, abs=1e-4)


def test_grids_must_agree() -> None:
    with pytest.raises(InputError, match="one grid"):
        ged(np.zeros((2, 3)), np.zeros((2, 3, 2), bool))
