"""The dots of a line of cases: spread so that all are seen, and at the edge where they would squeeze the others."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

VERSION = 1
CENTRAL = (0.01, 0.99)  # of all cases
FAR = 0.5  # of the span of the central ones: what lies further out is drawn at the edge
ROOM = 0.06  # of the axis, beyond the last dot
GOLDEN = 0.618034  # its multiples, modulo 1, fill a line evenly whatever their number
HEIGHT = 0.62  # of a line that dots fill
DOT = "0.45"


def limits(cases: Sequence[np.ndarray], ends: Sequence[float]) -> tuple[float, float]:
    """Return the ends of an axis that shows zero, all `ends` of intervals and nearly all cases.

    Args:
        cases: differences of each line; values that are not finite do not count.
        ends: of the intervals, finite.
    """
    values = np.concatenate([np.asarray(ends, dtype=float), [0.0], *cases])
    finite = values[np.isfinite(values)]
    inner = np.quantile(finite, CENTRAL)
    reach = FAR * float(np.ptp(inner))
    near = finite[(finite >= inner[0] - reach) & (finite <= inner[1] + reach)]
    low, high = float(min([*ends, 0.0, near.min()])), float(max([*ends, 0.0, near.max()]))
    room = ROOM * (high - low) or 1.0
    return low - room, high + room


def draw_dots(axis: Axes, values: np.ndarray, y: int, low: float, high: float) -> None:
    """Draw the cases of one line; those beyond `low` or `high` as triangles there, undefined ones not at all."""
    shown = np.sort(values[~np.isnan(values)])
    heights = y + HEIGHT * (np.arange(len(shown)) * GOLDEN % 1 - 0.5)
    marks = {"<": shown < low, ">": shown > high, "o": (shown >= low) & (shown <= high)}
    for mark, chosen in marks.items():
        axis.plot(
            np.clip(shown[chosen], low, high), heights[chosen], mark, color=DOT, markersize=1.3 if mark == "o" else 2.4,
            alpha=0.75, markeredgewidth=0, clip_on=False, zorder=2,
        )  # fmt: skip
