"""A metric against a parameter of a method."""

import numpy as np
import pandas as pd
import pytest
from softbench.figures import pictures, sweep
from softbench.figures.sweep import Panel

POINTS = [(0.0, "one_hot"), (0.1, "good"), (0.2, "lost")]
DRAWN = {"metrics": ["dsc", "hd95"], "x": "α"}


def test_point_is_a_seeds_mean_over_cases(scores):
    # DSC of A is 0.5 + 0.10, 0.11, 0.09 in seeds 0, 1, 2; `lost` was not run.
    found = sweep.curves(scores, POINTS, ["dsc"], structure="A")
    good = found[found["x"] == 0.1]
    np.testing.assert_allclose(good.sort_values("seed")["value"], [0.60, 0.61, 0.59])
    assert sorted(found["x"].unique()) == [0.0, 0.1]


def test_average_is_that_of_all_structures_unless_told(scores):
    # HD95: A 2 mm, B 4 mm.
    scores = scores[scores["method"] == "good"]
    found = sweep.curves(scores, POINTS, ["hd95"], structure="average")
    np.testing.assert_allclose(found["value"], 3.0)
    told = sweep.curves(scores, POINTS, ["hd95"], structure="average", composites={"average": ["B"]})
    np.testing.assert_allclose(told["value"], 4.0)


def test_printed_anchors_are_the_papers_in_our_units():
    found = sweep.printed({0: "one_hot", 0.1: "geols"}, "brats2019_geols", ["dsc", "hd95"], structure="average")
    rows = found.set_index(["metric", "x"])
    assert rows.loc[("dsc", 0.1), ["mean", "sd"]].tolist() == [0.8227, 0.0077]  # GeoLS Table 1: 82.27 ± 0.77 %
    # The average of one-hot is lost; its structures are 72.05, 82.38 and 90.09 %: their mean is 81.51 %.
    assert rows.loc[("dsc", 0.0), "mean"] == pytest.approx((0.7205 + 0.8238 + 0.9009) / 3, abs=5e-5)
    assert len(found) == 4


def test_nothing_is_printed_of_a_phantom():
    assert sweep.printed({0: "one_hot"}, "phantom_brain", ["dsc"], structure="average").empty


def panels(scores):
    curves = sweep.curves(scores, POINTS, ["dsc", "hd95"], structure="A")
    printed = pd.DataFrame({"x": [0.1], "metric": ["dsc"], "mean": [0.7], "sd": [0.01], "over": ["seeds"]})
    return [Panel("Ours", curves, printed), Panel("Theirs", reason="not run: no data")]


def test_panel_holds_mean_seeds_and_a_hollow_anchor(scores):
    figure = sweep.draw(panels(scores), points=[0, 0.1, 0.2], title="T", **DRAWN)
    dsc = figure.axes[0]
    line = next(one for one in dsc.lines if one.get_linestyle() == "-" and len(one.get_xdata()) == 2)
    np.testing.assert_allclose(line.get_ydata(), [0.5, 0.6])
    anchor = next(one for one in dsc.lines if one.get_marker() == "D")
    assert (list(anchor.get_xdata()), list(anchor.get_ydata())) == ([0.1], [0.7])
    assert anchor.get_markerfacecolor() == "white"


def test_panel_without_runs_says_why(scores):
    figure = sweep.draw(panels(scores), points=[0, 0.1, 0.2], title="T", **DRAWN)
    assert [text.get_text() for text in figure.axes[1].texts] == ["not run: no data"]


def test_caption_says_what_dots_and_diamonds_are_and_how_many_seeds(scores):
    text = sweep.caption(panels(scores), structure="A", **DRAWN)
    for words in ("mean over seeds of the mean over test cases", "Hollow diamonds", "Ours: 3 seeds", "Theirs: not run"):
        assert words in text
    assert "Hollow" not in sweep.caption(panels(scores)[1:], structure="A", **DRAWN)


def test_caption_ends_with_what_is_ours(scores):
    text = sweep.caption(panels(scores), structure="A", note="All with 2000 of them.", **DRAWN)
    assert text.endswith("Theirs: not run: no data. All with 2000 of them.")


def test_same_curves_give_the_same_bytes(scores, tmp_path):
    for name in ("a", "b"):
        figure = sweep.draw(panels(scores), points=[0.1, 0.2], title="T", log=True, **DRAWN)
        pictures.save(figure, [tmp_path / f"{name}.{form}" for form in ("png", "pdf", "txt")], "What it shows.")
    for form in ("png", "pdf"):
        assert (tmp_path / f"a.{form}").read_bytes() == (tmp_path / f"b.{form}").read_bytes()
    assert (tmp_path / "a.txt").read_text() == "What it shows.\n"
