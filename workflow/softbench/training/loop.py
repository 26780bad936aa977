"""The training loop (read `train` from top to bottom), the validation during it, and the time limit of its job."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from softbench import networks
from softbench.datasets.case import Case
from softbench.errors import DivergedError, InputError, TimeLimitError
from softbench.jobs.progress import duration
from softbench.losses.target import Target
from softbench.store import ONE
from softbench.training import batch_turn
from softbench.training.batch_turn import BatchTurn
from softbench.training.batches import buffers, draw_batch, draw_cases, dropout_seed
from softbench.training.cached_data import CachedData
from softbench.training.device import Forward, make_forward, precision_name
from softbench.training.inference import KeptLogits, View, make_view, stream_logits
from softbench.training.memory import Step, explained
from softbench.training.parts import Parts, load_checkpoint, make, save_checkpoint
from softbench.training.protocol import Protocol

VERSION = 4
Targets = Callable[[str], tuple[np.ndarray, np.ndarray]]  # soft (R, C, ...) integers of the store, hard (R, ...)
LossOf = Callable[[Case, torch.Tensor], float]
CHECKPOINT_S = 20.0  # seconds between two checkpoints: what a kill costs at most
REPORT_S = 15.0  # seconds between two lines of progress
LOOK_EVERY = 20  # steps between two readings of the loss: reading it waits for the device


@contextmanager
def _restoring_torch() -> Iterator[None]:
    """Flush subnormal numbers to 0 during training, where they are slow; restore the random generators after it."""
    torch.set_flush_denormal(True)
    gpus = range(torch.cuda.device_count()) if torch.cuda.is_available() else []
    try:
        with torch.random.fork_rng(devices=gpus):
            yield
    finally:
        torch.set_flush_denormal(False)


@_restoring_torch()
def train(
    data: CachedData,
    validation: Sequence[Case],
    *,
    network: dict[str, Any],
    loss: str,
    protocol: Protocol,
    classes: int,
    seed: int,
    folder: Path,
    key: str,
    targets: Targets | None = None,
    deadline: float | None = None,
    log: Callable[[str], None] = print,
    seen: KeptLogits | None = None,
) -> tuple[nn.Module, list[dict[str, float]]]:
    """Train one network from one seed; killed at any step, a call with the same key goes on where it stopped.

    Args:
        data: the training cases in memory; it says on which device training runs.
        validation: cases that are looked at, never learned from.
        network: `name` and settings for `networks.build`.
        loss: an expression for `losses.build`.
        protocol: steps, crop, optimiser, and so on.
        classes: number of classes, background included.
        seed: of weights, case order, crops and augmentation.
        folder: where the checkpoint lies.
        key: of all that decides the weights.
        targets: case id -> what the method learns from, of the validation cases; needed by `select: lowest_loss`.
        deadline: on the clock of `time.monotonic`; training stops before it with a checkpoint. None: no limit.
        log: takes a line of progress.
        seen: gets the logits of the validation cases, where those of the network that is returned were computed last.
    Returns: the network after the last step, or with `select: best` that of the best validation DSC, with `lowest_loss`
        that of the lowest validation loss (the first of equals), and the history: rows of step, loss, learning rate,
        seconds a step and validation numbers.
    Raises: DivergedError: if the loss is not finite; the message names the step and the cases of that step.
        TimeLimitError: at the deadline. InputError: if a GPU has too little memory, with what would fit, or `select`
        needs targets that were not given.
    """
    if protocol.select == "lowest_loss" and targets is None:
        raise InputError("`select: lowest_loss` needs `targets`, what the method learns from, of the validation cases.")
    torch.set_num_threads(protocol.threads)
    protocol = protocol.for_cases(len(data.cases))
    device = data.device
    parts = make(data, network, loss, protocol, classes, seed)
    forward, into = make_forward(parts.model, protocol, device), buffers(data, protocol)
    forward = networks.checked(forward, network["name"], classes)
    state, found = load_checkpoint(folder, key, device)
    start, history, best = parts.restore(state)
    log(f"seed {seed}: {found}")

    loss_of = None if targets is None else partial(target_loss, parts.criterion, targets, device)
    shapes = Step(network, data.images.shape[1], classes, protocol.batch, tuple(protocol.patch_size))
    losses_seen: list[torch.Tensor] = []
    steps, validate_every = protocol.steps or 0, protocol.validate_every or 1
    report, save, began = Every(REPORT_S), Every(CHECKPOINT_S), time.monotonic()
    looked, looked_at = began, start
    with explained(shapes, precision_name(protocol.precision, device), device):
        for step in range(start, steps):
            _seed(seed, step, device)
            images, target = draw_batch(data, protocol, seed, step, into)
            turn = batch_turn.draw(protocol.batch_turn, data.dims, seed, step)
            losses_seen.append(_step(parts, forward, images, target, protocol.clip_norm, turn))
            done, last = step + 1, step + 1 == steps
            due = done % validate_every == 0 or last
            if done % LOOK_EVERY and not due:
                continue
            row = _look(losses_seen, done, data, protocol, seed)
            row |= {"learning_rate": float(parts.schedule.get_last_lr()[0]), **parts.criterion.weights()}
            row["step_s"] = (time.monotonic() - looked) / (done - looked_at)
            if due:
                row |= validate(parts.model, validation, make_view(protocol), loss_of, seen if last else None)
                if done % (protocol.plateau_epoch_steps or validate_every) == 0:
                    parts.step_plateau(row["val_dsc"])
                best = _better(best, row, parts.model, protocol)
            history.append(row)
            losses_seen.clear()
            looked, looked_at = time.monotonic(), done
            if report.due() or last:
                log(_progress(seed, done, steps, row, (time.monotonic() - began) / (done - start)))
            late = deadline is not None and time.monotonic() > deadline
            if (save.due() or late) and not last:
                save_checkpoint(folder, key, {"step": done, "history": history, "best": best, **parts.state()})
            if late and not last:
                raise TimeLimitError(
                    f"seed {seed}: time limit at step {done} of {steps}, continued at the next attempt."
                )
    if best is not None:
        parts.model.load_state_dict(best["weights"])
        if seen is not None and best["step"] != steps:
            seen.logits = []
    return parts.model, history


def _seed(seed: int, step: int, device: torch.device) -> None:
    """Seed torch's generators for a step, so that dropout is a function of (seed, step)."""
    number = dropout_seed(seed, step)
    torch.default_generator.manual_seed(number)
    if device.type == "cuda":
        torch.cuda.manual_seed(number)


def _better(
    best: dict[str, Any] | None, row: dict[str, float], model: nn.Module, protocol: Protocol
) -> dict[str, Any] | None:
    """Return the weights to keep: these where their validation is the best so far; None where the last ones are."""
    select = protocol.select
    if select == "last" or (best is not None and not merit(row, select) > merit(best, select)):
        return best
    weights = {name: value.detach().clone() for name, value in model.state_dict().items()}
    looked: dict[str, Any] = {name: row[name] for name in ("val_dsc", "val_loss", "step") if name in row}
    return {**looked, "weights": weights}


def merit(row: Mapping[str, Any], select: str) -> float:
    """Return what is highest in the validation whose weights are kept; what is undefined is worse than any."""
    value = float(-row["val_loss"] if select == "lowest_loss" else row["val_dsc"])
    return -math.inf if math.isnan(value) else value


class Every:
    """True at most once every `seconds`."""

    def __init__(self, seconds: float) -> None:
        """Start the clock."""
        self.seconds, self.last = seconds, time.monotonic()

    def due(self) -> bool:
        """Return whether the seconds have passed since the last time that this was true."""
        now = time.monotonic()
        if now - self.last < self.seconds:
            return False
        self.last = now
        return True


def _step(
    parts: Parts,
    forward: Forward,
    images: torch.Tensor,
    target: Target,
    clip_norm: float | None,
    turn: BatchTurn | None = None,
) -> torch.Tensor:
    """Take one step; return its loss, still on the device, so that nothing waits."""
    parts.model.train()
    logits = forward(images) if turn is None else turn.back(forward(turn.forth(images)))
    loss: torch.Tensor = parts.criterion(logits, target)
    parts.optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    if clip_norm is not None:
        nn.utils.clip_grad_norm_(parts.model.parameters(), clip_norm)
    parts.optimiser.step()
    if not isinstance(parts.schedule, torch.optim.lr_scheduler.ReduceLROnPlateau):
        parts.schedule.step()
    return loss.detach()


def _look(values: list[torch.Tensor], done: int, data: CachedData, protocol: Protocol, seed: int) -> dict[str, float]:
    """Return the mean loss since the last look; raise if a step's loss was not finite."""
    numbers = torch.stack(values).tolist()
    for step, number in enumerate(numbers, start=done - len(numbers)):
        if not abs(number) < float("inf"):
            chosen = draw_cases(seed, step, protocol.batch, len(data.cases))
            names = ", ".join(data.cases[n] for n in chosen)
            raise DivergedError(f"seed {seed}: the loss is {number} at step {step} (cases {names}).")
    return {"step": done, "loss": sum(numbers) / len(numbers)}


def _progress(seed: int, done: int, steps: int, row: dict[str, float], step_s: float) -> str:
    seen = f", validation DSC {row['val_dsc']:.3f}" if "val_dsc" in row else ""
    left = f", {duration((steps - done) * step_s)} left" if done < steps else ""
    return f"seed {seed}: step {done}/{steps}, loss {row['loss']:.4f}{seen}{left}"


def validate(
    model: nn.Module,
    cases: Sequence[Case],
    view: View | None = None,
    loss_of: LossOf | None = None,
    seen: KeptLogits | None = None,
) -> dict[str, float]:
    """Return the mean DSC over foreground classes, raters and cases, and the mean NLL over voxels and raters.

    All raters count alike, as in the scores. A class that neither the label nor the prediction holds does not count;
    NaN where nothing counts. With `loss_of` (case and its logits -> number) also `val_loss`, its mean over cases. What
    the network says is kept in `seen`.
    """
    overlaps, losses, voxels, of_cases = [], 0.0, 0, []
    stream = stream_logits(model, cases, view)
    for case, scores in stream if seen is None else seen.keep(stream):
        if loss_of is not None:
            of_cases.append(loss_of(case, scores))
        labels, scores = _labelled(case, scores)
        hard, of_class = scores.argmax(dim=0), torch.log_softmax(scores.double(), dim=0)
        for label in labels:
            overlaps += class_dice(hard, label, scores.shape[0])
            losses -= float(of_class.gather(0, label[None]).sum())
        voxels += labels.numel()
    nan = float("nan")
    dsc = sum(overlaps) / len(overlaps) if overlaps else nan
    row = {"val_dsc": dsc, "val_nll": losses / voxels if voxels else nan}
    return row if loss_of is None else row | {"val_loss": sum(of_cases) / len(of_cases) if of_cases else nan}


@torch.no_grad()
def target_loss(
    criterion: nn.Module, targets: Targets, device: torch.device, case: Case, scores: torch.Tensor
) -> float:
    """Return a method's loss on the logits (C, ...) of a case, against what it learns from; of several, their mean."""
    soft, hard = targets(case.id)
    valid = np.ones(hard.shape[1:], bool) if case.valid is None else np.array(case.valid)
    where: dict[str, Any] = {"device": device}
    logits, known = scores[None].to(device), torch.from_numpy(valid)[None].to(device)
    losses = [
        float(
            criterion(
                logits,
                Target(
                    torch.as_tensor(codes[None].astype(np.float32) / ONE, **where),
                    torch.as_tensor(labels[None].astype(np.int64), **where),
                    known,
                ),
            )
        )
        for codes, labels in zip(soft, hard, strict=True)
    ]
    return sum(losses) / len(losses)


def _labelled(case: Case, scores: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the labels of each rater (R, ...) and the logits (C, ...) of the voxels that were labelled."""
    labels = torch.from_numpy(case.labels.astype("int64"))
    if case.valid is None:
        return labels, scores
    valid = torch.from_numpy(np.array(case.valid))
    return labels[:, valid], scores[:, valid]


def class_dice(prediction: torch.Tensor, label: torch.Tensor, classes: int) -> list[float]:
    """Return the DSC of each foreground class that prediction or label holds."""
    joint = torch.bincount((label * classes + prediction).flatten(), minlength=classes**2).view(classes, classes)
    sizes = joint.sum(dim=0) + joint.sum(dim=1)
    return [float(2 * joint[c, c] / sizes[c]) for c in range(1, classes) if sizes[c] > 0]


MARGIN_S = 60.0  # for the last look, a checkpoint and the end of the process
SHARE = 0.05  # of long limits: a shared disk may be slow


def deadline_after(runtime_min: float | None) -> float | None:
    """Return when training must stop, on the clock of `time.monotonic`; None where a job has no limit.

    Args: runtime_min: the job's resource `runtime`, minutes, counted from now.
    """
    if runtime_min is None:
        return None
    limit_s = 60 * float(runtime_min)
    return time.monotonic() + limit_s - max(MARGIN_S, SHARE * limit_s)
