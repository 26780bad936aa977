"""Batches that tests of losses share."""

from collections.abc import Callable

import pytest
import torch
from softbench.losses import Target


def draw_batch(
    *shape: int, classes: int = 3, seed: int = 0, dtype: torch.dtype = torch.float32
) -> tuple[torch.Tensor, Target]:
    """Logits (B, C, ...) and a target that sums to 1, with hard labels of their own; all voxels are valid."""
    generator = torch.Generator().manual_seed(seed)
    size = (shape[0], classes, *shape[1:])
    logits = torch.randn(size, generator=generator, dtype=dtype)
    soft = torch.softmax(2 * torch.randn(size, generator=generator, dtype=dtype), dim=1)
    hard = torch.randint(classes, shape, generator=generator)
    return logits, Target(soft, hard, torch.ones(shape, dtype=torch.bool))


@pytest.fixture(scope="session")
def batch() -> Callable[..., tuple[torch.Tensor, Target]]:
    return draw_batch
