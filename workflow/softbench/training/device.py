"""Where and in which numbers a network computes: the device, the layout of tensors in memory, the precision.

Activations are float32 on CPUs and bfloat16 on GPUs that have it; weights are always float32.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

from softbench.errors import InputError
from softbench.jobs.progress import keep_memory
from softbench.training.protocol import Protocol


def choose(name: str, log: Callable[[str], None] = print) -> torch.device:
    """Return the device that config names; "auto" takes a GPU where there is one, and says what it took.

    On a CPU the process keeps the memory that it frees: a training step frees and takes hundreds of MB.

    Raises: InputError: if "cuda" is asked for and there is none.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise InputError(
            "`device: cuda` is asked for, but torch finds no GPU. Is the CUDA build of torch installed, and did the "
            "scheduler grant a GPU? `device: auto` falls back to the CPU."
        )
    torch.backends.cudnn.benchmark = True  # shapes never change, so that the search for the fastest kernel pays
    kind = "cuda" if name == "cuda" or (name == "auto" and torch.cuda.is_available()) else "cpu"
    if kind == "cpu":
        keep_memory()
    log(f"device: {torch.cuda.get_device_name() if kind == 'cuda' else 'cpu'}")
    return torch.device(kind)


VERSION = 1


def channels_last(thing: Any) -> Any:
    """Lay the channels of images (B, M, ...) or of a network's weights last, in 2-D and 3-D.

    It makes convolutions 1.1 to 1.7 times faster on CPUs, and is what GPUs want too; the numbers differ in their last
    digits from the other layout, so training and inference both use it.
    """
    dims = {p.ndim for p in thing.parameters()} if isinstance(thing, nn.Module) else {thing.ndim}
    return thing.to(memory_format=torch.channels_last_3d if 5 in dims else torch.channels_last)


def send(values: np.ndarray | torch.Tensor, device: torch.device) -> torch.Tensor:
    """Return values on a device; floats of numpy become float32. A tensor that is there already is returned as it is.

    To a GPU the copy goes by way of pinned memory, so that it overlaps with the work that is already queued on the GPU;
    torch keeps the pinned memory until the copy is done.
    """
    if isinstance(values, np.ndarray):
        values = torch.from_numpy(values.astype(np.float32) if values.dtype.kind == "f" else values)
    if values.device.type == device.type:
        return values
    staged = torch.empty(values.shape, dtype=values.dtype, pin_memory=True).copy_(values)
    return staged.to(device, non_blocking=True)


Forward = Callable[[torch.Tensor], torch.Tensor]  # images (B, M, ...) -> logits (B, C, ...)


def activation_type(precision: str, device: torch.device) -> torch.dtype:
    """Return the type of activations: of `auto`, bfloat16 where a GPU computes in it, else float32.

    On a CPU without AMX bfloat16 is three times slower than float32.
    """
    if precision == "auto":
        return torch.bfloat16 if device.type == "cuda" and torch.cuda.is_bf16_supported(False) else torch.float32
    return {"bf16": torch.bfloat16, "fp32": torch.float32}[precision]


def precision_name(precision: str, device: torch.device) -> str:
    """Return "bf16" or "fp32": what `activation_type` says, in a word."""
    return "bf16" if activation_type(precision, device) == torch.bfloat16 else "fp32"


def make_forward(model: nn.Module, protocol: Protocol, device: torch.device) -> Forward:
    """Return how a training step computes logits: in the protocol's precision, compiled where it says so.

    Losses take logits to float32 themselves (`losses.arithmetic`), and bfloat16 has float32's range, so that gradients
    need no scaling. A compiled network shares its weights with `model`, and is as deterministic, but rounds otherwise;
    on CUDA its mode records CUDA graphs, one for each shape.
    """
    number = activation_type(protocol.precision, device)
    torch.backends.cudnn.allow_tf32 = protocol.precision != "fp32"  # else a GPU rounds float32 to 11 bits, too
    compiled: nn.Module = model
    if protocol.compile:
        compiled = torch.compile(model, mode="reduce-overhead" if device.type == "cuda" else None)  # type: ignore[assignment]

    def forward(images: torch.Tensor) -> torch.Tensor:
        with torch.autocast(device.type, number, enabled=number != torch.float32):
            logits: torch.Tensor = compiled(channels_last(images))
        return logits

    return forward
