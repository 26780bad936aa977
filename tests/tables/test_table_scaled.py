"""A row of one-hot at its own temperature: a row like others, but for what a temperature cannot change."""

import io
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from softbench.metrics.catalogue import is_of_label_map
from softbench.tables import assemble, forms, wording
from softbench.tables.assemble import Runs
from softbench.tables.temperatures import SIGN, Temperature
from softbench.tables.views.results import sheet

ROW = {
    "key": "one_hot@temperature", "title": "One-hot + T", "control": "one_hot", "trained": True, "scaled": "one_hot",
}  # fmt: skip
COLUMNS = [{"metric": "dsc", "structure": "A"}, {"metric": "ece"}]
LESS = (0.004, 0.005, 0.006)  # what the temperature takes off the ECE in seeds 0, 1, 2


@pytest.fixture
def runs(scores) -> Runs:
    """The scores, and one-hot's at its temperature: the label map is the same, the ECE is lower."""
    again = scores[scores["method"].isin(["one_hot", "good"])].assign(prediction="temperature")
    ece = again["metric"] == "ece"
    again.loc[ece, "value"] -= again.loc[ece, "seed"].map(dict(enumerate(LESS)))
    return Runs(pd.concat([scores, again], ignore_index=True), {}, [])


@pytest.fixture
def settings(methods) -> dict:
    """The table's settings with the row below one-hot."""
    return {"title": "T", "methods": [methods[0], ROW, *methods[1:]], "columns": COLUMNS}


def cell(table, method: str, column: int):
    return table.cells[[row.key for row in table.methods].index(method)][column]


def test_row_holds_the_scaled_scores_and_its_difference_to_one_hot(runs, settings) -> None:
    found = cell(assemble.build_table(runs, settings), ROW["key"], 1)
    assert found.mean == pytest.approx(0.01 - 0.005)
    assert found.difference.mean == pytest.approx(-0.005)
    reach = 4.302653 * 0.001 / math.sqrt(3)  # t(0.975, 2 df), sd of LESS is 0.001
    assert found.difference.high == pytest.approx(-0.005 + reach, abs=1e-8)


def test_label_map_metrics_differ_by_zero_and_are_not_tested(runs, settings) -> None:
    table = assemble.build_table(runs, settings)
    found = cell(table, ROW["key"], 0)
    assert found.mean == cell(table, "one_hot", 0).mean
    assert found.same_map
    assert found.difference.mean == 0
    assert all(math.isnan(value) for value in (found.difference.p, found.difference.low, found.p_holm))
    assert found.verdict is None
    line = next(text for text in forms.text(sheet(table), ".md").splitlines() if "One-hot + T<br>vs One-hot |" in text)
    assert "| 0.000<br>same label map |" in line


def test_holm_counts_the_row_where_it_is_tested_alone(runs, settings, methods) -> None:
    without = assemble.build_table(runs, {**settings, "methods": methods})
    assert assemble.build_table(runs, settings).tests == without.tests + 1  # the ECE, not the DSC


def test_row_changes_no_number_of_the_others(runs, settings, methods) -> None:
    told = ["mean", "sd_over_seeds", "difference", "difference_low", "p", "detectable", "n_undefined"]
    tables = [assemble.build_table(runs, {**settings, "methods": rows}) for rows in (settings["methods"], methods)]
    beside, alone = (pd.read_csv(io.StringIO(forms.text(sheet(table), ".csv"))) for table in tables)
    beside = beside[beside["method"] != ROW["key"]].reset_index(drop=True)
    pd.testing.assert_frame_equal(beside[["method", "metric", *told]], alone[["method", "metric", *told]])


def test_zero_by_construction_counts_for_no_detectable_size(runs, settings) -> None:
    only = {**settings, "methods": settings["methods"][:2]}
    (said,) = wording.detected(assemble.build_table(runs, only))
    assert "ECE" in said
    assert "DSC" not in said


def test_table_says_what_the_row_is(runs, settings, methods) -> None:
    said = " ".join(wording.footnotes(assemble.build_table(runs, settings)))
    assert "One-hot + T: the runs of One-hot without further training" in said
    assert "fitted on its validation cases" in said
    assert "T = " not in said  # runs of before tell of none
    without = wording.footnotes(assemble.build_table(runs, {**settings, "methods": methods}))
    assert not any("further training" in line for line in without)


def fitted(cases: int, patients: int, se: float = 0.1) -> list[Temperature]:
    values = enumerate((0.99, 1.004, 1.03))
    return [Temperature("one_hot", seed, value, se + 0.01 * seed, cases, patients) for seed, value in values]


def test_table_says_over_how_many_cases_a_temperature_was_fitted(runs, settings) -> None:
    table = assemble.build_table(replace(runs, temperatures=fitted(24, 24)), settings)
    said = " ".join(wording.footnotes(table))
    assert "T = 0.99 to 1.03, fitted over 24 validation cases each, with a standard error of 0.11, the median" in said
    assert "bootstrap over cases" in said
    assert SIGN not in forms.text(sheet(table), ".md")


@pytest.mark.parametrize(
    ("cases", "patients", "unit"), [(8, 8, "fewer than 16 cases"), (40, 5, "fewer than 16 patients")]
)
def test_row_of_few_validation_cases_is_marked(runs, settings, cases: int, patients: int, unit: str) -> None:
    table = assemble.build_table(replace(runs, temperatures=fitted(cases, patients)), settings)
    text = forms.text(sheet(table), ".md")
    assert f"| One-hot + T {SIGN} |" in text
    assert "| One-hot |" in text
    assert f"{SIGN}: {unit}. One or two of them decide T" in text


def test_one_patient_has_no_standard_error(runs, settings) -> None:
    table = assemble.build_table(replace(runs, temperatures=fitted(11, 1, se=math.nan)), settings)
    assert "over 11 validation cases of 1 patient each; no standard error is known." in " ".join(
        wording.footnotes(table)
    )


def test_row_is_empty_where_all_runs_failed(runs, settings) -> None:
    left = runs.scores[runs.scores["method"] != "one_hot"]
    failed = [{"method": "one_hot", "seed": 0, "reason": "diverged"}]
    table = assemble.build_table(Runs(left, {}, failed), settings)
    assert np.isnan(cell(table, ROW["key"], 1).mean)


@pytest.mark.parametrize(
    ("metric", "same"),
    [
        ("dsc", True), ("hd95", True), ("hd95_in_plane", True), ("nsd_2mm", True), ("nsd_voxel_1.5mm", True),
        ("hd95@monai", True), ("vs", True),
        ("ece", False), ("ece@netcal", False), ("dsc_s", False), ("dsc_at_val", False), ("dsc_at_val_global", False),
        ("rmse", False), ("tace_svls", False), ("nll", False),
    ],
)  # fmt: skip
def test_metrics_of_the_label_map_are_told_apart(metric: str, same: bool) -> None:
    assert is_of_label_map(metric) is same
