"""How good is a soft label before anything is trained: numbers of one case."""

from collections.abc import Sequence

import numpy as np

from softbench.checks import require_same_shape, require_spacing

VERSION = 1
SOFTENED = 0.999  # a voxel whose largest probability lies below this counts as softened
FLOOR = 1e-12  # of a probability in a logarithm


def quality(
    soft: np.ndarray, labels: np.ndarray, spacing_mm: Sequence[float], truth: np.ndarray | None = None
) -> dict[str, float]:
    """Measure a soft label against the label map that it comes from and, where known, the true probabilities.

    Args:
        soft: (C, D, H, W) or (C, H, W), in [0, 1].
        labels: (R, D, H, W) or (R, H, W), class ids; the first rater is the reference.
        spacing_mm: (D, H, W) or (H, W), mm.
        truth: (C, ...) true class probabilities, summing to 1, or None.
    Returns: `entropy` (nats, mean over voxels), `softened_share` and `softened_volume_mm3` (voxels whose largest
        probability is below 0.999), `sum_error` (largest |sum over C - 1|), `argmax_flips` (share of voxels whose
        largest class is not the label; the first class wins a tie), and with `truth` the means over voxels of `kl`
        (KL(truth || soft), nats, soft normalised first) and `brier` (sum over C of squared differences); both are NaN
        without `truth`.
    Raises: InputError: if the grids differ or the spacing is not positive.
    """
    spacing = require_spacing(spacing_mm, soft.ndim - 1)
    require_same_shape("soft", soft.shape[1:], "labels", labels.shape[1:])
    softened = soft.max(axis=0) < SOFTENED
    result = {
        "entropy": float(-(soft * np.log(np.maximum(soft, FLOOR))).sum(axis=0).mean(dtype=np.float64)),
        "softened_share": float(softened.mean()),
        "softened_volume_mm3": float(softened.sum() * np.prod(spacing)),
        "sum_error": float(np.abs(soft.sum(axis=0) - 1).max()),
        "argmax_flips": float((soft.argmax(axis=0) != labels[0]).mean()),
    }
    return result | _against(soft, truth)


def _against(soft: np.ndarray, truth: np.ndarray | None) -> dict[str, float]:
    """Compare with the true probabilities; NaN where they are not known."""
    if truth is None:
        return {"kl": float("nan"), "brier": float("nan")}
    require_same_shape("truth", truth.shape, "soft", soft.shape)
    normalised = np.maximum(soft / soft.sum(axis=0, keepdims=True), FLOOR)
    kl = truth * (np.log(np.maximum(truth, FLOOR)) - np.log(normalised))
    return {
        "kl": float(kl.sum(axis=0).mean(dtype=np.float64)),
        "brier": float(((soft - truth) ** 2).sum(axis=0).mean(dtype=np.float64)),
    }
