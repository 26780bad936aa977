"""The same convolution in fp32, a few layers at a time: too few numbers for a library to miscount.

Layers are cut along the first axis of the grid. Sums over channels are short and kept in fp32; the gradient of the
kernel, a sum over all voxels, is added up over the slabs in float64.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch.nn import functional
from torch.nn.grad import conv3d_weight

SIZE = 3  # of a kernel of a convolution, with padding 1; a transposed one doubles the grid: size and stride 2
SLAB = 2**26  # numbers in a slab, at most


@dataclass(frozen=True)
class Slab:
    """Layers of the outcome and of the images' gradient, and what they add to the gradient of the kernel."""

    of_outcome: slice
    outcome: torch.Tensor
    of_images: slice
    images: torch.Tensor
    kernel: torch.Tensor


def slabs(
    images: torch.Tensor, kernel: torch.Tensor, gradient: torch.Tensor, *, transposed: bool, where: torch.device
) -> Iterator[Slab]:
    """Yield slab after slab of a convolution and of its gradients, computed in fp32 on the device `where`."""
    scale = 2 if transposed else 1
    of_layer = max(images[:, :, 0].numel(), scale * gradient[:, :, 0].numel())
    thickness = max(1, SLAB // of_layer)
    of_kernel = kernel.detach().to(where, torch.float32)
    for first in range(0, images.shape[2], thickness):
        last = min(first + thickness, images.shape[2])
        of_images, of_outcome = slice(first, last), slice(scale * first, scale * last)
        one = _transposed if transposed else _plain
        yield Slab(of_outcome, *one(images, of_kernel, gradient, of_images, of_outcome, where))


def _plain(
    images: torch.Tensor, kernel: torch.Tensor, gradient: torch.Tensor, inside: slice, _: slice, where: torch.device
) -> tuple[torch.Tensor, slice, torch.Tensor, torch.Tensor]:
    """Convolve with one layer more on either side; the images' gradient is the adjoint, cut by those two layers."""
    wide, gradients = _widened(images, inside, where), _widened(gradient, inside, where)
    outcome = functional.conv3d(wide, kernel, padding=(0, 1, 1))
    of_images = functional.conv_transpose3d(gradients, kernel, padding=(2, 1, 1))
    of_kernel = _of_kernel(wide, kernel, gradients[:, :, 1:-1], stride=1, padding=(0, 1, 1))
    return outcome, inside, of_images, of_kernel


def _transposed(
    images: torch.Tensor, kernel: torch.Tensor, gradient: torch.Tensor, inside: slice, out: slice, where: torch.device
) -> tuple[torch.Tensor, slice, torch.Tensor, torch.Tensor]:
    """Double the layers; the gradients are those of the convolution of stride 2 that this is the adjoint of."""
    layers, gradients = _taken(images, inside, where), _taken(gradient, out, where)
    outcome = functional.conv_transpose3d(layers, kernel, stride=2)
    of_images = functional.conv3d(gradients, kernel, stride=2)
    of_kernel = _of_kernel(gradients, kernel, layers, stride=2, padding=(0, 0, 0))
    return outcome, inside, of_images, of_kernel


def _of_kernel(
    images: torch.Tensor, kernel: torch.Tensor, gradient: torch.Tensor, *, stride: int, padding: tuple[int, int, int]
) -> torch.Tensor:
    """Return the gradient of the kernel of a convolution of images, from that of its result."""
    settings = {"stride": stride, "padding": padding}
    found: torch.Tensor = conv3d_weight(images, list(kernel.shape), gradient, **settings)  # type: ignore[no-untyped-call]
    return found


def _taken(tensor: torch.Tensor, layers: slice, where: torch.device) -> torch.Tensor:
    return tensor[:, :, layers].detach().to(where, torch.float32)


def _widened(tensor: torch.Tensor, layers: slice, where: torch.device) -> torch.Tensor:
    """Return layers with one more on either side, 0 beyond the grid."""
    low, high = max(layers.start - 1, 0), min(layers.stop + 1, tensor.shape[2])
    missing = (0, 0, 0, 0, low - (layers.start - 1), layers.stop + 1 - high)
    return functional.pad(_taken(tensor, slice(low, high), where), missing)
