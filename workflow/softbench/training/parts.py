"""The parts of a run that a step changes: network, loss, optimiser and schedule."""

from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import nn

from softbench import losses, networks
from softbench.losses.weighted_sum import WeightedSum
from softbench.training import draws
from softbench.training.layout import channels_last
from softbench.training.protocol import PLATEAU, Protocol
from softbench.training.resident import Resident, class_frequencies

VERSION = 2


@dataclass(frozen=True)
class Parts:
    """All that a step changes."""

    model: nn.Module
    criterion: WeightedSum
    optimiser: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler

    def heed(self, val_dsc: float) -> None:
        """Tell a schedule that waits for validation how it went."""
        if isinstance(self.schedule, torch.optim.lr_scheduler.ReduceLROnPlateau):
            self.schedule.step(val_dsc)

    def state(self) -> dict[str, Any]:
        """Return what a checkpoint holds of the parts."""
        return {field.name: getattr(self, field.name).state_dict() for field in fields(self)}

    def restore(self, state: dict[str, Any] | None) -> tuple[int, list[dict[str, float]], dict[str, Any] | None]:
        """Go back to a checkpoint, if there is one; return the step to go on with, the history and the best so far."""
        if state is None:
            return 0, [], None
        for field in fields(self):
            getattr(self, field.name).load_state_dict(state[field.name])
        return state["step"], state["history"], state.get("best")


def make(data: Resident, network: dict[str, Any], loss: str, protocol: Protocol, classes: int, seed: int) -> Parts:
    """Return the parts of a run before its first step, on the device of training."""
    model = channels_last(fresh_network(data, network, protocol, classes, seed).to(data.device))
    frequencies = class_frequencies(data, classes) if losses.needs_frequencies(loss) else None
    criterion = losses.build(loss, frequencies=frequencies).to(data.device)
    optimiser = _optimiser(protocol, model, criterion)
    return Parts(model, criterion, optimiser, _schedule(protocol, optimiser))


def fresh_network(data: Resident, network: dict[str, Any], protocol: Protocol, classes: int, seed: int) -> nn.Module:
    """Return the network of a seed before its first step, its output bias at the log prior where the protocol says so.

    Without it the first third of a short run only learns that most voxels are background.
    """
    settings = {name: value for name, value in network.items() if name != "name"}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(draws.weights_seed(seed))
        model = networks.build(network["name"], data.images.shape[1], classes, data.dims, **settings)
    if protocol.prior_bias and model.head is not None:
        with torch.no_grad():
            model.head.bias.copy_(class_frequencies(data, classes).clamp(min=1e-6).log())  # type: ignore[union-attr, operator]
    return model


def _optimiser(protocol: Protocol, model: nn.Module, criterion: nn.Module) -> torch.optim.Optimizer:
    """Return the optimiser; learned weights of losses do not decay: EPD's Eq. 3 has its own term for their size."""
    kinds = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}
    settings = {"lr": protocol.learning_rate, "weight_decay": protocol.weight_decay, "eps": protocol.eps}
    groups: list[dict[str, Any]] = [{"params": list(model.parameters())}]
    if learned := list(criterion.parameters()):
        groups.append({"params": learned, "weight_decay": 0.0})
    return kinds[protocol.optimiser](groups, **settings, fused=True)  # one kernel for all weights


def _schedule(protocol: Protocol, optimiser: torch.optim.Optimizer) -> torch.optim.lr_scheduler.LRScheduler:
    if protocol.schedule == "constant":
        return torch.optim.lr_scheduler.ConstantLR(optimiser, factor=1.0)
    if protocol.schedule == PLATEAU:  # torch's patience is how many epochs it still bears: it halves after one more
        return torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimiser, mode="max", factor=0.5, patience=protocol.patience - 1, threshold=0.0
        )
    return torch.optim.lr_scheduler.OneCycleLR(
        optimiser, protocol.learning_rate, total_steps=(protocol.steps or 0) + 1, pct_start=protocol.warm_up
    )
