"""The settings that decide the runs of one method, seeds apart, and how predictions are scored."""

import importlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from softbench.soft_labels.raters import Raters
from softbench.training.protocol import Protocol

if TYPE_CHECKING:
    from softbench.training.coarse import Resolution

VERSION = None  # settings alone, which stand in the keys
ALLOWED = {  # `scoring` of an experiment
    "tolerances_mm": {
        "type": "array",
        "items": {"type": "number", "exclusiveMinimum": 0},
        "minItems": 1,
        "uniqueItems": True,
        "description": "mm, of the surface metrics that have a tolerance",
    },
    "band_mm": {"type": "number", "exclusiveMinimum": 0, "description": "mm, half width of the region `band`"},
    "bins": {"type": "integer", "minimum": 2, "description": "of calibration"},
    "in_plane": {"type": "boolean", "description": "HD95 of MRBrainS18, slice by slice"},
    "voxels": {"type": "boolean", "description": "surface distances in voxels too, steps of 1 along each axis"},
    "raters": {
        "type": "boolean",
        "description": "against all raters together: agreement, GED, volume, calibration to their mean",
    },
    "lesions": {
        "type": "boolean",
        "description": "DSC and HD95 of each lesion, and which were found, as BraTS since 2023",
    },
    "lesion_matching": {
        "declared": "metrics/lesions.py:ALLOWED",
        "description": "how lesions are told apart and counted; as BraTS does for glioma where left out",
    },
    "centrelines": {"type": "boolean", "description": "clDice, for vessels"},
    "truth": {"type": "boolean", "description": "against the true distribution over all raters, which phantoms know"},
    "cross_check": {
        "type": "array",
        "items": {"constant": "metrics/cross_check.py:LIBRARIES"},
        "uniqueItems": True,
        "description": "libraries whose values are added for comparison with ours",
    },
    "temperature": {"type": "boolean", "description": "score again, scaled by a temperature fitted on validation"},
    "thresholds": {"type": "boolean", "description": "hard metrics at the best threshold of EPD"},
    "ensemble": {"type": "boolean", "description": "score the mean of the seeds' probabilities"},
    "keep_probabilities": {"type": "boolean", "description": "those of the test cases, as uint16"},
}


@dataclass(frozen=True)
class Scoring:
    """How predictions are scored; the names are those of an experiment in config.

    in_plane: add MRBrainS18's in-plane HD95. voxels: add surface distances in voxels. raters: add scores against all
    raters together. lesions: add scores of each lesion, matched as lesion_matching says. centrelines: add clDice.
    truth: add scores against the true distribution of a phantom. cross_check: libraries whose values are added for
    comparison with ours. thresholds: add hard metrics at the best threshold, chosen on validation and on test cases.
    temperature: score a second time, with logits divided by the temperature that fits the validation cases best.
    keep_probabilities: store those of the test cases, 16 bits a class and voxel. An experiment's `ensemble` is not
    here: it has a job of its own, and changes no run.
    """

    tolerances_mm: list[float]
    band_mm: float = 3.0
    bins: int = 10
    in_plane: bool = False
    voxels: bool = False
    raters: bool = False
    lesions: bool = False
    lesion_matching: dict[str, float] = field(default_factory=dict)
    centrelines: bool = False
    truth: bool = False
    cross_check: list[str] = field(default_factory=list)
    thresholds: bool = False
    temperature: bool = False
    keep_probabilities: bool = False

    @property
    def also(self) -> tuple[str, ...]:
        """What `metrics.score_case` is asked to measure besides."""
        return tuple(name for name in ("raters", "lesions", "centrelines") if getattr(self, name))


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
    """Import the module of coarser grids by name, so that runs on the full grid do not depend on its VERSION."""
    resolution: Resolution = importlib.import_module("softbench.training.coarse").Resolution(**settings)
    return resolution
