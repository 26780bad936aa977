"""Which metrics there are, and what a scored run holds of each; read from the text of `metrics`, which needs numpy."""

import ast
import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from softbench.plan import modules

CATALOGUE, ROWS = "metrics/catalogue.py", "metrics/rows.py"
DEFINITIONS = modules.PACKAGE / "metrics" / "definitions.py"
TOLERANCE = re.compile(r"(\w+?)_(\d+(?:\.\d+)?)mm")
THRESHOLD = re.compile(r"(\w+?)_at_(\w+?)(?:_global)?")


@functools.cache
def registered() -> list[str]:
    """Return the keys of the catalogue, in its order."""
    tree = ast.parse(DEFINITIONS.read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "Metric"]
    keys = [ast.literal_eval(call.args[0]) for call in sorted(calls, key=lambda call: call.lineno)]
    return [key for key in keys if key != "threshold"]  # which stands in keys with parameters alone


def is_known(key: str) -> bool:
    """Return whether a metric exists, parameters in its key included; see `metrics.catalogue.PATTERNS`."""
    base, at, library = key.partition("@")
    if at and library not in _of_catalogue("LIBRARIES"):
        return False
    tolerant, thresholded = TOLERANCE.fullmatch(base), THRESHOLD.fullmatch(base)
    return (
        base in registered()
        or (tolerant is not None and tolerant[1] in _of_catalogue("TOLERANT"))
        or (thresholded is not None and not at and _has_threshold(thresholded[1], thresholded[2]))
    )


def _has_threshold(base: str, chosen_on: str) -> bool:
    return base in _of_catalogue("THRESHOLDED") and chosen_on in _of_catalogue("CHOSEN_ON")


def _of_catalogue(name: str) -> Any:
    return modules.constant(CATALOGUE, name)


def names(tolerances_mm: frozenset[float] = frozenset({1.0, 2.0})) -> list[str]:
    """Return the metrics that a message lists: those of the catalogue, and those with a tolerance or a threshold."""
    at = [f"{key}_at_{part}" for key in _of_catalogue("THRESHOLDED") for part in _of_catalogue("CHOSEN_ON")]
    within = [f"{key}_{tolerance:g}mm" for key in _of_catalogue("TOLERANT") for tolerance in sorted(tolerances_mm)]
    return [*registered(), *within, *at]


def scored(scoring: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield what the runs of an experiment are scored by: metric, region, and "structures", "all" classes or "both".

    Args:
        scoring: of an experiment.
    Source: `metrics.score.score_case` says the same in words; a test compares both.
    """
    pooled, rois = list(modules.constant(ROWS, "POOLED")), modules.constant("metrics/regions.py", "ROIS")
    for key in _of_masks(scoring):
        yield key, "all", "structures"
    for roi in rois:
        yield from ((key, roi, "both") for key in pooled)
        yield from ((key, roi, "all") for key in ("ace", "tace", *(["tace_svls"] if roi == "all" else [])))
    yield "image_diagonal", "all", "all"


def _of_masks(scoring: Mapping[str, Any]) -> list[str]:
    """Return the metrics of each structure's mask, and those against soft labels."""
    within = [f"{key}_{mm:g}mm" for mm in scoring["tolerances_mm"] for key in modules.constant(ROWS, "WITHIN")]
    keys = [*modules.constant(ROWS, "OVERLAPS"), *modules.constant(ROWS, "DISTANCES"), *within]
    keys += ["hd95_in_plane"] if scoring.get("in_plane") else []
    keys += modules.constant(ROWS, "SOFT")
    if scoring.get("thresholds"):
        parts = [f"{part}{whole}" for part in _of_catalogue("CHOSEN_ON") for whole in ("", "_global")]
        keys += [f"{key}_at_{part}" for key in _of_catalogue("THRESHOLDED") if key != "threshold" for part in parts]
    return keys
