"""rims: a share of each voxel's certainty goes to all classes, the more the nearer an edge of the labels is."""

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from softbench import arrays
from softbench.checks import require_fraction
from softbench.soft_labels.contract import for_tensors_too, one_rater

VERSION = 1
NEEDS_IMAGE = False
RATERS = "one"
KIND = "mapped"
SETTINGS = {"width_mm": 2.0, "share": 0.3}
MAP_SETTINGS = ("width_mm",)


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
    width_mm: float = 2.0,
    share: float = 0.3,
) -> np.ndarray:
    """Mix labels (1, ...) with the uniform distribution; returns (C, ...) float32, summing to 1."""
    made = make_map(labels, image, spacing_mm, classes=classes, case="", width_mm=width_mm)
    return apply_map(labels, made, classes=classes, spacing_mm=spacing_mm, share=share)


def make_map(
    labels: np.ndarray,
    image: np.ndarray | None,
    spacing_mm: Sequence[float],
    *,
    classes: int,
    case: str,
    width_mm: float,
) -> dict[str, np.ndarray]:
    """Return `nearness` (...), float32: 1 at an edge, falling with the distance from it over `width_mm`."""
    label_map = one_rater(labels, spacing_mm, classes)
    size = (3,) * label_map.ndim
    edges = ndimage.maximum_filter(label_map, size) != ndimage.minimum_filter(label_map, size)
    distance_mm = ndimage.distance_transform_edt(~edges, sampling=list(spacing_mm))
    return {"nearness": np.exp(-distance_mm / width_mm).astype(np.float32)}


def apply_map(
    labels: np.ndarray,
    arrays_of_map: dict[str, np.ndarray],
    *,
    classes: int,
    spacing_mm: Sequence[float],
    share: float = 0.3,
) -> np.ndarray:
    """Return the soft label of `soften` from labels (1, ...) and what `make_map` returned."""
    require_fraction("share", share)
    mix = share * arrays_of_map["nearness"]
    target = arrays.one_hot(one_rater(labels, spacing_mm, classes), classes)
    return ((1 - mix) * target + mix / classes).astype(np.float32)
