"""What the verdicts of a table rest on: the same numbers as the table, each of its method and control alone."""

import math
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from softbench import InputError
from softbench.tables import assemble, forms
from softbench.tables.views import statistics

MARGINS = {"dsc": 0.02, "hd95": 5.0}


@pytest.fixture
def show(scores, methods):
    """Make the evidence of these scores, with settings and runs changed as wished."""

    def make(rows=scores, *, failed=(), **changes):
        columns = [{"metric": "dsc", "structure": "B"}, {"metric": "hd95", "structure": "both"}, {"metric": "ece"}]
        settings = {"title": "T", "methods": methods, "columns": columns, "composites": {"both": ["A", "B"]}}
        return assemble.weigh(assemble.Runs(rows, {}, list(failed)), settings | changes)

    return make


@pytest.fixture
def many(scores):
    """Five seeds and thirty cases: enough for every interval."""
    rng = np.random.default_rng(0)
    parts = [
        scores[(scores["seed"] == 0) & (scores["case"] == "c0")].assign(seed=seed, case=f"case{case:02}")
        for seed in range(5)
        for case in range(30)
    ]
    whole = pd.concat(parts, ignore_index=True).replace(math.inf, 3.0)
    noise = rng.normal(0, 0.01, len(whole)) * (whole["metric"] != "image_diagonal")
    return whole.assign(value=whole["value"] + noise)


def of_method(shown, method, **options):
    return [one for one in statistics.findings(shown, **options) if one.method.key == method]


def read(shown, **options):
    found = statistics.findings(shown, **options)
    text = statistics.numbers(found, shown.table.tests).to_csv(index=False)
    return pd.read_csv(StringIO(text)).set_index(["method", "metric"])


def test_lines_are_grouped_by_column_and_hold_the_tables_own_numbers(show) -> None:
    shown = show()
    found = statistics.findings(shown)
    assert [(one.column.metric, one.method.key) for one in found] == [
        (metric, key) for metric in ("dsc", "hd95", "ece") for key in ("good", "bad", "noise")
    ]
    rows = {method.key: row for method, row in zip(shown.table.methods, shown.table.cells, strict=True)}
    for one in found:
        assert one.cell is rows[one.method.key][shown.table.columns.index(one.column)]
    assert read(shown)["family"].unique().tolist() == [shown.table.tests]


def test_difference_within_the_margin_is_equivalent_and_without_one_has_no_test(show) -> None:
    # `good` has 0.10 +- 0.01 more DSC; its distances are those of one-hot; ECE has no margin.
    verdicts = [getattr(one.equivalent, "verdict", None) for one in of_method(show(), "good", margins=MARGINS)]
    assert verdicts == ["different", "equivalent", None]


def test_margin_of_an_unknown_metric_is_named(show) -> None:
    with pytest.raises(InputError, match=r"margins.*'dice' is unknown"):
        statistics.findings(show(), margins={"dice": 0.1})


def test_few_seeds_and_cases_give_reasons_in_place_of_intervals(show) -> None:
    found = of_method(show(), "good")[0]
    assert found.crossed.reason == "no valid CI: 3 seeds, at least 5 are needed"
    assert found.checkpoints.reason == "no valid CI: 3 cases, at least 30 are needed"
    assert math.isnan(found.crossed.low)
    assert math.isnan(found.checkpoints.low)


def test_five_seeds_and_thirty_cases_have_every_interval(show, many) -> None:
    found = of_method(show(many), "good")[0]
    # Three spreads around one difference of 0.10: all leave zero out.
    for low, high in ((found.cell.difference.low, found.cell.difference.high), (found.crossed.low, found.crossed.high)):
        assert 0.09 < low < found.crossed.mean < high < 0.11
    assert 0.09 < found.checkpoints.low < found.checkpoints.high < 0.11


def test_cases_of_one_patient_count_once(show, many) -> None:
    patients = {f"case{case:02}": f"patient{case // 2}" for case in range(30)}
    found = of_method(show(many), "good", groups=patients)[0]
    assert found.checkpoints.reason == "no valid CI: 15 patients, at least 30 are needed"


def test_patients_are_named_only_where_one_has_several_test_cases() -> None:
    split = pd.DataFrame({"case": ["a", "b", "c"], "patient": ["p", "p", "q"], "part": ["test", "test", "train"]})
    assert assemble.map_patients(split) == {"a": "p", "b": "p"}
    assert assemble.map_patients(split.assign(part=["test", "train", "test"])) is None


def test_method_and_control_without_runs_say_why(show, scores) -> None:
    failed = [{"method": "noise", "seed": 1, "reason": "the loss was nan"}]
    found = of_method(show(scores[scores["method"] != "noise"], failed=failed), "noise")[0]
    assert found.reason == "every run failed: seed 1: the loss was nan"
    failed = [{"method": "one_hot", "seed": 0, "reason": "stopped"}]
    found = of_method(show(scores[scores["method"] != "one_hot"], failed=failed), "good")[0]
    assert found.reason == "One-hot has no score: seed 0: stopped"


def test_pooled_column_has_seeds_alone(show, scores) -> None:
    pooled = scores[(scores["metric"] == "ece") & (scores["case"] == "c0")].assign(case="pooled")
    shown = show(pd.concat([scores, pooled]), columns=[{"metric": "ece", "over": "pooled"}])
    found = of_method(shown, "good")[0]
    assert found.cell.difference.n_seeds == 3
    assert found.crossed.reason == found.checkpoints.reason == statistics.POOLED


def without_company(frame: pd.DataFrame) -> pd.DataFrame:
    """What belongs to the set of methods is left out: adjusted p and family size."""
    return frame.drop(columns=["p_holm", "family"])


@pytest.mark.parametrize("order", [["one_hot", "good"], ["noise", "good", "one_hot"], ["bad", "good", "one_hot"]])
def test_other_methods_change_no_number_of_a_method(show, methods, many, order) -> None:
    chosen = [one for key in order for one in methods if one["key"] == key]
    whole, fewer = show(many), show(many, methods=chosen)
    for shown in (whole, fewer):
        assert shown.table.tests == 3 * sum(one.control is not None for one in shown.table.methods)
    mine = [without_company(read(shown, margins=MARGINS)).loc[["good"]] for shown in (whole, fewer)]
    pd.testing.assert_frame_equal(*mine, check_exact=True)
    rows = [{m.key: row for m, row in zip(s.table.methods, s.table.cells, strict=True)} for s in (whole, fewer)]
    for one, other in zip(rows[0]["good"], rows[1]["good"], strict=True):
        assert repr(replace(one, p_holm=0.0, verdict=None)) == repr(replace(other, p_holm=0.0, verdict=None))


def test_same_method_under_two_names_has_equal_numbers(show, methods, many) -> None:
    again = pd.concat([many, many[many["method"] == "good"].assign(method="twin")], ignore_index=True)
    shown = show(again, methods=[*methods, {"key": "twin", "title": "Twin", "control": "one_hot"}])
    lines = read(shown, margins=MARGINS).drop(columns="title")
    pd.testing.assert_frame_equal(lines.loc["good"], lines.loc["twin"], check_exact=True)


def write(shown, path: Path, suffix: str, margins=MARGINS) -> str:
    file = path / f"statistics.{suffix}"
    forms.write(statistics.sheet(shown, statistics.findings(shown, margins=margins), margins=margins), file)
    return file.read_text()


def test_words_state_family_margins_and_reasons_once(show, tmp_path: Path) -> None:
    shown = show()
    text = write(shown, tmp_path, "md")
    assert f"for the {shown.table.tests} differences of this table" in text
    assert text.count("**B DSC ↑ · margin ± 0.02**") == text.count("**both HD95 (mm) ↓ · margin ± 5 mm**") == 1
    assert "No margin is stated for ECE" in text
    assert text.count("3 seeds, at least 5 are needed.") == 1
    assert "These checkpoints, new patients" in text
    assert "no test of methods" in text
    assert "| Good_1 (50 %) | +0.100 | [0.075, 0.125] | 0.003 |" in text  # t(0.975, 2) * 0.01 / sqrt(3) = 0.0248


def test_difference_that_adjustment_takes_back_is_not_simply_called_one(show, scores, tmp_path: Path) -> None:
    lines = write(show(), tmp_path, "md").splitlines()
    good = next(line for line in lines if line.startswith("| Good"))
    assert "| different |" in good  # p = 0.003, times the six tests of the table: 0.02
    wider = scores.assign(value=scores["value"] + 0.02 * ((scores["method"] == "good") & (scores["seed"] == 1)))
    good = next(line for line in write(show(wider), tmp_path, "md").splitlines() if line.startswith("| Good"))
    assert "| different, unadjusted |" in good


def test_html_has_a_body_for_each_column(show, many, tmp_path: Path) -> None:
    text = write(show(many), tmp_path, "html")
    assert text.count("<tbody>") == 3
    assert "New seeds, new patients: 95 % interval</th>" in text  # shown where any line has one


def test_ensembles_have_no_test_and_say_so(show, many, tmp_path: Path) -> None:
    one = many[many["seed"] == 0].assign(seed=np.nan, prediction="ensemble")
    shown = assemble.weigh(
        assemble.Runs(one, {}, [], [assemble.Ensemble(key, (0, 1)) for key in ("one_hot", "good", "bad", "noise")]),
        {
            "title": "T",
            "methods": [{"key": "one_hot", "title": "O"}, {"key": "good", "title": "G", "control": "one_hot"}],
            "columns": [{"metric": "ece"}],
            "prediction": "ensemble",
        },
    )
    found = statistics.findings(shown, margins={"ece": 0.1})[0]
    assert found.reason == found.crossed.reason == statistics.NO_TEST
    assert "no test of ensembles" in write(shown, tmp_path, "md", {"ece": 0.1})
