"""All measures of one structure's mask against its reference."""

from collections.abc import Sequence

import numpy as np

from softbench.checks import require_positive, require_same_shape, require_spacing
from softbench.metrics import overlap, surface
from softbench.metrics.masks import require_mask

VERSION = 1


def binary(
    prediction: np.ndarray, reference: np.ndarray, spacing_mm: Sequence[float], tolerance_mm: float = 2.0
) -> dict[str, float]:
    """Measure how well a mask fits its reference: overlap, volume and surface distance.

    Args:
        prediction: (D, H, W) or (H, W) bool.
        reference: of the same shape.
        spacing_mm: one number for each axis, in the order of the array's axes.
        tolerance_mm: how far apart surfaces may lie to count as one in `nsd`, `nsd_voxel` and `sd_svls`; inclusive.
    Returns: `dsc iou accuracy specificity sensitivity precision vs hd95 hd95_pooled asd assd masd nsd nsd_voxel
        sd_svls`; what each means and its range stand in `catalogue`. Where one mask is empty, distances are inf, and
        overlaps and `nsd` 0; where both are, distances, overlaps and `nsd` are NaN (`sd_svls` is 0, as its authors').
    Raises: InputError: if the masks are not bool, differ in shape, or spacing or tolerance are not positive.
    Source: the entries of `catalogue.CATALOGUE`. Departures: stated there.
    """
    prediction, reference = require_mask("prediction", prediction), require_mask("reference", reference)
    require_same_shape("prediction", prediction.shape, "reference", reference.shape)
    spacing = require_spacing(spacing_mm, prediction.ndim)
    require_positive("tolerance_mm", tolerance_mm)
    counts = overlap.compare(prediction, reference)
    surfaces = surface.between(prediction, reference, spacing)
    overlaps = ("dsc", "iou", "accuracy", "specificity", "sensitivity", "precision", "vs")
    distances = ("hd95", "hd95_pooled", "asd", "assd", "masd")
    return {
        **{key: getattr(counts, key) for key in overlaps},
        **{key: getattr(surfaces, key) for key in distances},
        **{key: getattr(surfaces, key)(tolerance_mm) for key in ("nsd", "nsd_voxel", "sd_svls")},
    }
