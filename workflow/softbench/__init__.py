"""SoftLabelBench: soft labels, honest metrics and honest statistics for medical image segmentation.

What is public: the names in `__all__` here and in the packages that it lists; docs/api.md shows each. The packages are
imported when they are first named, so `import softbench` is fast, and `softbench.metrics.binary(...)` works.

>>> import numpy as np
>>> import softbench
>>> labels = np.zeros((1, 16, 16), np.uint8)  # one rater, one slice
>>> labels[0, 4:12, 4:12] = 1
>>> soft = softbench.soft_labels.svls.soften(labels, None, (1.0, 1.0), classes=2)
>>> scores = softbench.metrics.calibration(soft, labels[0])
>>> print(soft.shape, f"ECE {scores['ece']:.3f}")
(2, 16, 16) ECE 0.042
"""

import importlib
from typing import TYPE_CHECKING, Any

from softbench.errors import InputError

if TYPE_CHECKING:
    from softbench.results import load

VERSION = None  # names alone
__version__ = "0.1.0"
__all__ = [
    "InputError",
    "__version__",
    "figures",
    "for_monai",
    "load",
    "losses",
    "metrics",
    "results",
    "soft_labels",
    "statistics",
]

ROOMS = (
    "arrays",
    "checks",
    "datasets",
    "figures",
    "for_monai",
    "for_nnunet",
    "images",
    "jobs",
    "losses",
    "metrics",
    "networks",
    "page",
    "papers",
    "rater_study",
    "results",
    "soft_labels",
    "statistics",
    "store",
    "tables",
    "tools",
    "training",
)


def __getattr__(name: str) -> Any:
    """Import a package or module, or what `load` is in, when it is first named (PEP 562)."""
    if name == "load":
        return importlib.import_module("softbench.results").load
    if name in ROOMS:
        return importlib.import_module(f"softbench.{name}")
    raise AttributeError(f"module 'softbench' has no attribute {name!r}; it has: {', '.join([*ROOMS, 'load'])}")
