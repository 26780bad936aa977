"""The one register of metrics that scores, tables, docs and legends read: the suite's own, and those dropped in."""

import re
from collections.abc import Container, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from softbench.checks import require_one_of, require_positive
from softbench.errors import InputError, import_file
from softbench.metrics import centreline, lesions, overlap, surface, true_distribution
from softbench.metrics.calibration import BINS, BLOCKS
from softbench.metrics.metric import FRACTION, OF_LABEL_MAP, OPEN, Metric
from softbench.metrics.raters import agreement, level_sets, mean, volume
from softbench.metrics.soft import EPD
from softbench.metrics.soft import METRICS as SOFT

__all__ = ["CATALOGUE", "Metric", "at_threshold", "by_library", "describe", "nsd_key", "with_tolerance"]
VERSION = 1
DIAGONAL = Metric(
    "image_diagonal", "image diagonal", "mm", "neither", OPEN,
    "length of the volume's diagonal, sqrt(sum (voxels * spacing)^2)", "none", "geometry",
    of="grid", compute=np.linalg.norm,
)  # fmt: skip
DIAGONAL_VOXELS = Metric(
    "image_diagonal_voxels", "image diagonal (voxels)", "voxels", "neither", OPEN,
    "as image_diagonal; a step along any axis is 1", "none", "geometry",
    of="voxel_grid", asked_by="voxels", compute=np.linalg.norm,
)  # fmt: skip
GROUPS = {
    "Overlap": overlap.METRICS,
    "Surface distance": surface.DISTANCES + surface.DISTANCES_IN_VOXELS,
    "Surface overlap": surface.SHARES,
    "Lesions": lesions.METRICS,
    "Centrelines": centreline.METRICS,
    "Calibration": BINS + BLOCKS,
    "Against soft labels": SOFT,
    "Against several raters": agreement.METRICS + level_sets.METRICS,
    "Volume, against several raters": volume.METRICS,
    "Calibration against the raters' mean": mean.METRICS,
    "Against a known truth": true_distribution.METRICS,
    "Recorded beside the scores": (DIAGONAL, DIAGONAL_VOXELS),
}


def own() -> Iterator[Metric]:
    """Give the metrics found by being there: each file of this folder that assigns `METRIC`; docs/extend.md shows one.

    Raises: InputError: if a file cannot be imported, METRIC is no `Metric`, or its key is taken.
    """
    taken = {metric.key for group in GROUPS.values() for metric in group}
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if not re.search(r"^METRIC\b", path.read_text(encoding="utf-8", errors="replace"), re.MULTILINE):
            continue
        metric = import_file(path).METRIC
        if not isinstance(metric, Metric):
            raise InputError(f"{path}: METRIC must be a `Metric(…)`, but is {metric!r}.")
        if metric.key in taken:
            raise InputError(f"{path}: another metric has the key {metric.key!r}. Choose another key.")
        taken.add(metric.key)
        yield metric


OWN = tuple(own())
if OWN:
    GROUPS["Your own"] = OWN
CATALOGUE: dict[str, Metric] = {metric.key: metric for group in GROUPS.values() for metric in group}
TOLERANT = tuple(metric.key for metric in CATALOGUE.values() if metric.tolerance)
THRESHOLD = Metric(
    "threshold", "threshold", "1", "neither", FRACTION,
    "t in 0, 0.01 .. 1 of the highest DSC, the first where several are", "", "", of="counts", compute=float,
)  # fmt: skip
THRESHOLDED = (*(metric.key for metric in CATALOGUE.values() if metric.at_threshold), "threshold")
ALL_CASES = "_all_cases"  # ends the key of a soft metric of the sums of all cases: rad_all_cases
CHOSEN_ON = {"val": "validation", "test": "test"}
LIBRARIES = {"medpy": "medpy", "monai": "MONAI", "netcal": "netcal"}
PATTERNS = (
    f"<{'|'.join(TOLERANT)}>_<tolerance>mm",
    f"<{'|'.join(THRESHOLDED)}>_at_<{'|'.join(CHOSEN_ON)}>, the same with _global",
    f"<{'|'.join(metric.key for metric in SOFT)}>{ALL_CASES}",
    f"<key>@<{'|'.join(LIBRARIES)}>",
)


def with_tolerance(key: str, tolerance_mm: float) -> str:
    """Return the key of a metric at a tolerance: `with_tolerance("sd_svls", 2.0)` is sd_svls_2mm.

    Raises: InputError: if the metric takes no tolerance, or the tolerance is not positive.
    """
    require_one_of("key", key, TOLERANT)
    return key + tolerance_end(tolerance_mm)


def tolerance_end(tolerance_mm: float) -> str:
    """Return what the key of a metric at a tolerance ends with: _2mm.

    Raises: InputError: if the tolerance is not positive.
    """
    require_positive("tolerance_mm", tolerance_mm)
    return f"_{np.format_float_positional(tolerance_mm, trim='-')}mm"


def nsd_key(tolerance_mm: float) -> str:
    """Return the key of the NSD at a tolerance: nsd_2mm, nsd_1.5mm."""
    return with_tolerance("nsd", tolerance_mm)


def at_threshold(key: str, chosen_on: str, *, one_for_all: bool = False) -> str:
    """Return the key of a hard metric at EPD's threshold: dsc_at_val, or dsc_at_val_global.

    Args:
        key: one of `THRESHOLDED`.
        chosen_on: "val", or "test", the evaluated set itself.
        one_for_all: one threshold serves all classes, not one each.
    Raises: InputError: if `key` or `chosen_on` is unknown.
    """
    require_one_of("key", key, THRESHOLDED)
    require_one_of("chosen_on", chosen_on, CHOSEN_ON)
    return f"{key}_at_{chosen_on}{'_global' if one_for_all else ''}"


def by_library(key: str, library: str) -> str:
    """Return the key of what a library makes of a metric, to check ours: hd95@monai.

    Raises: InputError: if the library is unknown.
    """
    require_one_of("library", library, LIBRARIES)
    return f"{key}@{library}"


def describe(key: str) -> Metric:
    """Return the metric of a key, with the parameters filled in where the key carries some (see `PATTERNS`).

    Raises: InputError: if no such metric is registered.

    >>> from softbench import metrics
    >>> metrics.describe("nsd_2mm").name
    'NSD at 2 mm'
    >>> metrics.describe("hd95").unit, metrics.describe("hd95").better
    ('mm', 'lower')
    """
    base, _, library = key.partition("@")
    metric = CATALOGUE.get(base) or _at_tolerance(base) or (None if library else _at_threshold(base) or _together(base))
    if metric and "@" in key:
        metric = _from_library(metric, library) if library in LIBRARIES else None
    if not metric:
        raise InputError(f"metric {key!r} is unknown. Known: {', '.join(CATALOGUE)}; and {'; '.join(PATTERNS)}.")
    return metric


def select_metrics(*kinds: str, settings: Container[str] = ()) -> list[Metric]:
    """Return the metrics of some kinds (`Metric.of`), without those that a setting asks for which is not set."""
    metrics = [metric for metric in CATALOGUE.values() if metric.of in kinds]
    return [metric for metric in metrics if metric.asked_by is None or metric.asked_by in settings]


def is_of_label_map(key: str) -> bool:
    """Whether a metric sees the label map alone, so that a temperature cannot change it.

    One temperature for all classes keeps their order. What is cut at a threshold, and what reads probabilities, can
    change.
    Raises: InputError: if the metric is unknown.
    """
    return not _at_threshold(key) and describe(key).of in OF_LABEL_MAP


def _at_tolerance(key: str) -> Metric | None:
    match = re.fullmatch(rf"({'|'.join(TOLERANT)})_(\d+(?:\.\d+)?)mm", key)
    if not match:
        return None
    base, tolerance = CATALOGUE[match[1]], f"{match[2]} mm"
    definition = base.definition.replace("a tolerance", tolerance)
    return replace(base, key=key, name=f"{base.name} at {tolerance}", definition=definition)


def _at_threshold(key: str) -> Metric | None:
    match = re.fullmatch(rf"({'|'.join(THRESHOLDED)})_at_({'|'.join(CHOSEN_ON)})(_global)?", key)
    if not match:
        return None
    shared, chosen_on = bool(match[3]), CHOSEN_ON[match[2]]
    how = f"{'one ' if shared else ''}threshold from {chosen_on}"
    whose = "one t for all classes" if shared else "one t a class"
    where = "validation" if chosen_on == "validation" else "the evaluated set, as the paper does: optimistic"
    if match[1] == "threshold":
        base, name, definition = THRESHOLD, how, f"{THRESHOLD.definition}; {whose}, chosen on {where}"
    else:
        base = CATALOGUE[match[1]]
        name = f"{base.name} ({how})"
        definition = f"{base.definition}; P is p >= t, R the argmax of the soft label; {whose}, chosen on {where}"
    departure = "" if chosen_on == "test" else ". Departure: chosen on validation"
    return replace(
        base, key=key, name=name, definition=definition, source=EPD + departure,
        empty_case="NaN where the class is absent from the argmax of the soft label: left out, and counted",
    )  # fmt: skip


def _together(key: str) -> Metric | None:
    base = CATALOGUE.get(key.removesuffix(ALL_CASES)) if key.endswith(ALL_CASES) else None
    if base is None or base not in SOFT:
        return None
    definition = f"{base.definition}; each sum over all cases together"
    return replace(base, key=key, name=f"{base.name} (all cases)", definition=definition)


def _from_library(base: Metric, library: str) -> Metric:
    name = LIBRARIES[library]
    return replace(
        base, key=f"{base.key}@{library}", name=f"{base.name} ({name})",
        empty_case=f"what {name} gives; NaN where it raises", source=f"{name}'s own number, to check ours",
    )  # fmt: skip
