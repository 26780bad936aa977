"""Calibration: do predicted probabilities agree with how often predictions are correct?

Sums over voxels can be added over cases. All sums are float64: with float32 sums, as in common libraries, ECE of
millions of confident voxels was wrong by a factor of 90.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np

from softbench.errors import InputError
from softbench.metrics import inputs, regions
from softbench.metrics.kernels.blocks import Gaps, adaptive_errors
from softbench.metrics.kernels.tally import Tally, tallies, tally
from softbench.metrics.metric import FRACTION, REGION_EMPTY, Metric, values

VERSION = 2


@dataclass(frozen=True, eq=False)
class Reliability:
    """Sums over the voxels of a region; bins are (low, high], and 0 lies in the first.

    counts, confidence, correct: (bins,) number of voxels, sum of their top probabilities, number of them right.
    class_counts, class_confidence, class_correct: (C, bins) the same of each class's own probability; there, correct
        counts the voxels of that class.
    squared_error: sum over voxels and classes of (p - y)^2.
    log_loss: sum over voxels of -log p of the true class, p not below 1e-12, nat.
    """

    counts: np.ndarray
    confidence: np.ndarray
    correct: np.ndarray
    class_counts: np.ndarray
    class_confidence: np.ndarray
    class_correct: np.ndarray
    squared_error: float
    log_loss: float

    @property
    def ece(self) -> float:
        """Expected calibration error, in [0, 1]: mean over voxels of their bin's gap; NaN without voxels."""
        return self._per_voxel(float(np.abs(self.correct - self.confidence).sum()))

    @property
    def mce(self) -> float:
        """Largest gap of a bin that holds voxels, in [0, 1]; NaN without voxels."""
        return float(self.gaps.max()) if self.gaps.size else float("nan")

    @property
    def mean_gap(self) -> float:
        """Unweighted mean gap of the bins that hold voxels, in [0, 1] (netcal's ACE); NaN without voxels."""
        return float(self.gaps.mean()) if self.gaps.size else float("nan")

    @property
    def gaps(self) -> np.ndarray:
        """Absolute difference of accuracy and mean confidence in each bin that holds voxels."""
        used = self.counts > 0
        gaps: np.ndarray = np.abs(self.correct[used] - self.confidence[used]) / self.counts[used]
        return gaps

    @property
    def cwece(self) -> float:
        """Classwise ECE, in [0, 1]: that of each class's own probability, mean over classes; NaN without voxels."""
        return self._per_voxel(float(np.abs(self.class_correct - self.class_confidence).sum() / len(self.class_counts)))

    @property
    def brier(self) -> float:
        """Brier score, in [0, 2]: mean over voxels of the sum over classes of (p - y)^2; NaN without voxels."""
        return self._per_voxel(self.squared_error)

    @property
    def nll(self) -> float:
        """Mean negative log probability of the true class, nat; NaN without voxels."""
        return self._per_voxel(self.log_loss)

    def _per_voxel(self, total: float) -> float:
        voxels_seen = self.counts.sum()
        return float(total / voxels_seen) if voxels_seen else float("nan")

    def merge(self, other: "Reliability") -> "Reliability":
        """Return the statistics of both together, as if their voxels had been one volume.

        Raises: InputError: if they have different numbers of bins or classes.
        """
        for name, axis in (("classes", 0), ("bins", 1)):
            mine, theirs = self.class_counts.shape[axis], other.class_counts.shape[axis]
            if mine != theirs:
                raise InputError(f"diagrams of {mine} and {theirs} {name} cannot be merged. Use the same `{name}`.")
        return Reliability(*(getattr(self, field) + getattr(other, field) for field in FIELDS))

    def to_arrays(self, name: str = "") -> dict[str, np.ndarray]:
        """Return the sums as plain arrays for one npz; `name` keeps several diagrams in it apart."""
        return {_key(name, field): np.asarray(getattr(self, field)) for field in FIELDS}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], name: str = "") -> "Reliability":
        """Rebuild a diagram from what `to_arrays` gave.

        Raises: InputError: if there is none of this name.
        """
        missing = [_key(name, field) for field in FIELDS if _key(name, field) not in arrays]
        if missing:
            raise InputError(f"no reliability diagram {name!r}: {missing} not among {sorted(arrays)}.")
        sums = [np.asarray(arrays[_key(name, field)]) for field in FIELDS]
        return cls(*(array if array.ndim else float(array) for array in sums))  # type: ignore[arg-type]


FIELDS = tuple(field.name for field in fields(Reliability))


def _key(name: str, field: str) -> str:
    return f"{name}.{field}" if name else field


def reliability(
    probabilities: np.ndarray,
    reference: np.ndarray,
    *,
    roi: str = "all",
    bins: int = 10,
    band_mm: float = 3.0,
    spacing_mm: Sequence[float] | None = None,
    valid: np.ndarray | None = None,
) -> Reliability:
    """Sort voxels by the probability of their top class, and of each class, and count how often these are right.

    Args:
        probabilities: (C, D, H, W) or (C, H, W) float, summing to 1 over C.
        reference: (D, H, W) or (H, W) class ids.
        roi, band_mm, spacing_mm: as `regions.mask`.
        bins: number of bins of equal width, (low, high].
        valid: voxels that count; all where it is left out.
    Returns: the sums of each bin; all 0 where the region is empty.
    Raises: InputError: if arrays do not fit together, hold NaN, or do not sum to 1; if the band has no spacing.
    Source: Guo et al. 2017. Departures: float64 sums, so that millions of voxels do not lose digits.

    >>> import numpy as np
    >>> from softbench import metrics
    >>> reference = np.zeros((8, 8), np.uint8)
    >>> reference[2:6, 2:6] = 1
    >>> first = np.where(reference == 1, 0.7, 0.1)  # probability of class 1: always right, never sure
    >>> probabilities = np.stack([1 - first, first])
    >>> bins = metrics.reliability(probabilities, reference)
    >>> print(bins.counts)  # pixels by their largest probability, in (0, 0.1] … (0.9, 1]
    [ 0  0  0  0  0  0 16  0 48  0]
    >>> print(f"ECE {bins.ece:.2f}; of two cases alike {bins.merge(bins).ece:.2f}")
    ECE 0.15; of two cases alike 0.15
    """
    probabilities, reference, usable = inputs.check_case(probabilities, reference, valid)
    inside = regions.inside(reference, roi, band_mm=band_mm, spacing_mm=spacing_mm, valid=usable)
    return statistics(probabilities, reference, inside, bins)


def statistics(probabilities: np.ndarray, reference: np.ndarray, inside: np.ndarray | None, bins: int) -> Reliability:
    """Return the sums over the voxels inside a mask, or over all, of arrays that were checked.

    Raises: InputError: if `bins` is not a positive whole number.
    """
    return reliability_of(tally(probabilities, reference, inside, bin_edges(bins)))


def reliability_of(sums: Tally) -> Reliability:
    """Return what the sums of one region are called."""
    return Reliability(*sums[:-1], *map(float, sums.errors))


def bin_edges(bins: int) -> np.ndarray:
    """Return the inner edges of `bins` bins of equal width on [0, 1].

    Raises: InputError: if `bins` is not a positive whole number.
    """
    if int(bins) != bins or bins < 1:
        raise InputError(f"`bins` must be a whole number of at least 1, but is {bins!r}.")
    return np.linspace(0, 1, int(bins) + 1)[1:-1]


@dataclass(frozen=True)
class Sweep:
    """Calibration of one region: sums that add up over cases, and errors over equal-count blocks, which cannot."""

    statistics: Reliability
    gaps: Gaps


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

    >>> import numpy as np
    >>> from softbench import metrics
    >>> reference = np.zeros((8, 8), np.uint8)
    >>> reference[2:6, 2:6] = 1
    >>> first = np.where(reference == 1, 0.7, 0.1)  # probability of class 1: always right, never sure
    >>> probabilities = np.stack([1 - first, first])
    >>> found = metrics.calibration(probabilities, reference, roi="foreground")
    >>> print(f"ECE {found['ece']:.2f}, NLL {found['nll']:.2f} nat")
    ECE 0.30, NLL 0.36 nat
    """
    probabilities, reference, usable = inputs.check_case(probabilities, reference, valid)
    inside = regions.inside(reference, roi, band_mm=band_mm, spacing_mm=spacing_mm, valid=usable)
    swept = sweep(probabilities, reference, inside, bins)
    whole = swept.gaps if roi == "all" else adaptive_errors(probabilities, reference, usable, bins)
    gaps = swept.gaps._replace(tace_svls=whole.tace_svls)
    return values(BINS, swept.statistics) | values(BLOCKS, gaps)


def sweep(probabilities: np.ndarray, reference: np.ndarray, inside: np.ndarray | None, bins: int) -> Sweep:
    """Measure the calibration of one region; arguments and errors as `sweeps`."""
    return sweeps(probabilities, reference, {"": inside}, bins)[""]


def sweeps(
    probabilities: np.ndarray, reference: np.ndarray, where: Mapping[str, np.ndarray | None], bins: int
) -> dict[str, Sweep]:
    """Measure the calibration of arrays that were checked (`inputs.check_case`), in array order.

    Args:
        probabilities: (C, ...) float, summing to 1 over C.
        reference: (...) class ids.
        where: region -> bool mask (...) of the voxels that count, or None for all.
        bins: number of bins and of blocks.
    Returns: of each region the sums, and the errors over blocks, all of the voxels inside.
    Raises: InputError: if `bins` is not a positive whole number.
    """
    sums = tallies(probabilities, reference, where, bin_edges(bins))
    return {
        roi: Sweep(reliability_of(sums[roi]), adaptive_errors(probabilities, reference, inside, int(bins)))
        for roi, inside in where.items()
    }


BINS = (  # sums over bins and voxels add up over cases
    Metric(
        "ece", "ECE", "1", "lower", FRACTION,
        "top label, bins (low, high] of equal width: sum of |correct - confidence| over bins, per voxel",
        REGION_EMPTY, "Guo et al. 2017", of="bins", compute=lambda sums: sums.ece,
    ),
    Metric(
        "mce", "MCE", "1", "lower", FRACTION,
        "largest |accuracy - confidence| of a bin that holds voxels", REGION_EMPTY, "Guo et al. 2017",
        of="bins", compute=lambda sums: sums.mce,
    ),
    Metric(
        "ace_netcal", "ACE (netcal)", "1", "lower", FRACTION,
        "unweighted mean of |accuracy - confidence| over bins that hold voxels; not Nixon's ACE", REGION_EMPTY,
        "netcal ACE. Departure: bins are (low, high]", of="bins", compute=lambda sums: sums.mean_gap,
    ),
    Metric(
        "cwece", "cwECE", "1", "lower", FRACTION,
        "ECE of each class's own probability, mean over classes", REGION_EMPTY, "Kull et al. 2019; MetricsReloaded",
        of="bins", compute=lambda sums: sums.cwece,
    ),
    Metric(
        "brier", "Brier score", "1", "lower", (0.0, 2.0),
        "mean over voxels of the sum over classes of (p - y)^2", REGION_EMPTY, "Brier 1950",
        of="bins", compute=lambda sums: sums.brier,
    ),
    Metric(
        "nll", "NLL", "nat", "lower", (0.0, 27.631021115928547),
        "mean of -log p of the true class, p not below 1e-12", REGION_EMPTY, "Guo et al. 2017",
        of="bins", compute=lambda sums: sums.nll,
    ),
)  # fmt: skip

BLOCKS = (  # these would need the voxels of all cases at once
    Metric(
        "ace", "ACE", "1", "lower", FRACTION,
        "as cwECE, with blocks of equal count instead of bins; equal probabilities share a block",
        "NaN where no class has a voxel a block", "Nixon et al. 2019. Departure: exact zeros are kept",
        of="blocks", compute=lambda gaps: gaps.ace,
    ),
    Metric(
        "tace", "TACE", "1", "lower", FRACTION,
        "as ACE, over the voxels whose probability of the class exceeds 0.001",
        "a class with fewer such voxels than blocks is left out; NaN where all are", "Nixon et al. 2019",
        of="blocks", compute=lambda gaps: gaps.tace,
    ),
    Metric(
        "tace_svls", "TACE (SVLS)", "1", "lower", FRACTION,
        "as TACE without class 0, of the whole volume, divided by the number of blocks once more",
        "a class with fewer such voxels than blocks is left out; NaN where all are",
        "released code of Islam & Glocker 2021. Departure: too few voxels are left out, theirs give NaN",
        of="blocks", regions=("all",), compute=lambda gaps: gaps.tace_svls,
    ),
)  # fmt: skip
