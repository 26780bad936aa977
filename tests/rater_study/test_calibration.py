"""The calibration error of a label: by hand, and its interval over patients by simulation."""

import numpy as np
import pytest
from softbench.rater_study.calibration import calibration


def patients(rng: np.random.Generator, number: int, off: np.ndarray, sd: float) -> np.ndarray:
    """Bins (patients, 10, 3) of patients of different size, whose labels are too high by about `off`."""
    voxels = rng.lognormal(0, 0.6, (number, 1)) * np.array([0.5, 0.1, 0.05, 0.03, 0.03, 0.03, 0.03, 0.05, 0.08, 0.1])
    p = voxels * (np.arange(10) + 0.5) / 10
    return np.stack([voxels, p, p - (off + rng.normal(0, sd, (number, 10))) * voxels], axis=-1)


def test_by_hand() -> None:
    """Bin 1: 30 voxels with p 0.1 and q 0.2; bin 2: 10 voxels, p 0.9 and q 0.5."""
    bins = np.array([[[20, 2.0, 3.0], [10, 9.0, 5.0]], [[10, 1.0, 3.0], [0, 0.0, 0.0]]])
    found = calibration(bins)
    assert found.error == pytest.approx((3 + 4) / 40)
    assert found.reason == "no valid CI: 2 patients, at least 30 are needed"
    assert np.isnan([found.low, found.high]).all()


def test_no_voxel_is_unknown() -> None:
    assert np.isnan(calibration(np.zeros((40, 10, 3))).error)


def test_patients_without_a_voxel_do_not_count() -> None:
    bins = patients(np.random.default_rng(0), 40, np.full(10, 0.1), 0.1)
    bins[29:] = 0
    assert calibration(bins).reason == "no valid CI: 29 patients, at least 30 are needed"


def test_patients_who_are_alike_leave_no_doubt() -> None:
    found = calibration(np.repeat(patients(np.random.default_rng(0), 1, np.full(10, 0.1), 0.0), 40, axis=0))
    assert (found.low, found.high) == pytest.approx((0.1, 0.1))


@pytest.mark.parametrize("off", [np.full(10, 0.02), np.linspace(-0.05, 0.05, 10), np.full(10, 0.1)], ids=str)
def test_interval_holds_the_error_of_all_patients(off: np.ndarray) -> None:
    """Of 48 patients, in about 95 % of the draws, and the error that was found always."""
    weight = patients(np.random.default_rng(0), 1, off, 0.0)[0, :, 0]
    true = float(np.abs(off) @ weight / weight.sum())
    found = [calibration(patients(np.random.default_rng(n), 48, off, 0.1), draws=500) for n in range(200)]
    assert np.mean([one.low <= true <= one.high for one in found]) >= 0.9
    assert all(one.low <= one.error <= one.high for one in found)
