"""Signed distance calibration: cross-entropy, softened margins, and distances to the border of the reference."""

import numpy as np
import torch
from scipy.ndimage import distance_transform_edt
from torch import nn
from torch.nn import functional

from softbench.losses.arithmetic import log_probabilities, mean_over_valid
from softbench.losses.target import Target

VERSION = 1
LOSS = {
    "class": "SignedDistanceCalibration",
    "settings": {"alpha": 0.1, "distance": 0.1, "code": False},
}
ALLOWED = {
    "alpha": {"type": "number", "minimum": 0, "description": "weight of the margins"},
    "distance": {"type": "number", "minimum": 0, "description": "weight of the distances; a hundredth of it counts"},
    "code": {"type": "boolean", "description": "distances positive outside, as in the authors' code"},
}
SCALE = 100.0  # divides the distances' part, as in the authors' code
LEAST = 1e-6  # of a sum of margins, as there
POOL = {4: (functional.max_pool2d, functional.avg_pool2d), 5: (functional.max_pool3d, functional.avg_pool3d)}


class SignedDistanceCalibration(nn.Module):
    r"""Cross-entropy, and two mean absolute differences:

    .. math:: L = \frac{1}{|V|} \sum_{v \in V} \Big( -\sum_c y_{vc} \log p_{vc}
        + \frac{\alpha}{C} \sum_c |u_{vc} - p_{vc}| + \frac{\lambda}{100\, C} \sum_c |2 p_{vc} - 1 - s_{vc}| \Big)

    u: the margin of each class in the rater's label map (dilated less eroded by 3 x 3 (x 3) voxels), its mean over
    3 x 3 (x 3) voxels, divided by the sum over classes. s: the signed distance in voxels to the border of each class,
    positive inside, divided by its largest size in the image; -1 for a class that the image lacks, 1 for one that
    fills it. V: the valid voxels of the batch; others are neither inside nor outside. It is not smallest at p = y.
    With `code`, s is positive outside: |2 p - 1 - s| is then smallest where a class is not.

    Source: Liang et al. 2025 (arXiv 2503.05107), by their code: the equations of the paper were not compared.
    Departures: s is positive inside; margins of volumes are in three dimensions (theirs: slice by slice); u is a mean
    over the voxels that there are (theirs reflects); a class that the image lacks, or that fills it, has no largest
    distance; margins and distances are those of the rater's label map, whatever the target is.
    """

    def __init__(self, *, alpha: float = 0.1, distance: float = 0.1, code: bool = False) -> None:
        """Take the weights, at least 0, and whether distances are positive outside."""
        super().__init__()
        self.alpha, self.distance, self.sign = alpha, distance / SCALE, -1.0 if code else 1.0

    def forward(self, logits: torch.Tensor, target: Target) -> torch.Tensor:
        """Return the mean over valid voxels, a scalar; NaN if no voxel is valid."""
        log_p = log_probabilities(logits)
        p, classes = log_p.exp(), logits.shape[1]
        with torch.no_grad():
            inside = functional.one_hot(target.hard.clamp(0, classes - 1), classes).movedim(-1, 1).bool()
            counted = target.valid.unsqueeze(1)
            margins = soft_margins(inside & counted, ~inside & counted, counted).to(p)
            distances = self.sign * signed_distances(inside & counted, ~inside & counted).to(p)
        entropy = -(target.soft * log_p).sum(dim=1)
        penalty = self.alpha * (margins - p).abs() + self.distance * (2 * p - 1 - distances).abs()
        return mean_over_valid(entropy + penalty.mean(dim=1), target.valid)


def soft_margins(inside: torch.Tensor, outside: torch.Tensor, counted: torch.Tensor) -> torch.Tensor:
    """Return the softened margins (B, C, ...) in [0, 1], summing to 1 over classes where there are any, else to 0.

    Args:
        inside, outside: (B, C, ...) bool; a voxel that is neither is not looked at.
        counted: (B, 1, ...) bool, the voxels that are looked at.
    """
    largest, mean = POOL[inside.ndim]
    near = [largest(mask.float(), 3, stride=1, padding=1) for mask in (inside, outside)]
    margin = near[0] * near[1] * counted
    around = (1, 1) * (inside.ndim - 2)
    shares = [mean(functional.pad(part.float(), around), 3, stride=1) for part in (margin, counted)]
    share = shares[0] / shares[1].clamp_min(LEAST)
    return share / share.sum(dim=1, keepdim=True).clamp_min(LEAST)


def signed_distances(inside: torch.Tensor, outside: torch.Tensor) -> torch.Tensor:
    """Return signed distances (B, C, ...) in [-1, 1], positive inside; on the CPU.

    Args: inside, outside: (B, C, ...) bool; a voxel that is neither has no meaning.
    """
    pairs = zip(inside.flatten(0, 1).cpu().numpy(), outside.flatten(0, 1).cpu().numpy(), strict=True)
    maps = np.stack([_signed_distance(*pair) for pair in pairs])
    return torch.from_numpy(maps).reshape(inside.shape)


def _signed_distance(inside: np.ndarray, outside: np.ndarray) -> np.ndarray:
    if not (inside.any() and outside.any()):
        return np.full(inside.shape, 1.0 if inside.any() else -1.0, np.float32)
    distance = distance_transform_edt(~outside) - distance_transform_edt(~inside)
    known = np.abs(distance[inside | outside])
    return np.asarray(np.clip(distance / known.max(), -1, 1), np.float32)
