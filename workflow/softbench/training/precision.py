"""In which numbers a network computes: float32 on CPUs, bfloat16 on GPUs that have it, the weights always float32."""

from collections.abc import Callable

import torch
from torch import nn

from softbench.training.layout import channels_last
from softbench.training.protocol import Protocol

VERSION = 1

Forward = Callable[[torch.Tensor], torch.Tensor]  # images (B, M, ...) -> logits (B, C, ...)


def type_of(precision: str, device: torch.device) -> torch.dtype:
    """Return the type of activations: of `auto`, bfloat16 where a GPU computes in it, else float32.

    On a CPU without AMX bfloat16 is three times slower than float32.
    """
    if precision == "auto":
        return torch.bfloat16 if device.type == "cuda" and torch.cuda.is_bf16_supported(False) else torch.float32
    return {"bf16": torch.bfloat16, "fp32": torch.float32}[precision]


def name_of(precision: str, device: torch.device) -> str:
    """Return "bf16" or "fp32": what `type_of` says, in a word."""
    return "bf16" if type_of(precision, device) == torch.bfloat16 else "fp32"


def forward_of(model: nn.Module, protocol: Protocol, device: torch.device) -> Forward:
    """Return how a training step computes logits: in the protocol's precision, compiled where it says so.

    Losses take logits to float32 themselves (`losses.arithmetic`), and bfloat16 has float32's range, so that gradients
    need no scaling. A compiled network shares its weights with `model`, and is as deterministic, but rounds otherwise;
    on CUDA its mode records CUDA graphs, as shapes never change.
    """
    number = type_of(protocol.precision, device)
    torch.backends.cudnn.allow_tf32 = protocol.precision != "fp32"  # else a GPU rounds float32 to 11 bits, too
    compiled: nn.Module = model
    if protocol.compile:
        compiled = torch.compile(model, mode="reduce-overhead" if device.type == "cuda" else None)  # type: ignore[assignment]

    def forward(images: torch.Tensor) -> torch.Tensor:
        with torch.autocast(device.type, number, enabled=number != torch.float32):
            logits: torch.Tensor = compiled(channels_last(images))
        return logits

    return forward
