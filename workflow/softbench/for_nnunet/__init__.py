"""Soft labels in nnU-Net (nnunetv2 2.8): targets beside its preprocessed cases, and trainers that learn from them.

`softbench nnunet prepare` makes both; docs/nnunet.md shows how. Needs nnunetv2, imported when it is first used.
"""

import importlib
from typing import Any

from softbench.extras import explained

__all__ = ["nnUNetTrainerSoft", "prepare"]
VERSION = None  # names alone
PLACES = {"nnUNetTrainerSoft": "trainer", "prepare": "prepare"}


def __getattr__(name: str) -> Any:
    """Import nnU-Net only when one of the names is used.

    Raises: ModuleNotFoundError: without nnunetv2 or torch; it says what installs both.
    """
    if name not in PLACES:
        raise AttributeError(f"softbench.for_nnunet has no {name!r}; it has: {', '.join(__all__)}")
    try:
        module = importlib.import_module(f"softbench.for_nnunet.{PLACES[name]}")
    except ModuleNotFoundError as error:
        raise explained(error, f"softbench.for_nnunet.{name}") from error
    return module if name == "prepare" else getattr(module, name)
