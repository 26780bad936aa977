"""How are weights found, and what do trained weights predict: data in memory, batches, the loop, inference, scores."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from softbench.training.inference import predict
    from softbench.training.loop import train
    from softbench.training.temperature_scaling import temperature

__all__ = ["predict", "temperature", "train"]
VERSION = None  # names alone
PLACES = {"predict": "inference", "temperature": "temperature_scaling", "train": "loop"}


def __getattr__(name: str) -> Any:
    """Import a function's module when it is first named: scoring depends on nothing that trains, and `train` on no
    metric."""
    if name not in PLACES:
        raise AttributeError(f"softbench.training has no {name!r}; it has: {', '.join(PLACES)}")
    return getattr(importlib.import_module(f"softbench.training.{PLACES[name]}"), name)
