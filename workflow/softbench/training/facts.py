"""What a batch's manifest tells of a seed's training besides hashes: how long it was, and how validation went."""

import math
from collections.abc import Sequence
from typing import Any

import torch

from softbench.training.precision import name_of
from softbench.training.protocol import Protocol

VERSION = 1


def of_training(protocol: Protocol, cases: int, device: torch.device) -> dict[str, Any]:
    """Return `cases` of the training part, optimiser `steps`, and the `precision` of activations, "fp32" or "bf16"."""
    steps = protocol.for_cases(cases).steps
    return {"cases": cases, "steps": steps, "precision": name_of(protocol.precision, device)}


def of_validation(history: Sequence[dict[str, float]], protocol: Protocol, cases: int) -> dict[str, Any]:
    """Return what the weights that were kept reached: `dsc` (None where undefined), its `step`, and how many `cases`.

    Args:
        history: of `loop.train`; the rows of validations hold `val_dsc`.
        protocol: its `select` says which weights were kept: those of the best DSC (the first of equals), or the last.
        cases: of the validation part.
    """
    looked = [row for row in history if "val_dsc" in row]
    row = max(looked, key=_known) if protocol.select == "best" else looked[-1]
    dsc = row["val_dsc"]
    return {"dsc": None if math.isnan(dsc) else float(dsc), "step": int(row["step"]), "cases": cases}


def _known(row: dict[str, float]) -> float:
    """Return a DSC that compares: an undefined one is worse than any."""
    return -1.0 if math.isnan(row["val_dsc"]) else row["val_dsc"]
