"""How good is a soft label before anything is trained: numbers of one case."""

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from softbench.areas import boundary_area_mm
from softbench.arrays import one_hot
from softbench.checks import require_same_shape, require_spacing

VERSION = 3
SOFTENED = 0.999  # a voxel whose largest probability lies below this counts as softened
FLOOR = 1e-12  # of a probability in a logarithm
NAN = float("nan")


def quality(
    soft: np.ndarray, labels: np.ndarray, spacing_mm: Sequence[float], truth: np.ndarray | None = None
) -> dict[str, float]:
    """Measure a soft label against the label map that it comes from and, where known, the true probabilities.

    Args:
        soft: (C, D, H, W) or (C, H, W), in [0, 1].
        labels: (R, D, H, W) or (R, H, W), class ids; the first rater is the reference.
        spacing_mm: (D, H, W) or (H, W), mm.
        truth: (C, ...) true class probabilities, summing to 1, or None.
    Returns: plain numbers, means over voxels unless said otherwise:
        `entropy` in nats; `softened_share`: voxels whose largest probability is below 0.999; `band_width_mm`: their
        volume over the area of all class boundaries (`boundary_area_mm`; NaN without a boundary); `stray_mass`:
        probability given to classes that no voxel of the 3^n neighbourhood has; `sum_error`: the largest |sum over C -
        1|; `argmax_flips`:
        voxels whose largest class is not the label (the first class wins a tie).
        Against `truth`: `kl` = KL(truth || soft) in nats, `brier` = sum over C of squared differences, `soft_dice` =
        mean over foreground classes of 2 sum(s p) / (sum(s^2) + sum(p^2)). The same against the mean of the raters, as
        `raters_kl`, `raters_brier`, `raters_dice`. NaN where there is no truth, or one rater.
    Raises: InputError: if the grids differ or the spacing is not positive.

    >>> import numpy as np
    >>> from softbench import soft_labels
    >>> labels = np.array([[[0, 0, 0, 1, 1, 1]]])  # one rater, a row of six pixels
    >>> soft = soft_labels.ls.soften(labels, None, (1.0, 1.0), classes=2, alpha=0.2)
    >>> found = soft_labels.quality(soft, labels, (1.0, 1.0))
    >>> print(f"{found['entropy']:.3f} nat, {100 * found['softened_share']:.0f} % softened")
    0.325 nat, 100 % softened
    """
    spacing = require_spacing(spacing_mm, soft.ndim - 1)
    require_same_shape("soft", soft.shape[1:], "labels", labels.shape[1:])
    softened = soft.max(axis=0) < SOFTENED
    area = boundary_area_mm(labels[0], spacing)
    mean_rater = np.mean([one_hot(rater, len(soft)) for rater in labels], axis=0) if len(labels) > 1 else None
    against_truth, against_raters = compare(soft, truth), compare(soft, mean_rater)
    return {
        "entropy": float(-(soft * np.log(np.maximum(soft, FLOOR))).sum(axis=0).mean(dtype=np.float64)),
        "softened_share": float(softened.mean()),
        "band_width_mm": float(softened.sum() * np.prod(spacing) / area) if area else NAN,
        "stray_mass": stray_mass(soft, labels[0]),
        "sum_error": float(np.abs(soft.sum(axis=0) - 1).max()),
        "argmax_flips": float((soft.argmax(axis=0) != labels[0]).mean()),
        **against_truth,
        **{f"raters_{name.removeprefix('soft_')}": value for name, value in against_raters.items()},
    }


def stray_mass(soft: np.ndarray, label_map: np.ndarray) -> float:
    """Return the mean probability of classes that are absent from a voxel's 3^n neighbourhood."""
    stray = 0.0
    for c, share in enumerate(soft):
        near = ndimage.maximum_filter((label_map == c).astype(np.uint8), size=3)
        stray += float(share[near == 0].sum(dtype=np.float64))
    return stray / label_map.size


def compare(soft: np.ndarray, truth: np.ndarray | None) -> dict[str, float]:
    """Return KL, Brier score and soft Dice of a soft label to true probabilities; NaN where those are not known."""
    if truth is None:
        return {"kl": NAN, "brier": NAN, "soft_dice": NAN}
    require_same_shape("truth", truth.shape, "soft", soft.shape)
    normalised = np.maximum(soft / soft.sum(axis=0, keepdims=True), FLOOR)
    kl = truth * (np.log(np.maximum(truth, FLOOR)) - np.log(normalised))
    overlaps = [_soft_dice(s, p) for s, p in zip(soft[1:], truth[1:], strict=True) if p.any()]
    return {
        "kl": float(kl.sum(axis=0).mean(dtype=np.float64)),
        "brier": float(((soft - truth) ** 2).sum(axis=0).mean(dtype=np.float64)),
        "soft_dice": float(np.mean(overlaps)) if overlaps else NAN,
    }


def _soft_dice(soft: np.ndarray, truth: np.ndarray) -> float:
    s, p = soft.astype(np.float64).ravel(), truth.astype(np.float64).ravel()
    return float(2 * (s @ p) / (s @ s + p @ p))
