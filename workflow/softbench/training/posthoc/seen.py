"""What a network says of validation cases, computed once for all calibrations, and what a calibration is."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch

from softbench.datasets.case import Case
from softbench.errors import InputError
from softbench.training.inference import KEPT
from softbench.training.temperature_scaling import Fit, fit, valid_voxels

VERSION = 1
Stream = Callable[[], Iterator[tuple[Case, torch.Tensor]]]


@dataclass(frozen=True, eq=False)
class Seen:
    """A case on the grid of training, and the logits (C, ...) that the network gives of it."""

    case: Case
    logits: torch.Tensor

    def voxels(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the logits (C, N) and the classes that each rater gave (R, N), of the valid voxels."""
        return valid_voxels(self.case, self.logits)


class Validation:
    """What a network says of the validation cases, case by case: all valid voxels, against all raters.

    Logits of up to half a gibibyte are kept; beyond, each time that they are asked for the network computes them again.
    """

    def __init__(self, stream: Stream, patients: Sequence[str], classes: Sequence[str]) -> None:
        """Compute nothing yet.

        Args:
            stream: gives each case with its logits, on the grid of training.
            patients: of each case.
            classes: names, background first.
        Raises: InputError: if there is no case.
        """
        if not patients:
            raise InputError(
                "the split has no validation cases, on which calibrations and decoders are fitted. Give it some (part "
                "`val`), or take `posthoc` out of the experiment."
            )
        self.patients, self.classes = list(patients), list(classes)
        self._stream = stream
        self._kept: list[Seen] = []

    def __iter__(self) -> Iterator[Seen]:
        """Give each case with its logits."""
        if self._kept:
            yield from self._kept
            return
        kept, size = [], 0
        for case, logits in self._stream():
            seen = Seen(case, logits)
            size += logits.nbytes + case.images.nbytes
            if size <= KEPT:
                kept.append(seen)
            else:
                kept.clear()
            yield seen
        self._kept = kept if size <= KEPT else []

    @cached_property
    def temperature(self) -> Fit:
        """The one temperature of the network, as the scores of a run have it."""
        return fit(lambda: (seen.voxels() for seen in self), self.patients)

    @cached_property
    def counts(self) -> np.ndarray:
        """How many labels each class has, (C,), over valid voxels and raters."""
        of_cases = (torch.bincount(seen.voxels()[1].reshape(-1), minlength=len(self.classes)) for seen in self)
        total: np.ndarray = torch.stack(list(of_cases)).sum(dim=0).numpy()
        return total

    @property
    def absent(self) -> list[str]:
        """The classes that no rater gave to any valid voxel: nothing can be fitted for them."""
        return [name for name, count in zip(self.classes, self.counts, strict=True) if not count]


@dataclass(frozen=True)
class Calibration:
    """Turns logits (C, ...) and the image (M, ...) of a case into probabilities (C, ...), float32; with its facts.

    facts: what was fitted, as plain JSON values, for the record of a run.
    """

    apply: Callable[[torch.Tensor, np.ndarray], torch.Tensor]
    facts: Mapping[str, Any] = field(default_factory=dict)


def mean_nll(validation: Validation, calibration: Calibration) -> float:
    """Return the NLL of calibrated probabilities over all valid voxels and raters, nat; NaN where there is no voxel."""
    total, labels_seen = 0.0, 0
    for seen in validation:
        found = Seen(seen.case, calibration.apply(seen.logits, seen.case.images))
        probabilities, labels = found.voxels()
        total -= float(probabilities.double().clamp_min(1e-12).log().gather(0, labels).sum())
        labels_seen += labels.numel()
    return total / labels_seen if labels_seen else math.nan
