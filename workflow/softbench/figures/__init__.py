"""Pictures: reliability, soft labels, cases, ranks, and the figures of the papers.

For code of one's own: `reliability_diagram`. The rest draws what the workflow computed.
"""

import importlib
from typing import TYPE_CHECKING, Any

from softbench.extras import explained

if TYPE_CHECKING:
    from softbench.figures.diagram import reliability_diagram

__all__ = ["reliability_diagram"]
VERSION = None  # names alone


def __getattr__(name: str) -> Any:
    """Import matplotlib only when a diagram is asked for; by name, so that no figure depends on what draws this one."""
    if name != "reliability_diagram":
        raise AttributeError(f"softbench.figures has no {name!r}; it has: reliability_diagram")
    try:
        return importlib.import_module("softbench.figures.diagram").reliability_diagram
    except ModuleNotFoundError as error:
        raise explained(error, "softbench.figures.reliability_diagram") from error
