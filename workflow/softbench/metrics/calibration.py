"""Calibration: do predicted probabilities say how often they are right? Sums are float64 throughout.

float32 sums, as in common libraries, are off by up to 90 times over a volume of millions of confident voxels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from softbench.metrics import regions, voxels
from softbench.metrics.kernels.blocks import Gaps, adaptive_errors
from softbench.metrics.reliability import Reliability, statistics

VERSION = 2
UNKNOWN = Gaps(float("nan"), float("nan"), float("nan"))


@dataclass(frozen=True)
class Sweep:
    """What one region says of calibration: sums that merge, and errors over blocks of equal count, which do not."""

    statistics: Reliability
    ace: float
    tace: float
    tace_svls: float


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
    inside = regions.inside(reference, roi, band_mm=band_mm, spacing_mm=spacing_mm, valid=usable)
    found = sweep(probabilities, reference, inside, bins)
    whole = found if roi == "all" else adaptive_errors(probabilities, reference, usable, bins)
    return {
        **_of_bins(found.statistics),
        "ace": found.ace,
        "tace": found.tace,
        "tace_svls": whole.tace_svls,
    }


def sweep(
    probabilities: np.ndarray, reference: np.ndarray, inside: np.ndarray | None, bins: int, *, blocks: bool = True
) -> Sweep:
    """Measure the calibration of arrays that were checked (`voxels.enter`), in array order.

    Args:
        probabilities: (C, ...) float, summing to 1 over C.
        reference: (...) class ids.
        inside: bool mask (...) of the voxels that count, or None for all.
        bins: number of bins and of blocks.
        blocks: whether to look at blocks; `ace`, `tace` and `tace_svls` are NaN where not.
    Returns: the sums, and the errors over blocks, all of the voxels inside.
    Raises: InputError: if `bins` is not a positive whole number.
    """
    sums = statistics(probabilities, reference, inside, bins)
    gaps = adaptive_errors(probabilities, reference, inside, int(bins)) if blocks else UNKNOWN
    return Sweep(sums, *gaps)


def _of_bins(sums: Reliability) -> dict[str, float]:
    return {
        "ece": sums.ece,
        "mce": sums.mce,
        "ace_netcal": sums.mean_gap,
        "cwece": sums.cwece,
        "brier": sums.brier,
        "nll": sums.nll,
    }
