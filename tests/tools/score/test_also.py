"""`softbench score --also`: further scores, with a table of their own."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from softbench import images, metrics
from softbench.metrics.metric import ALSO, ROIS
from softbench.tools.score import report

from .conftest import AFFINE, SPACING, STRUCTURES, assert_same_scores, labels_of, probabilities_of

WORDS = ["--structures", "whole=1,2", "core=2"]


def test_rows_are_those_of_the_arrays_and_each_has_a_table(fill, call, scores, tmp_path):
    result = call(
        "--predictions", fill("unet", "probabilities"), "--references", fill("labels"), *WORDS,
        "--also", "lesions,centrelines",
    )  # fmt: skip
    assert result.code == 0, result.err
    labels = labels_of(0)
    expected = metrics.score_case(
        probabilities_of(labels, 0), labels[None], SPACING, STRUCTURES, also=("lesions", "centrelines")
    )
    assert_same_scores(scores(case="a"), expected)
    lesions = pd.read_csv(tmp_path / "out" / "tables" / "lesions.csv")
    shown = scores(metric="lesion_dsc", structure="core")
    cell = lesions[(lesions["metric"] == "lesion_dsc") & (lesions["structure"] == "core")]
    assert cell["mean"].item() == shown["value"].mean()
    assert (tmp_path / "out" / "tables" / "centrelines.html").exists()
    page = (tmp_path / "out" / "index.html").read_text()
    assert "Lesions" in page
    assert "clDice" in page


def test_table_of_lesions_says_how_they_were_counted(fill, call, tmp_path):
    """A lesion that was missed has the distance asked for, and not the diagonal of its image."""
    folders = "--predictions", fill("unet", "probabilities"), "--references", fill("labels")
    result = call(*folders, *WORDS, "--also", "lesions", "--lesions", "dilations=1", "ignored_mm3=2", "miss_mm=90")
    assert result.code == 0, result.err
    lesions, scores = ((tmp_path / "out" / "tables" / f"{name}.md").read_text() for name in ("lesions", "scores"))
    assert "touch after 1 dilation are one lesion; those up to 2 mm³ (mm² in 2-D) do not count" in lesions
    assert "missed or made up has the HD95 90 mm." in lesions
    assert "a distance counts as the diagonal of that case's image" not in lesions
    assert "a distance counts as the diagonal of that case's image" in scores
    assert "Lesion" not in scores


def test_label_maps_have_them_too(fill, call, scores):
    result = call("--predictions", fill("maps", "hard"), "--references", fill("labels"), *WORDS, "--also", "lesions")
    assert result.code == 0, result.err
    assert "lesion_f1" in set(scores()["metric"])


def test_lesions_are_counted_as_asked(fill, call, scores, tmp_path):
    """Two voxels that three dilations join are two lesions where nothing is dilated."""
    folders = "--predictions", fill("unet", "probabilities"), "--references", fill("labels")
    result = call(*folders, *WORDS, "--also", "lesions", "--lesions", "dilations=0", "ignored_mm3=0", "miss_mm=50")
    assert result.code == 0, result.err
    labels, how = labels_of(0), {"dilations": 0, "ignored_mm3": 0.0, "miss_mm": 50.0}
    arrays = probabilities_of(labels, 0), labels[None], SPACING, STRUCTURES
    expected = metrics.score_case(*arrays, also=("lesions",), lesion_matching=how)
    assert_same_scores(scores(case="a"), expected)
    page = (tmp_path / "out" / "index.html").read_text()
    assert "dilations 0, ignored_mm3 0, miss_mm 50" in page
    usual = metrics.score_case(*arrays, also=("lesions",))
    assert not np.array_equal(expected["value"], usual["value"], equal_nan=True)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["dilation=1"], "'dilation=1' cannot be read; write dilations, ignored_mm3 and miss_mm"),
        (["dilations"], "cannot be read"),
        (["dilations=1.5"], "dilations must be a whole number of at least 0, not '1.5'"),
        (["ignored_mm3=-1"], "ignored_mm3 must be a number of at least 0, not '-1'"),
        (["miss_mm=0"], "miss_mm must be a number above 0, not '0'"),
        (["miss_mm=nan"], "miss_mm must be a number above 0, not 'nan'"),
        (["dilations=1", "dilations=2"], "names dilations twice"),
    ],
)
def test_ways_to_count_lesions_that_cannot_be_read(words, said, fill, call):
    folders = "--predictions", fill("unet"), "--references", fill("labels")
    result = call(*folders, "--also", "lesions", "--lesions", *words)
    assert (result.code, said in result.err) == (1, True), result.err


def test_way_to_count_lesions_without_lesions_is_refused(fill, call):
    result = call("--predictions", fill("unet"), "--references", fill("labels"), "--lesions", "dilations=1")
    assert result.code == 1
    assert "--lesions decides nothing without --also lesions" in result.err


def test_what_is_unknown_is_refused(fill, call):
    result = call("--predictions", fill("unet"), "--references", fill("labels"), "--also", "lesions,vessels")
    assert result.code == 1
    assert "--also knows" in result.err
    assert "but not vessels" in result.err


def case(tmp_path: Path, name: str, array: np.ndarray) -> Path:
    """Write the only case of a folder, (H, W) or (C, H, W)."""
    folder = tmp_path / name
    folder.mkdir()
    images.write(folder / "a.nii.gz", array, AFFINE, "RAS")
    return folder


def rater(*places: int) -> np.ndarray:
    """A label map that marks some voxels of a row of eight."""
    labels = np.zeros((2, 3, 8), np.uint8)
    labels[0, 0, list(places)] = 1
    return labels


RATERS = {
    "nobody drew it": ([rater(), rater(), rater()], {"agreement": 0, "volume_bias_percent": 1, "ged": 0}, 0),
    "one rater": ([rater(1, 2)], {"agreement": 1, "ged": 0, "ged_unbiased": 1, "lesion_dsc": 1, "cldice": 0}, 1),
    "never overlap": ([rater(1), rater(2), rater(4)], {"agreement": 1, "ged": 0}, 3),
    "one drew it": ([rater(), rater(), rater(1, 2)], {"agreement": 0, "ged": 0}, 1),
}


@pytest.mark.parametrize("name", RATERS)
def test_odd_raters_are_scored_and_what_is_undefined_is_counted(call, scores, tmp_path, name):
    references, undefined, drew = RATERS[name]
    p = np.where(rater(1, 2, 3), 0.8, 0.1).astype(np.float32)
    folders = [case(tmp_path, f"rater{number}", labels) for number, labels in enumerate(references)]
    words = ["--references", *folders, "--structures", "nodule=1", "--also", ",".join(ALSO)]
    result = call("--predictions", case(tmp_path, "unet", np.stack([1 - p, p])), *words)
    assert result.code == 0, result.err
    assert scores(metric="raters_drew")["value"].tolist() == [drew]
    tables = tmp_path / "out" / "tables"
    table = pd.concat([pd.read_csv(tables / f"{file}.csv") for file in ("raters", "volume", "lesions", "centrelines")])
    cells = table[table["structure"] == "nodule"].set_index("metric")
    assert {key: cells.loc[key, "n_undefined"] for key in undefined} == undefined
    to_mean = pd.read_csv(tables / "rater_mean.csv")
    assert set(to_mean[to_mean["metric"] == "brier_rater_mean"]["roi"]) == {*ROIS}
    page = (tmp_path / "out" / "index.html").read_text()
    assert all(title in page for title in ("All raters together", "Volume, against all raters", "Calibration against"))


def test_tables_of_label_maps_have_what_needs_no_probability(fill, call, tmp_path):
    result = call("--predictions", fill("maps", "hard"), "--references", fill("labels"), *WORDS, "--also", "raters")
    assert result.code == 0, result.err
    tables = tmp_path / "out" / "tables"
    assert set(pd.read_csv(tables / "raters.csv")["metric"]) & {"agreement", "ged", "ged_mask"} == {
        "agreement",
        "ged_mask",
    }
    assert "fewer than 3 raters" in (tables / "rater_agreement.md").read_text()  # there is one
    assert "volume_crps_mask" in set(pd.read_csv(tables / "volume.csv")["metric"])
    assert not (tables / "rater_mean.csv").exists()


def test_all_that_is_asked_for_has_a_column():
    shown = [metric for tables in report.ALSO.values() for table in tables.values() for metric in table.metrics]
    shown += [metric for tables in report.ALSO.values() for table in tables.values() for metric, _ in table.of_all]
    intervals = {
        "agreement_low",
        "agreement_high",
        "agreement_without",
    }  # of one case: rater_agreement has those of many
    assert {*shown, "cwece_rater_mean", *intervals} == {
        key for key, metric in metrics.CATALOGUE.items() if metric.asked_by in ALSO
    }
    assert set(report.ALSO) == set(ALSO)
