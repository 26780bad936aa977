"""How is a prediction compared with its target: losses by name, summed as they are written in config."""

from typing import TYPE_CHECKING, Any

from softbench.extras import explained
from softbench.losses import catalogue
from softbench.losses.catalogue import names, needs_frequencies

if TYPE_CHECKING:
    from softbench.losses.target import Target
    from softbench.losses.weighted_sum import build

__all__ = ["Target", "build", "catalogue", "names", "needs_frequencies"]
VERSION = None  # names alone


def __getattr__(name: str) -> Any:
    """Import torch only when a loss is built: whoever reads config needs the names alone."""
    if name not in ("Target", "build"):
        raise AttributeError(f"softbench.losses has no {name!r}")
    try:
        from softbench.losses.target import Target
        from softbench.losses.weighted_sum import build
    except ModuleNotFoundError as error:
        raise explained(error, f"softbench.losses.{name}") from error
    return Target if name == "Target" else build
