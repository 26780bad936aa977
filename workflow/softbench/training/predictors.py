"""Predictors of a case's probabilities: trained networks, reference labels (oracle), class frequencies (chance)."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch
from torch import nn

from softbench.arrays import one_hot
from softbench.datasets.case import Case
from softbench.datasets.folder import Dataset
from softbench.training.inference import View, logits, mean_of_softmax, predict
from softbench.training.temperature_scaling import scale

if TYPE_CHECKING:
    from softbench.training.coarse import Resolution

VERSION = 2

Predictor = Callable[[Case], np.ndarray]  # case -> probabilities (C, D, H, W) or (C, H, W) float32 on its grid


class Networks:
    """Predict with one network, or with several whose probabilities are averaged.

    What the networks say of the last case is kept, since it is scored as it is and at a temperature: of one network its
    logits, of several their mean.
    """

    def __init__(
        self, models: Sequence[nn.Module], *, resolution: "Resolution | None" = None, view: View | None = None
    ) -> None:
        """Take the networks.

        Args:
            models: one, or the seeds of an ensemble.
            resolution: of training, where it was coarser: the image goes there, the probabilities come back.
            view: how the networks look at an image, on the grid of training; None: whole, as it is.
        """
        self.models, self.resolution, self.view = list(models), resolution, view
        self._last: Case | None = None
        self._logits, self._mean = torch.empty(0), np.empty(0)

    def __call__(self, case: Case) -> np.ndarray:
        """Return the probabilities of a case."""
        return self.at(1.0)(case)

    def at(self, temperature: float) -> Predictor:
        """Return the predictor at a temperature: of the logits of one network, or of the mean of several (`scale`)."""

        def predict_case(case: Case) -> np.ndarray:
            self._look(case)
            if len(self.models) == 1:
                found = mean_of_softmax([self._logits / temperature])
            else:
                found = self._mean if temperature == 1 else scale(self._mean, temperature)
            return found if self.resolution is None else self.resolution.refine(found, case.images.shape[1:])

        return predict_case

    def _look(self, case: Case) -> None:
        """Keep what the networks say of a case, unless it was the last one."""
        if case is self._last:
            return
        self._last, self._logits, self._mean = None, torch.empty(0), np.empty(0)  # frees the memory of the last case
        images = case.images if self.resolution is None else self.resolution.coarsen_images(case.images)
        if len(self.models) == 1:
            self._logits = logits(self.models[0], images, self.view)
        else:
            self._mean = predict(self.models, images, view=self.view)
        self._last = case


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
