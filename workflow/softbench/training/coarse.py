"""Training on a coarser grid: images and labels brought there, probabilities brought back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from softbench import resolution
from softbench.datasets.case import Case

VERSION = 1


@dataclass(frozen=True)
class Resolution:
    """How a method coarsens: `factor`, `images` (mean or bilinear), `labels` (soft_label or nearest).

    The two choices are independent, so that what labels bring can be told from what images bring.
    """

    factor: int | Sequence[int]
    images: str = "mean"
    labels: str = "soft_label"

    def coarsen(self, case: Case) -> Case:
        """Return a case on the coarser grid: its images as chosen, its hard labels by the nearest voxel."""
        size = resolution.factors(self.factor, len(case.spacing_mm))
        reduce = resolution.mean if self.images == "mean" else resolution.bilinear
        return replace(
            case,
            images=reduce(np.asarray(case.images, np.float32), size),
            labels=np.stack([resolution.nearest(labels, size) for labels in case.labels]),
            spacing_mm=tuple(mm * f for mm, f in zip(case.spacing_mm, size, strict=True)),
            truth=None,
            valid=None if case.valid is None else resolution.nearest(case.valid, size),
        )

    def crop(self, crop: Sequence[int]) -> list[int]:
        """Return the crop that covers the same place on the coarser grid."""
        return list(resolution.grid(crop, self.factor))

    def refine(self, probabilities: np.ndarray, shape: Sequence[int]) -> np.ndarray:
        """Bring probabilities (C, ...) back to the fine grid `shape`, linearly (half-pixel centres); sums stay 1."""
        size = resolution.factors(self.factor, len(shape))
        fine = [n * f for n, f in zip(probabilities.shape[1:], size, strict=True)]
        mode = "bilinear" if len(shape) == 2 else "trilinear"
        tensor = torch.from_numpy(np.ascontiguousarray(probabilities))[None]
        result = torch.nn.functional.interpolate(tensor, size=fine, mode=mode, align_corners=False)[0]
        return result[(slice(None), *(slice(0, n) for n in shape))].numpy()
