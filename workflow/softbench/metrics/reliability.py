"""Reliability diagrams: how often the top class is right, by how confident the prediction was."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from softbench.errors import InputError
from softbench.metrics import voxels

VERSION = 1


@dataclass(frozen=True, eq=False)
class Reliability:
    """Sums over the voxels of each confidence bin (low, high]; sums of several cases add up to the pooled diagram.

    counts, confidence, correct: (bins,) number of voxels, sum of their top probabilities, number of them right.
    """

    counts: np.ndarray
    confidence: np.ndarray
    correct: np.ndarray

    @property
    def ece(self) -> float:
        """Expected calibration error, in [0, 1]: mean over voxels of their bin's gap; NaN without voxels."""
        total = int(self.counts.sum())
        return float(np.abs(self.correct - self.confidence).sum() / total) if total else float("nan")

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

    def merge(self, other: "Reliability") -> "Reliability":
        """Return the diagram of both together, as if their voxels had been one volume.

        Raises: InputError: if they have different numbers of bins.
        """
        if len(self.counts) != len(other.counts):
            raise InputError(
                f"diagrams of {len(self.counts)} and {len(other.counts)} bins cannot be merged. Use the same `bins`."
            )
        return Reliability(self.counts + other.counts, self.confidence + other.confidence, self.correct + other.correct)

    def to_arrays(self, name: str = "") -> dict[str, np.ndarray]:
        """Return the sums as plain arrays for one npz; `name` keeps several diagrams in it apart."""
        return {_key(name, field): getattr(self, field) for field in FIELDS}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray], name: str = "") -> "Reliability":
        """Rebuild a diagram from what `to_arrays` gave.

        Raises: InputError: if there is none of this name.
        """
        missing = [_key(name, field) for field in FIELDS if _key(name, field) not in arrays]
        if missing:
            raise InputError(f"no reliability diagram {name!r}: {missing} not among {sorted(arrays)}.")
        return cls(*(np.asarray(arrays[_key(name, field)]) for field in FIELDS))


FIELDS = ("counts", "confidence", "correct")


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
    """Sort voxels by the probability of their top class and count how many are right.

    Args:
        probabilities: (C, D, H, W) or (C, H, W) float, summing to 1 over C.
        reference: (D, H, W) or (H, W) class ids.
        roi, band_mm, spacing_mm: as `regions.mask`.
        bins: number of bins of equal width, (low, high].
        valid: voxels that count; all where it is left out.
    Returns: the sums of each bin; all 0 where the region is empty.
    Raises: InputError: if arrays do not fit together, hold NaN, or do not sum to 1; if the band has no spacing.
    Source: Guo et al. 2017. Departures: float64 sums, so that millions of voxels do not lose digits.
    """
    probabilities, reference, usable = voxels.enter(probabilities, reference, valid)
    edges = bin_edges(bins)
    p, y = voxels.select(probabilities, reference, roi, band_mm=band_mm, spacing_mm=spacing_mm, valid=usable)
    return top_label(p, y, edges)


def bin_edges(bins: int) -> np.ndarray:
    """Return the inner edges of `bins` bins of equal width on [0, 1].

    Raises: InputError: if `bins` is not a positive whole number.
    """
    if int(bins) != bins or bins < 1:
        raise InputError(f"`bins` must be a whole number of at least 1, but is {bins!r}.")
    return np.linspace(0, 1, int(bins) + 1)[1:-1]


def bin_of(values: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Return the bin (low, high] of each value (N,); 0 falls into the first bin."""
    return np.searchsorted(edges, values, side="left")


def top_label(p: np.ndarray, y: np.ndarray, edges: np.ndarray) -> Reliability:
    """Bin voxels, (C, N) probabilities and (N,) classes, by their largest probability; ties go to the first class."""
    confidence = p.max(axis=0).astype(np.float64)
    right = p.argmax(axis=0) == y
    place, bins = bin_of(confidence, edges), len(edges) + 1
    counts = np.bincount(place, minlength=bins)
    return Reliability(
        counts, np.bincount(place, confidence, minlength=bins), np.bincount(place[right], minlength=bins)
    )
