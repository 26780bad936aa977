"""OCT B-scans with less speckle, and made level at Bruch's membrane by shifting columns by whole pixels.

Speckle: non-local means, a stand-in for the DnCNN of Li et al., whose weights are not fetched here.

Li et al. flatten "to an estimated Bruch's membrane (intensity gradient)" and say no more. Ours is after Lang et al.
2013: in each column the two steepest rises, at least `APART` rows apart, are the inner limiting membrane and the
ellipsoid zone; the steepest fall within `REACH` rows below the lower of the two is Bruch's membrane. A parabola
through all columns, fitted to the least sum of absolute distances, passes over columns in which that fails.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import convolve, gaussian_filter
from skimage.restoration import denoise_nl_means

from softbench.checks import require_one_of
from softbench.errors import InputError

VERSION = 1
SMOOTH = (2.0, 8.0)  # pixels, sd along a column and along a row
APART, REACH = 25, 30  # rows: 97 and 116 um
ROUNDS, LEAST = 30, 0.5  # of reweighting; rows below which a distance weighs no more


def membrane(image: np.ndarray) -> np.ndarray:
    """Return the row (W,) of Bruch's membrane in each column of a B-scan (H, W)."""
    slope = np.gradient(gaussian_filter(image.astype(np.float64), SMOOTH), axis=0)
    rows = np.arange(len(slope))[:, None]
    first = slope.argmax(axis=0)
    second = np.where(np.abs(rows - first) < APART, -np.inf, slope).argmax(axis=0)
    ellipsoid = np.maximum(first, second)
    below = (rows > ellipsoid) & (rows <= ellipsoid + REACH)
    fall = np.where(below, slope, np.inf).argmin(axis=0)
    return _parabola(np.where(below.any(axis=0), fall, ellipsoid).astype(np.float64))


def _parabola(rows: np.ndarray) -> np.ndarray:
    """Fit rows by a parabola with the least sum of absolute distances, by reweighted least squares."""
    place = np.linspace(-1, 1, len(rows))
    basis = np.stack([np.ones_like(place), place, place**2], axis=1)
    weights = np.ones_like(rows)
    fitted = rows
    for _ in range(ROUNDS):
        root = np.sqrt(weights)
        fitted = basis @ np.linalg.lstsq(basis * root[:, None], rows * root, rcond=None)[0]
        weights = 1 / np.maximum(np.abs(rows - fitted), LEAST)
    return fitted


@dataclass(frozen=True)
class Window:
    """The rows that are kept of each column: `above` rows up to `base` (W,), and `below` from it on."""

    base: np.ndarray
    above: int
    below: int

    @classmethod
    def of(cls, base: np.ndarray, rows: Sequence[int] | None, height: int) -> "Window":
        """Return a window around rounded rows; without `rows`, as high as the image.

        Raises: InputError: if `rows` are not two whole numbers from 1 on.
        """
        level = np.rint(base).astype(int)
        if rows is None:
            above = int(np.clip(np.median(level), 0, height))
            return cls(level, above, height - above)
        if len(rows) != 2 or any(int(n) != n or n < 1 for n in rows):
            raise InputError(f"`rows` must be how many are kept above and below, from 1 on, but is {list(rows)}.")
        return cls(level, int(rows[0]), int(rows[1]))

    def take(self, image: np.ndarray, fill: float) -> np.ndarray:
        """Return the window (above + below, W) of an image (H, W); places outside of it hold `fill`."""
        wanted = np.arange(-self.above, self.below)[:, None] + self.base
        inside = (wanted >= 0) & (wanted < len(image))
        taken = np.take_along_axis(image, np.clip(wanted, 0, len(image) - 1), axis=0)
        return np.where(inside, taken, np.asarray(fill, image.dtype))


DENOISERS = ("nl_means", "none")
PATCH, SEARCH = 5, 6  # pixels: edge of a patch; how far patches are searched
STRENGTH = 0.8  # of the noise's deviation; what scikit-image advises for its fast mode
NOISE_KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]])  # blind to planes


def denoised(image: np.ndarray, *, how: str) -> np.ndarray:
    """Return an image (H, W) with less noise, float32: `nl_means`, or `none` for the image as it is."""
    require_one_of("denoise", how, DENOISERS)
    sigma = noise(image)
    if how == "none" or sigma == 0:
        return image
    filtered = denoise_nl_means(
        image.astype(np.float32),
        patch_size=PATCH,
        patch_distance=SEARCH,
        h=STRENGTH * sigma,
        sigma=sigma,
        fast_mode=True,
    )
    return np.asarray(filtered, np.float32)


def noise(image: np.ndarray) -> float:
    r"""Return the standard deviation of an image's noise.

    .. math:: \sigma = \sqrt{\pi / 2} \, \mathrm{mean} |I * N| / 6

    Source: Immerkaer, Computer Vision and Image Understanding 64, 300 (1996). Departures: none.
    """
    answer = convolve(image.astype(np.float64), NOISE_KERNEL)[1:-1, 1:-1]
    return float(np.sqrt(np.pi / 2) * np.abs(answer).mean() / 6)
