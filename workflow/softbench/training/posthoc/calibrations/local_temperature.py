"""Local temperature scaling: a small network gives each voxel a temperature, from logits and image."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from softbench.training.inference import FEW_VOXELS
from softbench.training.posthoc.seen import Calibration, Seen, Validation, mean_nll
from softbench.training.temperature_scaling import HIGHEST, LOWEST

VERSION = 2
WIDTH = 8  # channels
STEPS = 200
PAIR = 2  # crops of a step, of one case: torch takes less time for two volumes than for one
RATE = 3e-3  # of Adam at the first step; falls to 0 along a line
CROP = {2: 128, 3: 24}  # voxels along each axis of what a step looks at, by dimensions
FLOOR = -20.0  # of log probabilities
SEED = 0


class LocalTemperature(nn.Module):
    """Two convolutions of width 3 and one of width 1, from log probabilities and image to a logarithm of T."""

    def __init__(self, classes: int, channels: int, dims: int, start: float) -> None:
        """Begin at one temperature for all voxels.

        Args:
            classes, channels: of logits and image.
            dims: 2 or 3.
            start: the temperature.
        """
        super().__init__()
        conv = nn.Conv3d if dims == 3 else nn.Conv2d
        self.first = conv(classes + channels, WIDTH, 3, padding=1)
        self.second = conv(WIDTH, WIDTH, 3, padding=1)
        self.last = conv(WIDTH, 1, 1)
        self.middle = math.log(start)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)  # type: ignore[arg-type]

    def forward(self, logits: torch.Tensor, image: torch.Tensor) -> torch.Tensor:
        """Return the temperature of each voxel, (B, 1, ...) in [0.05, 20], of logits (B, C, ...), images (B, M, ...).

        A number added to all logits of a voxel changes nothing.
        """
        seen = torch.cat([torch.log_softmax(logits, dim=1).clamp_min(FLOOR) / 10, image], dim=1)
        inner = functional.relu(self.second(functional.relu(self.first(seen))))
        logarithm = self.middle + self.last(inner)
        return logarithm.clamp(math.log(LOWEST), math.log(HIGHEST)).exp()


def fit(validation: Validation) -> Calibration:
    r"""Train a network that gives the temperature of each voxel v, to the NLL of validation cases and all raters.

    .. math:: p_{vc} = \mathrm{softmax}(z_v / T_v)_c, \quad T = g(\log \mathrm{softmax}(z), \text{image})

    It begins at the one temperature of `temperature` and takes 200 steps of Adam on crops at random places, seconds on
    a CPU. It is on the CPU always, and draws the same numbers in every run. Label maps stay as they are.

    Returns: the calibration; that of `temperature` where the trained network has no lower NLL over the whole
        validation cases ("kept": false).
    Source: Ding et al. 2021 (local temperature scaling). Departures: a smaller network (about 3,000 weights), without
        their hierarchy and their mixing of two temperatures; it begins at one temperature; logits enter as log
        probabilities.
    """
    first = next(iter(validation)).case
    start = validation.temperature.temperature
    shift, scale = _intensities(validation)
    generator = torch.Generator().manual_seed(SEED)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        network = LocalTemperature(len(validation.classes), len(first.images), len(first.spacing_mm), start)

    def scaled(images: np.ndarray) -> torch.Tensor:
        image: torch.Tensor = (torch.from_numpy(np.array(images, np.float32)) - shift) / scale
        return image

    crops = [crop for seen in validation for crop in _draw_crops(seen, len(validation.patients), generator, scaled)]
    _train(network, crops, generator)

    def apply(logits: torch.Tensor, images: np.ndarray) -> torch.Tensor:
        small = logits[0].numel() < FEW_VOXELS  # such a volume goes through a CPU faster with a twin
        z, image = (torch.stack([array, array] if small else [array]) for array in (logits, scaled(images)))
        with torch.no_grad():
            return torch.softmax(logits / network.eval()(z, image)[0], dim=0)

    local, plain = Calibration(apply), Calibration(lambda logits, _: torch.softmax(logits / start, dim=0))
    reached, before = mean_nll(validation, local), mean_nll(validation, plain)
    kept = reached < before
    facts = {"kept": kept, "nll_validation": reached if kept else before, "nll_validation_of_temperature": before}
    return Calibration(local.apply if kept else plain.apply, facts if math.isfinite(before) else {"kept": False})


def _intensities(validation: Validation) -> tuple[torch.Tensor, torch.Tensor]:
    """Return mean and standard deviation of each channel over validation cases, (M, 1, ...); 1 where it is constant."""
    count, total, squares = 0, np.zeros(1), np.zeros(1)
    for seen in validation:
        image = np.asarray(seen.case.images, np.float64)
        how: dict[str, Any] = {"axis": tuple(range(1, image.ndim)), "keepdims": True}
        count, total, squares = count + image[0].size, total + image.sum(**how), squares + (image**2).sum(**how)
    mean = total / count
    sd = np.sqrt(np.maximum(squares / count - mean**2, 0))
    return torch.from_numpy(np.float32(mean)), torch.from_numpy(np.float32(np.where(sd > 0, sd, 1)))


class Crops(NamedTuple):
    """Two crops of a case: logits (2, C, ...), image (2, M, ...), labels (2, R, ...), and which voxels count."""

    logits: torch.Tensor
    image: torch.Tensor
    labels: torch.Tensor
    counted: torch.Tensor


def _draw_crops(
    seen: Seen, cases: int, generator: torch.Generator, scaled: Callable[[np.ndarray], torch.Tensor]
) -> Iterator[Crops]:
    """Give pairs of crops of one case at random places, as many of each case, one pair a step in all."""
    case, shape = seen.case, seen.logits.shape[1:]
    image, labels = scaled(case.images), torch.from_numpy(np.array(case.labels, np.int64))
    valid = torch.ones(shape, dtype=torch.bool) if case.valid is None else torch.from_numpy(np.array(case.valid))
    counted = valid.expand(labels.shape)
    settled = torch.where(counted, labels, 0)
    for _ in range(-(-STEPS // cases)):
        boxes = [(slice(None), *_draw_box(shape, generator)) for _ in range(PAIR)]
        yield Crops(*(torch.stack([whole[box] for box in boxes]) for whole in (seen.logits, image, settled, counted)))


def _draw_box(shape: torch.Size, generator: torch.Generator) -> tuple[slice, ...]:
    longest = CROP[len(shape)]
    starts = (int(torch.randint(max(n - longest, 0) + 1, (1,), generator=generator)) for n in shape)
    return tuple(slice(start, start + longest) for start in starts)


def _train(network: LocalTemperature, crops: Sequence[Crops], generator: torch.Generator) -> None:
    """Take the steps, a pair of crops each in random order; one without a valid voxel changes nothing."""
    optimiser = torch.optim.Adam(network.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: 1 - step / STEPS)
    for number in torch.randperm(len(crops), generator=generator)[:STEPS].tolist():
        of_step = crops[number]
        log_p = torch.log_softmax(of_step.logits / network(of_step.logits, of_step.image), dim=1)
        loss = -log_p.gather(1, of_step.labels)[of_step.counted]
        optimiser.zero_grad()
        if loss.numel():
            loss.mean().backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        schedule.step()
