"""The head in an MR image, told from the air around it by intensity alone; and a case cropped to it."""

import numpy as np
from scipy import ndimage
from skimage.filters import threshold_otsu

from softbench.datasets.volumes import Volumes

VERSION = 1


def of(image: np.ndarray) -> np.ndarray:
    """Return which voxels (D, H, W) belong to the head.

    The largest connected part above Otsu's threshold of the image, then holes (sinuses, dark skull) filled in each
    axial slice, where the scalp closes around them. The threshold is moved to the middle of the means of its two
    classes, where Otsu's lies anyway unless there is a gap between them: then his may be any place in the gap.
    """
    bright = image > threshold_otsu(image)
    parts, count = ndimage.label(image > (image[bright].mean() + image[~bright].mean()) / 2)
    if not count:
        return np.ones(image.shape, bool)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return np.stack([ndimage.binary_fill_holes(level) for level in parts == sizes.argmax()])


def keep(volumes: Volumes, inside: np.ndarray) -> Volumes:
    """Crop a case to the box of the voxels `inside` (D, H, W)."""
    box = tuple(
        slice(places[0], places[-1] + 1)
        for axis in range(inside.ndim)
        if (places := np.flatnonzero(inside.any(axis=tuple(a for a in range(inside.ndim) if a != axis)))).size
    )
    affine = volumes.affine.copy()
    affine[:-1, -1] += volumes.affine[:-1, :-1] @ np.array([part.start for part in box], float)
    return Volumes(
        volumes.channels[:, *box],
        volumes.labels[:, *box],
        volumes.spacing_mm,
        affine,
        volumes.axcodes,
        None if volumes.valid is None else volumes.valid[box],
    )
