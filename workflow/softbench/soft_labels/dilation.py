"""Soft dilation: voxels around a structure belong to it a little."""

from collections.abc import Sequence

import numpy as np

from softbench.checks import require_fraction
from softbench.soft_labels.boundary_uncertainty import rims
from softbench.soft_labels.contract import batched, for_tensors_too, one_rater

VERSION = 1
NEEDS_IMAGE = False
RATERS = "one"
KIND = "computed"
SETTINGS = {"value": 0.3}  # of a structure in the rim around it
ALLOWED = {
    "value": {"type": "number", "minimum": 0, "maximum": 1, "description": "of a structure in the rim around it"}
}


def is_normalised(value: float = 0.3) -> bool:
    """Return whether the classes of a voxel sum to 1: always."""
    return True


@for_tensors_too
def soften(
    labels: np.ndarray, image: np.ndarray | None, spacing_mm: Sequence[float], *, classes: int, value: float = 0.3
) -> np.ndarray:
    r"""Give the background around a structure to the structure, with a reduced probability.

    .. math:: y_c = [t = c] + \frac{v}{n}\,[t = 0, \text{dilated}_c], \qquad y_0 = [t = 0]\,(1 - v\,[n > 0])

    c: a structure, not background; n: how many structures' rims a voxel of background lies in, which share it. One step
    of dilation with all 3 x 3 (x 3) neighbours. What is labelled as a structure stays as it is.

    Args:
        labels: (1, D, H, W) or (1, H, W), class ids.
        image: not used.
        spacing_mm: (D, H, W) or (H, W), mm; not used beyond its check: the rim is one voxel wide.
        classes: number of classes C, background included.
        value: v, from 0 (one-hot) to 1 (the dilated labels).
    Returns: (C, D, H, W) or (C, H, W) float32 in [0, 1], summing to 1 over C; an absent class is 0 everywhere. Above
        0.5 the label is not the largest class in the rim.
    Raises: InputError: if `value` is out of range, or the labels are not class ids of one rater.
    Source: Kats et al. 2019 (ISBI), for lesions of multiple sclerosis. Departures: several classes; the default value
        is ours, chosen before any result.
    """
    require_fraction("value", value)
    label_map = one_rater(labels, spacing_mm, classes)
    soft = np.zeros((classes, *label_map.shape), np.float32)
    free = label_map == 0
    for c in np.unique(label_map[~free]):
        soft[c] = rims(label_map == c)[1] & free
    count = soft.sum(axis=0)
    soft *= np.float32(value) / np.maximum(count, 1)
    soft[0] = 1 - np.float32(value) * (count > 0)
    for c in range(classes):
        soft[c][~free] = label_map[~free] == c
    return soft


soften_batch = batched(soften)
