"""Volume of a prediction against the volumes that several raters drew, all in ml (an area in 2-D: mm² / 1000)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from softbench.checks import require_finite, require_fraction, require_positive, require_same_shape
from softbench.errors import InputError
from softbench.metrics.metric import FRACTION, INFINITY, OPEN, Metric, ratio
from softbench.metrics.raters.levels import LEVELS, Levels, require_raters

VERSION = 1
Volumes = Sequence[float] | np.ndarray


def crps(prediction_ml: Volumes, raters_ml: Volumes, weights: Volumes | None = None) -> float:
    r"""Return the distance of a predicted distribution of volume from that of the raters, ml.

    .. math:: \int (F_P(v) - F_R(v))^2 dv
        = \frac{1}{R} \sum_r \mathrm{CRPS}(F_P, v_r) - \frac{1}{2 R^2} \sum_{r, s} |v_r - v_s|

    F is an empirical distribution function; the integral is exact, over the steps of both, and cut nowhere.

    Args:
        prediction_ml: (S,) volumes; one for a prediction that is a mask.
        raters_ml: (R,) volumes, one a rater.
        weights: (S,) of the predicted volumes, not all 0; equal where left out.
    Returns: at least 0, 0 where both distributions are the same. Of one volume against raters that agree: the absolute
        error. A volume of 0 is a volume like others, so there is no empty case.
    Raises: InputError: if either is empty or holds NaN, infinite or negative values, or weights are below 0 or all 0.
    Source: Gneiting & Raftery 2007 (eq. 20: the integral, 21: the means); against raters: CURVAS 2024. Departures: the
        raters' distribution in the integral, not the mean over raters, so that it scores 0 itself; their volumes as
        they are, where the code of CURVAS takes a normal distribution of their mean and sd; nothing is cut, where it
        integrates from 3 sd below the mean to 3 sd above, so that far predictions score alike.

    >>> round(crps([130], [95, 100, 105]), 2)
    27.78
    """
    prediction, raters = _volumes("prediction_ml", prediction_ml), _volumes("raters_ml", raters_ml)
    shares = np.ones(len(prediction)) if weights is None else np.asarray(weights, np.float64)
    require_same_shape("weights", shares.shape, "prediction_ml", prediction.shape)
    require_finite("weights", shares)
    if shares.min() < 0 or not shares.any():
        raise InputError(f"`weights` must be at least 0, and not all 0, but are {shares.tolist()[:5]}.")
    both = np.concatenate([prediction, raters])
    order = np.argsort(both, kind="stable")
    of_prediction = np.cumsum(np.concatenate([shares, np.zeros(len(raters))])[order])
    of_raters = np.cumsum(order >= len(prediction))
    gap = of_prediction / of_prediction[-1] - of_raters / len(raters)
    return float((gap[:-1] ** 2 * np.diff(both[order])).sum())


def bias(prediction_ml: float, raters_ml: Volumes) -> tuple[float, float]:
    """Return the predicted volume minus the raters' mean: in ml, and in % of that mean, NaN where no rater drew.

    Raises: InputError: if a volume is NaN, infinite or negative, or there is no rater.
    """
    _volumes("prediction_ml", [prediction_ml])
    mean = float(np.mean(_volumes("raters_ml", raters_ml)))
    difference = float(prediction_ml) - mean
    return difference, 100 * ratio(difference, mean)


@dataclass(frozen=True, eq=False)
class LevelVolumes:
    """Volumes of the level sets {p > t} of a probability map at 65535 evenly spaced t: its distribution of volume.

    voxel_ml: volume of a voxel.
    """

    levels: Levels
    voxel_ml: float

    @property
    def mean_ml(self) -> float:
        """Mean over t: the sum of the probabilities, each within 1 / 131070, times the volume of a voxel."""
        return float((self.levels.weights * self.levels.sizes).sum()) / LEVELS * self.voxel_ml

    def above(self, threshold: float) -> float:
        """Return the volume of {p > threshold}, ml; `threshold` from 0 to 1."""
        return self.levels.above(threshold) * self.voxel_ml

    def interval_ml(self, *, share: float = 0.9) -> tuple[float, float]:
        """Return the ends of the central interval that holds this share of the distribution: [V(.95), V(.05)]."""
        require_fraction("share", share)
        rest = (1 - share) / 2
        highest = (LEVELS - 0.5) / LEVELS  # no threshold of the distribution lies above
        return self.above(min(1 - rest, highest)), self.above(rest)

    def crps(self, raters_ml: Volumes) -> float:
        """Return `crps` of the distribution against the raters' volumes, ml."""
        volumes = np.append(0, self.levels.sizes[::-1]) * self.voxel_ml  # rising: what is sorted is sorted at once
        return crps(volumes, raters_ml, np.append(self.levels.empty, self.levels.weights[::-1]))


def level_volumes(probability: np.ndarray | Levels, voxel_ml: float) -> LevelVolumes:
    r"""Return the distribution of volume that a probability map implies where all voxels share one threshold.

    .. math:: V(t) = |\{x : p(x) > t\}| \cdot v, \quad t \sim U(0, 1), \quad E[V] = v \sum_x p(x)

    Args:
        probability: (...) floats in [0, 1]; uint16, where 65535 stands for 1; bool; or `Levels` of one of these.
        voxel_ml: volume v of a voxel, ml.
    Returns: V at 65535 evenly spaced thresholds; no random draw. All 0 where no voxel is probable.
    Raises: InputError: if `probability` or `voxel_ml` is not as above.
    """
    require_positive("voxel_ml", voxel_ml)
    return LevelVolumes(Levels.of(probability), float(voxel_ml))


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


def score_volumes(probability: np.ndarray | Levels, raters: np.ndarray, voxel_ml: float) -> VolumeScores:
    """Score the distribution of volume of a probability map against the raters' masks.

    Args:
        probability: (...), as `level_volumes` takes it.
        raters: (R, ...) bool, on the same grid.
        voxel_ml: volume of a voxel, ml.
    Returns: see `VolumeScores`; all but `bias_percent` are numbers where masks are empty.
    Raises: InputError: if shapes, types or values do not fit.
    """
    levels = Levels.of(probability)
    distribution, masks = level_volumes(levels, voxel_ml), require_raters(raters, levels.values.shape)
    volumes = np.array([np.count_nonzero(mask) for mask in masks]) * float(voxel_ml)
    low, high = distribution.interval_ml()
    return VolumeScores(
        distribution.crps(volumes),
        *bias(distribution.mean_ml, volumes),
        (low, high),
        float(np.mean((volumes >= low) & (volumes <= high))),
    )


def _volumes(name: str, volumes_ml: Volumes) -> np.ndarray:
    """Return volumes as an (N,) array; raise where there are none, or where one is no number or below 0."""
    values = np.asarray(volumes_ml, np.float64)
    if values.ndim != 1 or not values.size:
        raise InputError(f"`{name}` must be a list of one volume or more, but its shape is {values.shape}.")
    require_finite(name, values)
    if values.min() < 0:
        raise InputError(f"`{name}` must hold volumes of 0 ml or more, but the smallest is {values.min():g}.")
    return values


ANY = (-INFINITY, INFINITY)
NO_VOLUME = "none: an empty mask has 0 ml"
SHARED = "of the volumes of P at 65535 thresholds on p"
OF_LEVELS = (
    Metric(
        "volume_crps", "volume CRPS", "ml", "lower", OPEN,
        f"integral over volume of (F - G)^2; F: distribution function {SHARED}, G: of the raters' volumes", NO_VOLUME,
        "Gneiting & Raftery 2007; raters as in CURVAS 2024. Departure: their volumes as they are, and nothing is cut",
        of="rater_probability", asked_by="raters", compute=lambda given: given.volumes.crps_ml,
    ),
    Metric(
        "volume_bias", "volume bias", "ml", "neither", ANY,
        "sum of p in ml - mean of the raters' volumes; signed, nearest 0 is best", NO_VOLUME,
        "sum of p as the volume: CURVAS 2024; the difference: definition here",
        of="rater_probability", asked_by="raters", compute=lambda given: given.volumes.bias_ml,
    ),
    Metric(
        "volume_bias_percent", "volume bias", "%", "neither", (-100.0, INFINITY),
        "volume_bias in % of the mean of the raters' volumes", "NaN where no rater drew", "definition here",
        of="rater_probability", asked_by="raters", compute=lambda given: given.volumes.bias_percent,
    ),
    Metric(
        "volume_coverage", "volume coverage", "1", "neither", FRACTION,
        f"share of the raters whose volume lies in the central 90 % {SHARED}, ends included; 0.9 is meant", NO_VOLUME,
        "definition here",
        of="rater_probability", asked_by="raters", compute=lambda given: given.volumes.covered,
    ),
    Metric(
        "volume_width", "volume interval", "ml", "neither", OPEN, f"width of the central 90 % {SHARED}", NO_VOLUME,
        "definition here",
        of="rater_probability", asked_by="raters", compute=lambda given: given.volumes.width_ml,
    ),
)  # fmt: skip

OF_MASKS = (
    Metric(
        "volume_crps_mask", "volume CRPS (mask)", "ml", "lower", OPEN,
        "as volume_crps, with the volume of P as the only one; the absolute error where raters agree", NO_VOLUME,
        "as volume_crps",
        of="rater_masks", asked_by="raters", compute=lambda given: crps([given.volume_ml], given.volumes_ml),
    ),
    Metric(
        "volume_bias_mask", "volume bias (mask)", "ml", "neither", ANY,
        "volume of P - mean of the raters' volumes; signed, nearest 0 is best", NO_VOLUME, "definition here",
        of="rater_masks", asked_by="raters", compute=lambda given: bias(given.volume_ml, given.volumes_ml)[0],
    ),
    Metric(
        "volume_bias_mask_percent", "volume bias (mask)", "%", "neither", (-100.0, INFINITY),
        "volume_bias_mask in % of the mean of the raters' volumes", "NaN where no rater drew", "definition here",
        of="rater_masks", asked_by="raters", compute=lambda given: bias(given.volume_ml, given.volumes_ml)[1],
    ),
    Metric(
        "raters_drew", "raters who drew it", "1", "neither", OPEN,
        "number of raters whose R is not empty", "0 where none drew", "recorded beside the scores",
        of="rater_masks", asked_by="raters", compute=lambda given: int(np.count_nonzero(given.volumes_ml)),
    ),
)  # fmt: skip
METRICS = OF_LEVELS + OF_MASKS
