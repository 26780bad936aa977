"""The augmentation of SVLS' released code: a whole batch is turned for the network, and its output is turned back.

What the network learns from stays where it is, so that soft labels are never moved.
"""

from dataclasses import dataclass

import torch

from softbench.training.batches import generator

VERSION = 1


@dataclass(frozen=True)
class BatchTurn:
    """Two axes exchanged, then one mirrored; axes count from the end, so that they are those of images and logits.

    >>> BatchTurn((-3, -1), -2).forth(torch.zeros(2, 4, 16, 24, 32)).shape
    torch.Size([2, 4, 32, 24, 16])
    """

    exchanged: tuple[int, int]
    mirrored: int

    def forth(self, images: torch.Tensor) -> torch.Tensor:
        """Return images (B, M, ...) turned; where the two axes differ in length, the shape is another."""
        return images.transpose(*self.exchanged).flip(self.mirrored)

    def back(self, logits: torch.Tensor) -> torch.Tensor:
        """Return logits (B, C, ...) of turned images at the places of the images."""
        return logits.flip(self.mirrored).transpose(*self.exchanged)


def draw(share: float, dims: int, seed: int, step: int) -> BatchTurn | None:
    """Draw what is done to the batch of a step, a function of (seed, step); None: nothing, for 1 - `share` of steps.

    Args:
        share: of steps whose batch is turned, in [0, 1].
        dims: 2 or 3; the two axes that are exchanged, and the one that is mirrored, are any of them.
    Source: SVLS' released code, utils.py: DataAugmenter, with a share of 0.5. Departures: other random numbers.
    """
    rng = generator(seed, "turn", step)
    if rng.random() >= share:
        return None
    first, second = (int(axis) - dims for axis in rng.permutation(dims)[:2])
    return BatchTurn((first, second), int(rng.integers(dims)) - dims)
