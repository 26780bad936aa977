"""Agreement relative to that of the raters: rows whose overlaps can be counted, and a jackknife done by hand."""

import math

import numpy as np
import pytest
from softbench.errors import InputError
from softbench.metrics.raters.agreement import Agreement, relative_to_raters
from softbench.metrics.raters.agreement import relative_agreement as of_overlaps
from softbench.metrics.raters.overlaps import Overlaps


def rows(*texts: str) -> np.ndarray:
    """Masks of one row each, (R, 1, W)."""
    return np.array([[[c == "x" for c in text]] for text in texts])


def relative_agreement(prediction: np.ndarray, raters: np.ndarray) -> Agreement:
    return of_overlaps(Overlaps.with_prediction(prediction, raters))


def test_mean_of_prediction_over_mean_of_raters() -> None:
    raters = rows("xx..", ".xx.")  # to each other 1/2; "xxx." to each 4/5
    found = relative_agreement(rows("xxx.")[0], raters)
    assert found.value == pytest.approx(0.8 / 0.5)
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_jackknife_by_hand() -> None:
    to = np.array([0.9, 0.8, 0.7])
    between = np.array([[9, 0.5, 0.6], [0.5, 9, 0.8], [0.6, 0.8, 9]])
    found = relative_to_raters(to, between)
    assert found.value == pytest.approx(0.8 / (1.9 / 3))
    without = [0.75 / 0.8, 0.8 / 0.6, 0.85 / 0.5]  # one pair is left of three raters
    mean = sum(without) / 3
    error = math.sqrt(2 / 3 * sum((value - mean) ** 2 for value in without))
    assert found.high - found.value == pytest.approx(4.302652729911275 * error)  # Student's t, 2 degrees, 97.5 %
    assert found.value - found.low == pytest.approx(found.high - found.value)


def test_rater_like_the_others_scores_one() -> None:
    raters = np.repeat(rows(".xx."), 4, axis=0)
    found = relative_agreement(raters[0], raters)
    assert (found.value, found.low, found.high) == (1, 1, 1)


def test_empty_masks_agree() -> None:
    nothing = rows("....", "....", "....")
    assert Overlaps.of(nothing).dsc.min() == 1
    assert relative_agreement(nothing[0], nothing).value == 1
    assert relative_agreement(rows("x...")[0], nothing).value == 0


def test_structure_that_one_of_three_drew() -> None:
    found = relative_agreement(rows("....")[0], rows("....", "....", "xx.."))
    assert found.value == pytest.approx((2 / 3) / (1 / 3))
    assert math.isnan(found.low)  # without an empty one, the two that are left never overlap


def test_raters_who_never_overlap_are_unknown() -> None:
    found = relative_agreement(rows("xxx.")[0], rows("x...", ".x..", "..x."))
    assert all(math.isnan(value) for value in (found.value, found.low, found.high))


def test_one_rater_is_unknown() -> None:
    assert math.isnan(relative_agreement(rows("xx..")[0], rows("xx..")).value)


def test_wrong_arguments_are_refused() -> None:
    masks = rows("xx..", ".xx.")
    for wrong, message in (
        (lambda: relative_agreement(masks[0].astype(float), masks), "False and True"),
        (lambda: relative_agreement(masks[0], masks[..., :2]), "one grid"),
        (lambda: relative_to_raters(np.array([1, math.inf]), np.ones((2, 2))), "infinite"),
        (lambda: relative_to_raters(np.array([]), np.zeros((0, 0))), "one score or more"),
        (lambda: relative_to_raters(np.ones(2), np.ones((3, 3))), r"\(3, 3\)"),
    ):
        with pytest.raises(InputError, match=message):
            wrong()
