"""Sums over voxels: the kernel against plain numpy, and the scores that follow against definitions and other code."""

import numpy as np
import pytest
from softbench import InputError
from softbench.metrics.raters import level_sets
from softbench.rater_study import scores, sums
from softbench.rater_study.scores import lower_bound, mean_among, of_sums
from softbench.rater_study.sums import FLOORS, Sums, add_plain, pack


def case(raters: int = 4, shape: tuple[int, ...] = (6, 9, 11)) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A soft label with exact 0, 1 and tenths, masks and zones."""
    rng = np.random.default_rng(raters)
    p = rng.random(shape).astype(np.float32)
    p[rng.random(shape) < 0.3], p[rng.random(shape) < 0.2], p[rng.random(shape) < 0.1] = 0, 1, np.float32(0.7)
    masks = rng.random((raters, *shape)) < p * 0.8 + 0.1
    masks[:, 0] = False
    return p, masks, rng.integers(0, 3, shape).astype(np.uint8)


def added(p: np.ndarray, masks: np.ndarray, zones: np.ndarray, rater: int = 1) -> Sums:
    total = Sums.zeros(len(masks))
    total.add(p, pack(masks), rater, zones)
    return total


@pytest.mark.parametrize("raters", [2, 3, 5])
def test_kernel_is_plain_numpy(raters: int) -> None:
    p, masks, zones = case(raters)
    plain, total = Sums.zeros(raters), added(p, masks, zones)
    add_plain(plain, p, masks, 1, zones)
    for name in ("counts", "mass", "squares", "logs", "levels"):
        assert getattr(total, name) == pytest.approx(getattr(plain, name), abs=1e-9), name


def test_scores_are_their_definitions() -> None:
    p, masks, zones = case()
    q = np.delete(masks, 1, axis=0).mean(axis=0)
    found = of_sums(added(p, masks, zones), 0.0)
    inside = [np.ones(p.shape, bool), zones >= 1, zones == 2]
    p64 = p.astype(float)
    for region, where in enumerate(inside):
        assert found.voxels[region] == where.sum()
        assert found.brier[region] == pytest.approx(((p64 - q) ** 2)[where].mean())
        assert found.spread[region] == pytest.approx((2 * p64 * (1 - p64))[where].sum())
        for column, floor in enumerate(FLOORS):
            log, log_rest = np.log(np.maximum(p64, floor)), np.log(np.maximum(1 - p64, floor))
            expected = -(q * log + (1 - q) * log_rest)[where].mean()
            assert found.cross_entropy[region, column] == pytest.approx(expected)
        assert found.bins[region].sum(axis=0) == pytest.approx([where.sum(), p64[where].sum(), q[where].sum()])


def test_energy_is_that_of_the_scores_against_raters() -> None:
    p, masks, zones = case()
    others = np.delete(masks, 1, axis=0)
    assert of_sums(added(p, masks, zones), mean_among(others)).ged == pytest.approx(
        level_sets.ged(p, others), abs=1e-12
    )


def test_voxels_that_count_several_times_are_as_many() -> None:
    p, masks, zones = case()
    several, at_once = added(p, masks, zones), added(p, masks, zones)
    constant = np.full(50, 0.025, np.float32)
    nobody, rest = np.zeros(50, np.uint16), np.zeros(50, np.uint8)
    several.add(constant, nobody, 1, rest)
    at_once.add(constant[:1], nobody[:1], 1, rest[:1], times=50)
    assert at_once.logs == pytest.approx(several.logs)
    assert np.array_equal(at_once.levels, several.levels)
    assert np.array_equal(at_once.counts, several.counts)


def test_two_voxels_by_hand() -> None:
    """One-hot of rater 1 (1, 0); the two others say (1, 1) and (0, 0): q = (1/2, 1/2)."""
    masks = np.array([[True, False], [True, True], [False, False]])
    total = Sums.zeros(3)
    total.add(np.array([1, 0], np.float32), pack(masks), 0, np.full(2, 2, np.uint8))
    found = of_sums(total, mean_among(masks[1:]))
    assert found.brier.tolist() == [0.25, 0.25, 0.25]
    assert found.cross_entropy[0] == pytest.approx([-np.log(floor) / 2 for floor in FLOORS])
    assert found.ged == pytest.approx(2 * np.mean([1 / 2, 1]) - 0 - 1 / 2)


def test_lower_bound_is_the_entropy_of_the_others() -> None:
    """Two voxels: one half of the others, and all of them; the others' own shares score the same."""
    votes = np.array([0, 1, 1])
    assert lower_bound(votes, 2) == pytest.approx([np.log(2) / 2] * 3)
    masks = np.array([[True, True], [True, True], [False, True]])
    total = Sums.zeros(3)
    total.add(np.array([0.5, 1], np.float32), pack(masks), 0, np.zeros(2, np.uint8))
    assert of_sums(total, 0.0).cross_entropy[0] == pytest.approx(lower_bound(votes, 2))


def test_region_without_a_voxel_is_unknown() -> None:
    p, masks, zones = case()
    found = of_sums(added(p, masks, np.zeros_like(zones)), 0.0)
    assert np.isnan(found.brier[1:]).all()
    assert not found.bins[2].any()


def test_nobody_drew_the_structure() -> None:
    empty = np.zeros((3, 4, 4), bool)
    total = Sums.zeros(3)
    total.add(np.zeros((4, 4), np.float32), pack(empty), 0, np.zeros((4, 4), np.uint8))
    found = of_sums(total, mean_among(empty[1:]))
    assert (found.brier[0], found.ged) == (0, 0)


@pytest.mark.parametrize("raters", [1, 17])
def test_number_of_raters_that_cannot_be_compared(raters: int) -> None:
    with pytest.raises(InputError, match=f"2 to 16 raters to be compared, but has {raters}"):
        Sums.zeros(raters)


def test_edge_of_a_bin_belongs_below() -> None:
    total = Sums.zeros(2)
    total.add(np.array([0.1, 0.7, 0.10001], np.float32), np.zeros(3, np.uint16), 0, np.zeros(3, np.uint8))
    assert total.counts[0, :, 0].tolist() == [1, 1, 0, 0, 0, 0, 1, 0, 0, 0]
    assert sums.BINS == 10
    assert scores.REGIONS == ("all", "band", "boundary")
