"""Reliability diagrams: sums that can be merged and stored."""

import math

import numpy as np
import pytest
from softbench import InputError, metrics
from softbench.metrics import Reliability, reliability


def random_case(seed: int, shape=(8, 9, 10)) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of three classes and a random reference."""
    rng = np.random.default_rng(seed)
    p = rng.dirichlet((0.4, 0.4, 0.4), shape).astype(np.float32)
    return np.moveaxis(p, -1, 0), rng.integers(0, 3, shape)


def test_diagram_holds_sums_of_each_bin():
    p = np.array([[0.95, 0.85, 0.25, 0.05], [0.05, 0.15, 0.75, 0.95]])[:, None]
    found = reliability(p, np.array([[0, 1, 1, 0]]))
    assert found.counts.tolist() == [0, 0, 0, 0, 0, 0, 0, 1, 1, 2]
    assert found.correct.tolist() == [0, 0, 0, 0, 0, 0, 0, 1, 0, 1]
    assert found.confidence == pytest.approx([0, 0, 0, 0, 0, 0, 0, 0.75, 0.85, 1.9])


@pytest.mark.parametrize("roi", ["all", "foreground", "band"])
@pytest.mark.parametrize("bins", [5, 10, 15])
def test_calibration_and_diagram_agree(roi, bins):
    p, y = random_case(0)
    y[:, :, :5] = 0
    diagram = reliability(p, y, roi=roi, bins=bins, spacing_mm=(1, 1, 1))
    found = metrics.calibration(p, y, roi=roi, bins=bins, spacing_mm=(1, 1, 1))
    assert diagram.ece == pytest.approx(found["ece"], abs=1e-15)
    assert diagram.mce == pytest.approx(found["mce"], abs=1e-15)


def test_merged_diagram_is_that_of_all_voxels():
    (p, y), (q, z) = random_case(1), random_case(2)
    merged = reliability(p, y).merge(reliability(q, z))
    together = reliability(np.concatenate([p, q], axis=1), np.concatenate([y, z]))
    assert merged.ece == pytest.approx(together.ece, abs=1e-14)
    assert merged.mce == pytest.approx(together.mce, abs=1e-14)
    assert (merged.counts == together.counts).all()
    assert merged.ece != pytest.approx((reliability(p, y).ece + reliability(q, z).ece) / 2, abs=1e-6)


def test_empty_diagram_changes_no_merge():
    p, y = random_case(3)
    empty = reliability(p, np.zeros_like(y), roi="foreground")
    assert math.isnan(empty.ece)
    assert math.isnan(empty.mce)
    assert reliability(p, y).merge(empty).ece == reliability(p, y).ece


def test_statistics_survive_one_npz_whole(tmp_path):
    found = reliability(*random_case(6))
    np.savez(tmp_path / "one.npz", **found.to_arrays())
    with np.load(tmp_path / "one.npz") as file:
        again = Reliability.from_arrays(file)
    for field, value in found.to_arrays().items():
        assert np.array_equal(again.to_arrays()[field], value), field
    for key in ("ece", "mce", "mean_gap", "cwece", "brier", "nll"):
        assert getattr(again, key) == getattr(found, key)


def test_classwise_sums_stand_beside_those_of_the_top_label():
    # class 0 says 0.95, 0.25 and is true once; class 1 says 0.05, 0.75 and is true once
    p = np.array([[0.95, 0.25], [0.05, 0.75]])[:, None]
    found = reliability(p, np.array([[0, 1]]), bins=2)
    assert found.class_counts.tolist() == [[1, 1], [1, 1]]
    assert found.class_confidence == pytest.approx(np.array([[0.25, 0.95], [0.05, 0.75]]))
    assert found.class_correct.tolist() == [[0, 1], [0, 1]]
    assert found.squared_error == pytest.approx(2 * 0.05**2 + 2 * 0.25**2)
    assert found.log_loss == pytest.approx(-math.log(0.95) - math.log(0.75))


def test_statistics_of_different_classes_do_not_merge():
    p, y = random_case(7)
    two = np.stack([p[0], 1 - p[0]])
    with pytest.raises(InputError, match="2 and 3 classes"):
        reliability(two, np.minimum(y, 1)).merge(reliability(p, y))


def test_several_diagrams_go_through_one_npz(tmp_path):
    p, y = random_case(4)
    whole, inside = reliability(p, y), reliability(p, y, roi="foreground")
    np.savez(tmp_path / "diagrams.npz", **whole.to_arrays("all"), **inside.to_arrays("foreground"))
    with np.load(tmp_path / "diagrams.npz") as file:
        assert Reliability.from_arrays(file, "all").ece == whole.ece
        assert Reliability.from_arrays(file, "foreground").ece == inside.ece
        with pytest.raises(InputError, match="'band'"):
            Reliability.from_arrays(file, "band")


def test_diagrams_of_different_bins_do_not_merge():
    p, y = random_case(5)
    with pytest.raises(InputError, match="5 and 10 bins"):
        reliability(p, y, bins=5).merge(reliability(p, y))
