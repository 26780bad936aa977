"""Calibration against the raters' mean: a plain computation with the shares of raters, and cases that are known."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
from softbench import metrics
from softbench.metrics import regions
from softbench.metrics.rows import MEAN, WHOLE

SPACING = (2.0, 1.0, 1.5)
STRUCTURES = {"whole": [1, 2], "core": [2]}
KEYS = ("ece_rater_mean", "cwece_rater_mean", "brier_rater_mean", "nll_rater_mean")
ROIS = ("all", "foreground", "band")
BINS = 7


def case(raters: int = 3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities (3, ...), label maps of raters who shift a box each in their own way, and voxels that exist."""
    rng, shape = np.random.default_rng(5), (6, 10, 11)
    labels = np.zeros((raters, *shape), np.uint8)
    for rater in labels:
        d, h, w = rng.integers(1, 3, 3)
        rater[d : d + 3, h : h + 5, w : w + 6] = 1
        rater[d + 1, h + 1 : h + 3, w + 2 : w + 4] = 2
    weights = rng.gamma(0.4, size=(3, *shape))
    return (weights / weights.sum(axis=0)).astype(np.float32), labels, rng.random(shape) < 0.9


def score(p: np.ndarray, raters: np.ndarray, **settings) -> pd.DataFrame:
    return metrics.score_case(p, raters, SPACING, STRUCTURES, bins=BINS, also=["raters"], **settings)


def of_mean(scores: pd.DataFrame) -> dict[tuple[str, str, str], float]:
    found = scores[scores["metric"].isin(KEYS)]
    assert set(found["rater"]) == {MEAN}
    return {(row.structure, row.metric, row.roi): row.value for row in found.itertuples()}


def plainly(p: np.ndarray, share: np.ndarray) -> dict[str, float]:
    """Score probabilities (C, N) against shares (C, N) as the definitions say."""
    p = p.astype(np.float64)

    def gap(values: np.ndarray, truth: np.ndarray) -> float:
        place = np.ceil(values * BINS).clip(1).astype(int)  # bins are (low, high], and 0 lies in the first
        return sum(abs((values - truth)[place == b].sum()) for b in range(1, BINS + 1)) / len(values)

    top = p.argmax(axis=0)
    return {
        "ece_rater_mean": gap(p.max(axis=0), np.take_along_axis(share, top[None], axis=0)[0]),
        "cwece_rater_mean": float(np.mean([gap(own, truth) for own, truth in zip(p, share, strict=True)])),
        "brier_rater_mean": float(((p - share) ** 2).sum(axis=0).mean()),
        "nll_rater_mean": float(-(share * np.log(np.maximum(p, 1e-12))).sum(axis=0).mean()),
    }


def unite(raters: np.ndarray, valid: np.ndarray) -> Mapping[str, np.ndarray]:
    return {
        roi: np.any([regions.mask(y, roi, band_mm=2.0, spacing_mm=SPACING, valid=valid) for y in raters], axis=0)
        for roi in ROIS
    }


def test_all_are_those_of_the_shares_of_raters() -> None:
    p, raters, valid = case()
    found = of_mean(score(p, raters, valid=valid, band_mm=2.0))
    share = np.stack([(raters == class_id).mean(axis=0) for class_id in range(3)])
    expected = {}
    for roi, inside in unite(raters, valid).items():
        for name, ids in {WHOLE: None, **STRUCTURES}.items():
            pair = (
                (p, share)
                if ids is None
                else [np.stack([1 - q[ids].sum(axis=0), q[ids].sum(axis=0)]) for q in (p, share)]
            )
            of_voxels = plainly(*(q[:, inside] for q in pair))
            expected |= {(name, key, roi): value for key, value in of_voxels.items()}
    assert found == pytest.approx(expected, abs=2e-6)


def test_mean_of_raters_itself_is_calibrated_and_has_no_squared_error() -> None:
    _, raters, _ = case(4)
    share = np.stack([(raters == class_id).mean(axis=0) for class_id in range(3)])
    found = of_mean(score(share, raters))
    for key in ("ece_rater_mean", "cwece_rater_mean", "brier_rater_mean"):
        assert [found[WHOLE, key, roi] for roi in ROIS] == pytest.approx([0, 0, 0], abs=1e-12)
    assert found[WHOLE, "nll_rater_mean", "band"] > 0


def test_one_rater_has_its_own_scores_and_so_have_raters_that_agree() -> None:
    p, raters, valid = case(1)
    for references in (raters, np.repeat(raters, 3, axis=0)):
        scores = score(p, references, valid=valid)
        own = scores[scores["rater"] == 1].set_index(["structure", "metric", "roi"])["value"]
        for (structure, key, roi), value in of_mean(scores).items():
            assert value == pytest.approx(own[structure, key.removesuffix("_rater_mean"), roi], abs=1e-12)


def test_a_region_of_no_rater_is_undefined() -> None:
    p, raters, _ = case()
    found = of_mean(score(p, np.zeros_like(raters)))
    assert all(math.isnan(found[WHOLE, key, roi]) for key in KEYS for roi in ("foreground", "band"))
    assert not any(math.isnan(found[WHOLE, key, "all"]) for key in KEYS)


def test_structure_that_one_rater_drew_counts_by_its_share() -> None:
    raters = np.zeros((4, 1, 2, 4), np.uint8)
    raters[3, 0, 0, :2] = 1
    p = np.full((2, 1, 2, 4), 0.5)
    found = of_mean(metrics.score_case(p, raters, SPACING, {"core": [1]}, also=["raters"]))
    # two voxels of share 1/4, six of 0: 2 (1/2 - 1/4)^2 and 2 (1/2)^2
    assert found["core", "brier_rater_mean", "all"] == pytest.approx((2 * 2 / 16 + 6 * 2 / 4) / 8)
    assert found["core", "brier_rater_mean", "foreground"] == pytest.approx(2 / 16)


def test_ids_outside_of_the_classes_do_not_count_where_no_voxel_exists() -> None:
    p, raters, valid = case()
    cut = np.where(valid, raters, 255).astype(np.uint8)
    assert of_mean(score(p, cut, valid=valid)) == of_mean(score(p, raters, valid=valid))
