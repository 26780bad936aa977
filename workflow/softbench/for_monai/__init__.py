"""Soft labels, losses and metrics in the form that MONAI has for its own: transforms, losses, cumulative metrics.

Needs MONAI and torch, which are imported when one of the names is first used. `docs/monai.md` shows all four.
"""

import importlib
from typing import TYPE_CHECKING, Any

from softbench.extras import DISTRIBUTION, EXTRAS

if TYPE_CHECKING:
    from softbench.for_monai.loss import SoftLoss
    from softbench.for_monai.metric import SoftbenchMetric
    from softbench.for_monai.soft_label import SoftLabel, SoftLabeld

__all__ = ["SoftLabel", "SoftLabeld", "SoftLoss", "SoftbenchMetric"]
VERSION = None  # names alone
PLACES = {"SoftLabel": "soft_label", "SoftLabeld": "soft_label", "SoftLoss": "loss", "SoftbenchMetric": "metric"}


def __getattr__(name: str) -> Any:
    """Import MONAI only when one of the names is used.

    Raises: ModuleNotFoundError: without MONAI or torch; it says what installs both.
    """
    if name not in PLACES:
        raise AttributeError(f"softbench.for_monai has no {name!r}; it has: {', '.join(__all__)}")
    try:
        return getattr(importlib.import_module(f"softbench.for_monai.{PLACES[name]}"), name)
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library not in ("monai", "torch"):
            raise
        command = f"pip install '{DISTRIBUTION}[{EXTRAS['monai']}]'"
        said = f"softbench.for_monai.{name} needs {library}, which is not installed: {command}"
        raise ModuleNotFoundError(said, name=library) from error
