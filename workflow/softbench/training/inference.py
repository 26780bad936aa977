"""From trained networks and an image to class probabilities."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import nn

from softbench.datasets.case import Case
from softbench.training.layout import channels_last
from softbench.training.resident import padded

VERSION = 1


@torch.no_grad()
def logits(model: nn.Module, image: np.ndarray) -> torch.Tensor:
    """Return the logits of one image, whole and on its own grid.

    Args:
        model: a network of `softbench.networks`.
        image: (M, D, H, W) or (M, H, W) float.
    Returns: (C, ...) float32 on the CPU.
    """
    model.eval()
    device = next(model.parameters()).device
    batch = torch.from_numpy(padded(image, model.multiple))[None].to(device)  # type: ignore[arg-type]
    result = model(channels_last(batch))[0].float()
    return result[(slice(None), *(slice(0, n) for n in image.shape[1:]))].cpu()


def predict(
    models: Sequence[nn.Module],
    image: np.ndarray,
    *,
    temperature: float = 1.0,
) -> np.ndarray:
    """Return the class probabilities of an image: the mean over models of their softmax.

    Args:
        models: one network, or the seeds of an ensemble.
        image: (M, D, H, W) or (M, H, W) float.
        temperature: divides the logits of every model; 1 leaves them.
    Returns: (C, ...) float32, summing to 1 over C.
    """
    shares = [torch.softmax(logits(model, image) / temperature, dim=0) for model in models]
    return torch.stack(shares).mean(dim=0).numpy()


def stream_logits(model: nn.Module, cases: Sequence[Case]) -> Iterator[tuple[Case, torch.Tensor]]:
    """Yield each case with its logits (C, ...), one at a time, so that memory stays that of one case."""
    for case in cases:
        yield case, logits(model, case.images)
