"""Nearest elements against looking at all of them: near and far, thin and thick voxels, few and many."""

import numpy as np
import pytest
from softbench.metrics.kernels import nearest
from softbench.metrics.kernels.nearest import _shifts, squared_distances
from softbench.metrics.kernels.surface_scan import list_voxels

SPACINGS = [(1.0, 1.0, 1.0), (5.0, 0.4, 0.4), (0.3, 2.0, 0.9), (1.0, 1.0, 0.05), (0.7, 4.0)]


def looking_at_all(start: np.ndarray, goal: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    """Distance from each place to the nearest of `goal`, mm."""
    return np.linalg.norm((start[:, None] - goal[None]) * spacing, axis=-1).min(axis=1)


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("shares", [(0.02, 0.0003), (0.0005, 0.05), (0.02, 0.02)])
def test_distance_is_that_of_looking_at_all(shares, spacing):
    rng = np.random.default_rng(1)
    shape = (17, 20, 140) if len(spacing) == 3 else (60, 260)
    masks = [rng.random(shape) < share for share in shares]
    found = nearest.distances(*[list_voxels(mask) for mask in masks], spacing)
    assert found == pytest.approx(looking_at_all(*[np.argwhere(mask) for mask in masks], spacing), abs=1e-12)


@pytest.mark.parametrize("steps", [0, 2, 3, 4, 5, 30, 31, 32, 33, 62, 63, 64, 100])
@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("place", [0, 63, 64])
def test_a_single_element_is_as_far_as_it_was_put(place, axis, steps):
    start, goal = np.zeros((2, 105, 105, 170), bool)
    at = [1, 2, place]
    start[tuple(at)] = True
    at[axis] += steps
    goal[tuple(at)] = True
    found = nearest.distances(list_voxels(start), list_voxels(goal), (2.0, 0.5, 1.5))
    assert found == pytest.approx([steps * (2.0, 0.5, 1.5)[axis]], abs=1e-12)


def test_nothing_is_infinitely_far():
    mask = np.ones((2, 3, 4), bool)
    assert (nearest.distances(list_voxels(mask), list_voxels(~mask), (1.0, 1.0, 1.0)) == np.inf).all()
    assert not nearest.distances(list_voxels(~mask), list_voxels(mask), (1.0, 1.0, 1.0)).size


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (6.0, 0.5, 0.8), (0.5, 3.0)])
@pytest.mark.parametrize("counts", [(1, 1), (1, 400), (400, 1), (300, 700)])
@pytest.mark.parametrize("spread", [3, 40, 900])
def test_blocks_find_what_looking_at_all_finds(spread, counts, spacing):
    rng = np.random.default_rng(spread)
    start, goal = (rng.integers(0, spread, (count, 3)) + offset for count, offset in zip(counts, (0, 25), strict=True))
    start, goal = start.astype(np.int32), goal.astype(np.int32)
    if len(spacing) == 2:
        start[:, 0] = goal[:, 0] = 0
    expected = looking_at_all(start[:, -len(spacing) :], goal[:, -len(spacing) :], spacing)
    assert np.sqrt(squared_distances(start, goal, spacing)) == pytest.approx(expected, abs=1e-9)


def test_blocks_have_about_equal_sides_in_mm():
    # six doublings from 5, 1, 1 mm, the shortest side first: 5, 2, 1; 5, 2, 2; 5, 4, 2; 5, 4, 4; 5, 8, 4; 5, 8, 8
    assert _shifts((5.0, 1.0, 1.0)).tolist() == [0, 3, 3]
