"""Critical-difference diagrams: the mean rank of each method by each column, its range over seeds, and who is apart.

A panel a column. Demšar's diagram, turned so that 25 methods can be read: a line a method, best on top, and beside them
a bar over each set of methods whose mean ranks lie within the critical difference.
"""

import textwrap
from collections.abc import Mapping, Sequence

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from softbench.figures import pictures
from softbench.figures.rank_sheet import LETTERS, RankSheet
from softbench.statistics import Friedman
from softbench.tables.rankings import NO_CD, Ranking
from softbench.tables.rounding import number

VERSION = 1
INK, RANGE, BAR = "#1f2937", "0.62", "0.25"
DOTS = "Dot: mean rank over seeds, 1 is best; line: range over seeds."
CAPTION = (
    "Mean rank over seeds (dot; 1 is best) with the smallest and largest rank over seeds (line). Where Friedman’s test "
    "is valid, a bar joins methods whose mean ranks lie within Nemenyi’s critical difference (CD): these seeds do not "
    "tell them apart."
)


def draw(found: Sequence[Ranking], names: Sequence[str], titles: Mapping[str, str], *, title: str) -> Figure:
    """Draw the ranks of a table's methods.

    Args:
        found: the rankings, a panel each where something was ranked.
        names: of the columns, as many.
        titles: method -> title.
        title: of the figure.
    Returns: the figure; where no critical difference is valid, it says why.
    """
    shown = [(one.ranks.by_seed, one, name) for one, name in zip(found, names, strict=True) if one.ranks]
    shown = [panel for panel in shown if len(panel[0])]
    if not shown:
        return pictures.nothing(title, "; ".join(dict.fromkeys(one.reason or "" for one in found)))
    letters = min(max(len(titles[str(key)]) for by_seed, _, _ in shown for key in by_seed), LETTERS)
    sheet = RankSheet([by_seed.shape[1] for by_seed, _, _ in shown], letters)
    with pictures.style("ticks"):
        figure = Figure(figsize=(sheet.width, sheet.height))
        figure.text(0.5, 1 - 0.06 / sheet.height, title, ha="center", va="top", fontsize=8, fontweight="bold")
        for index, (by_seed, one, name) in enumerate(shown):
            test = None if one.reason else one.test
            _panel(figure.add_axes(sheet.place(index)), by_seed, test, name, titles)
        below = textwrap.fill(_below([one for _, one, _ in shown]), sheet.letters)
        figure.text(0.5, 0.06 / sheet.height, below, ha="center", va="bottom", color="0.3", fontsize=6)
    return figure


def _below(found: Sequence[Ranking]) -> str:
    """Say which panels have no critical difference, and why."""
    reasons = dict.fromkeys(one.reason.removeprefix(f"{NO_CD}: ") for one in found if one.reason)
    if not reasons:
        return f"{DOTS} Bars: not apart by Nemenyi’s critical difference (CD)."
    where = "No critical difference is valid" if all(one.reason for one in found) else "Panels without CD"
    return f"{where}: {'; '.join(reasons)}. {DOTS}"


def _panel(axis: Axes, by_seed: pd.DataFrame, test: Friedman | None, name: str, titles: Mapping[str, str]) -> None:
    """Draw one column's ranks, the best on top."""
    mean = by_seed.mean().sort_values(kind="stable")
    lines = range(len(mean))
    axis.hlines(lines, by_seed.min()[mean.index], by_seed.max()[mean.index], color=RANGE, linewidth=1.6, zorder=2)
    axis.plot(mean, lines, "o", color=INK, markersize=2.8, zorder=3)
    axis.set(xlim=(0.4, len(mean) + 0.6), ylim=(len(mean) - 0.4, -0.6))
    axis.set_yticks(lines, [textwrap.shorten(titles[str(key)], LETTERS, placeholder="…") for key in mean.index])
    axis.set_xticks(_ticks(len(mean)))
    axis.grid(axis="y", color="0.93", linewidth=0.5, zorder=0)
    axis.set_axisbelow(True)
    axis.set_title(name, fontweight="bold", pad=13 if _is_apart(test) else 4)
    axis.spines["left"].set_visible(False)
    axis.tick_params(axis="y", length=0)
    if test is not None and _is_apart(test):
        _bars(axis, test, list(map(str, mean.index)))
        _scale(axis, test.critical_difference, len(mean))


def _ticks(methods: int) -> list[int]:
    """Return every rank where there are few, else the first and round ones."""
    return list(range(1, methods + 1)) if methods < 7 else [1, *range(5, methods + 1, 5)]


def _is_apart(test: Friedman | None) -> bool:
    """Whether there is a critical difference."""
    return test is not None and test.critical_difference > 0


def _bars(axis: Axes, test: Friedman, order: Sequence[str]) -> None:
    """Draw a bar beside each set of methods that are not apart, one further out where two overlap."""
    free: list[int] = []  # the last line of each row of bars
    for clique in test.cliques:
        first, last = (order.index(clique[end]) for end in (0, -1))
        lane = next((lane for lane, end in enumerate(free) if end < first), len(free))
        free[lane:] = [last, *free[lane + 1 :]]
        x = 1.03 + 0.035 * lane
        where = axis.get_yaxis_transform()
        axis.plot([x, x], [first - 0.3, last + 0.3], transform=where, color=BAR, linewidth=1.5, clip_on=False)


def _scale(axis: Axes, distance: float, methods: int) -> None:
    """Draw the critical difference to scale over the panel; where it is longer than the axis, none can be apart."""
    where = axis.get_xaxis_transform()
    ends = [1.0, min(1.0 + distance, methods + 0.6)]
    text = f"CD {number(distance, 2)}" + ("" if 1 + distance <= methods else ": longer than the axis")
    axis.plot(ends, [1.0, 1.0], transform=where, color=INK, linewidth=1, marker="|", markersize=4, clip_on=False)
    axis.annotate(text, (1.0, 1.0), xycoords=where, xytext=(0, 3), textcoords="offset points", fontsize=5.5)
