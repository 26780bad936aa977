"""Titles, widths and verdicts of a study in words."""

import math
from collections.abc import Mapping, Sequence

from softbench.rater_study.calibration import Calibration
from softbench.rater_study.judge import Judged
from softbench.rater_study.trials import ONE_HOT, OTHERS, Line
from softbench.rater_study.widths import Best, Difference
from softbench.tables.sheet import NOTHING, interval, number

VERSION = 2
TITLES = {OTHERS: "Mean of the other raters", ONE_HOT: "One-hot"}
EN = "\N{EN DASH}"
DIGITS = 4  # of a Brier score
MANY = 100  # from here on a width is written as a whole number


def title(line: Line, titles: Mapping[str, str]) -> str:
    """Return the title of a line: that of config, or its name."""
    return TITLES.get(line.name) or titles.get(line.name, line.name)


def unit(line: Line, value: float | None = None) -> str:
    """Return the unit of a line's values, as it stands behind a number (1 voxel, 2 voxels); nothing for shares."""
    word = line.unit.removesuffix("s") if value == 1 else line.unit
    return "" if line.unit in ("", "share") else f" {word}"


def setting(line: Line, trial: int) -> str:
    """Return a value of a line: "0.7 mm"; a dash where nothing varies."""
    return f"{line.values[trial]:g}{unit(line, line.values[trial])}" if line.over else NOTHING


def settings(judged: Judged) -> str:
    """Return what both halves were scored with: "0.7 mm", or "0.5 | 0.7 mm" where they differ."""
    first, second = judged.chosen
    line = judged.line
    if first == second:
        return setting(line, first)
    return f"{line.values[first]:g} and {line.values[second]:g}{unit(line)}"


def span(line: Line, best: Best | None) -> str:
    """Return the best widths: a range where noise does not tell them apart, with what bounds it.

    "0.7–1 mm"; "0.7 mm"; "2 voxels or more" and "0.5 or less" where the sweep ends within the range; of few patients
    "0.7 mm (lowest; no range)".
    """
    if best is None:
        return NOTHING
    if best.reason:
        return f"{setting(line, best.index)} (lowest; no range)"
    low, high = f"{line.values[best.first]:g}", f"{line.values[best.last]:g}"
    at_top, at_bottom = best.last + 1 == len(line.values), best.first == 0
    if at_top and at_bottom:
        return f"cannot tell: any from {low} to {high}{unit(line)}"
    if at_top:
        return f"{setting(line, best.first)} or more"
    if at_bottom:
        return f"{setting(line, best.last)} or less"
    return setting(line, best.index) if low == high else f"{low}{EN}{high}{unit(line)}"


def at_end(line: Line, best: Best | None) -> str:
    """Return what stands behind a best width that is the first or last that was tried; nothing behind another."""
    return ", at the end of the sweep" if best and best.index in (0, len(line.values) - 1) else ""


def agreed(line: Line, best: Best | None, by_entropy: Sequence[Best] | None) -> str:
    """Return the best widths by the Brier score, unless the cross-entropy at a floor picks one outside of them.

    "0.7–1 mm"; "0.5 mm by Brier, 0.7 mm by cross-entropy: no verdict", with the widths of all floors: "0.5–0.7 mm".
    """
    if best is None or all(best.first <= of.index <= best.last for of in by_entropy or ()):
        return span(line, best)
    low, high = (end(of.index for of in by_entropy or ()) for end in (min, max))
    other = setting(line, low) if low == high else f"{line.values[low]:g}{EN}{setting(line, high)}"
    own = setting(line, best.index) if best.reason else span(line, best)
    return f"{own} by Brier, {other} by cross-entropy: no verdict"


def bounds(line: Line, best: Best | None) -> str:
    """Return the interval for the width itself: "0.59 to 1.2 mm"; a dash where there is none.

    "more than 1.4 voxels" and "less than 0.42 mm" where the sweep ends within the range: beyond it nothing was tried.
    """
    if best is None or math.isnan(best.low):
        return NOTHING
    low, high = (f"{end:.0f}" if end >= MANY else f"{end:.2g}" for end in (best.low, best.high))
    match best.first == 0, best.last + 1 == len(line.values):
        case True, True:
            return "any"
        case True, False:
            return f"less than {high}{unit(line)}"
        case False, True:
            return f"more than {low}{unit(line)}"
        case _:
            return f"{low} to {high}{unit(line)}"


def calibration(value: Calibration) -> str:
    """Return an expected calibration error with its interval: "0.031 [0.027, 0.034]"; of few patients without one."""
    alone = number(value.error, 3)
    return alone if value.reason else f"{alone} {interval(value.low, value.high, 3)}"


def difference(value: Difference, decimals: int = DIGITS) -> str:
    """Return a difference with its interval: "−0.0077 [−0.0089, −0.0065]"; of few patients without one."""
    alone = number(value.mean, decimals, signed=True)
    return alone if value.reason else f"{alone} {interval(value.low, value.high, decimals)}"
