"""Overlap measures against counts that can be seen."""

import math

import numpy as np
import pytest
from softbench import metrics


def row(text: str) -> np.ndarray:
    """A mask of one row, (1, W)."""
    return np.array([[c == "x" for c in text]])


def test_counts_of_a_row_give_every_measure():
    # both 2, prediction only 1, reference only 3, neither 4
    found = metrics.binary(row("xxx......."), row(".xxxxx...."), (1, 1))
    assert found["dsc"] == pytest.approx(2 * 2 / (3 + 5))
    assert found["iou"] == pytest.approx(2 / 6)
    assert found["accuracy"] == pytest.approx(6 / 10)
    assert found["sensitivity"] == pytest.approx(2 / 5)
    assert found["specificity"] == pytest.approx(4 / 5)
    assert found["precision"] == pytest.approx(2 / 3)
    assert found["vs"] == pytest.approx(1 - 2 / 8)


def test_volume_similarity_does_not_see_where_a_mask_lies():
    assert metrics.binary(row("xx......"), row("......xx"), (1, 1))["vs"] == 1


@pytest.mark.parametrize(("prediction", "reference"), [("....", ".xx."), (".xx.", "....")])
def test_overlap_with_nothing_is_zero(prediction, reference):
    found = metrics.binary(row(prediction), row(reference), (1, 1))
    assert [found[key] for key in ("dsc", "iou", "vs", "nsd", "nsd_voxel")] == [0, 0, 0, 0, 0]


def test_nothing_against_nothing_is_unknown():
    found = metrics.binary(row("...."), row("...."), (1, 1))
    unknown = ("dsc", "iou", "vs", "sensitivity", "precision", "nsd", "nsd_voxel", "hd95", "hd95_pooled", "asd", "assd")
    assert all(math.isnan(found[key]) for key in (*unknown, "masd"))
    assert found["accuracy"] == found["specificity"] == 1
    assert found["sd_svls"] == 0  # the authors' rule


def test_specificity_of_a_full_reference_is_unknown():
    assert math.isnan(metrics.binary(row("xx.."), row("xxxx"), (1, 1))["specificity"])


def test_integers_of_zero_and_one_are_a_mask():
    prediction, reference = row("xx.."), row(".xx.")
    as_integers = metrics.binary(prediction.astype(np.uint8), reference.astype(np.int64), (1, 1))
    assert as_integers == metrics.binary(prediction, reference, (1, 1))
