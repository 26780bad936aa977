"""How good is a prediction: overlap, surface distance and calibration, each defined once (`catalogue`)."""

# `calibration` and `reliability` are functions here; `from softbench.metrics.calibration import …` finds the module.
from softbench.metrics import catalogue, regions
from softbench.metrics.calibration import calibration
from softbench.metrics.catalogue import CATALOGUE, Metric, describe
from softbench.metrics.reliability import Reliability, reliability
from softbench.metrics.score import score_case
from softbench.metrics.structure import binary

__all__ = [
    "CATALOGUE",
    "Metric",
    "Reliability",
    "binary",
    "calibration",
    "catalogue",
    "describe",
    "regions",
    "reliability",
    "score_case",
]
