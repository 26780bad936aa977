"""Raters against each other: each value is the mean over the ordered pairs, and an empty mask counts pair by pair."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from softbench import InputError
from softbench.metrics.catalogue import describe
from softbench.metrics.raters.agreement import relative_agreement
from softbench.metrics.raters.level_sets import ged
from softbench.metrics.raters.overlaps import Overlaps
from softbench.statistics import apply_policy, summarise
from softbench.training import sanity

NAMES = {"experiment": "tiny", "dataset": "made", "split": "main", "network": "small", "method": "raters"}
SPLIT = pd.DataFrame([(name, name, name.split("_")[0]) for name in ("train_1", "val_1", "test_1", "test_2")])
SPLIT.columns = pd.Index(["case", "patient", "part"])
SPACING_MM = (1.0, 1.0)
SIDE = 12  # voxels


def square(row: int, column: int, length: int = 4) -> np.ndarray:
    """A square of one structure on a grid of 12 x 12."""
    labels = np.zeros((SIDE, SIDE), np.uint8)
    labels[row : row + length, column : column + length] = 1
    return labels


EMPTY = np.zeros((SIDE, SIDE), np.uint8)
SHIFTED = [square(4, 4), square(4, 5), square(4, 6)]  # by one voxel each: 12 and 8 of 16 voxels are shared


def made(cases: dict[str, list[np.ndarray]]) -> Any:
    """A data set of these label maps, one list a case, and of `SHIFTED` where none is given."""
    labels = {name: np.stack(cases.get(name, SHIFTED)) for name in SPLIT["case"]}

    def load(name: str) -> SimpleNamespace:
        return SimpleNamespace(
            labels=labels[name], valid=None, spacing_mm=SPACING_MM, images=np.zeros((1, SIDE, SIDE)), affine=np.eye(3)
        )

    return SimpleNamespace(
        cases=SPLIT[["case", "patient"]].assign(image_sha256=SPLIT["case"]),
        classes=["background", "it"],
        structures={"it": [1]},
        manifest={"cases": {name: str(hash(one.tobytes())) for name, one in labels.items()}},
        load=load,
    )


def rows_of(dataset: Any, folder: Path, **scoring: Any) -> pd.DataFrame:
    """The scores of raters against each other on the two test cases."""
    sanity.run(
        kind="raters",
        names=NAMES,
        scoring={"tolerances_mm": [1.0], "bins": 10, **scoring},
        versions={},
        seed=0,
        dataset=dataset,
        split=SPLIT,
        output=folder / "batch-0.json",
        log=lambda line: None,
    )
    assert json.loads((folder / "batch-0.json").read_text())["seeds"]["0"]["status"] == "done"
    return pd.read_parquet(folder / "seed-0" / "scores.parquet")


def mean(rows: pd.DataFrame, metric: str, structure: str = "it", policy: str = "diagonal", **over: str) -> pd.Series:
    """The line of a summary: its mean, counts of cases, undefined and penalised values."""
    table = summarise(apply_policy(rows, policy), **over)
    (line,) = table[(table["metric"] == metric) & (table["structure"] == structure) & (table["roi"] == "all")].to_dict(
        "records"
    )
    return pd.Series(line)


def test_value_is_the_mean_over_all_ordered_pairs(tmp_path: Path) -> None:
    rows = rows_of(made({}), tmp_path)
    dsc = rows[(rows["metric"] == "dsc") & (rows["case"] == "test_1")].set_index("rater")["value"]
    neighbours, ends = 2 * 12 / 32, 2 * 8 / 32  # of squares one voxel apart, and two
    assert dsc.to_dict() == pytest.approx(
        {102: neighbours, 103: ends, 201: neighbours, 203: neighbours, 301: ends, 302: neighbours}
    )
    assert mean(rows, "dsc")["mean"] == pytest.approx((4 * neighbours + 2 * ends) / 6)
    assert mean(rows, "hd95")["mean"] == pytest.approx((4 * 1 + 2 * 2) / 6)  # mm: every shift moves one side as far


def test_unequal_masks_count_in_both_orders(tmp_path: Path) -> None:
    inner, outer = square(4, 4), square(2, 2, 8)  # 16 voxels within 64
    rows = rows_of(made({name: [inner, outer] for name in ("test_1", "test_2")}), tmp_path)
    precision = rows[(rows["metric"] == "precision") & (rows["case"] == "test_1")].set_index("rater")["value"]
    assert precision.to_dict() == {102: 1.0, 201: 0.25}
    assert mean(rows, "precision")["mean"] == mean(rows, "sensitivity")["mean"] == (1 + 0.25) / 2


def test_calibration_of_label_maps_is_the_share_of_voxels_that_differ(tmp_path: Path) -> None:
    rows = rows_of(made({}), tmp_path)
    share = (4 * 8 + 2 * 16) / 6 / SIDE**2  # 8 voxels differ between neighbours, 16 between the ends
    for over in ("cases", "pooled"):
        assert mean(rows, "ece", "all", over=over)["mean"] == pytest.approx(share)
        assert mean(rows, "brier", "all", over=over)["mean"] == pytest.approx(2 * share)
        assert mean(rows, "nll", "all", over=over)["mean"] == pytest.approx(-np.log(1e-12) * share, rel=1e-6)


def test_pooled_statistics_are_over_all_pairs(tmp_path: Path) -> None:
    rows_of(made({}), tmp_path)
    with np.load(tmp_path / "seed-0" / "reliability.npz") as arrays:
        assert arrays["all.counts"].sum() == 2 * 6 * SIDE**2  # cases, pairs, voxels


def test_empty_mask_counts_pair_by_pair(tmp_path: Path) -> None:
    # test_1: one rater marked nothing, so of six pairs four have one empty mask; test_2: two did, so two have two
    # empty masks and four have one.
    dataset = made({"test_1": [SHIFTED[0], SHIFTED[1], EMPTY], "test_2": [SHIFTED[0], EMPTY, EMPTY]})
    rows = rows_of(dataset, tmp_path)
    shared, diagonal = 2 * 12 / 32, np.hypot(SIDE, SIDE)
    dsc, far = mean(rows, "dsc"), mean(rows, "hd95")
    assert dsc["mean"] == pytest.approx((2 * shared / 6 + 0) / 2)  # in test_2 the mean over its four defined pairs, 0
    assert dsc["n_undefined"] == 2
    assert far["mean"] == pytest.approx(((2 * 1 + 4 * diagonal) / 6 + diagonal) / 2)
    assert (far["n_undefined"], far["n_penalised"]) == (2, 8)
    left_out = mean(rows, "hd95", policy="exclude")
    assert left_out["mean"] == pytest.approx(1.0)  # of test_1's two pairs that have both masks
    filled = mean(rows, "dsc", policy="both_empty_is_one")
    assert filled["mean"] == pytest.approx((2 * shared / 6 + 2 / 6) / 2)


def test_composite_is_made_pair_by_pair(tmp_path: Path) -> None:
    from softbench.statistics import composite

    rows = rows_of(made({}), tmp_path)
    settled = composite(apply_policy(rows), "average", ["it"])
    assert mean(settled, "dsc", "average")["mean"] == mean(rows, "dsc")["mean"]
    assert (settled["structure"] == "average").sum() == (settled["structure"] == "it").sum()


def test_thresholds_change_nothing_of_label_maps(tmp_path: Path) -> None:
    rows = rows_of(made({}), tmp_path, thresholds=True)
    at_threshold, plain = (rows[rows["metric"] == name] for name in ("dsc_at_val", "dsc"))
    at_threshold = at_threshold[at_threshold["case"] != "pooled"]
    places = ["case", "rater", "structure"]
    found, wanted = (one.set_index(places)["value"].sort_index() for one in (at_threshold, plain))
    pd.testing.assert_series_equal(found, wanted)


def test_one_rater_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"test_1 has one label map.*`sanity: raters`"):
        rows_of(made({"test_1": SHIFTED[:1]}), tmp_path)


def test_scores_against_all_raters_together_leave_the_rater_out(tmp_path: Path) -> None:
    rows = rows_of(made({"test_2": [EMPTY, EMPTY, square(4, 4)]}), tmp_path, raters=True)
    asked = rows[rows["metric"].map(lambda key: describe(key).asked_by == "raters")]
    assert set(asked["rater"]) == {100, 200, 300}
    plain = rows_of(made({"test_2": [EMPTY, EMPTY, square(4, 4)]}), tmp_path / "plain")
    assert len(rows) == len(plain) + len(asked)
    found = asked[asked["case"] == "test_1"].set_index(["metric", "structure", "roi", "rater"])["value"]
    masks = np.stack(SHIFTED) > 0
    for rater in range(3):
        others = np.delete(masks, rater, axis=0)
        expected = {
            "agreement": relative_agreement(Overlaps.with_prediction(masks[rater], others)).value,
            "ged": ged(masks[rater], others),
            "volume_bias": 0.0,
        }
        got = {key: found[key, "it", "all", 100 * (rater + 1)] for key in expected}
        assert got == pytest.approx(expected, abs=1e-9)
        share = others.mean(axis=0)  # of foreground: Brier is twice the squared difference
        brier = 2 * ((masks[rater] - share) ** 2).mean()
        assert found["brier_rater_mean", "all", "all", 100 * (rater + 1)] == pytest.approx(brier)
