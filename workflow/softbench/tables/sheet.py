"""A table as a reader sees it, before any markup: titles, sentences, grids of texts; `forms` writes it in four ways.

Every table of the suite is a `Sheet`: those of methods by columns, the papers' beside ours, ranks, costs, claims.
Numbers are rounded here, and nowhere else.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from string import ascii_lowercase

import pandas as pd

from softbench.statistics.intervals import MARK

VERSION = 1
DIGITS_OF_UNIT = {"mm": 2, "%": 1, "voxels": 2, "mm3": 0, "ml": 2}
DIGITS_OF_METRIC = dict.fromkeys(
    ("ece", "cwece", "mce", "ace", "tace", "brier", "nll", "kl", "rmse", "mae", "mse"), 4
) | {"raters": 1}
DIGITS = 3  # DSC, NSD and other shares
NOTHING = "\N{EN DASH}"  # there is no number
MINUS = "\N{MINUS SIGN}"  # as wide as +, unlike a hyphen


def digits(metric: str, unit: str) -> int:
    """Return the decimals of a metric: its own (by the first word of its key), else its unit's, else 3."""
    return DIGITS_OF_METRIC.get(metric.split("@")[0].split("_")[0], DIGITS_OF_UNIT.get(unit, DIGITS))


def number(value: float, decimals: int, *, signed: bool = False) -> str:
    """Write a number with a true minus; NaN is a dash, an infinity its sign.

    Signed numbers carry a plus where they are positive, and none has a sign that rounds to zero.
    """
    if math.isnan(value):
        return NOTHING
    text = "∞" if math.isinf(value) else f"{abs(value):.{decimals}f}"
    zero = not any(character in "123456789∞" for character in text)
    sign = "" if zero else MINUS if value < 0 else "+" if signed else ""
    return sign + text


def interval(low: float, high: float, decimals: int) -> str:
    """Write [low, high]; a dash where there is none."""
    if math.isnan(low) or math.isnan(high):
        return NOTHING
    return f"[{number(low, decimals)}, {number(high, decimals)}]"


def p_value(p: float) -> str:
    """Write a p to three decimals, a smaller one as below them; NaN, no test, is a dash."""
    return NOTHING if math.isnan(p) else "< 0.001" if p < 0.001 else f"{p:.3f}"


@dataclass(frozen=True)
class Text:
    """Words within a cell, and how they are set: bold; underlined (the best mean); or as a warning (worse, outside)."""

    text: str
    bold: bool = False
    underlined: bool = False
    warns: bool = False


@dataclass(frozen=True)
class Entry:
    """A cell: its number, and what stands beside or below it in smaller letters."""

    number: Text
    asides: tuple[Text, ...] = ()

    @property
    def unmarked(self) -> "Entry":
        """The same without bold, underlining or warning."""
        return Entry(Text(self.number.text), tuple(Text(aside.text) for aside in self.asides))

    @property
    def words(self) -> str:
        """All of it on one line, without markup."""
        return " ".join(part.text for part in (self.number, *self.asides) if part.text)


ALL = "all classes"  # a group of columns that needs no name in front of a label


@dataclass(frozen=True)
class Head:
    """A column's heading: `label` (metric, region, unit), `arrow` (which way is better), `group` (may be empty)."""

    label: str
    arrow: str = ""
    group: str = ""

    @property
    def name(self) -> str:
        """The heading on one line."""
        group = "" if self.group == ALL else self.group
        return " ".join(part for part in (group, self.label, self.arrow) if part)


@dataclass(frozen=True)
class Line:
    """A row: its `title`, an `aside` below it (its control, another name), its entries, and a `group` of rows."""

    title: str
    entries: tuple[Entry, ...]
    aside: str = ""
    group: str = ""

    @property
    def depth(self) -> int:
        """Lines below the first where what stands aside has lines of its own."""
        return max([len(entry.asides) for entry in self.entries] + [1 if self.aside else 0])


@dataclass(frozen=True)
class Grid:
    """Rows by columns. `first`: heading of the rows' titles; `title` and `about` stand above it, `notes` below.

    look: "numbers"; "stacked", what stands aside is on lines of its own; or "sentences", cells of words, which a narrow
        screen sets below each other.
    """

    heads: tuple[Head, ...]
    lines: tuple[Line, ...]
    first: str = "Method"
    title: str = ""
    about: str = ""
    notes: tuple[str, ...] = ()
    look: str = "numbers"

    @property
    def wraps(self) -> bool:
        """Whether cells may break into lines: they are words, in columns that no metric names."""
        return not any(head.arrow for head in self.heads)

    def grouped(self) -> list[tuple[str, list[Line]]]:
        """Return the rows under the name of their group, in order; one name stands over rows that follow another."""
        groups: list[tuple[str, list[Line]]] = []
        for line in self.lines:
            if not groups or groups[-1][0] != line.group:
                groups.append((line.group, []))
            groups[-1][1].append(line)
        return groups

    def spans(self) -> list[tuple[str, int]]:
        """Return the groups of columns with their widths; none where no column has one."""
        groups: list[tuple[str, int]] = []
        for head in self.heads:
            if groups and groups[-1][0] == head.group:
                groups[-1] = (head.group, groups[-1][1] + 1)
            else:
                groups.append((head.group, 1))
        return groups if any(name for name, _ in groups) else []


@dataclass(frozen=True)
class Sheet:
    """A table for the reader: `title`, `about` (what stands in a cell), `grids`, `notes`; and its `numbers`, unrounded.

    legend: what underlined numbers are; said where there are any. is_long: it does not fit on one page of paper.
    """

    title: str
    about: str
    grids: tuple[Grid, ...] = ()
    notes: tuple[str, ...] = ()
    numbers: pd.DataFrame = field(default_factory=pd.DataFrame)
    legend: str = ""
    is_long: bool = False

    def floats(self) -> list[list[Grid]]:
        """Return the grids of each float of LaTeX: all in one; of what is long, each grid, and each group of its rows,
        in a float of its own."""
        if not self.is_long:
            return [list(self.grids)]
        return [[replace(grid, lines=tuple(lines))] for grid in self.grids for _, lines in grid.grouped()]


def plain(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    groups: Sequence[str] = (),
    title: str = "",
    about: str = "",
    notes: Sequence[str] = (),
    look: str = "numbers",
) -> Grid:
    """Return a grid of rows of words.

    Args:
        heads: of the columns; the first names the rows.
        rows: as many words each as there are heads, the row's title first.
        groups: a name for each row, or none.
        title, about, notes, look: of the grid.
    """
    named = zip(rows, groups or [""] * len(rows), strict=True)
    lines = [Line(row[0], tuple(Entry(Text(cell)) for cell in row[1:]), group=name) for row, name in named]
    top = tuple(Head(head) for head in heads[1:])
    return Grid(top, tuple(lines), heads[0], title, about, tuple(notes), look)


class Reasons:
    """The reasons that cells of one table gave, in the order in which they came."""

    def __init__(self) -> None:
        """Start without any."""
        self._letters: dict[str, str] = {}

    def mark(self, text: str, reason: str) -> str:
        """Return the text with the letter of its reason."""
        number = len(self._letters)
        letter = self._letters.setdefault(reason, ascii_lowercase[number] if number < 26 else str(number + 1))
        return f"{text} ({letter})"

    def mark_invalid(self, reason: str) -> str:
        """Return the mark "no valid CI" with the letter of what follows it in the reason."""
        return self.mark(MARK, reason.removeprefix(f"{MARK}: "))

    @property
    def letters(self) -> list[str]:
        """The letters so far, as they stand in cells."""
        return [f"({letter})" for letter in self._letters.values()]

    def lines(self) -> Iterator[str]:
        """Give a line for each reason, its letter first."""
        for reason, letter in self._letters.items():
            yield f"({letter}) {reason}."
