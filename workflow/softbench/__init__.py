"""SoftLabelBench: soft labels, honest metrics and honest statistics for medical image segmentation.

Its packages are imported when they are first named, so `import softbench` is fast, and `softbench.metrics.binary(...)`
works.
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
    "jobs",
    "losses",
    "metrics",
    "networks",
    "page",
    "papers",
    "rater_study",
    "soft_labels",
    "statistics",
    "store",
    "tables",
    "tools",
    "training",
)


def __getattr__(name: str) -> ModuleType:
    """Import a package or module when it is first named (PEP 562)."""
    if name in ROOMS:
        return importlib.import_module(f"softbench.{name}")
    raise AttributeError(f"module 'softbench' has no attribute {name!r}; it has: {', '.join(ROOMS)}")
