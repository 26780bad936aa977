"""Calibration: do predicted probabilities say how often they are right? Sums are float64 throughout.

float32 sums, as in common libraries, are off by up to 90 times over a volume of millions of confident voxels.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from softbench.metrics import voxels
from softbench.metrics.reliability import bin_edges, bin_of, top_label

VERSION = 1
THRESHOLD = 1e-3  # TACE looks at probabilities above this: SVLS paper, Sec. 4.1
FLOOR = 1e-12  # keeps the NLL of a class that was ruled out finite: 27.6 nat


def calibration(
    probabilities: np.ndarray,
    reference: np.ndarray,
    *,
    roi: str = "all",
    band_mm: float = 3.0,
    spacing_mm: Sequence[float] | None = None,
    bins: int = 10,
    valid: np.ndarray | None = None,
) -> dict[str, float]:
    """Measure how far probabilities are from frequencies, and their proper scores.

    Args:
        probabilities: (C, D, H, W) or (C, H, W) float, summing to 1 over C.
        reference: (D, H, W) or (H, W) class ids.
        roi, band_mm, spacing_mm: the voxels that count, as `regions.mask`; `tace_svls` alone always takes all.
        bins: number of bins or, for `ace`, `tace` and `tace_svls`, of blocks.
        valid: voxels that exist; all where it is left out.
    Returns: `ece cwece ace ace_netcal mce tace tace_svls brier nll`; meanings and ranges stand in `catalogue`.
        All are NaN where no voxel counts.
    Raises: InputError: if arrays do not fit together, hold NaN, or do not sum to 1; if the band has no spacing.
    Source: the entries of `catalogue.CATALOGUE`. Departures: stated there.
    """
    probabilities, reference, usable = voxels.enter(probabilities, reference, valid)
    where = {"band_mm": band_mm, "spacing_mm": spacing_mm, "valid": usable}
    p, y = voxels.select(probabilities, reference, roi, **where)  # type: ignore[arg-type]
    everywhere = voxels.select(probabilities, reference, "all", **where)  # type: ignore[arg-type]
    return {
        **binned(p, y, bins),
        "ace": adaptive(p, y, bins, threshold=-1.0),  # nothing is left out, exact zeros neither
        "tace": adaptive(p, y, bins, threshold=THRESHOLD),
        "tace_svls": tace_svls(*everywhere, bins),
    }


def binned(p: np.ndarray, y: np.ndarray, bins: int) -> dict[str, float]:
    """Return `ece mce ace_netcal cwece brier nll` of voxels, (C, N) probabilities and (N,) classes."""
    edges = bin_edges(bins)
    diagram = top_label(p, y, edges)
    return {
        "ece": diagram.ece,
        "mce": diagram.mce,
        "ace_netcal": diagram.mean_gap,
        **_classwise(p, y, edges),
        "nll": _nll(p, y),
    }


def _classwise(p: np.ndarray, y: np.ndarray, edges: np.ndarray) -> dict[str, float]:
    """Return `cwece` and `brier`: both look at the error of each class's own probability."""
    if not y.size:
        return {"cwece": float("nan"), "brier": float("nan")}
    gap = squared = 0.0
    for class_id, probability in enumerate(p):  # one class at a time: a float64 copy of all would be large
        error = probability - (y == class_id).astype(np.float64)
        gap += float(np.abs(np.bincount(bin_of(probability, edges), error)).sum())
        squared += float(error @ error)
    return {"cwece": gap / y.size / len(p), "brier": squared / y.size}


def _nll(p: np.ndarray, y: np.ndarray) -> float:
    """Return the mean negative log probability of the true class, nat."""
    truth = np.take_along_axis(p, y[None].astype(np.intp), axis=0)[0].astype(np.float64)
    return float(-np.log(np.maximum(truth, FLOOR)).mean()) if y.size else float("nan")


def adaptive(p: np.ndarray, y: np.ndarray, bins: int, *, threshold: float) -> float:
    """Return Nixon's (thresholded) adaptive calibration error, in [0, 1]: blocks of equal count, mean over classes.

    Args:
        p: (C, N) probabilities.
        y: (N,) classes.
        bins: blocks a class; a class with fewer voxels above the threshold is left out.
        threshold: only probabilities above it count; below 0, all do.
    """
    return _mean(
        _block_gap(probability[kept], (y == class_id)[kept], bins)
        for class_id, probability in enumerate(p)
        for kept in [probability > threshold]
    )


def _block_gap(p: np.ndarray, hit: np.ndarray, bins: int) -> float:
    """Return the mean gap over blocks of equal count; equal probabilities stay in one block, whatever their order."""
    if len(p) < max(bins, 1):
        return float("nan")
    ordered = np.sort(p)
    edges = np.unique(ordered[np.linspace(0, len(p), bins, endpoint=False).round().astype(int)])
    confidence = np.add.reduceat(ordered, np.searchsorted(ordered, edges), dtype=np.float64)
    correct = np.bincount(np.searchsorted(edges, p[hit], side="right") - 1, minlength=len(edges))
    return float(np.abs(correct - confidence).sum() / len(p))


def tace_svls(p: np.ndarray, y: np.ndarray, bins: int) -> float:
    """Return TACE by the arithmetic of the SVLS authors' code, to compare with their tables.

    It leaves out class 0, cuts the sorted voxels into blocks of n // bins (the last takes the rest), and divides by
    `bins` once more than Nixon's. Departures: ties are cut in array order; a class with too few voxels is left out
    (theirs is 0/0 then).
    """
    gaps = _mean(
        _cut_gap(p[class_id][kept], (y == class_id)[kept], bins)
        for class_id in range(1, len(p))
        for kept in [p[class_id] > THRESHOLD]
    )
    return gaps / bins


def _cut_gap(p: np.ndarray, hit: np.ndarray, bins: int) -> float:
    if len(p) < max(bins, 1):
        return float("nan")
    order = np.argsort(p, kind="stable")
    error = hit[order] - p[order].astype(np.float64)
    starts = np.arange(bins) * (len(p) // bins)
    return float(np.abs(np.add.reduceat(error, starts)).sum() / len(p))


def _mean(values: Iterable[float]) -> float:
    """Return the mean of the values that are known, NaN where none is."""
    known = [value for value in values if not np.isnan(value)]
    return float(np.mean(known)) if known else float("nan")
