"""Which metrics there are, and what a scored run holds of each; read from the text of `metrics`, which needs numpy."""

import ast
import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from softbench.errors import InputError
from softbench.plan import modules

CATALOGUE = "metrics/catalogue.py"
# modules with entries, in the order of the catalogue
SHIPPED = (
    *("overlap", "surface", "lesions", "centreline", "calibration", "soft"),
    *("raters/agreement", "raters/level_sets", "raters/volume", "raters/mean"),
    "true_distribution",
)
FIELDS = ("key", "name", "unit", "better", "range", "definition", "empty_case", "source")  # in the order of a `Metric`
NEEDED = (*FIELDS, "of", "compute")
ROIS = ("all", "foreground", "band")
OF_LABEL_MAP = ("counts", "surfaces", "voxel_surfaces", "masks", "lesions", "rater_masks", "left_out_rater")
OF_BOTH = ("bins", "rater_mean")  # of structures and of all classes
OF_STRUCTURES = (*OF_LABEL_MAP, "soft", "rater_probability")
TOLERANCE = re.compile(r"(\w+?)_(\d+(?:\.\d+)?)mm")
THRESHOLD = re.compile(r"(\w+?)_at_(\w+?)(?:_global)?")
READ = ("key", "of", "tolerance", "at_threshold", "regions", "asked_by")  # fields of a `Metric` that an `Entry` has


@dataclass(frozen=True)
class Entry:
    """What the plan has to know of a metric; `metrics.metric.Metric` says what each is. `own`: it was dropped in."""

    key: str
    of: str
    tolerance: bool = False
    at_threshold: bool = False
    regions: tuple[str, ...] = ROIS
    asked_by: str | None = None
    own: bool = False


def entries() -> tuple[Entry, ...]:
    """Return the metrics of the package, and after them those of one's own.

    Raises: InputError: if the file of one's own metric cannot be read.
    """
    return _entries(modules.PACKAGE / "metrics")


@functools.cache
def _entries(room: Path) -> tuple[Entry, ...]:
    shipped = [room / f"{name}.py" for name in SHIPPED]
    own = [path for path in sorted(room.glob("*.py")) if modules.defines(f"metrics/{path.name}", "METRIC")]
    found = [entry for path in shipped for entry in _of_file(path)]
    taken = {"image_diagonal", "threshold", *(entry.key for entry in found)}
    for path in own:
        entry = _own(path)
        if entry.key in taken:
            raise InputError(f"{path}: another metric has the key {entry.key!r}. Choose another key.")
        taken.add(entry.key)
        found.append(entry)
    return tuple(found)


def _of_file(path: Path) -> Iterator[Entry]:
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if _is_metric(call):
            yield _entry(path, call)


def _is_metric(node: ast.AST | None) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "Metric"


def _own(path: Path) -> Entry:
    """Return the metric of a dropped-in file, all that can be seen in its text checked before any job."""
    module = f"metrics/{path.name}"
    if not isinstance(modules.constant(module, "VERSION"), int):  # without it, existing runs would not be scored again
        raise InputError(f"{path}: VERSION must be a whole number. Begin with `VERSION = 1`.")
    call = modules.expression(module, "METRIC")
    if not _is_metric(call):
        raise InputError(f"{path}: METRIC must be written as `Metric(…)`, as in docs/extend.md.")
    entry = _entry(path, call, own=True)
    if not re.fullmatch(r"[a-z]\w*", entry.key):
        raise InputError(f"{path}: the key {entry.key!r} must be a lower-case letter, then letters, digits and _.")
    return entry


def _entry(path: Path, call: ast.Call, *, own: bool = False) -> Entry:
    said = dict(zip(FIELDS, call.args, strict=False)) | {str(word.arg): word.value for word in call.keywords}
    if missing := [name for name in NEEDED if name not in said]:
        raise InputError(f"{path}: METRIC lacks {', '.join(missing)}; see softbench/metrics/metric.py.")
    if unknown := sorted(said.keys() - {*NEEDED, *READ}):
        raise InputError(f"{path}: METRIC has no field {', '.join(unknown)}; see softbench/metrics/metric.py.")
    try:
        words = {name: ast.literal_eval(said[name]) for name in ("better", *READ) if name in said}
    except ValueError:
        raise InputError(f"{path}: {', '.join(('better', *READ))} of METRIC must be written out.") from None
    for name, allowed in (("of", "OF"), ("better", "BETTER"), ("regions", "ROIS")):
        known = modules.constant("metrics/metric.py", allowed)
        wrong = [word for word in _each(words.get(name, ())) if word not in known]
        if wrong:
            raise InputError(f"{path}: {name!r} of METRIC must be of {', '.join(known)}, but is {words[name]!r}.")
    del words["better"]
    return Entry(**words, own=own)


def _each(value: Any) -> Sequence[Any]:
    return value if isinstance(value, tuple) else (value,)


def registered() -> list[str]:
    """Return the keys of the catalogue."""
    return [*(entry.key for entry in entries()), "image_diagonal", "image_diagonal_voxels"]


def own_columns(table: Mapping[str, Any], scoring: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the columns of metrics of one's own, which every table has after those that it lists.

    What is measured of structures has a column for each structure that the table names.
    """
    columns: Sequence[Mapping[str, Any]] = table["columns"]
    structures = list(dict.fromkeys(column["structure"] for column in columns if "structure" in column))
    listed = {column["metric"] for column in columns}
    made: list[dict[str, Any]] = []
    for entry in entries() if table.get("grid", "full") == "full" else ():
        if not entry.own or (entry.asked_by and not scoring.get(entry.asked_by)):
            continue
        for key in _keys(entry, scoring):
            if key in listed:
                continue
            if entry.of in OF_STRUCTURES:
                made += [{"metric": key, "structure": structure} for structure in structures]
            else:
                made.append({"metric": key, "roi": entry.regions[0]})
    return made


def is_known(key: str) -> bool:
    """Return whether a metric exists, parameters in its key included; see `metrics.catalogue.PATTERNS`."""
    base, at, library = key.partition("@")
    if at and library not in modules.constant(CATALOGUE, "LIBRARIES"):
        return False
    tolerant, thresholded = TOLERANCE.fullmatch(base), THRESHOLD.fullmatch(base)
    if tolerant and any(entry.tolerance and entry.key == tolerant[1] for entry in entries()):
        return True
    has_threshold = thresholded and thresholded[1] in _thresholded() and thresholded[2] in _chosen_on()
    return base in registered() or bool(has_threshold and not at)


def _thresholded() -> list[str]:
    return [*(entry.key for entry in entries() if entry.at_threshold), "threshold"]


def _chosen_on() -> tuple[str, ...]:
    """Return what thresholds are chosen on."""
    return tuple(modules.constant(CATALOGUE, "CHOSEN_ON"))


def names() -> list[str]:
    """Return the metrics that a message lists: those of the catalogue, and those with a tolerance or a threshold."""
    at = [f"{key}_at_{part}" for key in _thresholded() for part in _chosen_on()]
    within = [f"{entry.key}_{mm}mm" for entry in entries() if entry.tolerance for mm in (1, 2)]
    return [*registered(), *within, *at]


def scored(scoring: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield what the runs of an experiment are scored by: metric, region, and "structures", "all" classes or "both".

    Args:
        scoring: of an experiment.
    Source: `metrics.score.score_case` says the same in words; a test compares both.
    """
    for entry in entries():
        if entry.asked_by and not scoring.get(entry.asked_by):
            continue
        if entry.of in OF_STRUCTURES:
            yield from ((key, "all", "structures") for key in _keys(entry, scoring))
        elif entry.of != "grid":
            yield from ((entry.key, roi, "both" if entry.of in OF_BOTH else "all") for roi in entry.regions)
    if scoring.get("thresholds"):
        parts = [f"{part}{whole}" for part in _chosen_on() for whole in ("", "_global")]
        keys = [key for key in _thresholded() if key != "threshold"]
        yield from ((f"{key}_at_{part}", "all", "structures") for key in keys for part in parts)
    yield "image_diagonal", "all", "all"
    if scoring.get("voxels"):
        yield "image_diagonal_voxels", "all", "all"


def _keys(entry: Entry, scoring: Mapping[str, Any]) -> list[str]:
    """Return the keys of a metric in the scores: one a tolerance, where it takes one."""
    return [f"{entry.key}_{mm:g}mm" for mm in scoring["tolerances_mm"]] if entry.tolerance else [entry.key]
