"""Volume of a prediction against the volumes that several raters drew, all in ml (an area in 2-D: mm² / 1000)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from softbench.checks import require_finite, require_fraction, require_positive
from softbench.errors import InputError
from softbench.metrics.metric import ratio
from softbench.metrics.raters.levels import LEVELS, count_above, quantise, require_raters

VERSION = 1
Volumes = Sequence[float] | np.ndarray


def crps(prediction_ml: Volumes, raters_ml: Volumes) -> float:
    r"""Return the distance of a predicted distribution of volume from that of the raters, ml.

    .. math:: \int (F_P(v) - F_R(v))^2 dv
        = \frac{1}{R} \sum_r \mathrm{CRPS}(F_P, v_r) - \frac{1}{2 R^2} \sum_{r, s} |v_r - v_s|

    F is an empirical distribution function; the integral is exact, over the steps of both, and cut nowhere.

    Args:
        prediction_ml: (S,) volumes of equal weight; one for a prediction that is a mask.
        raters_ml: (R,) volumes, one a rater.
    Returns: at least 0, 0 where both distributions are the same. Of one volume against raters that agree: the absolute
        error. A volume of 0 is a volume like others, so there is no empty case.
    Raises: InputError: if either is empty or holds NaN or infinite values.
    Source: Gneiting & Raftery 2007 (eq. 20 and 21). Departure: the integral to the raters' distribution, not the mean
        over raters, so that the raters' own distribution scores 0.

    >>> round(crps([130], [95, 100, 105]), 2)
    27.78
    """
    prediction, raters = _sorted("prediction_ml", prediction_ml), _sorted("raters_ml", raters_ml)
    steps = np.sort(np.concatenate([prediction, raters]))
    shares = [np.searchsorted(values, steps[:-1], side="right") / len(values) for values in (prediction, raters)]
    return float(((shares[0] - shares[1]) ** 2 * np.diff(steps)).sum())


def bias(prediction_ml: float, raters_ml: Volumes) -> tuple[float, float]:
    """Return the predicted volume minus the raters' mean: in ml, and in % of that mean, NaN where no rater drew."""
    mean = float(np.mean(_sorted("raters_ml", raters_ml)))
    difference = float(prediction_ml) - mean
    return difference, 100 * ratio(difference, mean)


@dataclass(frozen=True, eq=False)
class LevelVolumes:
    """Volumes of the level sets of a probability map: its distribution of volume.

    volumes_ml: (65535,) falling, of {p > t} at evenly spaced t.
    """

    volumes_ml: np.ndarray

    @property
    def mean_ml(self) -> float:
        """Mean over t: the sum of the probabilities, each within 1 / 131070, times the volume of a voxel."""
        return float(self.volumes_ml.mean())

    def above(self, threshold: float) -> float:
        """Return the volume of {p > threshold}, ml; `threshold` from 0 to 1."""
        return float(self.volumes_ml[min(int(threshold * LEVELS), LEVELS - 1)])

    def interval_ml(self, *, share: float = 0.9) -> tuple[float, float]:
        """Return the ends of the central interval that holds this share of the distribution: [V(.95), V(.05)]."""
        require_fraction("share", share)
        rest = (1 - share) / 2
        return self.above(1 - rest), self.above(rest)


def level_volumes(probability: np.ndarray, voxel_ml: float) -> LevelVolumes:
    r"""Return the distribution of volume that a probability map implies where all voxels share one threshold.

    .. math:: V(t) = |\{x : p(x) > t\}| \cdot v, \quad t \sim U(0, 1), \quad E[V] = v \sum_x p(x)

    Args:
        probability: (...) floats in [0, 1]; uint16, where 65535 stands for 1; or bool.
        voxel_ml: volume v of a voxel, ml.
    Returns: V at 65535 evenly spaced thresholds; no random draw. All 0 where no voxel is probable.
    Raises: InputError: if `probability` or `voxel_ml` is not as above.
    """
    require_positive("voxel_ml", voxel_ml)
    return LevelVolumes(count_above(quantise(probability)) * float(voxel_ml))


@dataclass(frozen=True)
class VolumeScores:
    """How well a probability map tells the raters' volumes.

    crps_ml: as `crps`, of the distribution over level sets. bias_ml, bias_percent: of its mean; % is NaN where no rater
    drew. interval_ml: the ends of its 90 % interval. covered: share of the raters whose volume lies in it, ends
    included.
    """

    crps_ml: float
    bias_ml: float
    bias_percent: float
    interval_ml: tuple[float, float]
    covered: float

    @property
    def width_ml(self) -> float:
        """Width of the interval, ml."""
        return self.interval_ml[1] - self.interval_ml[0]


def score_volumes(probability: np.ndarray, raters: np.ndarray, voxel_ml: float) -> VolumeScores:
    """Score the distribution of volume of a probability map against the raters' masks.

    Args:
        probability: (...), as `level_volumes` takes it.
        raters: (R, ...) bool, on the same grid.
        voxel_ml: volume of a voxel, ml.
    Returns: see `VolumeScores`; all but `bias_percent` are numbers where masks are empty.
    Raises: InputError: if shapes, types or values do not fit.
    """
    masks, distribution = require_raters(raters, np.shape(probability)), level_volumes(probability, voxel_ml)
    volumes = np.array([np.count_nonzero(mask) for mask in masks]) * float(voxel_ml)
    low, high = distribution.interval_ml()
    return VolumeScores(
        crps(distribution.volumes_ml, volumes),
        *bias(distribution.mean_ml, volumes),
        (low, high),
        float(np.mean((volumes >= low) & (volumes <= high))),
    )


def _sorted(name: str, volumes_ml: Volumes) -> np.ndarray:
    """Return volumes as a sorted (N,) array; raise where there are none, or where one is no number."""
    values = np.asarray(volumes_ml, np.float64)
    if values.ndim != 1 or not values.size:
        raise InputError(f"`{name}` must be a list of one volume or more, but its shape is {values.shape}.")
    require_finite(name, values)
    return np.sort(values)
