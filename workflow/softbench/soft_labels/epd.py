"""EPD labels: on a coarser grid, a voxel's classes are their shares in the window of fine voxels that it covers."""

from collections.abc import Sequence

import numpy as np

from softbench import arrays, resolution
from softbench.soft_labels.contract import batched, for_tensors_too, one_rater

VERSION = 1
NEEDS_IMAGE = False
RATERS = "one"
KIND = "computed"
SETTINGS = {"factor": 2}  # fine voxels of a window along each axis; 2, 4 and 8 in EPD Table I


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
) -> np.ndarray:
    r"""Average the one-hot label over windows that do not overlap.

    .. math:: y_c(w) = \frac{1}{|w|} \sum_{v \in w} [\,t_v = c\,]

    Args:
        labels: (1, D, H, W) or (1, H, W), class ids; a length that is no multiple of the factor is extended by
            repeating the border.
        image: not used; images go the same way by `resolution.mean`.
        spacing_mm: of the fine grid, mm; not used beyond its check. The coarser grid's is `factor` times as large.
        classes: number of classes C, background included.
        factor: fine voxels of a window, one number or one an axis, e.g. [1, 2, 2] for thick slices.
    Returns: (C, ...) float32 on the coarser grid (`grid`), summing to 1; an absent class is 0 everywhere.
    Raises: InputError: if `factor` does not fit, or the labels are not class ids of one rater.
    Source: Ali et al. 2024, Algorithm 1 and Fig. 2. Departures: the window is 2^level wide as in the text (the
        pseudo-code slices `level` voxels, one at level 1); other sizes than powers of 2 are allowed.
    """
    label_map = one_rater(labels, spacing_mm, classes)
    return resolution.mean(arrays.one_hot(label_map, classes), factor)


soften_batch = batched(soften)
