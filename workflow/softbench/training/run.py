"""What one method of an experiment is: all that decides its runs, seeds apart."""

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from softbench.soft_labels.raters import Raters
from softbench.training.protocol import Protocol
from softbench.training.scoring_settings import Scoring

if TYPE_CHECKING:
    from softbench.training.coarse import Resolution

VERSION = None  # settings alone, which stand in the keys


@dataclass(frozen=True)
class Run:
    """What one method of an experiment is, seeds apart; `names` fills the columns of its scores.

    `versions` has two parts: `training`, the VERSIONs of the modules that decide the weights, and `scoring`.
    """

    names: dict[str, str]
    network: dict[str, Any]
    loss: str
    protocol: Protocol
    scoring: Scoring
    versions: dict[str, dict[str, int]]
    raters: Raters = "first"
    resolution: "Resolution | None" = None

    @classmethod
    def of(cls, settings: dict[str, Any]) -> "Run":
        """Make a run of plain settings, as config holds them."""
        protocol, scoring = Protocol(**settings["protocol"]), Scoring(**settings["scoring"])
        coarse = settings.get("resolution")
        resolution = _coarse(coarse) if coarse else None
        return cls(**{**settings, "protocol": protocol, "scoring": scoring, "resolution": resolution})


def _coarse(settings: dict[str, Any]) -> "Resolution":
    """Import the module of coarser grids by name: whoever trains on the full grid does not depend on it."""
    resolution: Resolution = importlib.import_module("softbench.training.coarse").Resolution(**settings)
    return resolution
