"""Seeds of a geodesic distance: the voxels of a class from which it is measured."""

import hashlib

import numpy as np

from softbench.arrays import bounding_box
from softbench.checks import require_one_of
from softbench.errors import InputError

VERSION = 1
KINDS = ("skeleton", "erosion", "random")


def choose(
    mask: np.ndarray, kind: str, *, count: int = 5, case: str = "", class_id: int = 0, seed: int = 0
) -> np.ndarray:
    """Return the seeds of a mask, by the kind that is named; never empty where the mask is not.

    Args:
        mask: (D, H, W) or (H, W) bool.
        kind: "skeleton", "erosion" or "random"; the arguments below are for "random" alone (see there).
        count, case, class_id, seed: how many seeds, and what keys their draw.
    Returns: the same shape, bool.
    Raises: InputError: if the kind is unknown, or `count` or `seed` is out of range.
    """
    require_one_of("seeds", kind, KINDS)
    if kind == "random":
        return random(mask, count, case=case, class_id=class_id, seed=seed)
    return skeleton(mask) if kind == "skeleton" else erosion(mask)


def skeleton(mask: np.ndarray) -> np.ndarray:
    """Return the skeleton of a mask; never empty where the mask is not.

    Args:
        mask: (D, H, W) or (H, W) bool.
    Returns: the same shape, bool. Lee's method loses solid cubes with even sides; then the mask eroded by one voxel
        serves, and where that is empty too, the mask itself.
    Source: GeoLS authors' `get_skeleton` (skimage.morphology.skeletonize). Departure: the fallback, since there a
        class whose skeleton is empty disappears from the label without a word.
    """
    from skimage.morphology import skeletonize

    if not mask.any():
        return np.zeros_like(mask, bool)
    thin = np.zeros_like(mask, bool)
    box = bounding_box(mask)  # nothing else is seen, and it is faster there
    thin[box] = skeletonize(mask[box]) > 0
    return thin if thin.any() else erosion(mask)


def erosion(mask: np.ndarray) -> np.ndarray:
    """Return the voxels of a mask whose face neighbours belong to it too; never empty where the mask is not.

    Args:
        mask: (D, H, W) or (H, W) bool; what lies outside the array does not belong to it.
    Returns: the same shape, bool; the mask itself where nothing is left of it.
    Source: one pass with skimage's ball(1), as in the GeoLS authors' `mask_erosion`, which their script never calls;
        the paper does not say how often. Departure: the fallback.
    """
    from scipy import ndimage

    core = np.zeros_like(mask, bool)
    box = bounding_box(mask)  # nothing else is seen, and it is faster there
    core[box] = ndimage.binary_erosion(mask[box])
    return core if core.any() else np.array(mask, bool)


def random(mask: np.ndarray, count: int, *, case: str, class_id: int, seed: int) -> np.ndarray:
    """Return `count` voxels of a mask, drawn uniformly and without replacement; all of them where it has fewer.

    Args:
        mask: (D, H, W) or (H, W) bool, the whole class, not one of its components.
        count: number of seeds, at least 1.
        case: the case's id; with `class_id`, `count` and `seed` it decides the draw, so that each case has its own.
        class_id: the class that the mask is of.
        seed: not negative.
    Returns: the same shape, bool.
    Raises: InputError: if `count` is below 1 or `seed` below 0.
    Source: GeoLS paper, random-3/5/7; how they are drawn is not published. Ours stay fixed a case.
    """
    if not (isinstance(count, int | np.integer) and count >= 1):
        raise InputError(f"`count` must be a whole number of at least 1, but is {count!r}.")
    if not (isinstance(seed, int | np.integer) and seed >= 0):
        raise InputError(f"`seed` must be a whole number of at least 0, but is {seed!r}.")
    words = np.frombuffer(hashlib.sha256(case.encode()).digest(), "<u4").tolist()
    rng = np.random.default_rng(np.random.SeedSequence([*words, class_id, int(count), int(seed)]))
    places = np.flatnonzero(mask)
    drawn = np.zeros(mask.size, bool)
    drawn[rng.choice(places, min(count, len(places)), replace=False)] = True
    return drawn.reshape(mask.shape)
