"""Tries losses on a small made-up batch before anything is trained with them: sound values, and the right direction."""

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple, NoReturn

import torch
from torch import nn
from torch.nn import functional

from softbench.errors import InputError, import_file, short
from softbench.losses import catalogue
from softbench.losses.catalogue import Term
from softbench.losses.target import Target
from softbench.losses.weighted_sum import Frequencies, build, scalar

VERSION = None  # it refuses, and changes no number
DECLARED = "SMALLEST_AT_TARGET"  # in the file of a loss: True where no prediction costs less than the target itself
BESIDE = "STANDS_BESIDE"  # True where it is no use without another loss, so that its direction alone says nothing
SIDE = 6  # voxels along each axis, more where there are many classes
SURE = 20.0  # logit of a class of which a network is sure
STEP = 0.05  # largest change of a logit in the step that is tried
MOVES = (0.3, 3.0)  # how far logits are moved away from the target
TOLERANCE = 1e-5  # of float32 sums
TURN = "a loss falls where the prediction comes nearer to the labels, so turn its sign"
MORE_BESIDE = f"{BESIDE} says that it needs another loss, so add one, e.g. `ce`, or give that one more weight"


class Trial(NamedTuple):
    """A loss that is tried, what to call it, and the batch: logits, and the target both soft and one-hot."""

    loss: nn.Module
    name: str
    soft: Target
    hard: Target

    def value(self, logits: torch.Tensor, target: Target) -> float:
        """Return the loss of logits."""
        with torch.no_grad():
            return float(scalar(self.loss, logits, target))

    def gradient(self, logits: torch.Tensor, target: Target) -> tuple[float, torch.Tensor]:
        """Return the loss of logits and its slope, which is 0 where it does not depend on them."""
        variable = logits.clone().requires_grad_()
        value = scalar(self.loss, variable, target)
        if not value.requires_grad:
            self.refuse("does not depend on the logits, so no network can learn from it", "compute it with torch")
        (slope,) = torch.autograd.grad(value, variable, allow_unused=True)
        return value.item(), torch.zeros_like(logits) if slope is None else slope

    def refuse(self, found: str, advice: str) -> NoReturn:
        """Raise with what was found and what to do."""
        raise InputError(f"{self.name} {found}. Nothing is trained with it: {advice} (docs/extend.md, Your own loss).")


def try_out(expression: str, *, classes: int = 2, dims: int = 2, frequencies: Frequencies | None = None) -> None:
    """Raise unless each loss of an expression, with its settings, is fit to train with.

    Value and gradient must be finite: of equal logits, of some from -1 to 1, and of a network that is sure, rightly or
    wrongly. One step against the gradient from equal logits must not make the labelled classes less probable, in the
    mean over voxels. A loss whose file says `SMALLEST_AT_TARGET = True` must be smaller where the prediction is a
    soft target than at predictions moved away from it, and such a step must lower it. Each is tried without its weight.
    Of a loss whose file says `STANDS_BESIDE = True`, the sum must have the right direction, with its weights.

    Args:
        expression: as `catalogue.read` takes it.
        classes: number of classes, background included.
        dims: 2 or 3, axes of the images.
        frequencies: as `build` takes them; None: all classes alike.
    Raises: InputError: for the first loss that fails; the message names its file, what was found and what to do.
    """
    known = [1 / classes] * classes if frequencies is None else frequencies
    soft, hard = _targets(classes, dims)
    with torch.random.fork_rng(devices=[]):
        summed = build(expression, frequencies=known)
        for term, loss in zip(catalogue.terms(expression), _losses(summed), strict=True):
            trial = Trial(loss, _name(term), soft, hard)
            said = vars(import_file(catalogue.ROOM / f"{term.name}.py"))
            _require_finite(trial)
            if said.get(BESIDE, False):
                _require_direction(Trial(summed, f"the loss {expression!r}", soft, hard), MORE_BESIDE)
            else:
                _require_direction(trial, TURN)
            if said.get(DECLARED, False):
                _require_smallest(trial)


def _name(term: Term) -> str:
    return f"{short(catalogue.ROOM / f'{term.name}.py')}: the loss {term.label!r}"


def _losses(summed: Any) -> Iterator[nn.Module]:
    """Give the losses of a sum in the order of `catalogue.terms`, without their weights."""
    for term in summed.terms:
        yield from _losses(term.loss) if getattr(type(term.loss), "LEARNED", False) else [term.loss]


def _targets(classes: int, dims: int) -> tuple[Target, Target]:
    """Return a target of one image with soft labels and with one-hot ones; classes are unequally frequent."""
    side = SIDE
    while side**dims < 8 * classes:
        side += 1
    count = side**dims
    place = (torch.arange(count) + 0.5) / count
    ids = (place**2 * classes).long().reshape(1, *(side,) * dims)
    one_hot = functional.one_hot(ids, classes).movedim(-1, 1).float()
    soft = torch.softmax(2 * one_hot + _waves(one_hot, 0.7), dim=1)
    valid = torch.ones_like(ids, dtype=torch.bool)
    return Target(soft, ids, valid), Target(one_hot, ids, valid)


def _waves(like: torch.Tensor, length: float) -> torch.Tensor:
    """Return numbers from -1 to 1 without any order in them, the same ones each time."""
    return torch.sin(torch.arange(like.numel()) ** 2 * length).reshape(like.shape)


def _require_finite(trial: Trial) -> None:
    right = SURE * trial.hard.soft
    tried = {
        "equal logits": torch.zeros_like(right),
        "logits from -1 to 1": _waves(right, 0.3),
        f"a network that is sure and right (logits 0 and {SURE:g})": right,
        f"a network that is sure and wrong (logits 0 and {SURE:g})": right.roll(1, dims=1),
    }
    for (what, logits), target in product(tried.items(), (trial.soft, trial.hard)):
        value, slope = trial.gradient(logits, target)
        if not torch.isfinite(torch.tensor(value)):
            trial.refuse(f"is {value:g} for {what}", "correct its equation there")
        if not slope.isfinite().all():
            trial.refuse(f"has a gradient that is NaN or infinite for {what}", "correct its equation there")


def _require_direction(trial: Trial, advice: str) -> None:
    equal = torch.zeros_like(trial.hard.soft)
    _, slope = trial.gradient(equal, trial.hard)
    before, after = (_labelled(logits, trial.hard) for logits in (equal, _step(equal, slope)))
    if after < before - TOLERANCE:
        trial.refuse(
            f"has the wrong sign: one step against its gradient from equal logits lowers the mean probability of the "
            f"labelled classes from {before:.4f} to {after:.4f}",
            advice,
        )


def _step(logits: torch.Tensor, slope: torch.Tensor) -> torch.Tensor:
    """Return logits after a step against the slope, in which the largest change of a logit is STEP."""
    return logits - STEP * slope / slope.abs().max().clamp(min=torch.finfo(slope.dtype).tiny)


def _labelled(logits: torch.Tensor, target: Target) -> float:
    """Return the mean probability of the labelled class."""
    return float((torch.softmax(logits, dim=1) * target.soft).sum(dim=1).mean())


def _require_smallest(trial: Trial) -> None:
    at_target = trial.soft.soft.log()
    least = trial.value(at_target, trial.soft)
    found = [(what, trial.value(logits, trial.soft)) for what, logits in _moved(at_target)]
    what, lowest = min(found, key=lambda pair: pair[1])
    said = f"says {DECLARED}, but is {least:.6g} where the prediction is the target and"
    advice = f"correct its equation, or take {DECLARED} out"
    if lowest < least - TOLERANCE * max(1.0, abs(least)):
        trial.refuse(f"{said} {lowest:.6g} {what}", advice)
    if max(value for _, value in found) <= least + TOLERANCE * max(1.0, abs(least)):
        trial.refuse(f"{said} no larger anywhere else that was tried", advice)
    equal = torch.zeros_like(at_target)
    value, slope = trial.gradient(equal, trial.soft)
    if not trial.value(_step(equal, slope), trial.soft) < value:
        trial.refuse(f"says {DECLARED}, but a step against its gradient from equal logits does not lower it", advice)


def _moved(at_target: torch.Tensor) -> Sequence[tuple[str, torch.Tensor]]:
    """Return predictions away from the target, each with what to call it."""
    waves = _waves(at_target, 0.9)
    return [
        ("where its logits are halved", at_target / 2),
        ("where its logits are doubled", 2 * at_target),
        ("where the most probable class is certain", SURE * (at_target == at_target.amax(dim=1, keepdim=True))),
        ("where classes are exchanged", at_target.roll(1, dims=1)),
        *(
            (f"where logits are moved by up to {abs(size):g}", at_target + size * waves)
            for m in MOVES
            for size in (m, -m)
        ),
    ]
