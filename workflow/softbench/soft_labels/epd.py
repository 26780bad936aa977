"""EPD labels: on a coarser grid, a voxel's classes are their shares in the window of fine voxels that it covers."""

from collections.abc import Sequence

import numpy as np

from softbench import resolution
from softbench.soft_labels.contract import batched, for_tensors_too, one_rater

VERSION = 2
NEEDS_IMAGE = False
NEEDS_VALID = True  # a window's shares are those of its labelled voxels
RATERS = "one"
KIND = "computed"
SETTINGS = {"factor": 2}  # fine voxels of a window along each axis; 2, 4 and 8 in EPD Table I
ALLOWED = {
    "factor": {
        "anyOf": [
            {"type": "integer", "minimum": 1},
            {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 2, "maxItems": 3},
        ],
        "description": "fine voxels of a window, one number or one an axis",
    }
}


def is_normalised(factor: int | Sequence[int] = 2) -> bool:
    """Return whether the classes of a voxel sum to 1: always."""
    return True


def grid(shape: Sequence[int], *, factor: int | Sequence[int] = 2) -> tuple[int, ...]:
    """Return the grid of the soft label: the only recipe whose grid is not that of its label map."""
    return resolution.grid(shape, factor)


@for_tensors_too
def soften(
    labels: np.ndarray,
    image: np.ndarray | None,
    spacing_mm: Sequence[float],
    *,
    classes: int,
    factor: int | Sequence[int] = 2,
    valid: np.ndarray | None = None,
) -> np.ndarray:
    r"""Average the one-hot label over windows that do not overlap.

    .. math:: y_c(w) = \frac{1}{|w|} \sum_{v \in w} [\,t_v = c\,]

    with w the valid voxels of a window, or all of them where none is valid.

    Args:
        labels: (1, D, H, W) or (1, H, W), class ids; a length that is no multiple of the factor is extended by
            repeating the border.
        image: not used; images go the same way by `resolution.mean`.
        spacing_mm: of the fine grid, mm; not used beyond its check. The coarser grid's is `factor` times as large.
        classes: number of classes C, background included.
        factor: fine voxels of a window, one number or one an axis, e.g. [1, 2, 2] for thick slices.
        valid: (D, H, W) or (H, W) bool, voxels that somebody labelled; None: all are.
    Returns: (C, ...) float32 on the coarser grid (`grid`), summing to 1; an absent class is 0 everywhere.
    Raises: InputError: if `factor` does not fit, or the labels are not class ids of one rater.
    Source: Ali et al. 2024, Algorithm 1 and Fig. 2. Departures: the window is 2^level wide as in the text (the
        pseudo-code slices `level` voxels, one at level 1); other sizes than powers of 2 are allowed.

    >>> import numpy as np
    >>> from softbench import soft_labels
    >>> labels = np.array([[[0, 0, 0, 1], [0, 0, 1, 1]]])  # one rater, 2 x 4 pixels
    >>> soft = soft_labels.epd.soften(labels, None, (1.0, 1.0), classes=2, factor=2)
    >>> print(soft[1])
    [[0.   0.75]]
    """
    label_map = one_rater(labels, spacing_mm, classes)
    size = resolution.factors(factor, label_map.ndim)
    counted = np.ones(label_map.shape, bool) if valid is None else _counted(valid, size)
    held = [resolution.count((label_map == c) & counted, size) for c in range(classes)]
    return (np.stack(held) / resolution.count(counted, size)).astype(np.float32)


def _counted(valid: np.ndarray, size: Sequence[int]) -> np.ndarray:
    """Return which voxels count: the valid ones, and all voxels of a window without any."""
    empty = ~resolution.covered(valid, size)
    for axis, step in enumerate(size):
        empty = empty.repeat(step, axis)
    counted: np.ndarray = valid | empty[tuple(slice(length) for length in valid.shape)]
    return counted


soften_batch = batched(soften)
