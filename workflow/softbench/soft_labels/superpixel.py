"""Superpixel-guided softening: where a superpixel lies across a class's edge, the class fades with distance from it."""

from collections.abc import Sequence

import numpy as np

from softbench import arrays
from softbench.checks import require_finite, require_one_of, require_positive, require_same_shape, require_spacing
from softbench.errors import InputError
from softbench.soft_labels.contract import for_tensors_too, one_rater, require_image
from softbench.soft_labels.distance import CONVENTIONS, signed_distance

VERSION = 2
NEEDS_IMAGE = True
RATERS = "one"
KIND = "mapped"
SETTINGS = {
    "count": 2000,  # superpixels asked for; 500 to 3500 in Li et al. 2020, whose best count is only plotted
    "compactness": 0.1,  # not in the paper; chosen by benchmarks/compactness.py, see docs/methods.md
    "distance": "centre",  # what the edge is; the paper's own words are `inner_boundary`
    "units": "voxel",  # of the distance; the paper does not say
    "normalise": "sum",  # sum: a distribution; none: the paper's equation, whose classes need not sum to 1
}
ALLOWED = {
    "count": {"type": "integer", "minimum": 1, "description": "superpixels asked for"},
    "compactness": {"type": "number", "exclusiveMinimum": 0, "description": "weight of place against colour"},
    "distance": {"constant": "soft_labels/distance.py:CONVENTIONS", "description": "where the edge lies"},
    "units": {"enum": ["voxel", "mm"], "description": "of the distance"},
    "normalise": {"enum": ["sum", "none"], "description": "whether a voxel's classes are divided by their sum"},
}
MAP_SETTINGS = ("count", "compactness")
ROUNDS = 10  # of k-means: the default of scikit-image, and of Achanta et al. 2012
RATIO_DIGITS = 6  # of a relative spacing: files keep spacing as float32, which holds seven, and units change the last
EXACT_DIGITS = 12  # of a ratio of two float64, whatever the unit; to these first, so that a tie at the sixth stays one
FAR_OFF = 2  # times the number asked for, or its inverse: beyond it a case is told in the log and counted in tables


def is_normalised(normalise: str = "sum", **settings: object) -> bool:
    """Return whether the classes of a voxel sum to 1: only with `normalise="sum"`."""
    return normalise == "sum"


@for_tensors_too
def soften(
    labels: np.ndarray,
    image: np.ndarray | None,
    spacing_mm: Sequence[float],
    *,
    classes: int,
    count: int = 2000,
    compactness: float = 0.1,
    distance: str = "centre",
    units: str = "voxel",
    normalise: str = "sum",
) -> np.ndarray:
    r"""Let each class fade across its edge, within the superpixels that the edge cuts.

    .. math:: q_c = \tfrac12 \left(\frac{d_c}{1 + |d_c|} + 1\right)

    in superpixels that hold both voxels of class c and others; elsewhere q_c = [t = c]. d_c is the signed distance to
    the edge of class c, positive inside.

    Args:
        labels: (1, D, H, W) or (1, H, W), class ids.
        image: (M, D, H, W) or (M, H, W), finite; SLIC sees all channels, each stretched to [0, 1].
        spacing_mm: (D, H, W) or (H, W), mm.
        classes: number of classes C, background included; background is softened like any class.
        count: superpixels asked for; SLIC finds another number (2000: 2041 or 2109 on 128 x 192 x 192).
        compactness: of SLIC, see `segments`.
        distance: "centre", "halfshift" or "inner_boundary", see `signed_distance`.
        units: of d: "voxel" (all axes alike) or "mm".
        normalise: "sum" (q divided by its sum over classes) or "none" (as the paper writes it).
    Returns: (C, D, H, W) or (C, H, W) float32 in [0, 1]; a class that is absent or covers everything stays one-hot. The
        labelled class keeps the largest probability. With `normalise="none"` a voxel's classes sum to 1 only where the
        edges of exactly two classes coincide, in all but `inner_boundary`, where they sum to 0.75 there.
    Raises: InputError: if a setting is unknown, the image is missing, not finite or on another grid, or the labels are
        not class ids of one rater.
    Source: Li et al. 2020, Eq. 1. Departures: normalised by default, since the KL divergence of the paper's loss needs
        a distribution; what the paper leaves open is a setting.

    >>> import numpy as np
    >>> from softbench import soft_labels
    >>> labels = np.zeros((1, 8, 8), np.uint8)  # one rater
    >>> labels[0, 2:6, 2:6] = 1
    >>> image = np.zeros((1, 8, 8), np.float32)  # one channel
    >>> image[0, 2:6, 2:7] = 1  # a pixel wider than the label
    >>> soft = soft_labels.superpixel.soften(labels, image, (1.0, 1.0), classes=2, count=4)
    >>> print(soft[1, 3].round(2))
    [0.   0.   0.75 0.83 0.83 0.75 0.25 0.  ]
    """
    made = make_map(labels, image, spacing_mm, classes=classes, case="", count=count, compactness=compactness)
    how = {"distance": distance, "units": units, "normalise": normalise}
    return apply_map(labels, made, classes=classes, spacing_mm=spacing_mm, **how)


def segments(image: np.ndarray, spacing_mm: Sequence[float], *, count: int, compactness: float) -> np.ndarray:
    """Cut an image into superpixels (SLIC) that all its channels share.

    Args:
        image: (M, D, H, W) or (M, H, W), finite. Each channel is stretched to [0, 1] by its own minimum and maximum, so
            that none counts more for its scale; a constant channel counts nothing.
        spacing_mm: (D, H, W) or (H, W), mm; the weight of a voxel along each axis, relative to the smallest of them
            (`relative`): the unit of length changes nothing.
        count: how many segments to ask for, at least 1; the number found differs (2000 asked, 2041 or 2109 found):
            it is the largest id.
        compactness: weight of place against colour, positive; large ones give boxes, small ones in noisy images a
            number found far below `count`. At 1 a channel's whole range weighs as much as the (largest) step between
            seeds in units of the smallest spacing.
    Returns: (D, H, W) or (H, W) int32, from 1 without a gap; each segment hangs together by faces, save for small ones
        at the array's very start. With `count` at or above the number of voxels each voxel is asked to be its own.
    Raises: InputError: if the image is not finite or a setting is not positive.
    Source: Achanta et al. 2012, by scikit-image. Departures: scikit-image takes a spacing as it is, so that place
        weighs with the square of the unit of length; here it is relative.
    """
    from skimage.segmentation import slic

    if not (isinstance(count, int | np.integer) and count >= 1):
        raise InputError(f"`count` must be a whole number of at least 1, but is {count!r}.")
    require_positive("compactness", compactness)
    require_finite("image", image)
    found = slic(
        stretch(image), n_segments=count, compactness=compactness, max_num_iter=ROUNDS, convert2lab=False,
        spacing=relative(require_spacing(spacing_mm, image.ndim - 1)), start_label=1, channel_axis=0,
    )  # fmt: skip
    return np.asarray(found, np.int32)


def relative(spacing_mm: Sequence[float]) -> tuple[float, ...]:
    """Return a spacing in units of its smallest step, to six digits: the same numbers in whatever unit it was given.

    >>> relative((0.00387, 0.01133)) == relative((3.87, 11.33))
    True
    """
    smallest = min(spacing_mm)
    exact = [float(f"{step / smallest:.{EXACT_DIGITS}g}") for step in spacing_mm]
    return tuple(float(f"{ratio:.{RATIO_DIGITS}g}") for ratio in exact)


def stretch(image: np.ndarray) -> np.ndarray:
    """Return each channel of (M, ...) as float32 in [0, 1], by its own minimum and maximum; 0 where it is constant."""
    axes = tuple(range(1, image.ndim))
    low = image.min(axis=axes, keepdims=True).astype(np.float32)
    span = image.max(axis=axes, keepdims=True).astype(np.float32) - low
    return (image.astype(np.float32) - low) / np.where(span > 0, span, np.float32(1))


def make_map(
    labels: np.ndarray,
    image: np.ndarray | None,
    spacing_mm: Sequence[float],
    *,
    classes: int,
    case: str,
    count: int,
    compactness: float,
) -> dict[str, np.ndarray]:
    """Return what all distances and normalisations share: `segments` (...), uint16, or uint32 above 65535 of them.

    Arguments and errors are those of `soften`; `case` is not used, since SLIC draws nothing.
    """
    channels = require_image(image, one_rater(labels, spacing_mm, classes))
    found = segments(channels, spacing_mm, count=count, compactness=compactness)
    return {"segments": found.astype(np.uint16 if found.max() <= np.iinfo(np.uint16).max else np.uint32)}


def map_facts(
    labels: np.ndarray, arrays_of_map: dict[str, np.ndarray], *, classes: int, count: int, compactness: float
) -> dict[str, int | float]:
    """Return what a reader should know of a case's superpixels.

    Arguments are those of `make_map`, and what it returned; `compactness` is not used.
    Returns: `superpixels_asked`; `superpixels_found`; `superpixels_off`, 1 where they differ by more than a factor of
        `FAR_OFF`, else 0; `cut_share`: the share of voxels in superpixels that hold more than one class, the voxels
        that are softened.
    """
    superpixels = arrays_of_map["segments"]
    found = int(superpixels.max())
    cut = crossing(labels[0], superpixels, classes).any(axis=1)
    return {
        "superpixels_asked": int(count),
        "superpixels_found": found,
        "superpixels_off": int(not count / FAR_OFF <= found <= count * FAR_OFF),
        "cut_share": float(np.asarray(cut)[superpixels].mean()),
    }


def doubt(facts: dict[str, int | float]) -> str | None:
    """Return a sentence about a case whose number of superpixels is far off the request, from its `map_facts`."""
    if not facts["superpixels_off"]:
        return None
    found, asked = facts["superpixels_found"], facts["superpixels_asked"]
    few = "the image has few voxels, or is noisy: a larger `compactness` of the map holds the number"
    many = "seeds lie whole voxels apart, so that a small grid has few numbers to choose from"
    return f"{found} superpixels were found, {asked} asked for: {few if found < asked else many}"


def apply_map(
    labels: np.ndarray,
    arrays_of_map: dict[str, np.ndarray],
    *,
    classes: int,
    spacing_mm: Sequence[float],
    distance: str = "centre",
    units: str = "voxel",
    normalise: str = "sum",
) -> np.ndarray:
    """Return the soft label of `soften`, (C, ...) float32, from labels (1, ...) and what `make_map` returned."""
    require_one_of("distance", distance, CONVENTIONS)
    require_one_of("units", units, ("voxel", "mm"))
    require_one_of("normalise", normalise, ("none", "sum"))
    label_map = one_rater(labels, spacing_mm, classes)
    superpixels = arrays_of_map["segments"]
    require_same_shape("segments", superpixels.shape, "labels", label_map.shape)
    steps = list(spacing_mm) if units == "mm" else [1.0] * label_map.ndim
    soft = arrays.one_hot(label_map, classes)
    cut = crossing(label_map, superpixels, classes)
    for c in np.flatnonzero(cut.any(axis=0)):
        here = cut[superpixels, c]
        soft[c, here] = fade(signed_distance(label_map == c, here, steps, convention=distance))
    if normalise == "sum":
        changed = np.asarray(cut.any(axis=1))[superpixels]
        soft[:, changed] /= soft[:, changed].sum(axis=0)
    return soft


def crossing(label_map: np.ndarray, superpixels: np.ndarray, classes: int) -> np.ndarray:
    """Return which superpixels hold both voxels of a class and others: (largest id + 1, C) bool."""
    known = int(superpixels.max()) + 1
    pairs = superpixels.ravel().astype(np.int64) * classes + label_map.ravel().astype(np.int64)
    voxels = np.bincount(pairs, minlength=known * classes).reshape(known, classes)
    cut: np.ndarray = (voxels > 0) & (voxels < voxels.sum(axis=1, keepdims=True))
    return cut


def fade(distance: np.ndarray) -> np.ndarray:
    """Return q of a signed distance (Li et al. 2020, Eq. 1): 0.75 at 1, 0.5 at 0, 0.25 at -1; in (0, 1)."""
    return 0.5 * (distance / (1 + np.abs(distance)) + 1)
