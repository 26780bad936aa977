"""Where other libraries cannot be asked, or mean something else: why ours are not theirs."""

import numpy as np
import pytest
from netcal.metrics import ACE, ECE, MCE
from softbench import metrics


def foreground_of_two_labels(classes) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities of all classes, of which only 0 and, in a fifth of the voxels, 1 occur."""
    rng = np.random.default_rng(0)
    p = rng.dirichlet([0.5] * classes, 3000).T.astype(np.float32)
    return p[:, None], (rng.random((1, 3000)) < 0.2).astype(int)


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize(("measure", "key"), [(ECE, "ece"), (ACE, "ace_netcal"), (MCE, "mce")])
def test_netcal_agrees_when_told_confidence_and_correctness(classes, measure, key):
    p, y = foreground_of_two_labels(classes)
    confidence, right = p.max(axis=0).ravel().astype(float), (p.argmax(axis=0) == y).ravel().astype(int)
    assert metrics.calibration(p, y)[key] == pytest.approx(measure(10).measure(confidence, right), abs=1e-9)


def test_netcal_refuses_four_classes_of_which_two_occur():
    p, y = foreground_of_two_labels(4)
    with pytest.raises(RuntimeError, match="binary classification"):
        ECE(10).measure(p.reshape(4, -1).T, y.ravel())


def test_netcal_means_the_second_class_where_there_are_two():
    p, y = foreground_of_two_labels(2)
    theirs, found = ECE(10).measure(p.reshape(2, -1).T, y.ravel()), metrics.reliability(p, y)
    # not the top label's confidence, but p of class 1 in bins over the whole of [0, 1]
    of_class_1 = np.abs(found.class_correct[1] - found.class_confidence[1]).sum() / y.size
    assert theirs == pytest.approx(of_class_1, abs=1e-9)
    assert abs(theirs - found.ece) > 1e-3


def test_one_float32_sum_over_millions_of_voxels_is_off_by_more_than_the_error_to_measure():
    # 0.999 in float32, right in 999 of 1000: the ECE is the rounding of 0.999, 1.3e-8
    confidence = np.full(3_000_000, 0.999, np.float32)
    right = np.arange(confidence.size) % 1000 > 0
    in_float32 = np.cumsum(confidence, dtype=np.float32)[-1]  # one addition after the other, as in scatter_add
    assert abs(in_float32 - right.sum()) / confidence.size > 1e-4
    p = np.stack([1 - confidence, confidence])[:, None]
    assert metrics.calibration(p, right[None].astype(np.uint8))["ece"] < 1e-7
