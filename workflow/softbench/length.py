"""The length of a run in optimiser steps, whether its protocol counts steps or epochs, and its description in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

VERSION = 1
PATIENCE = 20  # epochs of the plateau rule, where a protocol says none


@dataclass(frozen=True)
class Length:
    """A protocol's length; None is what is not known, or not said.

    batch: images a step. epochs: None where the protocol counts in steps. steps: None where they follow from a number
    of training cases that is not known. cases: of the training part. plateau_epoch: steps of an epoch of the plateau
    rule, which halves the rate after `patience` of them without a better validation DSC.
    """

    batch: int
    epochs: int | None = None
    steps: int | None = None
    cases: int | None = None
    plateau_epoch: int | None = None
    patience: int | None = None


def steps_of(epochs: int, batch: int, cases: int) -> int:
    """Return the optimiser steps of so many epochs: every case once in each, the last batch whole.

    >>> steps_of(200, 2, 269)
    27000
    """
    return epochs * -(-cases // batch)


def of(protocol: Mapping[str, Any], cases: int | None) -> Length:
    """Return the length of a protocol, as config holds it, for so many training cases (None: not known)."""
    epochs, steps, batch = protocol.get("epochs"), protocol.get("steps"), protocol["batch"]
    if epochs is not None and cases is not None:
        steps = steps_of(epochs, batch, cases)
    epoch = protocol.get("plateau_epoch_steps")
    patience = None if epoch is None else protocol.get("patience", PATIENCE)
    return Length(batch, epochs, steps, cases, epoch, patience)


def words(length: Length) -> str:
    """Return a length in words, both in steps and in epochs.

    >>> words(Length(2, epochs=200, steps=27000, cases=269))
    '269 training cases, batch 2, 200 epochs: 27,000 steps'
    >>> words(Length(2, steps=25000, cases=4))
    '4 training cases, batch 2: 25,000 steps'
    """
    known = [] if length.cases is None else [_count(length.cases, "training case")]
    counted = [] if length.epochs is None else [_count(length.epochs, "epoch")]
    of_run = "as many steps as the data decides" if length.steps is None else _count(length.steps, "step")
    return f"{', '.join([*known, f'batch {length.batch}', *counted])}: {of_run}{_plateau(length)}"


def _plateau(length: Length) -> str:
    """Return the epochs of the plateau rule in words; empty without it, or where its epochs are the protocol's."""
    epoch, patience = length.plateau_epoch, length.patience
    if epoch is None or patience is None:
        return ""
    whole = f" ({length.steps / epoch:,.4g} epochs of {epoch})" if length.steps and length.epochs is None else ""
    return (
        f"{whole}; the rate is halved after {_count(patience, 'epoch')} of {epoch} steps, {patience * epoch:,} in all, "
        "without a better validation DSC"
    )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
