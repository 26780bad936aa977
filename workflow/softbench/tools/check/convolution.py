r"""Are 3-D convolutions in bf16 right here: forward and both gradients against fp32, number by number.

Some builds of cuDNN are silently wrong on large tensors (9.10.2, pytorch#163539), so the largest tensors tried hold
more than 2**31 numbers, what a 32-bit index can count, where the memory allows it.

How far bf16 may be off. Images, kernel and gradient are uniform in [-1, 1], rounded to bf16 beforehand: both sides
start from the same numbers, and a product of two of 8 bits is exact in fp32's 24. A result :math:`r` is a sum of
:math:`n` products of variance 1/9, so its size is :math:`s = \sqrt n / 3`. What is rounded:

1. The result, to bf16's 8 bits: an error of at most :math:`2^{-8}|r|`. A library may split the sum into :math:`k`
   parts and round each; a part stays below :math:`6 s / \sqrt k` (six standard deviations), the errors have random
   signs, so together :math:`6 \cdot 2^{-8} s`. Both: at most :math:`8 \cdot 2^{-8} (|r| + s)`.
2. Each of :math:`n` additions in fp32: at most :math:`2^{-23}` of the sum so far (tensor cores cut off what fp32 would
   round), which stays below :math:`6 s`. With random signs the errors add up to :math:`\sqrt n` of them, six standard
   deviations of which are :math:`36 \sqrt n\, 2^{-23} s`; as much again for the reference in fp32, less than
   :math:`80 \sqrt n\, 2^{-23} s` together.

So :math:`|r_{bf16} - r_{fp32}| \le (2^{-5} + 80 \sqrt n\, 2^{-23}) (|r_{fp32}| + s)`. A right build stays near
:math:`2^{-8}` = 0.0039; a number from a wrong place is off by about 1.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import torch
from torch.nn import functional
from torch.nn.grad import conv3d_weight

from softbench.tools.check.findings import Finding, failed, ok

NAME = "bf16 convolutions"
BY_CPU = 2**25  # numbers in a tensor up to which the CPU makes the reference: another library than the one on trial
SIZE = 3  # of a kernel of a convolution, with padding 1; a transposed one doubles the grid: size and stride 2
SLAB = 2**26  # numbers in a slab, at most
SEED = 0
COUNTABLE = 2**31  # numbers that a 32-bit index can tell apart


@dataclass(frozen=True)
class Trial:
    """One convolution: (batch, channels_in, *grid) -> channels_out, on the same grid or, transposed, on twice it."""

    channels_in: int
    channels_out: int
    grid: tuple[int, int, int]
    batch: int = 1
    transposed: bool = False

    @property
    def voxels(self) -> int:
        """Return the voxels of the images, of all in the batch."""
        return self.batch * math.prod(self.grid)

    @property
    def numbers(self) -> int:
        """Return the numbers in the largest tensor."""
        return self.voxels * max(self.channels_in, (8 if self.transposed else 1) * self.channels_out)

    @property
    def terms(self) -> dict[str, int]:
        """Return how many products each result is the sum of."""
        taps = (1, 8) if self.transposed else (SIZE**3, SIZE**3)
        return {
            "result": taps[0] * self.channels_in,
            "gradient of images": taps[1] * self.channels_out,
            "gradient of kernel": self.voxels,
        }


SMALL = (
    Trial(8, 12, (9, 11, 13), batch=2),
    Trial(16, 16, (24, 32, 32)),
    Trial(16, 8, (8, 10, 12), batch=2, transposed=True),
)
USUAL = (Trial(16, 32, (128, 192, 192)),)  # a layer of the largest crop of the papers
EDGES = (324, 256, 200, 160, 128, 96)  # 64 channels of 324**3 voxels are 2.18e9 numbers; smaller ones need less memory


def large(edge: int) -> tuple[Trial, ...]:
    """Return trials with a large result, a large image, and a large result of a transposed convolution."""
    cube, half = (edge, edge, edge), (edge // 2, edge // 2, edge // 2)
    return Trial(8, 64, cube), Trial(64, 8, cube), Trial(16, 64, half, transposed=True)


def made(trial: Trial, device: torch.device) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return images, kernel and the gradient of the result, channels last, as in training."""
    scale, size = (2, 2) if trial.transposed else (1, SIZE)
    pair = (trial.channels_in, trial.channels_out) if trial.transposed else (trial.channels_out, trial.channels_in)
    shapes = [
        (trial.batch, trial.channels_in, *trial.grid),
        (*pair, size, size, size),
        (trial.batch, trial.channels_out, *(scale * length for length in trial.grid)),
    ]
    generator = torch.Generator(device).manual_seed(SEED)
    empty = partial(torch.empty, dtype=torch.bfloat16, device=device, memory_format=torch.channels_last_3d)
    made = [empty(shape).uniform_(-1, 1, generator=generator) for shape in shapes]
    return made[0], made[1], made[2]


def check(device: torch.device) -> Finding:
    """Convolve made data of several sizes; "failed" means that training in bf16 would be wrong here.

    A CPU is tried with small sizes alone; a GPU needs 12 GiB for the largest, and is tried with less where it has less.
    """
    worst, largest = 0.0, 0  # of what is allowed; numbers
    for trial, errors in _outcomes(device):
        for what, share in errors.items():
            if not share <= 1:
                return failed(NAME, _wrong(trial, what, share))
            worst = max(worst, share)
        largest = max(largest, trial.numbers)
    text = f"results and gradients agree with fp32: errors reach {worst:.0%} of what rounding allows"
    return ok(NAME, f"{text}, in tensors of up to {largest:.2g} numbers{_scope(device, largest)}.")


def _scope(device: torch.device, largest: int) -> str:
    if largest > COUNTABLE:
        return ", more than 32 bits count"
    return "; larger ones do not fit" if device.type == "cuda" else ""


def _wrong(trial: Trial, what: str, share: float) -> str:
    kind = "transposed convolution" if trial.transposed else "convolution"
    size = "x".join(map(str, (trial.batch, trial.channels_in, *trial.grid)))
    text = f"{what} of a {kind} of {size} to {trial.channels_out} channels errs by {share:.3g} times what is allowed"
    return f"{text}: do not train with bf16 here: set `precision: fp32`, or install the pinned torch (`make setup`)."


def _outcomes(device: torch.device) -> Iterator[tuple[Trial, dict[str, float]]]:
    """Run the trials one after another, on a GPU up to the largest that fit."""
    gpu = device.type == "cuda"
    yield from ((trial, shares(trial, device)) for trial in (*SMALL, *(USUAL if gpu else ())))
    for edge in EDGES if gpu else ():
        try:
            yield from [(trial, shares(trial, device)) for trial in large(edge)]
            return
        except torch.OutOfMemoryError:
            pass
        _free_cache()  # here, when the frames of the error, and their tensors, are gone


def bound(terms: int) -> float:
    """Return the error that is allowed, of |r| + s; see the module's docstring."""
    return float(2.0**-5 + 80 * math.sqrt(terms) * 2.0**-23)


def shares(trial: Trial, device: torch.device) -> dict[str, float]:
    """Return the largest error of the result and of each gradient, as a share of the error that is allowed.

    NaN where a number is NaN or a pair of infinities.
    """
    images, kernel, gradient = made(trial, device)
    result, of_images, of_kernel = _in_bf16(trial, images, kernel, gradient)
    where = device if trial.numbers > BY_CPU else torch.device("cpu")
    worst = {"result": torch.zeros((), device=where), "gradient of images": torch.zeros((), device=where)}
    total = torch.zeros(kernel.shape, dtype=torch.float64, device=where)
    with torch.no_grad(), _exact_fp32():
        for slab in slabs(images, kernel, gradient, transposed=trial.transposed, where=where):
            for what, ours, layers, reference in (
                ("result", result, slab.of_outcome, slab.outcome),
                ("gradient of images", of_images, slab.of_images, slab.images),
            ):
                error = _largest_error(ours[:, :, layers].to(where), reference, trial.terms[what])
                worst[what] = torch.maximum(worst[what], error)
            total += slab.kernel
    worst["gradient of kernel"] = _largest_error(of_kernel.to(where), total, trial.terms["gradient of kernel"])
    return {what: float(error) / bound(trial.terms[what]) for what, error in worst.items()}


def _largest_error(ours: torch.Tensor, reference: torch.Tensor, terms: int) -> torch.Tensor:
    """Return the largest |r - reference| / (|reference| + s); NaN if one of them is."""
    size = math.sqrt(terms) / 3
    error: torch.Tensor = ((ours.to(reference.dtype) - reference).abs() / (reference.abs() + size)).max()
    return error.float()


def _in_bf16(
    trial: Trial, images: torch.Tensor, kernel: torch.Tensor, gradient: torch.Tensor
) -> tuple[torch.Tensor, ...]:
    """Return the result and the gradients of images and kernel: what is on trial."""
    sources = (images.requires_grad_(), kernel.requires_grad_())
    if trial.transposed:
        result = functional.conv_transpose3d(*sources, stride=2)
    else:
        result = functional.conv3d(*sources, padding=SIZE // 2)
    return result.detach(), *torch.autograd.grad(result, sources, gradient)


@contextmanager
def _exact_fp32() -> Iterator[None]:
    """Keep cuDNN from rounding fp32 to the 11 bits of TF32."""
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = before


def _free_cache() -> None:
    torch.cuda.empty_cache()


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
        convolve = _transposed if transposed else _plain
        yield Slab(of_outcome, *convolve(images, of_kernel, gradient, of_images, of_outcome, where))


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
    weight_gradient: torch.Tensor = conv3d_weight(images, list(kernel.shape), gradient, **settings)  # type: ignore[no-untyped-call]
    return weight_gradient


def _taken(tensor: torch.Tensor, layers: slice, where: torch.device) -> torch.Tensor:
    return tensor[:, :, layers].detach().to(where, torch.float32)


def _widened(tensor: torch.Tensor, layers: slice, where: torch.device) -> torch.Tensor:
    """Return layers with one more on either side, 0 beyond the grid."""
    low, high = max(layers.start - 1, 0), min(layers.stop + 1, tensor.shape[2])
    missing = (0, 0, 0, 0, low - (layers.start - 1), layers.stop + 1 - high)
    return functional.pad(_taken(tensor, slice(low, high), where), missing)
