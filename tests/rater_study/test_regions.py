"""Zones around the boundary of a structure, and boxes around what raters labelled."""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt
from softbench.rater_study.cut import Labelled
from softbench.rater_study.regions import zones


def test_zones_of_a_step_by_hand() -> None:
    """Two raters who end at 3 and at 5 of ten pixels: the boundary are 2 to 5, the band of 2 mm reaches 0 and 7."""
    masks = np.zeros((2, 1, 10), bool)
    masks[0, :, :3], masks[1, :, :5] = True, True
    assert zones(masks, (1.0, 1.0), 2.0)[0].tolist() == [1, 1, 2, 2, 2, 2, 1, 1, 0, 0]


def test_band_is_a_distance_in_mm() -> None:
    masks = np.random.default_rng(0).random((3, 9, 16, 15)) < 0.01
    spacing = (2.0, 0.7, 0.9)
    found = zones(masks, spacing, 3.0)
    near = distance_transform_edt(found != 2, sampling=spacing) <= 3.0 + 1e-9
    assert np.array_equal(found > 0, near)


def test_band_is_as_wide_as_the_thickest_slice() -> None:
    masks = np.zeros((2, 5, 5, 5), bool)
    masks[:, 2:, :, :] = True
    assert zones(masks, (5.0, 1.0, 1.0), 1.0)[:, 0, 0].tolist() == [1, 2, 2, 1, 0]


def test_structure_that_nobody_drew_has_no_zone() -> None:
    assert not zones(np.zeros((3, 4, 4), bool), (1.0, 1.0), 5.0).any()


def test_all_that_raters_disagree_on_is_boundary_whoever_drew_it() -> None:
    masks = np.random.default_rng(1).random((3, 8, 8)) < 0.5
    differ = masks.any(axis=0) & ~masks.all(axis=0)
    assert (zones(masks, (1.0, 1.0), 3.0)[differ] == 2).all()


def boxes(labels: np.ndarray, margin_mm: float, windows: tuple[int, ...] = (1, 1, 1)) -> list[tuple[slice, ...]]:
    return Labelled.of(labels).boxes([int(np.ceil(margin_mm / step)) for step in (3.0, 1.0, 1.0)], windows)


@pytest.mark.parametrize("windows", [(1, 1, 1), (2, 4, 3), (5, 7, 6)])
@pytest.mark.parametrize("margin_mm", [0.0, 2.0, 9.0])
def test_boxes_hold_every_label_once(margin_mm: float, windows: tuple[int, ...]) -> None:
    rng = np.random.default_rng(2)
    labels = np.zeros((2, 12, 40, 40), np.uint8)
    for _ in range(6):
        z, y, x = rng.integers(0, (10, 36, 36))
        labels[rng.integers(2), z : z + 2, y : y + 4, x : x + 4] = 1 + rng.integers(2)
    found = boxes(labels, margin_mm, windows)
    for box in found:
        ends = zip(box, windows, labels.shape[1:], strict=True)
        assert all(part.start % step == 0 and part.stop in (length, part.stop // step * step)
                   for part, step, length in ends)  # fmt: skip
    times = np.zeros(labels.shape[1:], int)
    for box in found:
        times[box] += 1
    assert times.max() == 1
    assert (times[(labels > 0).any(axis=0)] == 1).all()
    reach = distance_transform_edt(~(labels > 0).any(axis=0), sampling=(3.0, 1.0, 1.0))
    assert (times[reach <= margin_mm] == 1).all()


def test_nothing_labelled_has_no_box() -> None:
    assert boxes(np.zeros((2, 4, 5, 5), np.uint8), 3.0) == []
