"""How well predicted probabilities fit soft labels, without a threshold: the soft measures of the EPD paper.

The paper gives the soft Dice and, in words, an absolute and a signed volume difference and an "RMSE". Three readings
are ours. RD and RAD compare the sums of probability, relative to the reference's; in merged sums, gains and losses of
different cases cancel. Pooling: values come from sums that may be one case's or, merged, those of all cases; the paper
does not say which, so its table shows both. RMSE is the voxel-wise one, which the printed "RMSE" cannot be: where hard
labels misclassify 0.39 % of voxels by at least 0.5 each, it is at least 0.5 sqrt(0.0039) = 3.1 %, and 0.38 % is
printed. That is read as `mae`, and `mse` stands beside it. Fractions here; the paper prints percent.
"""

from dataclasses import dataclass, fields

import numpy as np

from softbench.metrics.inputs import check_maps
from softbench.metrics.kernels.tally import soft_sums
from softbench.metrics.metric import FRACTION, INFINITY, OPEN, Metric, values

VERSION = 1
EPD = "Ali et al. 2024"
ABSENT = "NaN where the class is absent (sum s = 0): left out, and counted"


@dataclass(frozen=True)
class SoftSums:
    """Sums over voxels of one class's reference s and prediction p; those of several cases add up to pooled values.

    All metrics are NaN where the class is absent (sum s = 0): EPD leaves it out, and so must who averages; count it.
    Merging counts what was predicted in cases without the class; leave such cases out first if they should not count.
    """

    reference: float  # sum s
    prediction: float  # sum p
    product: float  # sum s p
    squared: float  # sum (p - s)^2
    absolute: float  # sum |p - s|
    voxels: int

    @classmethod
    def of(cls, prediction: np.ndarray, target: np.ndarray, inside: np.ndarray | None = None) -> "SoftSums":
        """Sum over one class's maps, in float64.

        Args:
            prediction, target: (D, H, W) or (H, W) floats in [0, 1]; bool where certain.
            inside: bool, the voxels that count; all where it is left out.
        Raises: InputError: if maps are no floats in [0, 1], or shapes differ.
        """
        maps = (part.ravel() for part in check_maps("prediction", prediction, "target", target, inside))
        p, s = (part.astype(np.float32) if part.dtype == np.float16 else part for part in maps)  # what is compiled
        return cls.of_sums(soft_sums(p, s), p.size)

    @classmethod
    def of_sums(cls, sums: np.ndarray, voxels: int) -> "SoftSums":
        """Name the sums, (5,), of so many voxels."""
        reference, prediction, product, squared, absolute = map(float, sums)
        return cls(reference, prediction, product, squared, absolute, voxels)

    def merge(self, other: "SoftSums") -> "SoftSums":
        """Return the sums of both together, as if their voxels had been one volume."""
        return SoftSums(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    @property
    def absent(self) -> bool:
        """Whether the reference has nothing of the class."""
        return self.reference <= 0

    def known(self, part: float, whole: float) -> float:
        """Return part / whole, NaN where the class is absent."""
        return float("nan") if self.absent else part / whole


def soft(prediction: np.ndarray, target: np.ndarray) -> dict[str, float]:
    """Measure how well one class's predicted probabilities fit its soft label.

    Args:
        prediction: (D, H, W) or (H, W) float in [0, 1].
        target: of the same shape.
    Returns: `dsc_s rad rd rmse mae mse`, as `METRICS` says; all NaN where the class is absent.
    Raises: InputError: if maps are no floats in [0, 1], or shapes differ.
    Source: Ali et al. 2024, Sec. III-C. Departures: RD and RAD are ours, from its words; for RMSE see the module.

    >>> import numpy as np
    >>> from softbench import metrics
    >>> target = np.array([[0.0, 0.25, 0.75, 1.0]])  # of one class
    >>> found = metrics.soft(np.array([[0.0, 0.5, 0.5, 1.0]]), target)
    >>> print(f"MAE {found['mae']:.3f}, RD {found['rd']:.2f}")
    MAE 0.125, RD 0.00
    """
    return values(METRICS, SoftSums.of(prediction, target))


METRICS = (
    Metric(
        "dsc_s", "soft DSC", "1", "higher", FRACTION,
        "2 sum(s p) / (sum s + sum p); below 1 even for p = s, unless all are 0 or 1", ABSENT, EPD,
        of="soft", compute=lambda s: s.known(2 * s.product, s.reference + s.prediction),
    ),
    Metric(
        "rd", "RD", "1", "neither", (-1.0, INFINITY), "(sum p - sum s) / sum s; signed, nearest 0 is best", ABSENT,
        f"{EPD}. Departure: they define it in words, the formula is ours",
        of="soft", compute=lambda s: s.known(s.prediction - s.reference, s.reference),
    ),
    Metric(
        "rad", "RAD", "1", "lower", OPEN, "|sum p - sum s| / sum s", ABSENT,
        f"{EPD}. Departure: they define it in words, the formula is ours",
        of="soft", compute=lambda s: abs(s.known(s.prediction - s.reference, s.reference)),
    ),
    Metric(
        "rmse", "RMSE", "1", "lower", FRACTION, "root of the mean over voxels of (p - s)^2", ABSENT,
        f"{EPD}. Departure: what they print cannot be voxel-wise",
        of="soft", compute=lambda s: s.known(s.squared, s.voxels) ** 0.5,
    ),
    Metric(
        "mae", "MAE", "1", "lower", FRACTION, "mean over voxels of |p - s|", ABSENT, "ours; EPD's RMSE is read as it",
        of="soft", compute=lambda s: s.known(s.absolute, s.voxels),
    ),
    Metric(
        "mse", "MSE", "1", "lower", FRACTION, "mean over voxels of (p - s)^2", ABSENT, "ours, beside EPD's RMSE",
        of="soft", compute=lambda s: s.known(s.squared, s.voxels),
    ),
)  # fmt: skip
