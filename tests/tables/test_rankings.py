"""Ranks of a table's methods: in numbers, in words, and drawn."""

import math
from io import StringIO
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from softbench.figures import pictures
from softbench.figures.views import cases, ranks_figure
from softbench.figures.views.ranks_figure import RankSheet
from softbench.tables import assemble, forms
from softbench.tables.cells import Column
from softbench.tables.rankings import between_columns, between_tables, rankings, read_orders, sheet_between
from softbench.tables.views import ranks

KEYS = ["a", "b", "c", "chance"]
METHODS = [
    {"key": key, "title": key.upper(), "control": "a" if key in "bc" else None, "trained": key != "chance"}
    for key in KEYS
]
COLUMNS = [
    {"metric": "dsc", "structure": "WT"},
    {"metric": "hd95", "structure": "WT"},
    {"metric": "ece", "roi": "band"},
]
# DSC: c before b before a, in every seed. HD95: the same order, from 1 to 3 mm. ECE: a before b before c.
VALUE = {"a": (0.7, 3.0, 0.1), "b": (0.8, 2.0, 0.2), "c": (0.9, 1.0, 0.3), "chance": (0.0, 9.0, 0.0)}


def made(seeds: int = 5, cases: int = 30, *, methods=METHODS, failed=(), skip=(), changed=None):
    """The evidence of methods that keep their order in every seed and case, a thousandth apart by seed.

    `changed` is what else is done to the scores.
    """
    rows = [
        (key, seed, f"c{case:02}", *place, VALUE[key][column] + seed / 1000, unit)
        for key in VALUE
        for seed in range(seeds)
        for case in range(cases)
        for column, (*place, unit) in enumerate(
            [("WT", "dsc", "all", "1"), ("WT", "hd95", "all", "mm"), ("all", "ece", "band", "1")]
        )
        if key not in skip
    ]
    names = ["method", "seed", "case", "structure", "metric", "roi", "value", "unit"]
    scores = pd.DataFrame(rows, columns=names).assign(grid="full", prediction="raw")
    scores = scores if changed is None else changed(scores)
    return assemble.weigh(
        assemble.Runs(scores, {}, list(failed)), {"title": "T", "methods": methods, "columns": COLUMNS}
    )


def test_trained_methods_are_ranked_by_what_is_better() -> None:
    found = rankings(made(), draws=50)
    orders = [one.ranks.table["rank"].to_dict() for one in found]
    assert orders == [{"a": 3, "b": 2, "c": 1}, {"a": 3, "b": 2, "c": 1}, {"a": 1, "b": 2, "c": 3}]
    assert found[0].ranks.table["seeds_first"].to_dict() == {"a": 0, "b": 0, "c": 1}
    assert found[0].ranks.table.loc["c", ["draws_best", "draws_worst"]].tolist() == [1, 1]


def test_runs_at_their_temperature_take_no_place_and_are_named(tmp_path: Path) -> None:
    again = {"key": "a@t", "title": "A + temperature", "control": "a", "trained": True, "scaled": "a"}

    def scaled(scores):
        return pd.concat([scores, scores[scores["method"] == "a"].assign(prediction="temperature")])

    shown = made(methods=[METHODS[0], again, *METHODS[1:]], changed=scaled)
    found = rankings(shown, draws=1)
    assert found[0].ranks.table["rank"].to_dict() == {"a": 3, "b": 2, "c": 1}
    forms.write(ranks.sheet(shown, found), tmp_path / "ranks.md")
    text = (tmp_path / "ranks.md").read_text()
    assert "The same runs as another row at their own temperature, so not ranked: A + temperature." in text


def uneven(scores):
    """In seed 0 alone a is far better than all by DSC; in the others it is last, as before."""
    first = (scores["method"] == "a") & (scores["seed"] == 0) & (scores["metric"] == "dsc")
    return scores.assign(value=scores["value"].mask(first, 3.0))


def test_table_and_figure_show_one_rank_in_one_order_within_its_range(tmp_path: Path) -> None:
    # Ranks by DSC: 1 2 3 (a c b) in seed 0, 3 1 2 in seeds 1 and 2: a (1 + 3 + 3) / 3, b (3 + 2 + 2) / 3, c 4 / 3. The
    # means over seeds would be a 1.47, c 0.90, b 0.80, with a in the first place.
    shown = made(3, 4, changed=uneven)
    found = rankings(shown, draws=1)
    forms.write(ranks.sheet(shown, found), tmp_path / "ranks.md")
    text = (tmp_path / "ranks.md").read_text()
    assert "| A | 2.3 (1–3) |" in text
    assert "| C | 1.3 (1–2) |" in text
    assert "| C | 1.3 | 1–2 | 67 % |" in text
    axis = ranks_figure.draw(found, shown.names, {key: key.upper() for key in KEYS}, title="T").axes[0]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["C", "A", "B"]
    np.testing.assert_allclose(axis.lines[0].get_xdata(), [4 / 3, 7 / 3, 7 / 3])
    detail = text[text.index("column by column") :]
    assert detail.index("| C |") < detail.index("| A |") < detail.index("| B |")


def same_distance(scores):
    return scores.assign(value=scores["value"].mask(scores["metric"] == "hd95", 2.0))


def test_column_in_which_nothing_differs_is_left_out_and_named(tmp_path: Path) -> None:
    shown = made(3, 4, changed=same_distance)
    found = rankings(shown, draws=1)
    forms.write(ranks.sheet(shown, found), tmp_path / "ranks.md")
    text = (tmp_path / "ranks.md").read_text()
    assert "| Method | WT DSC ↑ | ECE, boundary band ↓ |" in text
    why = "all 3 methods have the same value in every seed, nothing differs."
    assert f"WT HD95 (mm) is left out: {why}" in text
    figure = ranks_figure.draw(found, shown.names, {key: key.upper() for key in KEYS}, title="T")
    assert len(figure.axes) == 2
    assert f"WT HD95 (mm) has no panel: {why}" in words(figure).replace("\n", " ")


def test_one_seed_has_ranks_without_a_range_and_the_sentence_on_one_run(tmp_path: Path) -> None:
    shown = made(1, 30)
    found = rankings(shown, draws=50)
    forms.write(ranks.sheet(shown, found), tmp_path / "ranks.md")
    text = (tmp_path / "ranks.md").read_text()
    assert "| C | 1 | 1 | 3 |" in text
    assert "with one run per method, a test over cases" in text
    for absent in ("over seeds", "of seeds", "Friedman"):
        assert absent not in text
    figure = ranks_figure.draw(found, shown.names, {key: key.upper() for key in KEYS}, title="T")
    assert not figure.axes[0].collections
    assert "There is one run a method" in words(figure)
    assert "over seeds" not in words(figure)


@pytest.mark.parametrize("methods", [3, 12, 16, 25, 30])
def test_every_rank_has_a_tick_and_one_in_five_of_very_many(methods: int) -> None:
    ticks = list(range(1, methods + 1)) if methods <= 25 else [1, 5, 10, 15, 20, 25, 30]
    more = [{"key": f"m{n}", "title": f"M{n}", "trained": True} for n in range(methods)]

    def several(scores):
        copies = [scores[scores["method"] == "a"].assign(method=one["key"]) for one in more]
        return pd.concat([one.assign(value=one["value"] + n / 100) for n, one in enumerate(copies)])

    shown = made(2, 2, methods=more, changed=several)
    figure = ranks_figure.draw(rankings(shown, draws=1), shown.names, {m["key"]: m["title"] for m in more}, title="T")
    assert figure.axes[0].get_xticks().tolist() == ticks
    numbers = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert [int(number) for number in numbers] == ticks
    with pictures.style():
        figure.canvas.draw()
    boxes = [label.get_window_extent() for label in figure.axes[0].get_xticklabels()]
    lines = (
        [boxes] if methods <= 12 or methods > 25 else [boxes[::2], boxes[1::2]]
    )  # of many, every second is a line lower
    assert not any(left.overlaps(right) for line in lines for left, right in pairwise(line))


def test_friedman_needs_five_seeds_and_three_methods() -> None:
    whole = rankings(made(), draws=1)[0]
    assert whole.reason is None
    # q(0.05, 3) / sqrt(2) = 2.343, times sqrt(3 * 4 / (6 * 5))
    assert whole.test.critical_difference == pytest.approx(2.343 * math.sqrt(12 / 30), abs=1e-3)
    assert "4 seeds, at least 5" in rankings(made(4), draws=1)[0].reason
    assert "2 methods, at least 3" in rankings(made(methods=METHODS[:2]), draws=1)[0].reason


def orders(found):
    return [(one.column, one.order) for one in found]


def test_tau_compares_columns() -> None:
    found = between_columns(rankings(made(), draws=1), ["DSC", "HD95", "ECE"])
    assert found[["first", "second", "tau"]].to_numpy().tolist() == [
        ["DSC", "HD95", 1.0], ["DSC", "ECE", -1.0], ["HD95", "ECE", -1.0],
    ]  # fmt: skip
    assert found["n_methods"].tolist() == [3, 3, 3]


def test_tau_compares_tables_by_the_columns_and_methods_that_they_share() -> None:
    first = rankings(made(), draws=1)
    second = rankings(made(methods=METHODS[:2]), draws=1)[::2]  # without HD95, without c
    found = between_tables({"one": orders(first), "two": orders(second)})
    assert found[["metric", "roi", "first", "second", "tau", "n_methods"]].to_numpy().tolist() == [
        ["dsc", "all", "one", "two", 1.0, 2], ["ece", "band", "one", "two", 1.0, 2],
    ]  # fmt: skip


def test_forms_name_what_is_not_ranked_and_why(tmp_path: Path) -> None:
    shown = made(3, 4, skip=["c"], failed=[{"method": "c", "seed": 0, "reason": "the loss was nan"}])
    found = rankings(shown, draws=1)
    for suffix in ("csv", "md", "html"):
        forms.write(ranks.sheet(shown, found), tmp_path / f"ranks.{suffix}")
    text = (tmp_path / "ranks.md").read_text()
    assert "Not trained, so not ranked: CHANCE." in text
    assert "Without a score, so not ranked: C." in text
    assert "C, seed 0: the loss was nan" in text
    assert "| B | 1 (1) | 1 (1) | 2 (2) |" in text
    assert "3 seeds, at least 5 are needed" in text
    assert "4 cases, at least 30 are needed" in text
    assert (tmp_path / "ranks.html").read_text().count("<table") == 3
    frame = pd.read_csv(StringIO((tmp_path / "ranks.csv").read_text()))
    assert len(frame) == 2 * 3
    assert len(between_columns(found, shown.names)) == 3


@pytest.mark.parametrize(("seeds", "cases"), [(3, 4), (3, 30), (5, 4), (5, 30)])
def test_columns_without_a_number_in_any_line_are_left_out_and_named(tmp_path: Path, seeds: int, cases: int) -> None:
    shown = made(seeds, cases)
    forms.write(ranks.sheet(shown, rankings(shown, draws=2)), tmp_path / "ranks.md")
    text = (tmp_path / "ranks.md").read_text()
    assert ("| First in … of redrawn sets of cases |" in text) == (cases >= 30)
    assert ("Ranks over redrawn test cases: none in any line (a)." in text) == (cases < 30)
    assert ("| Critical difference (Nemenyi) |" in text) == (seeds >= 5)
    assert ("Friedman’s test: none in any line (a)." in text) == (seeds < 5)
    assert "| no valid CI" not in text


def test_table_with_one_method_says_that_there_is_nothing_to_rank(tmp_path: Path) -> None:
    shown = made(methods=METHODS[:1])
    found = rankings(shown, draws=1)
    for suffix in ("csv", "md", "html"):
        forms.write(ranks.sheet(shown, found), tmp_path / f"ranks.{suffix}")
    assert "1 of the trained methods have a score, two are needed" in (tmp_path / "ranks.md").read_text()
    ranks_figure.draw(found, shown.names, {}, title="T")


def words(figure) -> str:
    drawn = [*figure.texts, *(text for axis in figure.axes for text in axis.texts)]
    labels = [label for axis in figure.axes for label in (*axis.get_yticklabels(), axis.title)]
    return "\n".join(text.get_text() for text in (*drawn, *labels))


def test_diagram_has_bars_where_the_test_is_valid_and_else_says_why() -> None:
    titles = {key: key.upper() for key in KEYS}
    figures = [ranks_figure.draw(rankings(s, draws=1), s.names, titles, title="T") for s in (made(5), made(3))]
    assert "CD 1.48" in words(figures[0])
    assert "No critical difference is valid: 3 seeds, at least 5 are needed." in words(figures[1])
    # Mean ranks 1, 2, 3 and CD 1.48: two cliques, beside the dots and the scale.
    assert [len(figure.axes[0].lines) for figure in figures] == [1 + 2 + 1, 1]


def test_panels_of_many_methods_keep_their_distance() -> None:
    sheet = RankSheet([25] * 10, 30)
    boxes = [sheet.place(index) for index in range(10)]
    for one, (left, bottom, width, height) in enumerate(boxes):
        assert min(left, bottom) > 0
        assert max(left + width, bottom + height) < 1
        for other in boxes[one + 1 :]:
            apart = left + width <= other[0] or other[0] + other[2] <= left
            assert apart or bottom >= other[1] + other[3]


def test_telling_columns_are_overlap_distance_and_the_calibration_of_the_boundary() -> None:
    columns = [Column("nll"), Column("nsd_2mm", "WT"), *(Column(**column) for column in COLUMNS[::-1])]
    assert cases.telling(columns) == [4, 3, 2]
    assert cases.telling([Column("nll"), Column("brier")]) == [0]


def test_cases_are_drawn_with_the_mean_over_seeds_of_each() -> None:
    figure = cases.draw(made(3, 10), title="T")
    assert [axis.title.get_text() for axis in figure.axes] == ["WT DSC", "WT HD95 (mm)", "ECE, boundary band"]
    dots = [line.get_xdata() for line in figure.axes[0].lines if line.get_marker() == "o"]
    assert [len(line) for line in dots] == [10, 10]  # b and c; a is the control
    np.testing.assert_allclose(dots[0], 0.1)  # 0.8 - 0.7 in each seed
    assert "Minus A." in words(figure)


def test_method_without_scores_keeps_a_line_of_cases() -> None:
    shown = made(skip=["c"], failed=[{"method": "c", "seed": 0, "reason": "nan"}])
    assert "no difference: no score" in words(cases.draw(shown, title="T"))


NEAR = np.linspace(-1, 1, 200)


def test_far_case_is_at_the_edge_and_squeezes_no_other() -> None:
    line = cases.CaseLine(np.append(NEAR, 100.0), 0.0, -0.1, 0.1)
    low, high = cases.limits([line])
    assert -1.5 < low < -1
    assert 1 < high < 1.5
    assert cases.beyond(line, low, high, 3) == {"left": ("", ""), "right": ("", "+100")}


def test_one_wide_interval_or_one_far_method_squeezes_no_other() -> None:
    usual = [cases.CaseLine(NEAR, 0.0, -0.1, 0.1)] * 3
    wide = cases.CaseLine(NEAR, 0.0, -50.0, 50.0)
    far = cases.CaseLine(NEAR - 40, -40.0, -41.0, -39.0)
    low, high = cases.limits([*usual, wide, far])
    assert (low, high) == pytest.approx((-1.12, 1.12))  # 6 % beyond the last dot
    assert cases.beyond(wide, low, high, 2) == {"left": ("to \N{MINUS SIGN}50.0", ""), "right": ("to +50.0", "")}
    assert cases.beyond(far, low, high, 2)["left"] == ("\N{MINUS SIGN}40.0", "\N{MINUS SIGN}41.0 (200)")


def test_line_of_zeros_does_not_make_the_others_far() -> None:
    zeros = [cases.CaseLine(np.zeros(9), 0.0, 0.0, 0.0)] * 3
    assert cases.limits([*zeros, cases.CaseLine(NEAR, 0.0, -0.1, 0.1)])[1] > 1
    assert cases.limits(zeros) == (-1, 1)


def test_control_that_is_wrong_on_purpose_takes_no_part_in_the_axis_and_is_written_at_its_edge() -> None:
    def far(scores):  # c by DSC is 7.2 better than a, b is 0.1 better
        return scores.assign(value=scores["value"].where(scores["method"] != "c", scores["value"] + 7))

    rows = [*METHODS[:2], {**METHODS[2], "wrong": True}]
    axis = cases.draw(made(3, 10, methods=rows, changed=far), title="T").axes[0]
    assert axis.get_xticks().max() <= 0.11  # all that is compared lies between 0 and 0.1
    arrows = [line for line in axis.lines if line.get_marker() == ">"]
    assert len(arrows) == 2  # of the mean, and of the cases
    assert max(line.get_xdata()[0] for line in arrows) < 0.12
    assert "+7.20" in [text.get_text() for text in axis.texts]
    assert "+7.20 (10)" in [text.get_text() for text in axis.texts]


@pytest.mark.parametrize("span", [(-0.0612, 0.0449), (-0.034, 0.012), (-5.4, 4.9), (0.0, 0.08), (-38, 4)])
def test_ticks_are_three_or_more_and_their_numbers_do_not_touch(span: tuple[float, float]) -> None:
    low, high = span

    def between(scores):  # b minus a by DSC runs from one end to the other over cases
        case = scores["case"].str[1:].astype(int) / 9
        there = (scores["method"] == "b") & (scores["metric"] == "dsc")
        return scores.assign(value=scores["value"].mask(there, 0.7 + low + (high - low) * case))

    figure = cases.draw(made(1, 10, methods=METHODS[:2], changed=between), title="T")
    with pictures.style("ticks"):
        figure.canvas.draw()
    labels = [label for label in figure.axes[0].get_xticklabels() if label.get_text()]
    boxes = [label.get_window_extent() for label in labels]
    assert len(figure.axes[0].get_xticks()) >= 3
    assert "0" in [label.get_text().strip("0.") or "0" for label in labels]
    assert all(one.x1 + 2 < other.x0 for one, other in pairwise(boxes))


def test_same_figure_has_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        paths = [tmp_path / f"{name}.{suffix}" for suffix in ("png", "pdf")]
        pictures.save(cases.draw(made(2, 3), title="T"), paths, cases.CAPTION)
    for suffix in ("png", "pdf"):
        assert (tmp_path / f"one.{suffix}").read_bytes() == (tmp_path / f"two.{suffix}").read_bytes()


def test_agreement_of_tables_is_written_for_those_that_share_three_methods(tmp_path: Path) -> None:
    whole, two = (orders(rankings(made(methods=names), draws=1)) for names in (METHODS, METHODS[:2]))
    for suffix in ("csv", "md", "html"):
        forms.write(sheet_between({"one": whole, "again": whole, "few": two}), tmp_path / f"b.{suffix}")
    text = (tmp_path / "b.md").read_text()
    assert (
        "| one / again | 3 | +1.00 (p 0.333) |" in text
    )  # of the 6 orders of three methods, 2 agree or disagree fully
    assert "| one / few | 2 | – |" in text
    assert "| Data sets | Methods |" in text
    assert "one / few: fewer than 3 methods in common." in text
    assert len(pd.read_csv(tmp_path / "b.csv")) == 3 * 3  # pairs of tables x columns


def test_tables_agree_by_their_csv_as_by_their_rankings(tmp_path: Path) -> None:
    shown = made(3, 4)
    found = rankings(shown, draws=1)
    forms.write(ranks.sheet(shown, found), tmp_path / "ranks.csv")
    (tmp_path / "none.csv").write_text('"Not made: there is no data."\n')
    read = read_orders(tmp_path / "ranks.csv")
    assert read_orders(tmp_path / "none.csv") == []
    both = [between_tables({"one": one, "two": one}) for one in (orders(found), read)]
    pd.testing.assert_frame_equal(both[1], both[0][both[0]["n_methods"] > 0].reset_index(drop=True))
