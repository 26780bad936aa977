"""Student's t: the interval of a mean, and the p of a mean with its standard error; on stacks of samples alike."""

import numpy as np
from scipy import stats

VERSION = 1
CONFIDENCE = 0.95


def t_interval(sample: np.ndarray, *, confidence: float = CONFIDENCE) -> tuple[np.ndarray, ...]:
    r"""Return the mean of independent normal values with its interval.

    .. math:: \bar d \pm t_{(1 + confidence) / 2,\, n - 1} \, \mathrm{sd}(d) / \sqrt n

    Args:
        sample: (..., n) finite values, n >= 2.
        confidence: of the interval.
    Returns: mean, low, high, standard deviation (ddof 1) and the two-sided p of a mean of zero, each of shape (...).
    """
    count = sample.shape[-1]
    mean, sd = sample.mean(axis=-1), sample.std(axis=-1, ddof=1)
    reach = stats.t.ppf((1 + confidence) / 2, count - 1) * sd / np.sqrt(count)
    return mean, mean - reach, mean + reach, sd, p_of(mean, sd / np.sqrt(count), count - 1)


def p_of(mean: np.ndarray, error: np.ndarray, df: np.ndarray | int) -> np.ndarray:
    """Return the two-sided p of a mean with its standard error; nothing over nothing speaks against nothing: 1."""
    with np.errstate(divide="ignore", invalid="ignore"):
        t = np.abs(mean) / error
    return np.where((mean == 0) & (error == 0), 1.0, 2 * stats.t.sf(t, df))
