"""Multi-rater SVLS (mSVLS): the spatially smoothed labels of all raters, averaged."""

from collections.abc import Sequence

import numpy as np

from softbench import arrays
from softbench.checks import require_one_of
from softbench.soft_labels import svls
from softbench.soft_labels.contract import batched, for_tensors_too, many_raters

VERSION = 1
NEEDS_IMAGE = False
RATERS = "many"
KIND = "computed"
SETTINGS = {"sigma": 1.0, "mode": "mean"}  # sigma in voxels; mode: mean | eq4
ALLOWED = {
    "sigma": {"type": "number", "exclusiveMinimum": 0, "description": "of the Gaussian, in voxels"},
    "mode": {"enum": ["mean", "eq4"], "description": "mean over raters, or the paper's Eq. 4 to the letter"},
}


def is_normalised(sigma: float = 1.0, mode: str = "mean") -> bool:
    """Return whether the classes of a voxel sum to 1: not for the literal Eq. 4."""
    return mode == "mean"


@for_tensors_too
def soften(
    labels: np.ndarray,
    image: np.ndarray | None,
    spacing_mm: Sequence[float],
    *,
    classes: int,
    sigma: float = 1.0,
    mode: str = "mean",
) -> np.ndarray:
    r"""Smooth each rater's labels by SVLS, then average over raters.

    .. math:: y_c = \frac{1}{R} \sum_r \mathrm{SVLS}(t_r)_c

    Args:
        labels: (R, D, H, W) or (R, H, W), class ids; one rater gives SVLS.
        image: not used.
        spacing_mm: (D, H, W) or (H, W), mm; not used: the kernel is in voxels.
        classes: number of classes C, background included.
        sigma: of the Gaussian, in voxels, positive.
        mode: "mean", or "eq4": the paper's Eq. 4 to the letter, where a rater counts for class c only at the voxels
            that this rater gave class c; such a label sums to less than 1 near boundaries (0.61 to 0.83 on a toy).
    Returns: (C, D, H, W) or (C, H, W) float32; with "mean" summing to 1 over C; an absent class is 0 everywhere.
    Raises: InputError: if `sigma` is not positive, `mode` unknown, or the labels are not class ids.
    Source: Islam & Glocker 2021, Eq. 4, read as the mean; the authors published no code for it. Departures: none
        besides that reading. SVLS is linear, so the mean of SVLS is SVLS of the mean.

    >>> import numpy as np
    >>> from softbench import soft_labels
    >>> labels = np.array([[[0, 0, 1, 1]], [[0, 1, 1, 1]], [[0, 0, 1, 0]]])  # three raters, a row of four pixels
    >>> soft = soft_labels.msvls.soften(labels, None, (1.0, 1.0), classes=2)
    >>> print(soft[1].round(2))
    [[0.06 0.39 0.83 0.72]]
    """
    require_one_of("mode", mode, ("mean", "eq4"))
    raters = many_raters(labels, spacing_mm, classes)
    smoothed = [svls.soften(rater[None], None, spacing_mm, classes=classes, sigma=sigma) for rater in raters]
    if mode == "eq4":
        smoothed = [soft * arrays.one_hot(rater, classes) for soft, rater in zip(smoothed, raters, strict=True)]
    return np.stack(smoothed).mean(axis=0)


soften_batch = batched(soften)
