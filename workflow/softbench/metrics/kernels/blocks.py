"""Calibration errors over blocks of equal count, class by class: Nixon's ACE and TACE, and the SVLS authors' TACE.

Blocks of many float32 values are found by counting (`counting`), others by sorting; both cut at the same voxels.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from softbench.metrics.kernels.counting import Column, ties_hit
from softbench.metrics.kernels.tally import classes_of

VERSION = 1
THRESHOLD = 1e-3  # TACE looks at probabilities above this: SVLS paper, Sec. 4.1
FEW = 1 << 16  # values; sorting so few costs less than the tables for counting


class Gaps(NamedTuple):
    """Calibration errors in [0, 1]; NaN where there are fewer voxels than blocks."""

    ace: float
    tace: float
    tace_svls: float


def adaptive_errors(probabilities: np.ndarray, reference: np.ndarray, inside: np.ndarray | None, bins: int) -> Gaps:
    """Return `ace`, `tace` and `tace_svls` of (C, ...) probabilities and (...) classes, means over classes.

    Equal probabilities share a block of ACE and TACE, whatever their order. `tace_svls` follows the released code of
    the SVLS authors: it leaves out class 0, cuts into blocks of n // bins (the last takes the rest), and divides by
    `bins` once more. Departures: ties are cut in array order; a class with too few voxels is left out (theirs is 0/0).
    """
    y = classes_of(reference, len(probabilities))
    gaps = list(_of_classes(probabilities, y, inside, bins))
    of_foreground = mean_known(gap.tace_svls for gap in gaps[1:])
    return Gaps(mean_known(gap.ace for gap in gaps), mean_known(gap.tace for gap in gaps), of_foreground / bins)


def mean_known(values: Iterable[float]) -> float:
    """Return the mean of the values that are known, NaN where none is."""
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")


def _of_classes(p: np.ndarray, y: np.ndarray, inside: np.ndarray | None, bins: int) -> Iterator[Gaps]:
    count = len(y) if inside is None else int(np.count_nonzero(inside))
    many = count > FEW and p.dtype.itemsize <= 4 and bool(p.min() >= 0)  # a NaN outside is sorted away from what counts
    flat = None if many or inside is None else inside.reshape(-1)
    for class_id, values in enumerate(p):
        if many:
            yield of_counts(Column(values, y, inside, class_id), bins)
        elif flat is None:
            yield of_sorted(values.reshape(-1), y == class_id, bins)
        else:
            yield of_sorted(values.reshape(-1)[flat], y[flat] == class_id, bins)


def of_sorted(values: np.ndarray, hit: np.ndarray, bins: int) -> Gaps:
    """Return the errors of one class from its (N,) probabilities and whether each came true; twin of `of_counts`."""
    values = values.astype(np.float32 if values.dtype.itemsize <= 4 else np.float64)
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    kept = len(ordered) - int(np.searchsorted(ordered, ordered.dtype.type(THRESHOLD), side="right"))
    error = np.append(0.0, np.cumsum(hit[order] - ordered.astype(np.float64)))
    of_ace, of_tace, of_svls = _ranks(len(ordered), kept, bins)
    of_ace, of_tace = (np.searchsorted(ordered, ordered[ranks]) for ranks in (of_ace, of_tace))
    return _gaps((error[of_ace], error[of_tace], error[of_svls]), error[-1], len(ordered), kept)


def of_counts(column: Column, bins: int) -> Gaps:
    """Return the errors of one class from its float32 probabilities, none of them negative."""
    table = column.count(THRESHOLD)
    ranks = _ranks(table.total, table.kept, bins)
    of_ace, of_tace, of_svls = np.split(
        column.find(table, np.concatenate(ranks)), np.cumsum([len(r) for r in ranks])[:2]
    )
    cut = of_svls["error"] + ties_hit(column, of_svls) - of_svls["before"] * of_svls["value"]
    return _gaps((of_ace["error"], of_tace["error"], cut), table.error[-1], table.total, table.kept)


def _ranks(total: int, kept: int, bins: int) -> list[np.ndarray]:
    """Return the ranks at which the blocks of ACE, TACE and SVLS begin; none where there are too few voxels."""
    left = total - kept
    starts = [
        np.linspace(0, total, bins, endpoint=False).round().astype(np.int64),
        left + np.linspace(0, kept, bins, endpoint=False).round().astype(np.int64),
        left + np.arange(bins) * (kept // bins),
    ]
    return [s if size >= bins else s[:0] for s, size in zip(starts, (total, kept, kept), strict=True)]


def _gaps(errors: Iterable[np.ndarray], last: float, total: int, kept: int) -> Gaps:
    """Return the mean gap over blocks, from the sums of (hit - probability) below their starts."""
    sizes = total, kept, kept
    sums = [float(np.abs(np.diff(error, append=last)).sum()) if len(error) else float("nan") for error in errors]
    return Gaps(*(gap / size if size else float("nan") for gap, size in zip(sums, sizes, strict=True)))
