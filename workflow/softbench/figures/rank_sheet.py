"""Where the panels of a rank figure stand on the sheet, in inches from its top left corner."""

from collections.abc import Sequence
from dataclasses import dataclass

from softbench.figures.pictures import HEADING_LINE

VERSION = 2
ACROSS = 2  # panels side by side
LETTER, PANEL, BARS = 0.051, 1.55, 0.3  # widths: a letter of the methods' titles, the ranks, the bars
LINE, HEADING, FOOT = 0.13, 0.38, 0.27  # heights: a method, a panel's title with the scale, its axis
IN_ONE_LINE, SECOND_LINE = 12, 0.1  # ranks whose numbers stand side by side; height of a further line of numbers
NARROWEST = 3.35
TOP, BELOW = 0.27, 0.105  # heights: the title, a line of the words below
LETTERS = 34  # of a line of a method's title

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
        return min(ACROSS, len(self.methods))

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
        return [HEADING + self._line * most + FOOT + SECOND_LINE * (most > IN_ONE_LINE) for most in longest]

    def place(self, index: int) -> Box:
        """Return the place of a panel: left, bottom, width, height as shares of the sheet."""
        row, column = divmod(index, self.across)
        unused = self.width - self.across * self._panel
        left = unused / 2 + column * self._panel + self.labels
        height = self._line * self.methods[index]
        top = self._top + sum(self._rows[:row]) + HEADING
        return left / self.width, 1 - (top + height) / self.height, PANEL / self.width, height / self.height
