"""Soft dilation: voxels around a structure belong to it a little."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from softbench.checks import require_fraction
from softbench.soft_labels.boundary_uncertainty import dilated
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

    >>> import numpy as np
    >>> from softbench import soft_labels
    >>> labels = np.array([[[0, 0, 0, 1, 1, 1]]])  # one rater, a row of six pixels
    >>> soft = soft_labels.dilation.soften(labels, None, (1.0, 1.0), classes=2)
    >>> print(soft[1].round(2))
    [[0.  0.  0.3 1.  1.  1. ]]
    """
    return next(soften_each(labels, spacing_mm, classes=classes, settings=[{"value": value}]))


def soften_each(
    labels: np.ndarray, spacing_mm: Sequence[float], *, classes: int, settings: Sequence[Mapping[str, float]]
) -> Iterator[np.ndarray]:
    """Give what `soften` returns for each of several settings; the rims are found once for all of them."""
    label_map = one_rater(labels, spacing_mm, classes)
    values = [float(each.get("value", SETTINGS["value"])) for each in settings]
    for value in values:
        require_fraction("value", value)
    free = label_map == 0
    found = {int(c): dilated(label_map == c) & free for c in np.unique(label_map[~free])}
    count = sum((rim.astype(np.uint8) for rim in found.values()), start=np.zeros(label_map.shape, np.uint8))
    for value in values:
        soft = np.zeros((classes, *label_map.shape), np.float32)
        soft[0] = np.where(count > 0, 1 - np.float32(value), np.float32(1)) * free
        for c, rim in found.items():
            soft[c][rim] = np.float32(value) / count[rim]
            soft[c][label_map == c] = 1
        yield soft
        del soft


soften_batch = batched(soften)
