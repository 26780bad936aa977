"""Gaussian blur of the one-hot label, as Engelen et al. soften: a control that does not use the image."""

from collections.abc import Sequence

import numpy as np

from softbench.arrays import bounding_box
from softbench.checks import require_one_of, require_positive
from softbench.soft_labels.contract import batched, for_tensors_too, one_rater

VERSION = 1
NEEDS_IMAGE = False
RATERS = "one"
KIND = "computed"
SINGLE_VOXEL_KEEPS = 0.05  # of an object of one voxel: it is blurred away
SETTINGS = {
    "sigma": 1.0,  # of the Gaussian; the papers print no value
    "units": "voxel",  # of sigma; mm makes it wider in voxels along finely sampled axes
}
ALLOWED = {
    "sigma": {"type": "number", "exclusiveMinimum": 0, "description": "standard deviation of the Gaussian"},
    "units": {"enum": ["voxel", "mm"], "description": "of sigma"},
}
TRUNCATE = 4.0  # standard deviations at which the Gaussian ends, as scipy's


def is_normalised(**settings: object) -> bool:
    """Return whether the classes of a voxel sum to 1: always."""
    return True


@for_tensors_too
def soften(
    labels: np.ndarray,
    image: np.ndarray | None,
    spacing_mm: Sequence[float],
    *,
    classes: int,
    sigma: float = 1.0,
    units: str = "voxel",
) -> np.ndarray:
    r"""Blur each class's one-hot channel with a Gaussian; borders are replicated.

    .. math:: y_c = G_\sigma * [\,t = c\,]

    Args:
        labels: (1, D, H, W) or (1, H, W), class ids.
        image: not used.
        spacing_mm: (D, H, W) or (H, W), mm; used with `units="mm"` alone.
        classes: number of classes C, background included.
        sigma: standard deviation, positive.
        units: of sigma: "voxel" (the same along all axes) or "mm" (sigma divided by the spacing of each axis).
    Returns: (C, D, H, W) or (C, H, W) float32 in [0, 1], summing to 1 over C; an absent class is 0 everywhere. The
        label is not always the largest class: thin parts are blurred away.
    Raises: InputError: if sigma is not positive, the unit unknown, or the labels are not class ids of one rater.
    Source: Engelen et al., as Li et al. 2020 use it; `scipy.ndimage.gaussian_filter` with mode "nearest", truncate 4.
        Departures: background is 1 minus the others, which a Gaussian of sum 1 makes the same (to 3e-7).

    >>> import numpy as np
    >>> from softbench import soft_labels
    >>> labels = np.array([[[0, 0, 0, 1, 1, 1]]])  # one rater, a row of six pixels
    >>> soft = soft_labels.blur.soften(labels, None, (1.0, 1.0), classes=2)
    >>> print(soft[1].round(2))
    [[0.   0.06 0.3  0.7  0.94 1.  ]]
    """
    require_positive("sigma", sigma)
    require_one_of("units", units, ("voxel", "mm"))
    label_map = one_rater(labels, spacing_mm, classes)
    sigmas = [sigma / s for s in spacing_mm] if units == "mm" else [float(sigma)] * label_map.ndim
    soft = np.zeros((classes, *label_map.shape), np.float32)
    soft[0] = 1
    for c in range(1, classes):
        blur_class(label_map == c, sigmas, soft[c], soft[0])
    return soft


soften_batch = batched(soften)


def blur_class(mask: np.ndarray, sigmas: Sequence[float], channel: np.ndarray, background: np.ndarray) -> None:
    """Write a mask's blur into `channel` and take it from `background`, both in place.

    Beyond the kernel's reach from the mask's box the blur is 0. Within it, a margin of the reach beside the box is
    empty (or ends with the array), so replicating the crop's border is replicating the array's.
    """
    from scipy import ndimage

    if not mask.any():
        return
    reach = [int(TRUNCATE * s + 0.5) for s in sigmas]
    box = bounding_box(mask, reach)
    blurred = ndimage.gaussian_filter(mask[box].astype(np.float32), sigmas, mode="nearest", truncate=TRUNCATE)
    channel[box] = blurred
    background[box] = np.maximum(background[box] - blurred, 0)
