"""`softbench score --also`: further scores, with a table of their own."""

import pandas as pd
from softbench import metrics
from softbench.metrics.metric import ALSO
from softbench.tools.score import report

from .conftest import SPACING, STRUCTURES, assert_same_scores, labels_of, probabilities_of

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


def test_label_maps_have_them_too(fill, call, scores):
    result = call("--predictions", fill("maps", "hard"), "--references", fill("labels"), *WORDS, "--also", "lesions")
    assert result.code == 0, result.err
    assert "lesion_f1" in set(scores()["metric"])


def test_what_is_unknown_is_refused(fill, call):
    result = call("--predictions", fill("unet"), "--references", fill("labels"), "--also", "lesions,vessels")
    assert result.code == 1
    assert "--also knows" in result.err
    assert "but not vessels" in result.err


def test_each_name_has_a_table():
    assert set(report.ALSO) == set(report.ALSO_TITLES) == set(ALSO)
