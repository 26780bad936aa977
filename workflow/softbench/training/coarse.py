"""Train on a coarser grid: downsample images and labels, upsample probabilities."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from softbench import resolution
from softbench.datasets.case import Case

VERSION = 2
ALLOWED = {  # `resolution` of a method
    "factor": {
        "anyOf": [
            {"type": "integer", "minimum": 1},
            {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 2, "maxItems": 3},
        ],
        "description": "fine voxels of a coarser one, one number or one an axis",
    },
    "images": {"enum": ["mean", "bilinear"], "description": "how images are downsampled"},
    "labels": {"enum": ["soft_label", "nearest"], "description": "labels to learn from on the coarser grid"},
}


@dataclass(frozen=True)
class Resolution:
    """How a method coarsens: `factor`, `images` (mean or bilinear), `labels` (soft_label or nearest).

    The two choices are independent, so that the effect of labels and that of images can be separated.
    """

    factor: int | Sequence[int]
    images: str = "mean"
    labels: str = "soft_label"

    def coarsen(self, case: Case) -> Case:
        """Return a case on the coarser grid, its images and hard labels as chosen (`coarsen_images`, `hard`)."""
        size = resolution.factors(self.factor, len(case.spacing_mm))
        prepared = case.prepared
        return replace(
            case,
            images=self.coarsen_images(case.images),
            prepared=None if prepared is None else lambda: self.coarsen_images(prepared()),
            labels=self.hard(case.labels, case.valid),
            spacing_mm=tuple(mm * f for mm, f in zip(case.spacing_mm, size, strict=True)),
            truth=None,
            valid=self._valid(case.valid),
        )

    def coarsen_images(self, images: np.ndarray) -> np.ndarray:
        """Return images (M, ...) on the coarser grid, float32."""
        reduce = resolution.mean if self.images == "mean" else resolution.bilinear
        return reduce(np.asarray(images, np.float32), self.factor)

    def hard(self, labels: np.ndarray, valid: np.ndarray | None) -> np.ndarray:
        """Return the hard labels (R, ...) of the coarser grid: those of training, selection and temperature alike.

        A method with soft labels has the majority of each window (`resolution.majority`), the conventional arm the
        nearest voxel's label: so a prediction that is the method's own target has a validation DSC of 1 (of that rater;
        selection takes the mean over raters, as the scores do).
        """
        if self.labels == "nearest":
            return np.stack([resolution.nearest(rater, self.factor) for rater in labels])
        return np.stack([resolution.majority(rater, self.factor, valid) for rater in labels])

    def _valid(self, valid: np.ndarray | None) -> np.ndarray | None:
        """Return which voxels of the coarser grid count: those whose label comes from a valid voxel."""
        if valid is None:
            return None
        return (resolution.nearest if self.labels == "nearest" else resolution.covered)(valid, self.factor)

    def crop(self, crop: Sequence[int]) -> list[int]:
        """Return the crop that covers the same place on the coarser grid."""
        return list(resolution.grid(crop, self.factor))

    def refine(self, probabilities: np.ndarray, shape: Sequence[int]) -> np.ndarray:
        """Upsample probabilities (C, ...) to the fine grid `shape`, linearly (half-pixel centres); sums stay 1."""
        size = resolution.factors(self.factor, len(shape))
        fine = [n * f for n, f in zip(probabilities.shape[1:], size, strict=True)]
        mode = "bilinear" if len(shape) == 2 else "trilinear"
        tensor = torch.from_numpy(np.ascontiguousarray(probabilities))[None]
        result = torch.nn.functional.interpolate(tensor, size=fine, mode=mode, align_corners=False)[0]
        return result[(slice(None), *(slice(0, n) for n in shape))].numpy()
