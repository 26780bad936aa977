"""DnCNN: a plain network that predicts the noise of an image, built from a file of weights that its authors publish.

The files are those of the authors' repository KAIR (`dncnn_15.pth`, `dncnn_25.pth`, `dncnn_50.pth` with 17 layers, each
for one level of noise; `dncnn_gray_blind.pth` with 20, for levels from 0 to 55 of 255): a PyTorch state dict with
`model.0.weight`, `model.0.bias`, `model.2.weight`, ..., in which batch normalisation is part of the convolutions.
Between them stand ReLUs. Their names say the number of layers, their shapes the widths.

No file of theirs was at hand here: the layout is that of the code that writes and reads them, and tests make files of
it with random numbers.
"""

import pickle
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from softbench.errors import InputError

if TYPE_CHECKING:
    import torch

VERSION = 1
WHITE = 255.0  # of the 8-bit images that the weights were trained on, scaled to [0, 1]
LAYOUT = "model.0.weight (64, 1, 3, 3), model.0.bias, model.2.weight, ..., the last of one channel"
Layer = tuple["torch.Tensor", "torch.Tensor"]  # weight (out, in, 3, 3), bias (out,)


def denoised(image: np.ndarray, weights: Path) -> np.ndarray:
    """Return an image without the noise that the network predicts.

    .. math:: y = x - f(x)

    Args:
        image: (H, W), 0 to 255.
        weights: file of a state dict.
    Returns: (H, W) float32, in the image's units; it may leave 0 to 255 a little.
    Raises: InputError: if the file is missing or another one, or the image leaves 0 to 255.
    Source: Zhang et al., IEEE Transactions on Image Processing 26, 3142 (2017), Sec. III. Departures: none.
    """
    import torch
    from torch.nn import functional

    if image.min() < 0 or image.max() > WHITE:
        raise InputError(f"DnCNN takes 0 to 255, but the image spans {image.min():g} to {image.max():g}.")
    stat = require_weights(weights).stat()
    *hidden, (last, bias) = _layers(weights, stat.st_size, stat.st_mtime_ns)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # cases share the cores; and the order of sums must not depend on their number
    try:
        with torch.inference_mode():
            scaled = torch.from_numpy(np.asarray(image, np.float32) / np.float32(WHITE))[None, None]
            values = scaled
            for weight, offset in hidden:
                values = functional.relu(functional.conv2d(values, weight, offset, padding=1))
            clean = scaled - functional.conv2d(values, last, bias, padding=1)
    finally:
        torch.set_num_threads(threads)
    return np.asarray(clean[0, 0].numpy() * np.float32(WHITE), np.float32)


def require_weights(path: Path) -> Path:
    """Return the path of a file of weights.

    Raises: InputError: if there is none; it says where to get it.
    """
    if not path.is_file():
        raise InputError(
            f"`denoise: dncnn` needs the weights {path}, which are not there. Download {path.name} from the release "
            "v1.0 of github.com/cszn/KAIR and put it there, or set `denoise: nl_means` (non-local means)."
        )
    return path


@lru_cache(maxsize=1)
def _layers(path: Path, size: int, changed_ns: int) -> tuple[Layer, ...]:
    """Read the layers of a file, in order; size and time are there so that a changed one is read anew."""
    import torch

    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, KeyError, pickle.UnpicklingError) as error:
        raise InputError(f"{path} cannot be read as weights of PyTorch ({error}). Download it again.") from error
    found = _numbered(state)
    if not found or any(not _fits(layer) for layer in found) or not _joins(found):
        raise InputError(f"{path} holds no DnCNN for grey images. Expected in it: {LAYOUT}.")
    return tuple((weight.float(), bias.float()) for weight, bias in found)


def _numbered(state: object) -> list[Layer]:
    """Return weights and biases by their numbers, none where a key is of another kind or lacks its pair."""
    if not isinstance(state, dict) or not all(re.fullmatch(r"model\.\d+\.(weight|bias)", str(key)) for key in state):
        return []
    numbers = sorted({int(key.split(".")[1]) for key in state})
    pairs = [(f"model.{number}.weight", f"model.{number}.bias") for number in numbers]
    if numbers != list(range(0, 2 * len(numbers), 2)) or not all(key in state for pair in pairs for key in pair):
        return []
    return [(state[weight], state[bias]) for weight, bias in pairs]


def _fits(layer: Layer) -> bool:
    weight, bias = layer
    return weight.ndim == 4 and tuple(weight.shape[2:]) == (3, 3) and tuple(bias.shape) == (len(weight),)


def _joins(layers: list[Layer]) -> bool:
    """Return whether each layer takes what the one before gives, from one channel to one."""
    taken = [weight.shape[1] for weight, _ in layers]
    given = [weight.shape[0] for weight, _ in layers]
    return taken == [1, *given[:-1]] and given[-1] == 1
