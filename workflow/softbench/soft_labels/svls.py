"""Spatially varying label smoothing (SVLS): a voxel's classes are those of its 3 x 3 (x 3) neighbourhood."""

from collections.abc import Sequence

import numpy as np

from softbench import arrays
from softbench.checks import require_positive
from softbench.soft_labels.contract import batched, for_tensors_too, one_rater

VERSION = 2
NEEDS_IMAGE = False
RATERS = "one"
KIND = "computed"
SETTINGS = {"sigma": 1.0}  # voxels; the paper's value
ALLOWED = {"sigma": {"type": "number", "exclusiveMinimum": 0, "description": "of the Gaussian, in voxels"}}


def is_normalised(sigma: float = 1.0) -> bool:
    """Return whether the classes of a voxel sum to 1: always."""
    return True


@for_tensors_too
def soften(
    labels: np.ndarray, image: np.ndarray | None, spacing_mm: Sequence[float], *, classes: int, sigma: float = 1.0
) -> np.ndarray:
    r"""Weigh the one-hot labels of the 3^n neighbourhood by a Gaussian whose centre is as heavy as all the rest.

    .. math:: y_c = \frac{(G * t_c) + (s - G_0)\, t_c}{2 s}, \qquad s = 1 - G_0

    where G is the Gaussian on the 3^n grid with sum 1, and G_0 its centre; borders are replicated.

    Args:
        labels: (1, D, H, W) or (1, H, W), class ids.
        image: not used.
        spacing_mm: (D, H, W) or (H, W), mm; not used: the kernel is in voxels, as in the paper.
        classes: number of classes C, background included.
        sigma: of the Gaussian, in voxels, positive.
    Returns: (C, D, H, W) or (C, H, W) float32, summing to 1 over C; the labelled class keeps at least 0.5, so an
        isolated voxel is a tie; an absent class is 0 everywhere.
    Raises: InputError: if `sigma` is not positive, or the labels are not class ids of one rater.
    Source: Islam & Glocker 2021, Eq. 2 (the weights, Sec. 2, have no number) and the authors' code. Departures:
        computed axis by axis (equal to 2.4e-7).

    >>> import numpy as np
    >>> from softbench import soft_labels
    >>> labels = np.array([[[0, 0, 0, 1, 1, 1]]])  # one rater, a row of six pixels
    >>> soft = soft_labels.svls.soften(labels, None, (1.0, 1.0), classes=2)
    >>> print(soft[1].round(2))
    [[0.   0.   0.17 0.83 1.   1.  ]]
    """
    require_positive("sigma", sigma)
    label_map = one_rater(labels, spacing_mm, classes)
    target = arrays.one_hot(label_map, classes)
    box = arrays.box_of_change(label_map, 1)  # a voxel whose neighbours agree stays as it is
    for channel in target:
        if channel[box].any():
            channel[box] = _smooth(channel[box], sigma)
    return target


soften_batch = batched(soften)


def _smooth(channel: np.ndarray, sigma: float) -> np.ndarray:
    """Smooth one class: the Gaussian axis by axis, then the centre made as heavy as its neighbours together."""
    centre, side = _taps(sigma)
    total = 1 - centre**channel.ndim  # what the neighbours of the Gaussian weigh together
    blurred = channel
    for axis in range(channel.ndim):
        blurred = _filter(blurred, axis, centre, side)
    blurred *= np.float32(1 / (2 * total))
    blurred += np.float32((total - centre**channel.ndim) / (2 * total)) * channel
    return blurred


def kernel(dims: int, sigma: float = 1.0) -> np.ndarray:
    """Return the paper's weights on the 3^dims grid: centre 1, neighbours summing to 1."""
    centre, side = _taps(sigma)
    weights = np.ones((), np.float64)
    for _ in range(dims):
        weights = np.multiply.outer(weights, np.array([side, centre, side]))
    middle = (1,) * dims
    weights[middle] = 1 - weights[middle]
    return weights / weights[middle]


def _taps(sigma: float) -> tuple[float, float]:
    """Return the centre and side weight of the Gaussian on three voxels, summing to 1."""
    side = float(np.exp(-0.5 / sigma**2))
    return 1 / (1 + 2 * side), side / (1 + 2 * side)


def _filter(values: np.ndarray, axis: int, centre: float, side: float) -> np.ndarray:
    """Filter along one axis with three taps, replicating the border."""
    moved = np.moveaxis(values, axis, 0)
    result = np.multiply(values, np.float32(centre))
    out = np.moveaxis(result, axis, 0)
    sides = moved * np.float32(side)
    out[1:] += sides[:-1]
    out[:-1] += sides[1:]
    out[0] += sides[0]
    out[-1] += sides[-1]
    return result
