"""The rank of each method by each column, its range over seeds, and which ranks these seeds tell apart.

A panel a column. Demšar's critical-difference diagram, turned so that 25 methods can be read: a line a method, best on
top, and beside them a bar over each set of methods whose mean ranks lie within the critical difference.
"""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from softbench.figures import pictures
from softbench.figures.pictures import HEADING_LINE
from softbench.statistics import Friedman
from softbench.tables.rankings import NO_CD, Ranking, of_one_run
from softbench.tables.sheet import number
from softbench.tables.view import Given, Picture, View

VERSION = 3
ACROSS, ACROSS_OF_MANY = 2, 3  # panels side by side
MANY = 26  # methods from which on panels are narrow beside their height, and one in five ranks has a number
LETTER, PANEL, BARS = 0.051, 1.55, 0.3  # widths: a letter of the methods' titles, the ranks, the bars
LINE, HEADING, FOOT = 0.13, 0.38, 0.27  # heights: a method, a panel's title with the scale, its axis
IN_ONE_LINE, SECOND_LINE = 12, 0.1  # ranks whose numbers stand side by side; height of a further line of numbers
NARROWEST = 3.35
TOP, BELOW = 0.27, 0.105  # heights: the title, a line of the words below
LETTERS = 40  # of a line of a method's title

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class RankSheet:
    """Panels with a line for each of their methods, whose titles have so many letters and lines."""

    methods: Sequence[int]
    title_letters: int = LETTERS
    lines_below: int = 4
    heading_lines: int = 1
    title_lines: int = 1

    @property
    def labels(self) -> float:
        """Of the methods' titles in inches."""
        return 0.12 + LETTER * self.title_letters

    @property
    def _line(self) -> float:
        return LINE * max(1, 0.95 * self.title_lines)

    @property
    def _top(self) -> float:
        return TOP + HEADING_LINE * (self.heading_lines - 1)

    @property
    def _panel(self) -> float:
        return self.labels + PANEL + BARS

    @property
    def across(self) -> int:
        """Panels side by side."""
        most = ACROSS_OF_MANY if max(self.methods) >= MANY else ACROSS
        return min(most, len(self.methods))

    @property
    def width(self) -> float:
        """Of the sheet in inches: never narrower than the words below need."""
        return max(self.across * self._panel, NARROWEST)

    @property
    def height(self) -> float:
        """Of the sheet in inches."""
        return self._top + sum(self._rows) + 0.12 + BELOW * self.lines_below

    @property
    def letters(self) -> int:
        """How many fit into the line below."""
        return int(self.width * 22)

    @property
    def _rows(self) -> list[float]:
        """The height of each row of panels."""
        starts = range(0, len(self.methods), self.across)
        longest = [max(self.methods[start : start + self.across]) for start in starts]
        return [HEADING + self._line * most + FOOT + SECOND_LINE * (IN_ONE_LINE < most < MANY) for most in longest]

    def place(self, index: int) -> Box:
        """Return the place of a panel: left, bottom, width, height as shares of the sheet."""
        row, column = divmod(index, self.across)
        unused = self.width - self.across * self._panel
        left = unused / 2 + column * self._panel + self.labels
        height = self._line * self.methods[index]
        top = self._top + sum(self._rows[:row]) + HEADING
        return left / self.width, 1 - (top + height) / self.height, PANEL / self.width, height / self.height


INK, RANGE, BAR = "#1f2937", "0.62", "0.25"
DOTS = "Dot: the mean of a method’s ranks over seeds, 1 is best. Line: its best to its worst rank over seeds."
DOTS_OF_ONE_RUN = "Dot: the rank, 1 is best. There is one run a method, so nothing is known of other seeds."
CAPTION = (
    "In each seed the trained methods are ranked: 1 is best, ties share. Dot: the mean of a method’s ranks over seeds, "
    "the number in the table of ranks; line: its best to its worst rank over seeds, where there are several. Where "
    "Friedman’s test is valid, a bar joins methods whose mean ranks lie within Nemenyi’s critical difference (CD): "
    "these seeds do not tell them apart. A column by which nothing can be ranked, or in which nothing differs, has no "
    "panel."
)
CAPTION_OF_ONE_RUN = (
    "The rank of each trained method by each column (dot; 1 is best, ties share). There is one run a method, so "
    "nothing is known of other seeds. A column by which nothing can be ranked, or in which nothing differs, has no "
    "panel."
)


def draw(rankings: Sequence[Ranking], names: Sequence[str], titles: Mapping[str, str], *, title: str) -> Figure:
    """Draw the ranks of a table's methods.

    Args:
        rankings: a panel each where something was ranked.
        names: of the columns, as many.
        titles: method -> title.
        title: of the figure.
    Returns: the figure; where no critical difference is valid, it says why, and which columns have no panel.
    """
    shown = [(ranking, name) for ranking, name in zip(rankings, names, strict=True) if ranking.ranks]
    if not shown:
        return pictures.nothing(title, list(dict.fromkeys(ranking.reason or "" for ranking in rankings)))
    labels = [textwrap.wrap(titles[str(key)], LETTERS) for ranking, _ in shown for key in ranking.order.index]
    letters = max(len(line) for label in labels for line in label)
    sheet = RankSheet([len(ranking.order) for ranking, _ in shown], letters, title_lines=max(map(len, labels)))
    said = textwrap.wrap(_below(rankings, names), sheet.letters)
    heading = pictures.heading_lines(title, sheet.width)
    sheet = replace(sheet, lines_below=len(said), heading_lines=len(heading))
    with pictures.style("ticks"):
        figure = Figure(figsize=(sheet.width, sheet.height))
        pictures.heading(figure, heading)
        for index, (ranking, name) in enumerate(shown):
            _panel(figure.add_axes(sheet.place(index)), ranking, name, titles)
        below = "\n".join(said)
        figure.text(0.5, 0.05 / sheet.height, below, ha="center", va="bottom", color="0.3", fontsize=6.5)
    return figure


def _below(rankings: Sequence[Ranking], names: Sequence[str]) -> str:
    """Say what dots, lines and bars are, which panels have no critical difference, and which columns no panel."""
    ranked = [ranking for ranking in rankings if ranking.ranks]
    reasons = dict.fromkeys(ranking.reason.removeprefix(f"{NO_CD}: ") for ranking in ranked if ranking.reason)
    where = "No critical difference is valid" if all(ranking.reason for ranking in ranked) else "Panels without CD"
    bars = "Bars: not apart by Nemenyi’s critical difference (CD)."
    missing = [
        f"{name} has no panel: {ranking.reason}."
        for ranking, name in zip(rankings, names, strict=True)
        if not ranking.ranks
    ]
    of_one = of_one_run(rankings)
    tested = [] if of_one else [f"{where}: {'; '.join(reasons)}."] if reasons else [bars]
    return " ".join([DOTS_OF_ONE_RUN if of_one else DOTS, *tested, *missing])


def _panel(axis: Axes, ranking: Ranking, name: str, titles: Mapping[str, str]) -> None:
    """Draw one column's ranks, the best on top."""
    assert ranking.ranks is not None
    order, test = ranking.order, None if ranking.reason else ranking.test
    lines, table = range(len(order)), ranking.ranks.table.loc[order.index]
    if ranking.seeds > 1:
        axis.hlines(lines, table["seeds_best"], table["seeds_worst"], color=RANGE, linewidth=1.8, zorder=2)
    axis.plot(order, lines, "o", color=INK, markersize=3, zorder=3)
    axis.set(xlim=(0.4, len(order) + 0.6), ylim=(len(order) - 0.4, -0.6))
    axis.set_yticks(lines, [textwrap.fill(titles[str(key)], LETTERS) for key in order.index])
    axis.set_xticks(*_numbers(len(order)))
    axis.grid(axis="y", color="0.93", linewidth=0.5, zorder=0)
    axis.set_axisbelow(True)
    axis.set_title(name, fontweight="bold", pad=13 if _is_apart(test) else 4)
    axis.spines["left"].set_visible(False)
    axis.tick_params(axis="y", length=0)
    if test is not None and _is_apart(test):
        _bars(axis, test, list(map(str, order.index)))
        _scale(axis, test.critical_difference, len(order))


def _numbers(methods: int) -> tuple[list[int], list[str]]:
    """Return the ticks of the ranks with their numbers, none of which touch: every second is lower, or one in five."""
    ranks = [1, *range(5, methods + 1, 5)] if methods >= MANY else list(range(1, methods + 1))
    lower = IN_ONE_LINE < methods < MANY
    return ranks, ["\n" * (lower and rank % 2 == 0) + str(rank) for rank in ranks]


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


def build(given: Given) -> Picture:
    """Draw the ranks of the trained methods."""
    titles = {method.key: method.title for method in given.shown.methods}
    figure = draw(given.rankings, given.evidence.names, titles, title=f"Ranks: {given.title}")
    return Picture(figure, CAPTION_OF_ONE_RUN if of_one_run(given.rankings) else CAPTION)


VIEW = View(
    name="ranks_figure",
    file="ranks_{table}",
    title="Ranks",
    caption="Ranks of the trained methods by each column, with their range over seeds. Where no critical difference is "
    "valid, it says so.",
    needs=("scores", "ensembles"),
    build=build,
    folded=True,
    place=41,
)
