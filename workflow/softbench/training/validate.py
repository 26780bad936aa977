"""What validation cases say of a network while it trains."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from softbench.datasets.case import Case
from softbench.training.inference import View, stream_logits

VERSION = 1


def validate(model: nn.Module, cases: Sequence[Case], view: View | None = None) -> dict[str, float]:
    """Return the mean DSC over foreground classes and cases, and the mean negative log-likelihood over voxels.

    A class that neither the label nor the prediction holds does not count; NaN where nothing counts.
    """
    overlaps, losses, voxels = [], 0.0, 0
    for case, scores in stream_logits(model, cases, view):
        label, scores = _labelled(case, scores)
        overlaps += dice_of_classes(scores.argmax(dim=0), label, scores.shape[0])
        chosen = torch.log_softmax(scores.double(), dim=0).gather(0, label[None])
        losses -= float(chosen.sum())
        voxels += label.numel()
    nan = float("nan")
    dsc = sum(overlaps) / len(overlaps) if overlaps else nan
    return {"val_dsc": dsc, "val_nll": losses / voxels if voxels else nan}


def _labelled(case: Case, scores: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return labels and logits (C, ...) of the voxels that were labelled."""
    label = torch.from_numpy(case.labels[0].astype("int64"))
    if case.valid is None:
        return label, scores
    valid = torch.from_numpy(np.array(case.valid))
    return label[valid], scores[:, valid]


def dice_of_classes(prediction: torch.Tensor, label: torch.Tensor, classes: int) -> list[float]:
    """Return the DSC of each foreground class that prediction or label holds."""
    joint = torch.bincount((label * classes + prediction).flatten(), minlength=classes**2).view(classes, classes)
    sizes = joint.sum(dim=0) + joint.sum(dim=1)
    return [float(2 * joint[c, c] / sizes[c]) for c in range(1, classes) if sizes[c] > 0]
