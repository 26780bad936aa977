"""What a device reaches at its best, and what a training step asks of it: floating-point operations and their rates.

A multiplication and an addition are two operations. The *achievable rate* of convolutions is the highest of some large,
well-shaped ones (`LARGE`): one convolution of kernel 3 from c to c channels, forward and both gradients, channels last,
in bf16 on a GPU and fp32 on a CPU. The operations of a step are torch's count (`torch.utils.flop_counter`) of the
network's convolutions and products, forward and backward; what normalises and activates counts as nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from softbench.training.device import channels_last
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from training_work import read_clock, seconds_between

REPEATS = 10


@dataclass(frozen=True)
class Large:
    """Edge of a square product; and of convolutions, by dimensions: images, channels, edge of the grid."""

    product: int
    convolutions: dict[int, list[tuple[int, int, int]]]


LARGE = {
    "cuda": Large(8192, {3: [(1, 64, 128), (1, 128, 96), (1, 256, 64)], 2: [(16, 64, 512), (16, 128, 256)]}),
    "cpu": Large(1536, {3: [(1, 32, 48)], 2: [(1, 32, 256)]}),
    "tiny": Large(64, {3: [(1, 8, 8)], 2: [(1, 8, 16)]}),
}


def type_on(device: torch.device) -> torch.dtype:
    """Return what a network computes in here: bf16 on a GPU, fp32 on a CPU."""
    return torch.bfloat16 if device.type == "cuda" else torch.float32


def product_rate(device: torch.device, size: str) -> float:
    """Return the operations a second of a square product; `size` is a key of LARGE."""
    edge = LARGE[size].product
    square = torch.randn(edge, edge, device=device).to(type_on(device))
    return 2 * edge**3 / fastest_s(lambda: square @ square, device)


def convolution_rates(device: torch.device, dims: int, size: str) -> dict[str, float]:
    """Return the operations a second of each large convolution; the best is the achievable rate."""
    shapes = LARGE[size].convolutions[dims]
    return {f"{c} channels, {n} x {edge}^{dims}": _rate(device, dims, n, c, edge) for n, c, edge in shapes}


def _rate(device: torch.device, dims: int, images: int, channels: int, edge: int) -> float:
    layer = (nn.Conv2d, nn.Conv3d)[dims - 2](channels, channels, 3, padding=1, bias=False)
    layer = channels_last(layer.to(device, type_on(device)))
    shape = (images, channels, *[edge] * dims)
    features = channels_last(torch.randn(shape, device=device).to(type_on(device))).requires_grad_()
    gradient = channels_last(torch.randn(shape, device=device).to(type_on(device)))
    sources = (features, layer.weight)
    operations = 3 * 2 * 3**dims * channels**2 * images * edge**dims
    return operations / fastest_s(lambda: torch.autograd.grad(layer(features), sources, gradient), device)


def fastest_s(action: Callable[[], object], device: torch.device, repeats: int = REPEATS) -> float:
    """Return the seconds of the fastest of some calls, after two that are not timed."""
    action(), action()
    times = []
    for _ in range(repeats):
        start = read_clock(device)
        action()
        times.append(seconds_between(start, read_clock(device)))
    return min(times)


def count_operations(make_network: Callable[[], nn.Module], shape: Sequence[int]) -> int:
    """Return the operations of forward and backward for images (B, M, ...), counted without computing them."""
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        make_network()(torch.empty(tuple(shape))).sum().backward()
    return counter.get_total_flops()
