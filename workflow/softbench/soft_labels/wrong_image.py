"""Control: GeoLS on the image of another case. What it still improves, the image did not bring."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from softbench.soft_labels import geols
from softbench.soft_labels.contract import for_tensors_too

VERSION = 2
NEEDS_IMAGE = True
RATERS = "one"
KIND = "stored"
SWAPS = "image"  # the workflow hands over the image of the next case of the same part, fitted to this grid
SETTINGS = {"alpha": 0.1, "variant": "code", "scale": "none", "iterations": 4}  # as in `geols`
ALLOWED = {
    "alpha": {"type": "number", "minimum": 0, "maximum": 1, "description": "share given to the maps"},
    "variant": {
        "constant": "soft_labels/geols_map.py:VARIANTS",
        "description": "the script, or the paper's equations",
    },
    "scale": {
        "constant": "soft_labels/geols_map.py:SCALES",
        "description": "of the image; unit stretches it to [0, 1]",
    },
    "iterations": {"type": ["integer", "null"], "minimum": 1, "description": "sweeps; null until nothing changes"},
}


def is_normalised(**settings: Any) -> bool:
    """Return whether the classes of a voxel sum to 1: as in `geols`."""
    return geols.is_normalised(**settings)


@for_tensors_too
def soften(
    labels: np.ndarray,
    image: np.ndarray | None,
    spacing_mm: Sequence[float],
    *,
    classes: int,
    alpha: float = 0.1,
    variant: str = "code",
    scale: str = "none",
    iterations: int = 4,
) -> np.ndarray:
    """Make GeoLS labels of this case on the image of another.

    Args:
        labels: (1, D, H, W) or (1, H, W), class ids of this case.
        image: (M, D, H, W) or (M, H, W) of the other case on this case's grid (`produce.fit`).
        spacing_mm: (D, H, W) or (H, W), mm, of this case.
        classes: number of classes C, background included.
        alpha: share given to the maps; see `geols.soften`.
        variant, scale: see `geols.soften`.
        iterations: see `geols.soften`.
    Returns: as `geols.soften`.
    Raises: InputError: as `geols.soften`.
    Source: our own control. The recipe is GeoLS; the exchange of images is the workflow's (`SWAPS`).

    >>> import numpy as np
    >>> from softbench import soft_labels
    >>> labels = np.zeros((1, 8, 8), np.uint8)  # one rater
    >>> labels[0, 2:6, 2:6] = 1
    >>> image = np.zeros((1, 8, 8), np.float32)  # one channel
    >>> image[0, 2:6, 2:7] = 1  # of another case
    >>> soft = soft_labels.wrong_image.soften(labels, image, (1.0, 1.0), classes=2, alpha=0.2)
    >>> print(soft[1, 3].round(2))
    [0.  0.  1.  1.  1.  1.  0.2 0. ]
    """
    soft: np.ndarray = geols.soften(
        labels, image, spacing_mm, classes=classes, alpha=alpha, variant=variant, scale=scale, iterations=iterations
    )
    return soft
