"""Checkpoints: a run stopped at any step goes on from its last one, if it is still the same run."""

import os
from pathlib import Path
from typing import Any

import torch

from softbench.jobs import pieces, storage

VERSION = 1
NAME = "checkpoint.pt"


def save(folder: Path, key: str, state: dict[str, Any]) -> None:
    """Write the state of a run under its key; the previous checkpoint stays until this one is whole."""
    pieces.write_file(folder / NAME, lambda part: torch.save({"key": key, **state}, part))


def load(folder: Path, key: str, device: torch.device) -> tuple[dict[str, Any] | None, str]:
    """Return the state saved under this key, or None, and a sentence for the log that says what was found."""
    path = folder / NAME
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


def remove(folder: Path) -> None:
    """Delete the checkpoint of a run that is whole."""
    if (folder / NAME).exists():
        os.unlink(folder / NAME)
