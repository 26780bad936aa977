"""Bootstrap draws of means: each on its own where no more is printed, together over seeds where seeds are known."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from softbench.statistics import draw_means

VERSION = 1
APART = ""  # the value of `runs` where nothing is known of what means share


def redraw(rows: pd.DataFrame, used: Sequence[int], *, draws: int, seed: int) -> tuple[np.ndarray, str]:
    """Draw the means of some rows anew.

    Args:
        rows: a complete table of means.
        used: the numbers of the rows that are compared; the others may stay as they are.
        draws: how many.
        seed: of the draws.
    Returns: (draws, rows), and why the noise of a row in `used` is not known; empty where it is.
    """
    rng = np.random.default_rng(seed)
    runs = rows["runs"].to_numpy()
    drawn, known = _apart(rows, draws, rng)
    if not all(known[row] for row in used if runs[row] == APART):
        return drawn, "not every mean that is compared has a ±"
    for name in dict.fromkeys(runs[row] for row in used if runs[row] != APART):
        members = [row for row in used if runs[row] == name]
        by_seed = _in_common(rows["by_seed"].iloc[members])
        if len(by_seed) < 2:
            return drawn, "fewer than two seeds that all compared runs have"
        drawn[:, members] = draw_means(by_seed, draws=draws, rng=rng)
    return drawn, ""


def _apart(rows: pd.DataFrame, draws: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return mean + sd / sqrt(n) t, each on its own, and of which rows the sd is known."""
    mean, sd, n = (rows[name].to_numpy(float) for name in ("mean", "sd", "n"))
    known = np.isfinite(sd) & (n > 1)
    noise = rng.standard_t(np.where(known, n - 1, 1), size=(draws, len(rows)))
    return mean + np.where(known, sd / np.sqrt(np.where(known, n, 1)), 0) * noise, known


def _in_common(by_seed: pd.Series) -> np.ndarray:
    """Return the means (seeds, rows) of the seeds that all rows have."""
    seeds = sorted(set.intersection(*(set(one) for one in by_seed)))
    return np.array([[one[seed] for one in by_seed] for seed in seeds])
