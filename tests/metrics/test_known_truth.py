"""Scores against a known distribution: by hand on a few voxels, region by region."""

import numpy as np
import pytest
from softbench import InputError
from softbench.metrics.catalogue import CATALOGUE
from softbench.metrics.known_truth import score_truth
from softbench.metrics.true_distribution import Known

SPACING = (1.0, 1.0)


def values(p: np.ndarray, q: np.ndarray, **how: object) -> dict[tuple[str, str], float]:
    rows = score_truth(np.stack([1 - p, p]), np.stack([1 - q, q]), SPACING, **how)
    assert set(rows["rater"]) == {0}
    assert set(rows["structure"]) == {"all"}
    return rows.set_index(["metric", "roi"])["value"].to_dict()


def test_brier_is_the_squared_distance_in_each_region() -> None:
    """One row of eight voxels; the last two are the structure, the band of 1 mm is the voxels at its edge."""
    q = np.array([[0, 0, 0, 0, 0, 0, 0.9, 1.0]])
    p = np.array([[0.5, 0, 0, 0, 0, 0.2, 0.6, 1.0]])
    found = values(p, q, band_mm=1.0)
    squares = 2 * (p - q)[0] ** 2
    assert found["brier_truth", "all"] == pytest.approx(squares.mean())
    assert found["brier_truth", "foreground"] == pytest.approx(squares[6:].mean())
    assert found["brier_truth", "band"] == pytest.approx(squares[5:7].mean())
    kl = 0.9 * np.log(0.9 / 0.6) + 0.1 * np.log(0.1 / 0.4)
    assert found["kl_truth", "foreground"] == pytest.approx(kl / 2)


def test_the_truth_itself_has_no_distance_and_voxels_that_do_not_exist_do_not_count() -> None:
    q = np.linspace(0, 1, 8)[None]
    assert all(value == pytest.approx(0, abs=1e-12) for value in values(q, q).values())
    p = q.copy()
    p[0, 0] = 1
    valid = np.ones((1, 8), bool)
    valid[0, 0] = False
    assert values(p, q, valid=valid)["brier_truth", "all"] == pytest.approx(0, abs=1e-12)
    assert values(p, q)["kl_truth", "all"] == pytest.approx(-np.log(1e-12) / 8)


def test_region_without_voxels_is_unknown() -> None:
    found = values(np.zeros((1, 4)), np.zeros((1, 4)))
    assert np.isnan([found[key, roi] for key in ("brier_truth", "kl_truth") for roi in ("foreground", "band")]).all()
    empty = Known(np.zeros((2, 0)), np.zeros((2, 0)))
    assert np.isnan(CATALOGUE["kl_truth"].measure(empty))


def test_case_whose_truth_is_not_known_stops() -> None:
    with pytest.raises(InputError, match="which only phantoms know"):
        score_truth(np.ones((1, 2, 2)), None, SPACING)
    with pytest.raises(InputError, match="truth"):
        score_truth(np.ones((2, 2, 2)), np.ones((2, 2, 3)), SPACING)
