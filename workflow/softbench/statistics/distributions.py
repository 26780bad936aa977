"""Parts of scipy that statistics need, imported on their first use: that takes longer than to make most tables."""

import importlib
from typing import Any

VERSION = None  # names alone


class _Late:
    """Stands for a module."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        """Return what the module has under a name."""
        return getattr(importlib.import_module(self._name), name)


stats, optimize = _Late("scipy.stats"), _Late("scipy.optimize")
