"""near: a share of each voxel's certainty goes to what its neighbours are. Say here what yours does."""

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from softbench import arrays
from softbench.checks import require_fraction
from softbench.soft_labels.contract import batched, for_tensors_too, one_rater

VERSION = 1  # raise it by 1 when the output changes: what was made with another one is made anew
NEEDS_IMAGE = False  # True where `soften` reads the image
RATERS = "one"  # "many" where `soften` reads the label maps of all raters
KIND = "computed"  # cheap enough to be made when it is needed; else "stored"
SETTINGS = {"share": 0.3}  # what config.yaml may set, with the defaults of `soften`


def is_normalised(share: float = 0.3) -> bool:
    """Return whether the classes of a voxel sum to 1: always."""
    return True


@for_tensors_too
def soften(
    labels: np.ndarray, image: np.ndarray | None, spacing_mm: Sequence[float], *, classes: int, share: float = 0.3
) -> np.ndarray:
    r"""Mix each voxel's class with the mean of its 3^n neighbourhood.

    .. math:: y_c = (1 - \mathrm{share})\, t_c + \mathrm{share}\, \overline{t_c}

    Args:
        labels: (1, D, H, W) or (1, H, W), class ids.
        image: not used.
        spacing_mm: (D, H, W) or (H, W), mm; not used beyond its check.
        classes: number of classes C, background included.
        share: given to the neighbourhood, in [0, 1]; 0 gives one-hot.
    Returns: (C, D, H, W) or (C, H, W) float32, summing to 1 over C; an absent class is 0 everywhere.
    Raises: InputError: if `share` lies outside [0, 1], or the labels are not class ids of one rater.
    Source: name the paper and equation. Departures: say where you depart from them.
    """
    require_fraction("share", share)
    label_map = one_rater(labels, spacing_mm, classes)
    target = arrays.one_hot(label_map, classes)
    near = np.stack([ndimage.uniform_filter(channel, size=3, mode="nearest") for channel in target])
    return ((1 - share) * target + share * near).astype(np.float32)


soften_batch = batched(soften)
