"""What is refused before anything is computed, and what the message says."""

import numpy as np
import pytest
from softbench import InputError, metrics

MASK = np.zeros((4, 5, 6), bool)
LABELS = np.zeros((4, 5, 6), np.uint8)
P = np.full((3, 4, 5, 6), 1 / 3, np.float32)


def altered(**changes: float) -> np.ndarray:
    """Probabilities with one value replaced."""
    p = P.copy()
    p[0, 0, 0, 0] = changes["value"]
    return p


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((LABELS + 3, MASK, (1, 1, 1)), "`prediction` must be a mask of False and True, but holds uint8 from 3 to 3"),
        ((MASK, P[0], (1, 1, 1)), "`reference` must be a mask"),
        ((MASK, MASK[1:], (1, 1, 1)), r"shapes \(4, 5, 6\) and \(3, 5, 6\)"),
        ((P > 0.5, P > 0.5, (1, 1, 1)), r"must be \(D, H, W\) or \(H, W\)"),
        ((MASK, MASK, (1, 1)), "`spacing_mm` must hold 3 positive numbers"),
        ((MASK, MASK, (1, 0, 1)), "`spacing_mm` must hold 3 positive numbers"),
        ((MASK, MASK, (1, 1, 1), 0.0), "`tolerance_mm` must be a positive number"),
        ((MASK, MASK, (1, 1, 1), np.inf), "`tolerance_mm` must be a positive number"),
    ],
)
def test_binary_names_what_is_wrong(arguments, message):
    with pytest.raises(InputError, match=message):
        metrics.binary(*arguments)


@pytest.mark.parametrize(
    ("p", "message"),
    [
        (altered(value=np.nan), "1 value.s. that are NaN or infinite of 360"),
        (altered(value=np.inf), "1 value.s. that are NaN or infinite of 360"),
        (altered(value=0.5), "sum to 1 to 1.16667"),
        (altered(value=-0.2), "span -0.2 to 0.33"),
        (P * 4, "take their softmax first"),
        ((P * 65535).astype(np.uint16), "the type is uint16"),
        (LABELS, "must be floats, but the type is uint8"),
        (P[:1], "two classes or more"),
        (P[0, 0], "the shape is"),
    ],
)
def test_probabilities_that_are_none_are_refused_everywhere(p, message):
    for measure in (metrics.calibration, metrics.reliability):
        with pytest.raises(InputError, match=message):
            measure(p, LABELS)
    with pytest.raises(InputError, match=message):
        metrics.score_case(p, LABELS[None], (1, 1, 1), {"a": [1]})


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (LABELS[:, :, 1:], "one grid"),
        (LABELS.astype(float), "must hold integers"),
        (LABELS + 3, r"holds \{3: 120\}"),
        (LABELS.astype(int) - 1, r"holds \{-1: 120\}"),
    ],
)
def test_references_that_do_not_fit_are_refused_everywhere(reference, message):
    for measure in (metrics.calibration, metrics.reliability):
        with pytest.raises(InputError, match=message):
            measure(P, reference)
    with pytest.raises(InputError, match=message):
        metrics.score_case(P, reference[None], (1, 1, 1), {"a": [1]})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"references": LABELS}, "one label map a rater"),
        ({"references": LABELS[None][:0]}, "one label map a rater"),
        ({"spacing_mm": (1, 1)}, "`spacing_mm` must hold 3"),
        ({"structures": {"WT": [1, 2, 3]}}, "structure 'WT' must list class ids from 0 to 2"),
        ({"structures": {"WT": []}}, "structure 'WT' must list class ids"),
        ({"structures": {"all": [1]}}, "cannot be called 'all'"),
        ({"tolerances_mm": (2.0, -1.0)}, "`tolerances_mm` must be a positive number"),
        ({"band_mm": 0.0}, "`band_mm` must be a positive number"),
        ({"bins": 0}, "`bins` must be a whole number"),
        ({"bins": 2.5}, "`bins` must be a whole number"),
        ({"valid": LABELS}, "`valid` must be a mask of False and True"),
        ({"valid": MASK[1:]}, "one grid"),
    ],
)
def test_score_case_names_what_is_wrong(changes, message):
    good = {"probabilities": P, "references": LABELS[None], "spacing_mm": (1, 1, 1), "structures": {"one": [1]}}
    with pytest.raises(InputError, match=message):
        metrics.score_case(**(good | changes))


def test_band_needs_a_spacing():
    with pytest.raises(InputError, match="needs `spacing_mm`"):
        metrics.calibration(P, LABELS, roi="band")
