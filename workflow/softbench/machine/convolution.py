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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
from torch.nn import functional

from softbench.machine import slabs
from softbench.machine.finding import Finding
from softbench.machine.trials import COUNTABLE, EDGES, SMALL, USUAL, Trial, large, made

NAME = "bf16 convolutions"
BY_CPU = 2**25  # numbers in a tensor up to which the CPU makes the reference: another library than the one on trial


def check(device: torch.device) -> Finding:
    """Convolve made data of several sizes; "failed" means that training in bf16 would be wrong here.

    A CPU is tried with small sizes alone; a GPU needs 12 GiB for the largest, and is tried with less where it has less.
    """
    worst, largest = 0.0, 0  # of what is allowed; numbers
    for trial, errors in _outcomes(device):
        for what, share in errors.items():
            if not share <= 1:
                return Finding(NAME, "failed", _wrong(trial, what, share))
            worst = max(worst, share)
        largest = max(largest, trial.numbers)
    found = f"results and gradients agree with fp32: errors reach {worst:.0%} of what rounding allows"
    return Finding(NAME, "ok", f"{found}, in tensors of up to {largest:.2g} numbers{_scope(device, largest)}.")


def _scope(device: torch.device, largest: int) -> str:
    if largest > COUNTABLE:
        return ", more than 32 bits count"
    return "; larger ones do not fit" if device.type == "cuda" else ""


def _wrong(trial: Trial, what: str, share: float) -> str:
    kind = "transposed convolution" if trial.transposed else "convolution"
    size = "x".join(map(str, (trial.batch, trial.channels_in, *trial.grid)))
    found = f"{what} of a {kind} of {size} to {trial.channels_out} channels errs by {share:.3g} times what is allowed"
    return f"{found}: do not train with bf16 here: set `precision: fp32`, or install the pinned torch (`make setup`)."


def _outcomes(device: torch.device) -> Iterator[tuple[Trial, dict[str, float]]]:
    """Run the trials one after another, on a GPU up to the largest that fit."""
    gpu = device.type == "cuda"
    yield from ((trial, shares(trial, device)) for trial in (*SMALL, *(USUAL if gpu else ())))
    for edge in EDGES if gpu else ():
        outcomes = _unless_out_of_memory(large(edge), device)
        if outcomes:
            yield from outcomes
            return
        _free_cache()


def _unless_out_of_memory(trials: Sequence[Trial], device: torch.device) -> list[tuple[Trial, dict[str, float]]]:
    """Return the outcomes of trials; none where one of them does not fit."""
    try:
        return [(trial, shares(trial, device)) for trial in trials]
    except torch.OutOfMemoryError:
        return []


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
        for slab in slabs.slabs(images, kernel, gradient, transposed=trial.transposed, where=where):
            found = {"result": (result, slab.of_outcome, slab.outcome)}
            found["gradient of images"] = (of_images, slab.of_images, slab.images)
            for what, (ours, layers, reference) in found.items():
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
        result = functional.conv3d(*sources, padding=slabs.SIZE // 2)
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
