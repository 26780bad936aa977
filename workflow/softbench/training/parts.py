"""What a training step changes (network, loss, optimiser, schedule), and the checkpoint that holds it."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch
from torch import nn

from softbench import losses, networks
from softbench.jobs import pieces, storage
from softbench.losses import trial
from softbench.losses.weighted_sum import WeightedSum
from softbench.training.batches import weights_seed
from softbench.training.cached_data import CachedData, class_frequencies
from softbench.training.device import channels_last
from softbench.training.protocol import PLATEAU, Protocol

VERSION = 2


@dataclass(frozen=True)
class Parts:
    """All that a step changes."""

    model: nn.Module
    criterion: WeightedSum
    optimiser: torch.optim.Optimizer
    schedule: torch.optim.lr_scheduler.LRScheduler

    def step_plateau(self, val_dsc: float) -> None:
        """Give the validation DSC to the plateau schedule; other schedules do not look at it."""
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


def make(data: CachedData, network: dict[str, Any], loss: str, protocol: Protocol, classes: int, seed: int) -> Parts:
    """Return the parts of a run before its first step, on the device of training.

    Raises: InputError: if a loss is not fit to train with, see `losses.trial`.
    """
    frequencies = class_frequencies(data, classes) if losses.needs_frequencies(loss) else None
    known = None if frequencies is None else frequencies.cpu()
    trial.try_out(loss, classes=classes, dims=data.dims, frequencies=known)
    model = channels_last(fresh_network(data, network, protocol, classes, seed).to(data.device))
    criterion = losses.build(loss, frequencies=frequencies).to(data.device)
    optimiser = _optimiser(protocol, model, criterion)
    return Parts(model, criterion, optimiser, _schedule(protocol, optimiser))


def fresh_network(data: CachedData, network: dict[str, Any], protocol: Protocol, classes: int, seed: int) -> nn.Module:
    """Return the network of a seed before its first step, its output bias at the log prior where the protocol says so.

    Without it the first third of a short run only learns that most voxels are background.
    """
    settings = {name: value for name, value in network.items() if name != "name"}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(weights_seed(seed))
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


CHECKPOINT = "checkpoint.pt"


def save_checkpoint(folder: Path, key: str, state: dict[str, Any]) -> None:
    """Write the state of a run under its key; the previous checkpoint stays until this one is whole."""
    pieces.write_file(folder / CHECKPOINT, lambda part: torch.save({"key": key, **state}, part))


def load_checkpoint(folder: Path, key: str, device: torch.device) -> tuple[dict[str, Any] | None, str]:
    """Return the state saved under this key, or None, and a sentence for the log that says what was found."""
    path = folder / CHECKPOINT
    if not path.exists():
        return None, "no checkpoint, starting at step 0"
    try:
        storage.require_checksums(path)
        state: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    except Exception as error:
        return None, f"{path} cannot be read ({error}), starting at step 0"
    if state.pop("key") != key:
        return None, "the checkpoint is of another setting, input or version, starting at step 0"
    return state, f"continuing at step {state['step']}"


def remove_checkpoint(folder: Path) -> None:
    """Delete the checkpoint of a run that is whole."""
    pieces.remove(folder / CHECKPOINT)
