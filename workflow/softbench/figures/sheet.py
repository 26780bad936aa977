"""Where the panels of a reliability diagram stand on the sheet, in inches from its top left corner."""

from dataclasses import dataclass

COLUMNS = 5  # methods side by side; more start a new block below
NARROW = 3.35  # width of a journal column
LEFT, RIGHT, TOP = 0.6, 0.08, 0.22  # margins, for labels and the title
LEGEND_LINE, LINE, TITLE_LINE = 0.14, 0.14, 0.12  # of the legend, of the title, of a method's title
CURVES, HISTOGRAM = 1.15, 0.27  # heights; the curves' panel is square
BESIDE, BETWEEN, BELOW = 0.15, 0.09, 0.15  # gaps: methods, curves and histogram, regions
HEADING, FOOT = 0.28, 0.3  # of a block: the methods' titles above, the numbers of the last axis below

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Sheet:
    """Panels for `methods` x `regions`, in blocks of equal length, one below the other."""

    methods: int
    regions: int
    heading_lines: int = 1
    title_lines: int = 2  # of the methods' titles, at most

    @property
    def columns(self) -> int:
        """Methods side by side: as even as the number of blocks allows."""
        return -(-self.methods // -(-self.methods // COLUMNS))

    @property
    def width(self) -> float:
        """Of the sheet in inches: at least a journal column."""
        return max(NARROW, LEFT + self.columns * (CURVES + BESIDE) - BESIDE + RIGHT)

    @property
    def height(self) -> float:
        """Of the sheet in inches."""
        return self._top + -(-self.methods // self.columns) * self._block + LEGEND_LINE * self.legend_lines

    @property
    def legend_lines(self) -> int:
        """One where the sheet is wide enough for the five entries side by side."""
        return 1 if self.columns > 3 else 3

    @property
    def _top(self) -> float:
        return TOP + LINE * (self.heading_lines - 1)

    @property
    def _heading(self) -> float:
        return HEADING + TITLE_LINE * max(0, self.title_lines - 2)

    @property
    def _region(self) -> float:
        return CURVES + BETWEEN + HISTOGRAM + BELOW

    @property
    def _block(self) -> float:
        return self._heading + self.regions * self._region + FOOT

    def is_first(self, index: int) -> bool:
        """Whether a method stands at the left edge."""
        return index % self.columns == 0

    def curves(self, index: int, row: int) -> Box:
        """Return the place of a method's curves in a region: left, bottom, width, height as shares of the sheet."""
        return self._place(index, row, 0, CURVES)

    def histogram(self, index: int, row: int) -> Box:
        """Return the place of the histogram below those curves."""
        return self._place(index, row, CURVES + BETWEEN, HISTOGRAM)

    def _place(self, index: int, row: int, offset: float, height: float) -> Box:
        used = LEFT + self.columns * (CURVES + BESIDE) - BESIDE + RIGHT
        left = (self.width - used) / 2 + LEFT + index % self.columns * (CURVES + BESIDE)
        top = self._top + index // self.columns * self._block + self._heading + row * self._region + offset
        return left / self.width, 1 - (top + height) / self.height, CURVES / self.width, height / self.height
