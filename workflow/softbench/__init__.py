"""SoftLabelBench: soft labels, honest metrics and honest statistics for medical image segmentation.

Rooms are imported on first use, so `import softbench` is cheap: `softbench.metrics.binary(...)` just works.
"""

import importlib
from types import ModuleType

from softbench.errors import InputError

VERSION = None  # names alone
__version__ = "0.1.0"
__all__ = ["InputError", "__version__"]

ROOMS = (
    "arrays",
    "checks",
    "datasets",
    "figures",
    "images",
    "losses",
    "machine",
    "metrics",
    "networks",
    "own_predictions",
    "page",
    "papers",
    "pieces",
    "soft_labels",
    "statistics",
    "store",
    "tables",
    "training",
)


def __getattr__(name: str) -> ModuleType:
    """Import a room when it is first named (PEP 562)."""
    if name in ROOMS:
        return importlib.import_module(f"softbench.{name}")
    raise AttributeError(f"module 'softbench' has no attribute {name!r}; its rooms are: {', '.join(ROOMS)}")
