"""Measures of other libraries, as calls still to be made: `{our key: call}`. Each library is imported on first use."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from softbench.metrics.catalogue import with_tolerance

VERSION = 1

Measures = dict[str, Callable[[], Any]]


def medpy_masks(prediction: np.ndarray, reference: np.ndarray, spacing_mm: tuple[float, ...]) -> Measures:
    """Return medpy's overlaps and distances of two bool masks."""
    from medpy.metric import binary as medpy

    overlaps = {
        "dsc": medpy.dc,
        "iou": medpy.jc,
        "precision": medpy.precision,
        "sensitivity": medpy.sensitivity,
        "specificity": medpy.specificity,
    }
    distances = {"hd95_pooled": medpy.hd95, "asd": medpy.asd, "assd": medpy.assd}
    return {
        **{key: partial(measure, prediction, reference) for key, measure in overlaps.items()},
        **{key: partial(measure, prediction, reference, spacing_mm) for key, measure in distances.items()},
    }


def monai_masks(
    prediction: np.ndarray, reference: np.ndarray, spacing_mm: tuple[float, ...], tolerances_mm: Sequence[float]
) -> Measures:
    """Return MONAI's overlaps, distances and surface Dice of two bool masks."""
    import torch
    from monai.metrics.hausdorff_distance import compute_hausdorff_distance
    from monai.metrics.meandice import compute_dice
    from monai.metrics.meaniou import compute_iou
    from monai.metrics.surface_dice import compute_surface_dice
    from monai.metrics.surface_distance import compute_average_surface_distance

    # One channel, and it is the structure itself, not background.
    masks: dict[str, Any] = {
        "y_pred": torch.from_numpy(prediction.astype(np.float32))[None, None],
        "y": torch.from_numpy(reference.astype(np.float32))[None, None],
        "include_background": True,
    }
    spaced = {**masks, "spacing": spacing_mm}
    measures: Measures = {
        "dsc": partial(compute_dice, **masks),
        "iou": partial(compute_iou, **masks),
        "hd95": partial(compute_hausdorff_distance, percentile=95, **spaced),
        "asd": partial(compute_average_surface_distance, **spaced),
        "assd": partial(compute_average_surface_distance, symmetric=True, **spaced),
    }
    for tolerance in tolerances_mm:
        surface_dice = partial(compute_surface_dice, class_thresholds=[float(tolerance)], **spaced)
        measures[with_tolerance("nsd", tolerance)] = partial(surface_dice, use_subvoxels=True)
        measures[with_tolerance("nsd_voxel", tolerance)] = partial(surface_dice, use_subvoxels=False)
    return measures


def monai_probabilities(p: np.ndarray, y: np.ndarray, bins: int) -> Measures:
    """Return MONAI's class-wise calibration error of voxels, (C, N) probabilities and (N,) classes."""
    import torch
    from monai.metrics.calibration import CalibrationErrorMetric

    def cwece() -> float:
        truth = torch.nn.functional.one_hot(torch.from_numpy(y.astype(np.int64)), len(p)).T
        metric = CalibrationErrorMetric(num_bins=bins, metric_reduction="none")
        # Each class, and our mean over them: MONAI's own mean makes 0 of NaN.
        of_classes: Any = metric(torch.from_numpy(p.astype(np.float32))[None], truth[None])
        return float(of_classes.mean())

    return {"cwece": cwece}


def netcal_probabilities(p: np.ndarray, y: np.ndarray, bins: int) -> Measures:
    """Return netcal's top-label calibration errors of voxels, (C, N) probabilities and (N,) classes."""
    from netcal.metrics import ACE, ECE, MCE

    # Given all classes, netcal fails where a region holds two labels or fewer. Its 1-D form is safe, and equal.
    confidence, correct = p.max(axis=0).astype(np.float64), (p.argmax(axis=0) == y).astype(int)
    measures = {"ece": ECE, "ace_netcal": ACE, "mce": MCE}
    return {key: partial(measure(bins).measure, confidence, correct) for key, measure in measures.items()}
