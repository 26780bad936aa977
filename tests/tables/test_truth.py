"""Distance of soft labels to the truth, beside the calibration of the networks that learnt them."""

import math
from pathlib import Path

import pandas as pd
import pytest
from softbench.tables import forms
from softbench.tables.assemble import Runs
from softbench.tables.views import truth
from softbench.tables.views import truth as truth_view

# ECE of the networks: 0.01 - shift / 100, so good 0.009, noise 0.01, one_hot 0.01, bad 0.011.
FAR = {"near": (0.1, 0.01), "middle": (0.2, 0.03), "far": (0.3, 0.02)}  # KL, Brier
ROWS = [
    {"key": "good", "title": "Good", "soft_label": "near"},
    {"key": "noise", "title": "Noise", "soft_label": "middle"},
    {"key": "bad", "title": "Bad", "soft_label": "far"},
]


@pytest.fixture
def stores(tmp_path: Path) -> dict[str, Path]:
    """Soft labels of two cases that differ by their mean's tenth."""
    for name, (kl, brier) in FAR.items():
        (tmp_path / name).mkdir()
        frame = pd.DataFrame({"case": ["a", "b"], "kl": [0.9 * kl, 1.1 * kl], "brier": [brier, brier]})
        frame.to_parquet(tmp_path / name / "quality.parquet")
    return {name: tmp_path / name for name in FAR}


@pytest.fixture
def build(scores, methods, stores):
    def make(rows=ROWS):
        settings = {"title": "T", "methods": methods, "columns": [{"metric": "ece"}, {"metric": "ece", "roi": "band"}]}
        return truth.build(Runs(scores, {}, []), settings, rows, stores)

    return make


def test_nearer_soft_labels_and_better_networks_in_one_order_have_a_tau_of_one(build) -> None:
    found = build().ranks["kl", 0]
    assert (found.tau, found.rho, found.methods) == pytest.approx((1, 1, 3))
    assert found.p == pytest.approx(2 / 6)  # of 3! orders, the same and the reverse


def test_one_exchanged_pair_of_three_gives_a_third(build) -> None:
    found = build().ranks["brier", 0]
    assert found.tau == pytest.approx(1 / 3)  # two pairs alike, one not
    assert found.rho == pytest.approx(0.5)  # 1 - 6 * (0 + 1 + 1) / (3 * 8)


def test_columns_without_order_and_too_few_methods_have_no_correlation(build) -> None:
    assert math.isnan(build().ranks["kl", 1].tau)  # the ECE of the band is 0.05 everywhere
    few = build(ROWS[:2]).ranks["kl", 0]
    assert math.isnan(few.tau)
    assert few.methods == 2


def test_ties_leave_p_out() -> None:
    x, y = pd.Series([1.0, 2.0, 2.0, 3.0]), pd.Series([1.0, 2.0, 3.0, 4.0])
    found = truth.rank(x, y)
    assert found.tau == pytest.approx(5 / math.sqrt(5 * 6))  # five pairs alike, one tied in x
    assert math.isnan(found.p)


def test_methods_of_one_soft_label_each_have_its_distance(build) -> None:
    found = build([*ROWS, {"key": "one_hot", "title": "One-hot", "soft_label": "far"}])
    assert list(found.distances["kl"]) == pytest.approx([0.1, 0.2, 0.3, 0.3])


def test_csv_has_a_line_a_number(build, tmp_path: Path) -> None:
    forms.write(truth_view.sheet(build()), tmp_path / "t.csv")
    rows = pd.read_csv(tmp_path / "t.csv").set_index(["kind", "name", "column"])["value"]
    assert rows["method", "good", "distance to truth: kl"] == pytest.approx(0.1)
    assert rows["method", "bad", "ece all"] == pytest.approx(0.011)
    assert rows["kendall_tau_b", "distance to truth: brier", "ece all"] == pytest.approx(1 / 3)


def test_text_says_over_how_many_methods_and_that_it_describes(build, tmp_path: Path) -> None:
    for suffix in ("md", "html"):
        forms.write(truth_view.sheet(build()), tmp_path / f"t.{suffix}")
        text = (tmp_path / f"t.{suffix}").read_text()
        assert "over 3 methods" in text
        assert "not a test" in text
        assert "0.33 (p 1)" in text
    assert "| Good | 0.1000 | 0.0100 | 0.0090 ± 0.0001 | 0.0500 ± 0.0000 |" in (tmp_path / "t.md").read_text()


def test_text_with_two_methods_shows_no_correlation(build, tmp_path: Path) -> None:
    forms.write(truth_view.sheet(build(ROWS[:2])), tmp_path / "t.md")
    assert "No rank correlation: it needs 3 methods, and there are 2." in (tmp_path / "t.md").read_text()
    assert "Kendall" not in (tmp_path / "t.md").read_text()
