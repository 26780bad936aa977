r"""Raters who paint structures one over another: what one draws, and the exact probability of what such raters draw.

A structure is a *layer*: a class id and a distance s in mm, positive inside. The layers of a case are listed top
first, and the rater moves each by a smooth Gaussian field of its own, n, of variance 1: layer k is painted where
:math:`s_k + b + \sigma n_k > 0`, and hides those below. With :math:`\Phi_k = \Phi((s_k + b) / \sigma)` the topmost
layer is k with probability

.. math:: P_k = \Phi_k \prod_{j < k} (1 - \Phi_j)

exactly and at every voxel, for the fields of different layers are independent; what is left is background.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from softbench.datasets.phantoms.fields import exceedance, smooth_field

VERSION = 1
Layer = tuple[int, np.ndarray]  # class id (0 is background), distance (D, H, W) or (H, W) in mm


@dataclass(frozen=True)
class Rater:
    """One way to draw.

    Attributes:
        sigma_mm: by how much a surface is moved, standard deviation.
        length_mm: correlation length of that movement.
        bias_mm: by how much every layer is drawn too large (too small where negative).
    """

    sigma_mm: float
    length_mm: float
    bias_mm: float = 0.0

    def draw(self, rng: np.random.Generator, layers: Sequence[Layer], spacing_mm: tuple[float, ...]) -> np.ndarray:
        """Return one label map (D, H, W) or (H, W), uint8."""
        labels = np.zeros(layers[0][1].shape, np.uint8)
        for class_id, distance_mm in reversed(layers):  # the lowest layer first, so that those above hide it
            moved = smooth_field(rng, labels.shape, length_mm=self.length_mm, spacing_mm=spacing_mm)
            labels[distance_mm + self.bias_mm + self.sigma_mm * moved > 0] = class_id
        return labels

    def probability(self, layers: Sequence[Layer], classes: int) -> np.ndarray:
        """Return the probability of each class over all such drawings, (C, D, H, W) float64, summing to 1 over C."""
        chances = np.zeros((classes, *layers[0][1].shape))
        unpainted = np.ones(layers[0][1].shape)
        for class_id, distance_mm in layers:
            inside = exceedance(distance_mm + self.bias_mm, self.sigma_mm)
            chances[class_id] += unpainted * inside
            unpainted = unpainted * (1 - inside)
        chances[0] += unpainted
        return chances
