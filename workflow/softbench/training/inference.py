"""From trained networks and an image to class probabilities."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from softbench.datasets.case import Case
from softbench.training.layout import channels_last
from softbench.training.protocol import Protocol
from softbench.training.resident import pad_edge, padded

VERSION = 1


@dataclass(frozen=True)
class Window:
    """Sliding-window inference: `size` in voxels, and the share by which neighbours `overlap`."""

    size: tuple[int, ...]
    overlap: float = 0.5


def window_of(protocol: Protocol) -> Window | None:
    """Return the window of a protocol; None where it looks at whole images."""
    return None if protocol.window is None else Window(tuple(protocol.window), protocol.overlap)


@torch.no_grad()
def logits(model: nn.Module, image: np.ndarray, window: Window | None = None) -> torch.Tensor:
    """Return the logits of one image on its own grid.

    Args:
        model: a network of `softbench.networks`.
        image: (M, D, H, W) or (M, H, W) float.
        window: the image is looked at through windows whose logits are averaged with Gaussian weights (MONAI); None:
            whole.
    Returns: (C, ...) float32 on the CPU.
    """
    model.eval()
    device = next(model.parameters()).device
    if window is None:
        batch = torch.from_numpy(padded(image, model.multiple))[None].to(device)  # type: ignore[arg-type]
        result = model(channels_last(batch))[0].float()
    else:
        grid = [max(have, want) for have, want in zip(image.shape[1:], window.size, strict=True)]
        batch = torch.from_numpy(pad_edge(image, grid))[None].to(device)
        result = _slide(model, batch, window)[0]
    return result[(slice(None), *(slice(0, n) for n in image.shape[1:]))].cpu()


def _slide(model: nn.Module, batch: torch.Tensor, window: Window) -> torch.Tensor:
    from monai.inferers.utils import sliding_window_inference  # seconds to import: only where it is used

    result = sliding_window_inference(
        batch, window.size, 1, lambda part: model(channels_last(part)).float(), overlap=window.overlap, mode="gaussian"
    )
    assert isinstance(result, torch.Tensor), "one tensor in, one out"
    return result


def predict(
    models: Sequence[nn.Module],
    image: np.ndarray,
    *,
    temperature: float = 1.0,
    window: Window | None = None,
) -> np.ndarray:
    """Return the class probabilities of an image: the mean over models of their softmax.

    Args:
        models: one network, or the seeds of an ensemble.
        image: (M, D, H, W) or (M, H, W) float.
        temperature: divides the logits of every model; 1 leaves them.
        window: as `logits`.
    Returns: (C, ...) float32, summing to 1 over C.
    """
    shares = [torch.softmax(logits(model, image, window) / temperature, dim=0) for model in models]
    return torch.stack(shares).mean(dim=0).numpy()


def stream_logits(
    model: nn.Module, cases: Sequence[Case], window: Window | None = None
) -> Iterator[tuple[Case, torch.Tensor]]:
    """Yield each case with its logits (C, ...), one at a time, so that memory stays that of one case."""
    for case in cases:
        yield case, logits(model, case.images, window)
