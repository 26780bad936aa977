"""Agreement of a prediction with raters, in units of the agreement of the raters with one another."""

from dataclasses import dataclass

import numpy as np

from softbench.checks import require_finite, require_same_shape
from softbench.errors import InputError
from softbench.metrics.metric import INFINITY, OPEN, Metric, ratio
from softbench.metrics.raters.overlaps import Overlaps

VERSION = 2
FEWEST = 3  # raters of an interval: without one of two there is no pair left
LEVEL = 0.95


@dataclass(frozen=True)
class Agreement:
    """value: 1 where a prediction is as near to raters as they are to each other. low, high: its 95 % interval.

    without: (R,) the value without each rater in turn; NaN of fewer than 3 raters.
    """

    value: float
    low: float
    high: float
    without: tuple[float, ...] = ()


def relative_agreement(overlaps: Overlaps) -> Agreement:
    """Return the agreement of a mask, which is first, with raters over theirs with each other, by DSC.

    See `relative_to_raters`, which takes any other score.
    """
    scores = overlaps.dsc
    return relative_to_raters(scores[0, 1:], scores[1:, 1:])


def relative_to_raters(to_raters: np.ndarray, between_raters: np.ndarray) -> Agreement:
    r"""Return the mean score of a prediction to raters over the mean score of two raters, with its interval.

    .. math:: \theta = \frac{\frac{1}{R} \sum_r s(P, Y_r)}{\frac{2}{R (R - 1)} \sum_{r < q} s(Y_r, Y_q)},
        \quad \theta \pm t_{R - 1} \sqrt{\frac{R - 1}{R} \sum_r (\theta_{-r} - \bar\theta_{-})^2}

    The interval is the jackknife's, over raters: how far the value depends on who was asked. It holds for this one
    case, and says nothing of other patients; of many cases together: `statistics.raters`.

    Args:
        to_raters: (R,) scores of the prediction to each rater.
        between_raters: (R, R) symmetric scores of two raters; the diagonal is not read.
    Returns: at least 0 where scores are; above 1 where the prediction is nearer to raters than they to each other.
        NaN of one rater, and where the raters' mean is 0: they all drew and never overlap. The interval's ends are NaN
        of fewer than 3 raters, and where the raters that are left without one never overlap.
    Raises: InputError: if shapes do not fit, or a score is not finite.
    Source: Williams 1976 (Williams' index); interval: the jackknife over raters with Student's t, definition here.
        Departures: a score of masks where Williams has agreement in categories, as is usual for segmentations.
    """
    to, between = np.asarray(to_raters, np.float64), np.asarray(between_raters, np.float64)
    if to.ndim != 1 or not to.size:
        raise InputError(f"`to_raters` must hold one score or more, (R,), but its shape is {to.shape}.")
    require_same_shape("between_raters", between.shape, "to_raters x to_raters", (len(to), len(to)))
    pairs = np.where(np.eye(len(to), dtype=bool), 0, between)
    require_finite("to_raters", to)
    require_finite("between_raters", pairs)
    value, low, high = _value(to, pairs), float("nan"), float("nan")
    without = np.full(len(to), np.nan)
    if len(to) >= FEWEST:
        from scipy.special import stdtrit  # as in `lesions`

        without = np.array([_value(*_leave_out(to, pairs, rater)) for rater in range(len(to))])
        error = float(np.sqrt((len(to) - 1) / len(to) * ((without - without.mean()) ** 2).sum()))
        reach = float(stdtrit(len(to) - 1, (1 + LEVEL) / 2)) * error
        low, high = value - reach, value + reach
    return Agreement(value, low, high, tuple(without.tolist()))


def _value(to: np.ndarray, pairs: np.ndarray) -> float:
    """Return the ratio of two means; `pairs` is 0 on its diagonal."""
    count = len(to)
    return ratio(float(to.mean()), float(pairs.sum()) / (count * (count - 1))) if count > 1 else float("nan")


def _leave_out(to: np.ndarray, pairs: np.ndarray, rater: int) -> tuple[np.ndarray, np.ndarray]:
    return np.delete(to, rater), np.delete(np.delete(pairs, rater, axis=0), rater, axis=1)


WILLIAMS = "Williams 1976 (Williams' index), of DSC"
ALONE = "NaN of one rater, and where no two raters overlap; two empty masks have DSC 1"
FEW = "NaN of fewer than 3 raters, and where those without one never overlap"
METRICS = (
    Metric(
        "agreement", "agreement", "1", "higher", OPEN,
        "mean DSC of P to a rater / mean DSC of two raters; 1: as near to a rater as raters to each other", ALONE,
        WILLIAMS,
        of="rater_masks", asked_by="raters", compute=lambda given: given.agreement.value,
    ),
    Metric(
        "agreement_low", "agreement, lower end", "1", "neither", (-INFINITY, INFINITY),
        "lower end of the 95 % interval of a case's agreement over raters (jackknife); not to be averaged over cases",
        FEW, f"{WILLIAMS}; the interval: definition here",
        of="rater_masks", asked_by="raters", compute=lambda given: given.agreement.low,
    ),
    Metric(
        "agreement_high", "agreement, upper end", "1", "neither", (-INFINITY, INFINITY),
        "upper end of the 95 % interval of a case's agreement over raters", FEW,
        f"{WILLIAMS}; the interval: definition here",
        of="rater_masks", asked_by="raters", compute=lambda given: given.agreement.high,
    ),
    Metric(
        "agreement_without", "agreement without the rater", "1", "neither", OPEN,
        "agreement with the raters other than the row's own; from it come intervals over raters of many cases", FEW,
        WILLIAMS,
        of="left_out_rater", asked_by="raters", compute=float,
    ),
)  # fmt: skip
