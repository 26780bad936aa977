"""Raw, scaled and pooled predictions of every method, one below the other."""

import io
import math
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from softbench.tables import forms
from softbench.tables.assemble import Runs
from softbench.tables.cells import Ensemble
from softbench.tables.temperatures import SIGN, Temperature
from softbench.tables.views import post_hoc

ALL = ["raw", "temperature", "ensemble", "ensemble_temperature"]
COLUMNS = [{"metric": "dsc", "structure": "A"}, {"metric": "ece"}]
ROW = {"key": "one_hot@temperature", "title": "Scaled", "control": "one_hot", "trained": True, "scaled": "one_hot"}
WHY = "it needs 2 finished seeds, and there is 1"


def shifted(scores: pd.DataFrame, prediction: str, ece: float) -> pd.DataFrame:
    """Return scores under another prediction, every ECE set."""
    return scores.assign(prediction=prediction, value=scores["value"].mask(scores["metric"] == "ece", ece))


@pytest.fixture
def runs(scores) -> Runs:
    """Three seeds of four methods, raw and scaled; ensembles of one-hot and `good`, there of two seeds; no others."""
    one = scores[(scores["seed"] == 0) & scores["method"].isin(["one_hot", "good"])].assign(seed=pd.NA)
    parts = [scores, shifted(scores, "temperature", 0.003), shifted(one, "ensemble", 0.002)]
    whole = pd.concat([*parts, shifted(one, "ensemble_temperature", 0.001)], ignore_index=True)
    made = [Ensemble("one_hot", (0, 1, 2)), Ensemble("good", (0, 1)), Ensemble("bad", (0,), WHY)]
    return Runs(whole, {}, [], [*made, Ensemble("noise", (0,), WHY)])


@pytest.fixture
def settings(methods) -> dict:
    return {"title": "T", "methods": [methods[0], ROW, *methods[1:]], "columns": COLUMNS}


def test_every_method_has_a_line_for_what_was_made_of_it(runs, settings) -> None:
    free = post_hoc.build(runs, settings, ALL)
    found = [(method.key, prediction) for _, method, prediction in free.lines()]
    assert (
        found
        == [
            *(("one_hot", prediction) for prediction in ALL),
            *(("good", prediction) for prediction in ALL),
            *(("bad", prediction) for prediction in ALL[:2]),  # no ensemble
            *(("noise", prediction) for prediction in ALL[:2]),
        ]
    )


def test_ensembles_are_one_number_and_runs_have_a_spread(runs, settings, tmp_path: Path) -> None:
    forms.write(post_hoc.sheet(post_hoc.build(runs, settings, ALL)), tmp_path / "f.csv")
    table = pd.read_csv(tmp_path / "f.csv").set_index(["method", "prediction", "metric"])
    assert table.loc[("one_hot", "raw", "ece"), "mean"] == pytest.approx(0.01)
    assert table.loc[("good", "ensemble", "ece"), "mean"] == pytest.approx(0.002)
    assert math.isnan(table.loc[("good", "ensemble", "ece"), "sd_over_seeds"])
    assert table.loc[("good", "temperature", "dsc"), "sd_over_seeds"] == pytest.approx(0.01)
    assert table.loc[("good", "ensemble", "ece"), "seeds"] == 2
    assert table.loc[("good", "raw", "ece"), "seeds"] == 3


def test_text_groups_by_method_marks_nothing_and_names_what_failed(runs, settings, tmp_path: Path) -> None:
    for suffix in ("md", "html"):
        forms.write(post_hoc.sheet(post_hoc.build(runs, settings, ALL)), tmp_path / f"f.{suffix}")
    text = (tmp_path / "f.md").read_text()
    assert "mean ± sd over 3 seeds" in text
    assert "| ensemble of 2, scaled | 0.600 | 0.0010 |" in text
    assert "| raw | 0.500 ± 0.000 | 0.0100 ± 0.0000 |" in text
    assert f"- Noise: no ensemble; {WHY}." in text
    assert "| **0." not in text
    html = (tmp_path / "f.html").read_text()
    assert "<b>" not in html
    assert html.count('scope="rowgroup"') == 4


def test_what_scoring_does_not_ask_for_is_one_sentence(runs, settings, tmp_path: Path) -> None:
    raw = Runs(runs.scores[runs.scores["prediction"] == "raw"], {}, [])
    forms.write(post_hoc.sheet(post_hoc.build(raw, settings, ["raw"])), tmp_path / "f.md")
    text = (tmp_path / "f.md").read_text()
    assert "`temperature: true` and `ensemble: true` there would add lines" in text
    assert "\N{EN DASH}" not in text


def test_failed_ensembles_are_named_where_none_was_made(runs, settings, tmp_path: Path) -> None:
    left = runs.scores[~runs.scores["prediction"].isin(ALL[2:])]
    none = [Ensemble(key, (0,), WHY) for key in ("one_hot", "good", "bad", "noise")]
    forms.write(post_hoc.sheet(post_hoc.build(Runs(left, {}, [], none), settings, ALL)), tmp_path / "f.md")
    assert (tmp_path / "f.md").read_text().count(f"no ensemble; {WHY}.") == 4


def test_policy_of_the_table_holds_for_every_line(runs, settings, tmp_path: Path) -> None:
    distances = {**settings, "columns": [{"metric": "hd95", "structure": "A"}]}
    for policy, mean in (("diagonal", (2 * 8 + 100) / 9), ("exclude", 2.0)):  # `bad` misses A once in nine
        forms.write(post_hoc.sheet(post_hoc.build(runs, {**distances, "policy": policy}, ALL)), tmp_path / "f.csv")
        rows = pd.read_csv(io.StringIO((tmp_path / "f.csv").read_text())).set_index(["method", "prediction"])
        assert rows.loc[("bad", "raw"), "mean"] == pytest.approx(mean)
        assert rows.loc[("bad", "temperature"), "mean"] == pytest.approx(mean)


def test_every_method_is_tested_against_one_hot_at_its_own_temperature(runs, settings, tmp_path: Path) -> None:
    """ECE of the scaled one-hot is .003; `bad` has .011, .0111, .0109 raw: .008 more, in each seed within .0001."""
    free = post_hoc.build(runs, settings, ALL)
    assert [method.key for method in free.vs_temperature.methods] == ["one_hot@temperature", "good", "bad", "noise"]
    forms.write(post_hoc.sheet(free), tmp_path / "f.csv")
    table = pd.read_csv(tmp_path / "f.csv").set_index(["method", "prediction", "metric"])
    bad = table.loc[("bad", "raw", "ece")]
    assert bad["to_scaled_mean"] == pytest.approx(0.008)
    assert bad["to_scaled_verdict"] == "worse"
    assert bad["to_scaled_p"] < bad["to_scaled_p_holm"] < 0.05
    assert math.isnan(table.loc[("one_hot", "raw", "ece"), "to_scaled_mean"])
    assert math.isnan(table.loc[("bad", "temperature", "ece"), "to_scaled_mean"])
    forms.write(post_hoc.sheet(free), tmp_path / "f.md")
    text = (tmp_path / "f.md").read_text()
    assert "**Against Scaled.**" in text
    assert "ECE, beyond noise worse: Good_1 (50 %), Bad & \\<late\\>, Noise." in text


def test_lines_tell_how_their_temperature_was_fitted(runs, settings, tmp_path: Path) -> None:
    of_runs = [Temperature("good", seed, 0.9 + 0.1 * seed, 0.1, 24, 24) for seed in range(3)]
    few = [Temperature("bad", seed, 1.2, 0.3, 8, 8) for seed in range(3)]
    told = replace(runs, temperatures=[*of_runs, *few, Temperature("good", None, 0.7, math.nan, 24, 24)])
    post = post_hoc.build(told, settings, ALL)
    for suffix in ("csv", "md"):
        forms.write(post_hoc.sheet(post), tmp_path / f"f.{suffix}")
    table = pd.read_csv(tmp_path / "f.csv").set_index(["method", "prediction", "metric"])
    fit = ["temperature", "temperature_se", "temperature_cases", "temperature_patients"]
    assert table.loc[("good", "temperature", "ece"), fit].tolist() == pytest.approx([1.0, 0.1, 24, 24])
    assert table.loc[("good", "ensemble_temperature", "ece"), "temperature"] == 0.7
    assert table.loc[("good", "raw", "ece"), fit].isna().all()
    text = (tmp_path / "f.md").read_text()
    assert text.count(f"own temperature {SIGN}") == 1
    assert "- Own temperature: T = 0.90 to 1.20, fitted over 8 to 24 validation cases each" in text
    assert "- Scaled ensembles: T = 0.70" in text


def test_without_a_scaled_row_nothing_is_tested(runs, settings) -> None:
    alone = {**settings, "methods": [row for row in settings["methods"] if row["key"] != "one_hot@temperature"]}
    assert post_hoc.build(runs, alone, ALL).vs_temperature is None
