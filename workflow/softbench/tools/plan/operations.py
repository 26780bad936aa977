"""Hours on a GPU where no run was seen: the operations of the training steps over a share of a card's published peak.

This is an estimate, and the words around it say so; times of finished runs replace it. Operations are torch's count
(`torch.utils.flop_counter`) of convolutions and products, forward and backward, on tensors without memory.
"""

import ast
import functools
import importlib.util
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from softbench.checks import require_one_of
from softbench.errors import InputError
from softbench.plan import sizes
from softbench.plan.answers import memory
from softbench.plan.plan import Plan
from softbench.tools.plan.estimate import HOUR, Group

SHARE = 0.1  # of the peak; an assumption: layers of few channels wait for memory. benchmarks/gpu.py measures a card's


@dataclass(frozen=True)
class Card:
    """The published peak of a GPU without sparsity, operations a second: bf16 (tensor cores), and fp32 without TF32."""

    bf16: float
    fp32: float
    source: str


CARDS = {
    "A100": Card(312e12, 19.5e12, "NVIDIA A100 datasheet"),
    "H100": Card(989e12, 67e12, "NVIDIA H100 datasheet, SXM; half of the printed number with sparsity"),
    "H200": Card(989e12, 67e12, "NVIDIA H200 datasheet, SXM; half of the printed number with sparsity"),
    "L40S": Card(362e12, 91.6e12, "NVIDIA L40S datasheet"),
}


@dataclass(frozen=True)
class Rate:
    """What the hours rest on: a key of `CARDS`, and the share of its peak that a step is assumed to reach, in (0, 1].

    Raises: InputError: for an unknown card or a share outside of (0, 1].
    """

    gpu: str = "H100"
    share: float = SHARE

    def __post_init__(self) -> None:
        """Check both."""
        require_one_of("gpu", self.gpu, tuple(CARDS))
        if not 0 < self.share <= 1:
            raise InputError(f"`share` is a part of the card's peak, above 0 and at most 1, but is {self.share}.")

    def peak(self, precision: str) -> float:
        """Return the card's peak for a protocol's precision: bf16, unless that is "fp32"."""
        card = CARDS[self.gpu]
        return card.fp32 if precision == "fp32" else card.bf16


def with_estimates(plan: Plan, groups: Sequence[Group], rate: Rate) -> list[Group]:
    """Return groups of which those that no finished run tells of have `operations`, `peak` and `estimated_hours`.

    Without torch, which counts the operations, they are returned as they are.
    """
    if importlib.util.find_spec("torch") is None:
        return list(groups)
    return [group if group.basis else _estimated(plan, group, rate) for group in groups]


def _estimated(plan: Plan, group: Group, rate: Rate) -> Group:
    channels, classes = sizes.channels_and_classes(plan.datasets[plan.experiments[group.experiment]["dataset"]])
    settings = tuple(sorted((name, repr(value)) for name, value in plan.config["networks"][group.network].items()))
    operations = group.load.batch * of_image(settings, channels, classes, group.load.grid)
    protocol = plan.protocol_of(group.experiment, group.methods[0])
    steps = group.steps or memory.steps(plan, group.experiment, protocol) or math.nan
    peak = rate.peak(protocol.get("precision", "auto"))
    hours = group.runs * steps * operations / (rate.share * peak) / HOUR
    return replace(group, operations=operations, peak=peak, estimated_hours=hours)


@functools.cache
def of_image(network: tuple[tuple[str, str], ...], channels: int, classes: int, grid: tuple[int, ...]) -> int:
    """Return the operations of one training image, forward and backward; a multiplication and an addition are two.

    Args:
        network: of config, its settings as sorted pairs of name and `repr`, so that a count is kept.
        grid: of the patch; it is widened to lengths that the network can halve, as training does.
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from softbench import networks
    from softbench.arrays import round_up

    settings: dict[str, Any] = {name: ast.literal_eval(value) for name, value in network}
    with torch.random.fork_rng(devices=[]):
        model: Any = networks.build(settings.pop("name"), channels, classes, len(grid), **settings)
    widened, model = round_up(grid, model.multiple), model.to("meta")
    with FlopCounterMode(display=False) as counter:
        model(torch.empty(1, channels, *widened, device="meta")).sum().backward()
    return int(counter.get_total_flops())
