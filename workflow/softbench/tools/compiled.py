"""Compiles, once and before anything waits for it, what is computed in numba: `make setup` calls it.

Numba keeps what it compiled beside the modules (or in NUMBA_CACHE_DIR). A first job would compile it anew, and so would
each other job that starts before that is done.
"""

from typing import Any

import numpy as np

from softbench.arrays import one_hot

SHAPES = ((12, 12), (8, 12, 12))  # pixels and voxels
CLASSES = 3


def main() -> None:
    """Score small images, take one training step and measure geodesic distances, in two and three dimensions."""
    for shape in SHAPES:
        score(shape)
        step(shape)
        measure(shape)


def score(shape: tuple[int, ...]) -> None:
    """Score a prediction that is unsure and one that is not, of one rater and of two."""
    from softbench.metrics.score import assess

    reference = np.zeros((1, *shape), np.uint8)
    reference[0][(slice(3, 7),) * len(shape)] = 1
    reference[0, ..., -2:] = 2
    predicted = np.roll(reference[0], 1, axis=-1)
    unsure = np.full((CLASSES, *shape), 0.1, np.float32) + np.float32(0.7) * one_hot(predicted, CLASSES)
    structures, spacing_mm = {"one": [1], "both": [1, 2]}, (1.0,) * len(shape)
    two = np.concatenate([reference, predicted[None]])
    two.setflags(write=False)
    for probabilities in (unsure, one_hot(predicted, CLASSES)):
        assess(probabilities, reference, spacing_mm, structures, thresholds=True)
        assess(probabilities, two, spacing_mm, structures)


def step(shape: tuple[int, ...]) -> None:
    """Compute a network and its gradient in the layout that it is trained in on a CPU."""
    import torch

    from softbench import networks

    layout = (torch.channels_last, torch.channels_last_3d)[len(shape) - 2]
    network: Any = networks.build("compact_unet", 2, CLASSES, len(shape), widths=[8, 16])
    images = torch.zeros(2, 2, *shape).contiguous(memory_format=layout)
    network.to(memory_format=layout)(images).sum().backward()


def measure(shape: tuple[int, ...]) -> None:
    """Measure geodesic distances from one seed."""
    from softbench.soft_labels import geodesic

    seeds = np.zeros((1, *shape), bool)
    seeds.flat[0] = True
    geodesic.distances(np.zeros((1, *shape), np.float32), seeds, (1.0,) * len(shape))


if __name__ == "__main__":
    main()
