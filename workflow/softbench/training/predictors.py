"""Predictors of a case's probabilities: trained networks, reference labels (oracle), class frequencies (chance)."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from torch import nn

from softbench.arrays import one_hot
from softbench.datasets.case import Case
from softbench.datasets.folder import Dataset
from softbench.training.inference import View, predict
from softbench.training.temperature_scaling import scale

if TYPE_CHECKING:
    from softbench.training.coarse import Resolution

VERSION = 2

Predictor = Callable[[Case], np.ndarray]  # case -> probabilities (C, D, H, W) or (C, H, W) float32 on its grid


def networks(
    models: Sequence[nn.Module],
    *,
    temperature: float = 1.0,
    temperature_of_mean: float = 1.0,
    resolution: "Resolution | None" = None,
    view: View | None = None,
) -> Predictor:
    """Predict with one network, or several whose probabilities are averaged.

    Args:
        models: the networks.
        temperature: divides the logits of each network.
        temperature_of_mean: of the average, see `temperature.scale`; 1 leaves it as it is, to the bit.
        resolution: of training, where it was coarser: the image goes there, the probabilities come back.
        view: how the network looks at an image, on the grid of training; None: whole, as it is.
    """

    def predict_images(images: np.ndarray) -> np.ndarray:
        mean = predict(models, images, temperature=temperature, view=view)
        return mean if temperature_of_mean == 1 else scale(mean, temperature_of_mean)

    def predict_case(case: Case) -> np.ndarray:
        if resolution is None:
            return predict_images(case.images)
        return resolution.refine(predict_images(resolution.coarsen_images(case.images)), case.images.shape[1:])

    return predict_case


def oracle(dataset: Dataset) -> Predictor:
    """Predict the first rater's labels, one-hot: what a perfect prediction scores against each rater."""

    def predict_case(case: Case) -> np.ndarray:
        return certain(case, 0, len(dataset.classes))

    return predict_case


def certain(case: Case, rater: int, classes: int) -> np.ndarray:
    """Return a rater's label map (the first is 0) as probabilities of 0 and 1, (C, D, H, W) or (C, H, W) float32;
    voxels that do not exist are background."""
    labels = case.labels[rater]
    return one_hot(labels if case.valid is None else np.where(case.valid, labels, 0), classes)


def chance(dataset: Dataset, cases: Sequence[str]) -> Predictor:
    """Predict the class frequencies of some cases (the training part) for every voxel, whatever the image shows."""
    frequencies = class_frequencies(dataset, cases)

    def predict_case(case: Case) -> np.ndarray:
        shape = (len(frequencies), *case.labels.shape[1:])
        return np.broadcast_to(frequencies.reshape(-1, *[1] * (len(shape) - 1)), shape).astype(np.float32)

    return predict_case


def class_frequencies(dataset: Dataset, cases: Sequence[str]) -> np.ndarray:
    """Return the share of each class (C,) among the valid voxels of all cases and raters together."""
    counts = np.zeros(len(dataset.classes), np.int64)
    for case_id in cases:
        case = dataset.load(case_id)
        known = case.labels if case.valid is None else case.labels[:, case.valid]
        counts += np.bincount(known.reshape(-1), minlength=len(counts))
    return counts / counts.sum()


def untrained(kind: str, dataset: Dataset, split: pd.DataFrame) -> Predictor:
    """Return the predictor of a sanity row, `oracle` or `chance`; the split gives chance its training cases."""
    if kind == "oracle":
        return oracle(dataset)
    return chance(dataset, list(split.loc[split["part"] == "train", "case"]))
