"""Load and save trained networks, and compute the class probabilities of an image with them.

A file of a network holds its settings and weights, and is read without pickle.
"""

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from softbench import networks
from softbench.datasets.case import Case
from softbench.jobs import pieces, storage
from softbench.training.cached_data import pad_edge, padded
from softbench.training.device import channels_last
from softbench.training.protocol import AXES, Protocol

VERSION = 3
KEPT = 1 << 29  # bytes of logits that are kept for another use; more of them are computed again
FEW_VOXELS = 64**3  # below, torch computes one volume on a CPU by a path that takes three times as long as two volumes


@dataclass(frozen=True)
class View:
    """How a network looks at an image.

    patch_size: of sliding-window inference, voxels; None: the whole image. overlap: share by which neighbouring windows
    do. tta_flips: axes from the end (-1 is W) along which the image is also flipped, in each combination; the mean of
    the logits counts.
    """

    patch_size: tuple[int, ...] | None = None
    overlap: float = 0.5
    tta_flips: tuple[int, ...] = ()


def make_view(protocol: Protocol) -> View:
    """Return how the networks of a protocol look at images."""
    names = AXES[-len(protocol.patch_size) :]
    flips = tuple(names.index(axis) - len(names) for axis in protocol.tta_flips)
    return View(None if protocol.inference_patch is None else tuple(protocol.inference_patch), protocol.overlap, flips)


def logits(model: nn.Module, image: np.ndarray, view: View | None = None) -> torch.Tensor:
    """Return the logits of one image on its own grid.

    Args:
        model: a network of `softbench.networks`.
        image: (M, D, H, W) or (M, H, W) float.
        view: how the network looks at it. Logits of windows are averaged with Gaussian weights (MONAI), those of
            flipped images with equal ones. None: whole, as it is.
    Returns: (C, ...) float32 on the CPU.
    """
    return _logits_of_each(model, [image], view or View())[0]


@torch.no_grad()
def _logits_of_each(model: nn.Module, images: Sequence[np.ndarray], view: View) -> list[torch.Tensor]:
    """Return the logits of images of one shape, which go through the network together."""
    model.eval()
    ways = [way for n in range(len(view.tta_flips) + 1) for way in itertools.combinations(view.tta_flips, n)]
    found = [_logits(model, [np.flip(image, way) for image in images], view).flip(way) for way in ways]
    return list(torch.stack(found).mean(dim=0) if len(found) > 1 else found[0])


def _logits(model: nn.Module, images: Sequence[np.ndarray], view: View) -> torch.Tensor:
    """Return the logits of one look at images of one shape, (B, C, ...)."""
    device, shape = next(model.parameters()).device, images[0].shape[1:]
    if view.patch_size is None:
        whole = np.stack([padded(image, model.multiple) for image in images])  # type: ignore[arg-type]
        result = _forward(model, torch.from_numpy(whole).to(device))
    else:
        grid = [max(have, want) for have, want in zip(shape, view.patch_size, strict=True)]
        batch = torch.from_numpy(np.stack([pad_edge(image, grid) for image in images])).to(device)
        result = _slide(model, batch, view.patch_size, view.overlap)
    return result[(slice(None), slice(None), *(slice(0, n) for n in shape))].cpu()


def _forward(model: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """Return the logits of images, float32; a small volume that comes alone goes through a CPU as a pair of twins."""
    alone = len(images) == 1 and images.ndim == 5 and images.device.type == "cpu" and images[0, 0].numel() < FEW_VOXELS
    result: torch.Tensor = model(channels_last(torch.cat([images, images]) if alone else images))
    return result[: len(images)].float()


def _slide(model: nn.Module, batch: torch.Tensor, window: Sequence[int], overlap: float) -> torch.Tensor:
    from monai.inferers.utils import sliding_window_inference  # seconds to import: only where it is used

    together = 4 if np.prod(window) < FEW_VOXELS else 1
    result = sliding_window_inference(
        batch, window, together, lambda part: _forward(model, part), overlap=overlap, mode="gaussian"
    )
    assert isinstance(result, torch.Tensor), "one tensor in, one out"
    return result


def predict(
    models: Sequence[nn.Module],
    image: np.ndarray,
    *,
    temperature: float = 1.0,
    view: View | None = None,
) -> np.ndarray:
    """Return the class probabilities of an image: the mean over models of their softmax.

    Args:
        models: one network, or the seeds of an ensemble.
        image: (M, D, H, W) or (M, H, W) float.
        temperature: divides the logits of every model; 1 leaves them.
        view: as `logits`.
    Returns: (C, ...) float32, summing to 1 over C.
    """
    return mean_of_softmax([logits(model, image, view) / temperature for model in models])


def mean_of_softmax(scores: Sequence[torch.Tensor]) -> np.ndarray:
    """Return the mean of the softmax of several logits (C, ...)."""
    return torch.stack([torch.softmax(logits, dim=0) for logits in scores]).mean(dim=0).numpy()


def stream_logits(
    model: nn.Module, cases: Sequence[Case], view: View | None = None
) -> Iterator[tuple[Case, torch.Tensor]]:
    """Yield each case with its logits (C, ...).

    Small images of one shape go through a CPU two by two, which takes as long as one (`_forward`); all others one at a
    time, so that memory stays that of one case.
    """
    view, rest = view or View(), list(cases)
    while rest:
        pair = _two_by_two(model, rest[:2], view)
        together, rest = rest[: 2 if pair else 1], rest[2 if pair else 1 :]
        yield from zip(together, _logits_of_each(model, [case.images for case in together], view), strict=True)


class KeptLogits:
    """The logits of the cases that a network looked at last, where all of them fit into `KEPT` bytes."""

    def __init__(self) -> None:
        """Keep nothing yet."""
        self.logits: list[torch.Tensor] = []

    def keep(self, stream: Iterable[tuple[Case, torch.Tensor]]) -> Iterator[tuple[Case, torch.Tensor]]:
        """Give what `stream_logits` gives, and keep it in place of what was kept before."""
        found, size = [], 0
        self.logits = []
        for case, scores in stream:
            size += scores.nbytes
            if size <= KEPT:
                found.append(scores)
            else:
                found.clear()
            yield case, scores
        self.logits = found if size <= KEPT else []


def stream_probabilities(
    models: Sequence[nn.Module], cases: Sequence[Case], view: View | None = None
) -> Iterator[tuple[Case, np.ndarray]]:
    """Yield each case with what `predict` gives of it, small cases two by two as `stream_logits`."""
    for of_models in zip(*(stream_logits(model, cases, view) for model in models), strict=True):
        yield of_models[0][0], mean_of_softmax([scores for _, scores in of_models])


def _two_by_two(model: nn.Module, cases: Sequence[Case], view: View) -> bool:
    """Return whether two cases are seen together: small volumes of one shape, whole, on a CPU."""
    shapes = [case.images.shape for case in cases]
    whole = view.patch_size is None and next(model.parameters()).device.type == "cpu"
    small = len(shapes[0]) == 4 and math.prod(shapes[0][1:]) < FEW_VOXELS
    return len(shapes) == 2 and shapes[0] == shapes[1] and whole and small


def save_model(path: Path, model: nn.Module, network: dict[str, Any], channels: int, classes: int, dims: int) -> None:
    """Write the weights with what is needed to build the network again."""
    weights = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    facts = {"network": network, "in_channels": channels, "classes": classes, "dims": dims}
    torch.save({**facts, "weights": weights}, path)


def load_model(path: Path, device: torch.device) -> nn.Module:
    """Build the network of a file with its weights, on a device, ready for inference.

    Raises: InputError: if the file is missing or damaged.
    """
    with storage.reading(path, *storage.lists_of(path.parent)):
        storage.require_checksums(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    settings = {name: value for name, value in content["network"].items() if name != "name"}
    with torch.random.fork_rng(devices=[]):
        model = networks.build(
            content["network"]["name"], content["in_channels"], content["classes"], content["dims"], **settings
        )
    model.load_state_dict(content["weights"])
    laid_out: nn.Module = channels_last(model.to(device))
    return laid_out.eval()


def hash_weights(model: torch.nn.Module) -> str:
    """Return one sha256 over all weights of a network."""
    state = model.state_dict()
    return pieces.key_of(**{name: pieces.hash_array(value.detach().cpu().numpy()) for name, value in state.items()})
