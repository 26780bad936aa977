"""A table under two empty-mask policies."""

from pathlib import Path

import pandas as pd
import pytest
from softbench.tables import forms
from softbench.tables.assemble import Runs, build_table
from softbench.tables.views import empty_mask_sensitivity as masks

COLUMNS = [{"metric": "dsc", "structure": "A"}, {"metric": "hd95", "structure": "A"}, {"metric": "ece"}]
MISSED = (2 * 8 + 100) / 9  # `bad` misses A once in nine, at a diagonal of 100 mm; else 2 mm


@pytest.fixture
def settings(methods) -> dict:
    return {"title": "T", "methods": methods, "columns": COLUMNS}


def build(runs: Runs, settings: dict) -> masks.Sensitivity:
    return masks.build(build_table(runs, settings), runs, settings)


def read(folder: Path, both: masks.Sensitivity) -> pd.DataFrame:
    forms.write(masks.sheet(both), folder / "p.csv")
    return pd.read_csv(folder / "p.csv").set_index(["policy", "method", "metric"])


def test_column_that_an_empty_mask_changes_is_shown_under_both(scores, settings, tmp_path: Path) -> None:
    both = build(Runs(scores, {}, []), settings)
    assert both.differ == (1,)  # the DSC of a missed structure is 0 under both
    found = read(tmp_path, both)
    assert found.loc[("diagonal", "bad", "hd95"), "mean"] == pytest.approx(MISSED)
    assert found.loc[("exclude", "bad", "hd95"), "mean"] == 2.0
    assert found.loc[("exclude", "bad", "hd95"), "n_infinite"] == 1
    assert found.loc[("diagonal", "one_hot", "dsc"), "n_undefined"] == 3  # c1 in three seeds
    assert set(found.index[found["differs"]].get_level_values("metric")) == {"hd95"}


def test_text_has_means_counts_and_differences_a_method(scores, settings, tmp_path: Path) -> None:
    for suffix in ("md", "html"):
        forms.write(
            masks.sheet(build(Runs(scores, {}, []), settings)),
            tmp_path / f"p.{suffix}",
        )
    text = (tmp_path / "p.md").read_text()
    heads = ["Method", "Mean, diagonal", "Mean, exclude", "Infinite", "Undefined"]
    heads += ["Difference, diagonal", "Difference, exclude"]
    assert f"| {' | '.join(heads)} |" in text
    line = next(one for one in text.splitlines() if one.startswith("| Bad"))
    assert [cell.split()[0] for cell in line.split("|")[2:6]] == [f"{MISSED:.2f}", "2.00", "1", "0"]
    assert f"+{MISSED - 2:.2f}" in line
    assert next(one for one in text.splitlines() if one.startswith("| One-hot")).endswith("| – | – |")
    assert "- A DSC: 12 undefined, in no mean under either policy." in text
    assert "ECE" not in text
    assert (tmp_path / "p.html").read_text().count("<tr><th") == 1 + 4


@pytest.mark.parametrize(
    ("own", "other"), [("exclude", "diagonal"), ("raw", "exclude"), ("both_empty_is_one", "exclude")]
)
def test_policy_of_the_table_comes_first(scores, settings, tmp_path: Path, own: str, other: str) -> None:
    both = build(Runs(scores, {}, []), {**settings, "policy": own})
    assert list(both.tables) == [own, other]
    forms.write(masks.sheet(both), tmp_path / "p.md")
    assert f"| Method | Mean, {own} | Mean, {other} |" in (tmp_path / "p.md").read_text()


def test_where_nothing_differs_the_file_says_so(scores, settings, tmp_path: Path) -> None:
    left = Runs(scores[scores["method"] != "bad"], {}, [])
    both = build(left, {**settings, "methods": [one for one in settings["methods"] if one["key"] != "bad"]})
    for suffix in ("md", "html"):
        forms.write(masks.sheet(both), tmp_path / f"p.{suffix}")
        text = (tmp_path / f"p.{suffix}").read_text()
        assert "No value of this table depends on the policy" in text
        assert "A DSC: 9 undefined" in text
        assert "|" not in text
        assert "<table" not in text
    assert not read(tmp_path, both)["differs"].any()
