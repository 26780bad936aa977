"""A line of cases on an axis: how far the axis reaches, the dots spread so that all are seen, and what lies beyond."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.axes import Axes

from softbench.tables.rounding import number

VERSION = 2
CENTRAL = (0.05, 0.95)  # of a line's cases
FAR = 3.0  # times the usual reach of a line: what lies further out is written at the edge
ROOM = 0.06  # of the axis, beyond the last dot
GOLDEN = 0.618034  # its multiples, modulo 1, fill a line evenly whatever their number
HEIGHT = 0.62  # of a line that dots fill
DOT = "0.45"
FIGURES = 3  # significant, of a number at the edge


@dataclass(frozen=True)
class CaseLine:
    """A method's differences: of its cases, and the `mean` with the ends of its interval (NaN where there is none)."""

    cases: np.ndarray = field(default_factory=lambda: np.empty(0))
    mean: float = np.nan
    low: float = np.nan
    high: float = np.nan

    @property
    def central(self) -> np.ndarray:
        """Zero, what most cases lie between, mean and interval: finite values alone."""
        cases = self.cases[np.isfinite(self.cases)]
        most = np.quantile(cases, CENTRAL) if len(cases) else []
        values = np.array([0.0, *most, self.mean, self.low, self.high])
        return values[np.isfinite(values)]

    @property
    def all(self) -> np.ndarray:
        """Zero, all cases, mean and interval: finite values alone."""
        values = np.array([0.0, *self.cases, self.mean, self.low, self.high])
        return values[np.isfinite(values)]


def limits(lines: Sequence[CaseLine]) -> tuple[float, float]:
    """Return the ends of an axis that shows zero and what the lines have in common.

    A line reaches as far as the larger end of what is central in it. The axis shows all values up to three times the
    median reach, so that no line alone, and no case, decides how large the others look.

    Args:
        lines: of the methods that are compared; without controls that are wrong on purpose.
    """
    reaches = np.array([np.abs(line.central).max() for line in lines])
    usual = float(np.median(reaches[reaches > 0])) if (reaches > 0).any() else 1.0
    values = np.concatenate([np.zeros(1), *(line.all for line in lines)])
    near = values[np.abs(values) <= FAR * usual]
    low, high = float(near.min()), float(near.max())
    room = ROOM * (high - low) or usual
    return low - room, high + room


def draw_dots(axis: Axes, values: np.ndarray, y: int, low: float, high: float) -> None:
    """Draw the cases of one line; those beyond `low` or `high` as triangles there, undefined ones not at all."""
    shown = np.sort(values[~np.isnan(values)])
    heights = y + HEIGHT * (np.arange(len(shown)) * GOLDEN % 1 - 0.5)
    marks = {"<": shown < low, ">": shown > high, "o": (shown >= low) & (shown <= high)}
    for mark, chosen in marks.items():
        if not chosen.any():
            continue
        axis.plot(
            np.clip(shown[chosen], low, high), heights[chosen], mark, color=DOT, markersize=1.4 if mark == "o" else 2.6,
            alpha=0.75, markeredgewidth=0, clip_on=False, zorder=2,
        )  # fmt: skip


def beyond(line: CaseLine, low: float, high: float, decimals: int) -> dict[str, tuple[str, str]]:
    """Return what lies beyond the ends of the axis, by side ("left", "right"): of mean or interval, and of cases.

    Args:
        line: of a method.
        low: end of the axis; high: the other.
        decimals: of the metric in tables; large numbers have fewer.
    Returns: the mean, or where only the interval reaches out "to" its end; and the case that is furthest out, with the
        number of cases there where it is not alone; both empty where there is nothing.
    """
    cases = line.cases[~np.isnan(line.cases)]
    sides = {
        "left": (cases[cases < low], line.mean < low, line.low < low, line.low, np.min),
        "right": (cases[cases > high], line.mean > high, line.high > high, line.high, np.max),
    }
    return {
        side: (
            _signed(line.mean, decimals) if is_mean else f"to {_signed(end, decimals)}" if is_end else "",
            _of_cases(float(furthest(out)), len(out), decimals) if len(out) else "",
        )
        for side, (out, is_mean, is_end, end, furthest) in sides.items()
    }


def _of_cases(furthest: float, count: int, decimals: int) -> str:
    return _signed(furthest, decimals) + (f" ({count})" if count > 1 else "")


def _signed(value: float, decimals: int) -> str:
    """Write a number with its sign, in as many digits as tell it from others at a glance."""
    before = int(np.floor(np.log10(abs(value)))) + 1 if np.isfinite(value) and value else 1
    return number(value, max(0, min(decimals, FIGURES - max(before, 0))), signed=True)
