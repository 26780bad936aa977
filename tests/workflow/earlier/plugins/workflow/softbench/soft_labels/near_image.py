"""near_image: a share of each voxel's certainty goes to what its neighbours are. Say here what yours does."""

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from softbench import arrays
from softbench.checks import require_fraction
from softbench.soft_labels.contract import for_tensors_too, one_rater, require_image

VERSION = 1  # raise it by 1 when the output changes: what was made with another one is made anew
NEEDS_IMAGE = True
RATERS = "one"  # "many" where `soften` reads the label maps of all raters
KIND = "stored"  # made once for the data set and kept on disk
SETTINGS = {"share": 0.3}  # what config.yaml may set, with the defaults of `soften`


def is_normalised(share: float = 0.3) -> bool:
    """Return whether the classes of a voxel sum to 1: always."""
    return True


@for_tensors_too
def soften(
    labels: np.ndarray, image: np.ndarray | None, spacing_mm: Sequence[float], *, classes: int, share: float = 0.3
) -> np.ndarray:
    r"""Mix each voxel's class with the mean of its 3^n neighbourhood, less where the image has an edge.

    .. math:: y_c = (1 - s)\, t_c + s\, \overline{t_c}, \qquad s = \mathrm{share} \cdot e^{-g / \bar g}

    where g is the size of the image's gradient, averaged over channels, and the second bar its mean over the image.

    Args:
        labels: (1, D, H, W) or (1, H, W), class ids.
        image: (M, D, H, W) or (M, H, W).
        spacing_mm: (D, H, W) or (H, W), mm, for the gradient.
        classes: number of classes C, background included.
        share: given to the neighbourhood, in [0, 1]; 0 gives one-hot.
    Returns: (C, D, H, W) or (C, H, W) float32, summing to 1 over C; an absent class is 0 everywhere.
    Raises: InputError: if `share` lies outside [0, 1], the labels are not class ids of one rater, or the image is
        missing, on another grid or not finite.
    Source: name the paper and equation. Departures: say where you depart from them.
    """
    require_fraction("share", share)
    label_map = one_rater(labels, spacing_mm, classes)
    mix = share * _flatness(require_image(image, label_map), spacing_mm)
    target = arrays.one_hot(label_map, classes)
    near = np.stack([ndimage.uniform_filter(channel, size=3, mode="nearest") for channel in target])
    return ((1 - mix) * target + mix * near).astype(np.float32)


def _flatness(image: np.ndarray, spacing_mm: Sequence[float]) -> np.ndarray:
    """Return 1 where the image is flat, towards 0 at its edges; 1 everywhere where it is flat throughout."""
    axes = [(axis, step) for axis, step in enumerate(spacing_mm, start=1) if image.shape[axis] > 1]
    squares = [np.gradient(image, step, axis=axis) ** 2 for axis, step in axes]
    edges = np.sqrt(np.sum(squares, axis=0)).mean(axis=0)
    return np.exp(-edges / max(float(edges.mean()), 1e-12)).astype(np.float32)
