"""Area of the boundary between voxels of different classes, as that of the surface that the voxels stand for."""

import math
from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from softbench.arrays import bounding_box
from softbench.checks import require_spacing

VERSION = 1
SMOOTH = 1.5  # largest spacings: standard deviation of what the direction of a surface is taken from
REACH = 3  # standard deviations


def boundary_area_mm(label_map: np.ndarray, spacing_mm: Sequence[float]) -> float:
    r"""Return the area (mm²; in 2-D the length in mm) of the boundaries between classes.

    .. math:: A = \sum_f a_f \, |n_f \cdot e_f|

    f: the faces between voxels of two classes, of area a and direction e; n: the direction of the surface there, the
    gradient of the class after smoothing. The faces of a plane add up to more than its area, by 1.5 on average over
    directions in 3-D; seen along the plane's direction they add up to its area. The array's border is no boundary.

    Args:
        label_map: (D, H, W) or (H, W) integers or bool; 0 is background.
        spacing_mm: one number an axis, mm.
    Returns: at least 0; within 5 % on balls and discs from a radius of 5 voxels on, with slices up to 7 times as
        thick as a pixel is wide. 0 where all voxels are of one class.
    Raises: InputError: if the spacing is not positive.
    Source: ours, in place of surfels (Nikolov et al. 2018), which make a ball's area 9 % too large at equal spacing,
        and 24 % at 5 x 0.7 x 0.7 mm.

    >>> import numpy as np
    >>> from softbench.areas import boundary_area_mm
    >>> boundary_area_mm(np.array([[0, 0, 1, 1]]), (2.0, 3.0))  # one face, 2 mm long
    2.0
    """
    spacing = require_spacing(spacing_mm, label_map.ndim)
    classes = np.unique(label_map)
    return sum((_area_of(label_map, int(c), spacing) for c in classes if c > 0), start=0.0)


def _area_of(label_map: np.ndarray, c: int, spacing: Sequence[float]) -> float:
    """Return the area of the boundary of a class to classes of smaller ids, so that each boundary counts once."""
    box = bounding_box(label_map == c, [1] * label_map.ndim)
    labels = label_map[box].astype(np.int32)
    smooth = np.pad(_smoothed(labels == c, spacing), 1, mode="edge")
    flat, steps = smooth.reshape(-1), [stride // smooth.itemsize for stride in smooth.strides]
    area = 0.0
    for axis, step in enumerate(spacing):
        lower, upper = (np.moveaxis(labels, axis, 0)[part] for part in (slice(None, -1), slice(1, None)))
        faces = np.moveaxis((lower != upper) & (np.maximum(lower, upper) == c), 0, axis)
        here = sum(((place + 1) * by for place, by in zip(np.nonzero(faces), steps, strict=True)), start=0)
        if np.size(here) and faces.any():
            cosines = _cosines(flat, np.asarray(here), steps, axis, spacing)
            area += float(cosines.sum()) * math.prod(spacing) / step
    return area


def _cosines(
    flat: np.ndarray, here: np.ndarray, steps: Sequence[int], axis: int, spacing: Sequence[float]
) -> np.ndarray:
    """Return |n · e| at the faces behind voxels `here`; 1 where smoothing left no direction."""
    behind = here + steps[axis]
    along = (flat[behind] - flat[here]) / spacing[axis]
    squares = along**2
    for other, step in enumerate(steps):
        if other != axis:
            across = flat[here + step] - flat[here - step] + flat[behind + step] - flat[behind - step]
            squares += (across / (4 * spacing[other])) ** 2
    length = np.sqrt(squares)
    return np.divide(np.abs(along), length, out=np.ones_like(length), where=length > 0)


def _smoothed(mask: np.ndarray, spacing: Sequence[float]) -> np.ndarray:
    """Return a mask, (...) float32, after a Gaussian of one width in mm along all axes."""
    smooth = mask.astype(np.float32)
    for axis, step in enumerate(spacing):
        sigma = SMOOTH * max(spacing) / step
        smooth = ndimage.gaussian_filter1d(smooth, sigma, axis=axis, mode="nearest", truncate=REACH)
    return smooth
