"""The convolutions that bf16 is tried with, and the data made for them."""

import math
from dataclasses import dataclass
from functools import partial

import torch

from softbench.machine.slabs import SIZE

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
