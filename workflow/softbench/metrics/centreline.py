"""Overlap of the centrelines of vessels and other thin structures (clDice)."""

import numpy as np

from softbench.checks import require_same_shape
from softbench.metrics.inputs import require_mask
from softbench.metrics.kernels.boxes import union
from softbench.metrics.metric import FRACTION, ONE_OR_BOTH, Metric

VERSION = 1


def centreline_dice(prediction: np.ndarray, reference: np.ndarray) -> float:
    r"""Return clDice: how much of each mask's skeleton lies in the other mask.

    .. math:: \frac{2\,T_p T_s}{T_p + T_s}, \quad T_p = \frac{|S_P \cap R|}{|S_P|}, \quad
        T_s = \frac{|S_R \cap P|}{|S_R|}

    Args:
        prediction, reference: (D, H, W) or (H, W) bool, of one shape.
    Returns: 0 to 1; 1 where each skeleton lies in the other mask. 0 where one mask is empty, NaN where both are.
    Raises: InputError: if the masks are not bool or differ in shape.
    Source: Shit et al. 2021, the measure (not the loss), with the skeleton of its authors' code: scikit-image's
        skeletonize (Zhang in 2-D, Lee in 3-D). Departures: a mask whose skeleton is empty is its own skeleton; what
        lies beyond the array is background; empty masks, where the code divides by 0.
    """
    prediction, reference = require_mask("prediction", prediction), require_mask("reference", reference)
    require_same_shape("prediction", prediction.shape, "reference", reference.shape)
    if not (prediction.any() and reference.any()):
        return 0.0 if prediction.any() or reference.any() else float("nan")
    box = union([_ends(prediction), _ends(reference)])
    prediction, reference = np.pad(prediction[box], 1), np.pad(reference[box], 1)
    precision = _share(_skeleton(prediction), reference)
    sensitivity = _share(_skeleton(reference), prediction)
    total = precision + sensitivity
    return 2 * precision * sensitivity / total if total else 0.0


def _skeleton(mask: np.ndarray) -> np.ndarray:
    """Return the skeleton of a mask; the mask where that is empty, as of a few voxels in 3-D."""
    from skimage.morphology import skeletonize  # here: whoever reads the register of metrics does without it

    skeleton = np.asarray(skeletonize(mask), bool)
    return skeleton if skeleton.any() else mask


def _share(skeleton: np.ndarray, mask: np.ndarray) -> float:
    return int(np.count_nonzero(skeleton & mask)) / int(np.count_nonzero(skeleton))


def _ends(mask: np.ndarray) -> np.ndarray:
    """Return the lowest place of a mask that is not empty and the one behind its highest, (2, axes)."""
    axes = range(mask.ndim)
    places = [np.flatnonzero(mask.any(axis=tuple(other for other in axes if other != axis))) for axis in axes]
    return np.array([[place[0] for place in places], [place[-1] + 1 for place in places]])


METRICS = (
    Metric(
        "cldice", "clDice", "1", "higher", FRACTION,
        "2 a b / (a + b), a the share of P's skeleton in R and b the share of R's skeleton in P", ONE_OR_BOTH,
        "Shit et al. 2021. Departure: defined for empty masks",
        of="masks", asked_by="centrelines", compute=lambda m: centreline_dice(m.prediction, m.reference),
    ),
)  # fmt: skip
