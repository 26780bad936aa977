"""How good is a prediction: overlap, surface distance and calibration, each defined once (`catalogue`)."""

# `calibration` and `soft` are functions here; `from softbench.metrics.soft import …` finds the module.
from softbench.metrics import catalogue, regions
from softbench.metrics.calibration import Reliability, calibration, reliability
from softbench.metrics.catalogue import CATALOGUE, Metric, describe
from softbench.metrics.score import binary, score_case, score_label_map
from softbench.metrics.soft import soft
from softbench.metrics.threshold import hard_at_best_threshold

__all__ = [
    "CATALOGUE",
    "Metric",
    "Reliability",
    "binary",
    "calibration",
    "catalogue",
    "describe",
    "hard_at_best_threshold",
    "regions",
    "reliability",
    "score_case",
    "score_label_map",
    "soft",
]
VERSION = None  # names alone
