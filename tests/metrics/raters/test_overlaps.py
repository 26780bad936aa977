"""Voxels that masks share: rows whose overlaps can be counted."""

import numpy as np
import pytest
from softbench.metrics.raters.overlaps import Overlaps, pairs


def rows(*texts: str) -> np.ndarray:
    return np.array([[c == "x" for c in text] for text in texts])


def test_shared_voxels_dsc_and_distances_by_hand() -> None:
    found = Overlaps.of(rows("xxx..", ".xx..", "....x"))
    assert found.shared.tolist() == [[3, 2, 0], [2, 2, 0], [0, 0, 1]]
    assert found.sizes.tolist() == [3, 2, 1]
    assert found.dsc[0] == pytest.approx([1, 4 / 5, 0])
    assert found.distances[0] == pytest.approx([0, 1 / 3, 1])


def test_two_empty_masks_agree_and_one_does_not() -> None:
    found = Overlaps.of(rows("...", "...", "x.."))
    assert (found.dsc[0, 1], found.distances[0, 1]) == (1, 0)
    assert (found.dsc[0, 2], found.distances[0, 2]) == (0, 1)


def test_prediction_is_first() -> None:
    assert Overlaps.with_prediction(rows("xx.")[0], rows("x..", "..x")).shared[0].tolist() == [2, 1, 0]


def test_each_pair_comes_once() -> None:
    assert pairs(3) == [(1, 0), (2, 0), (2, 1)]
    assert pairs(1) == []
