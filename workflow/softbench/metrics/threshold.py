"""Masks from probabilities at the best threshold, as the EPD paper makes them; for each class against the rest.

A threshold chosen on the voxels that it is scored on flatters: its DSC is never below that at a threshold chosen
elsewhere. EPD's tables have the flattering one. For the honest one, take `best` of the validation cases' merged curve
and `at` that index of the test cases'.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from softbench.errors import InputError
from softbench.metrics.class_maps import require_probability
from softbench.metrics.threshold_curve import THRESHOLDS, Curve

__all__ = ["THRESHOLDS", "Curve", "curves", "hard_at_best_threshold", "shared_best"]

VERSION = 1


def curves(prediction: np.ndarray, target: np.ndarray, inside: np.ndarray | None = None) -> dict[int, Curve]:
    """Count the voxels of every class, against where the soft label's most probable class is that class.

    Args:
        prediction: (C, D, H, W) or (C, H, W) float in [0, 1].
        target: soft label of the same shape; the first class wins ties, as in the paper.
        inside: bool (D, H, W) or (H, W), the voxels that count; all where it is left out.
    Returns: the curve of each class id, of absent classes too.
    Raises: InputError: if arrays hold no probabilities, or shapes differ.
    """
    prediction, target = np.asarray(prediction), np.asarray(target)
    if prediction.ndim not in (3, 4) or target.shape != prediction.shape:
        raise InputError(
            "`prediction` and a soft `target` must both be (C, D, H, W) or (C, H, W), but have the shapes "
            f"{prediction.shape} and {target.shape}. Make a soft label of a label map: `one_hot(labels, classes)`."
        )
    require_probability("target", target)
    hard = target.argmax(axis=0)
    return {c: Curve.of(probability, hard == c, inside) for c, probability in enumerate(prediction)}


def shared_best(of_classes: Mapping[Any, Curve]) -> int | None:
    """Return the index of the threshold that maximises the mean DSC over the classes that are present.

    The first one where several do; None where all classes are absent. This reading is ours: the paper does not say
    whether its threshold belongs to a class or to all.
    """
    present = [curve.dsc for curve in of_classes.values() if not curve.absent]
    return int(np.mean(present, axis=0).argmax()) if present else None


def hard_at_best_threshold(prediction: np.ndarray, target: np.ndarray) -> dict:
    """Measure overlap at the threshold of largest DSC; chosen on what it is scored on, so it flatters (see above).

    Args:
        prediction: (C, D, H, W) or (C, H, W) float in [0, 1]; or one class's map.
        target: soft label of the same shape, float, whose argmax (first class on ties) is the reference; or one
            class's mask, (D, H, W) or (H, W) bool.
    Returns: for a mask, `threshold dsc iou accuracy specificity sensitivity precision`, all NaN where it is empty. For
        a soft label, `per_class`: these for each class id at its own threshold; `global`: the same at the threshold of
        `shared_best`; `absent`: the ids of classes that the reference does not have, which are in neither.
    Raises: InputError: if arrays hold no probabilities, or shapes differ.
    Source: Ali et al. 2024, Sec. III-C. Departures: none known; per class or global is not said, so both are here.
    """
    if np.asarray(target).dtype == bool:
        curve = Curve.of(prediction, target)
        return curve.scores(curve.best)
    found = curves(prediction, target)
    present = {class_id: curve for class_id, curve in found.items() if not curve.absent}
    shared = shared_best(present)
    return {
        "per_class": {class_id: curve.scores(curve.best) for class_id, curve in present.items()},
        "global": {class_id: curve.scores(shared) for class_id, curve in present.items()},
        "absent": [class_id for class_id in found if class_id not in present],
    }
