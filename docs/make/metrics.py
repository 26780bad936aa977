"""The page docs/metrics.md, made from the register of metrics and the oracle files; no number is typed by hand."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from softbench.errors import InputError
from softbench.metrics import catalogue
from softbench.metrics.catalogue import Metric
from softbench.metrics.metric import ALSO

from make import metrics_beside as beside
from make import metrics_libraries as libraries
from make.markdown import ROOT, fill, table
from make.metrics_beside import Oracle

ORACLES = ROOT / "tests" / "oracles" / "metrics"
EMPTY_CASES = ("B1_empty_pred", "B2_empty_ref", "B3_both_empty")
EXAMPLES = ("dsc_at_val", "dsc_at_test", "iou_at_val_global", "threshold_at_val", "threshold_at_test_global")


def page() -> str:
    """Return the page."""
    oracle = load(ORACLES)
    return fill(
        "metrics.md.j2",
        register={title: table_of_metrics(group) for title, group in catalogue.GROUPS.items()},
        examples=table_of_metrics([catalogue.describe(key) for key in EXAMPLES]),
        thresholded=_listed(catalogue.THRESHOLDED),
        tolerant=_listed(catalogue.TOLERANT),
        libraries=", ".join(catalogue.LIBRARIES.values()),
        asked={name: _listed(keys) for name, keys in asked().items()},
        pooled=_listed(metric.key for metric in catalogue.select_metrics("bins")),
        versions=", ".join(f"{name} {version}" for name, version in libraries.VERSIONS.items()),
        compare=lambda peers, case: table_of_pairs(beside.pairs(getattr(libraries, peers), oracle[case])),
        empty=table_of_empty_masks([oracle[case] for case in EMPTY_CASES]),
        soft=table_of_soft_labels(oracle["E_epd_soft2d"]),
        printed=table_of_printed_errors(),
    )


def asked() -> dict[str, list[str]]:
    """Return the keys that each name of `also` asks for."""
    metrics = catalogue.CATALOGUE.values()
    return {name: [metric.key for metric in metrics if metric.asked_by == name] for name in ALSO}


def table_of_metrics(metrics: Iterable[Metric]) -> str:
    """Return a table of the register's entries."""
    head = ("key", "name", "unit", "better", "range", "definition", "empty case", "source and departure")
    rows = [(f"`{m.key}`", m.name, m.unit, m.better, _range(m), m.definition, m.empty_case, m.source) for m in metrics]
    return table(head, rows)


def table_of_pairs(pairs: Iterable[beside.Pair]) -> str:
    """Return a table of what libraries give, and which of our keys gives the same."""
    rows = [(pair.peer.library, pair.peer.computes, _number(pair.theirs), _ours(pair)) for pair in pairs]
    return table(("library", "computes", "its value", "ours"), rows)


def table_of_empty_masks(oracles: Sequence[Oracle]) -> str:
    """Return a table of what libraries give or raise where the prediction, the reference, or both are empty."""
    ours = [beside.of_masks(oracle) for oracle in oracles]
    rows: list[Sequence[str]] = []
    for key in dict.fromkeys(key for key, _ in libraries.EMPTY):
        rows.append((f"`{key}`", "**ours**", *(f"**{_number(own[key])}**" for own in ours)))
        peers = [peer for of_key, peer in libraries.EMPTY if of_key == key]
        rows += [(peer.computes, peer.library, *(_number(peer.value(oracle)) for oracle in oracles)) for peer in peers]
    return table(("metric", "library", "prediction empty", "reference empty", "both empty"), rows)


def table_of_soft_labels(oracle: Oracle) -> str:
    """Return a table of the soft and the thresholded measures of each class."""
    values = beside.of_soft_labels(oracle)
    classes = range(len(oracle["in_prob"]))
    rows = [(f"`{key}`", *map(_number, values)) for key, values in values.items()]
    return table(("key", *(f"class {class_id}" for class_id in classes)), rows)


def table_of_printed_errors() -> str:
    """Return a table of EPD's printed RMSE beside the least that its accuracy allows."""
    rows = [
        (f"{side}", f"{100 - accuracy:.2f}", f"{beside.smallest_rmse(accuracy):.2f}", f"{rmse:.2f}")
        for side, accuracy, rmse in libraries.EPD_PRINTED
    ]
    return table(("image side", "100 - accuracy, %", "least RMSE, %", "printed RMSE, %"), rows)


def _listed(keys: Iterable[str]) -> str:
    return ", ".join(f"`{key}`" for key in keys)


def _range(metric: Metric) -> str:
    low, high = (_number(end) if math.isfinite(end) else "∞" for end in metric.range)
    return f"{low} to {high}"


def _number(value: float | str) -> str:
    if isinstance(value, str):
        return f"raises {value}"
    return "NaN" if math.isnan(value) else f"{value:.6g}".replace("-", "−")


def _ours(pair: beside.Pair) -> str:
    if pair.ours is None:
        return "–"
    key, *where = str(pair.peer.ours).split(", ")
    return f"`{key}`{''.join(', ' + word for word in where)} {'=' if pair.equal else '≠'} {_number(pair.ours)}"


def load(folder: Path) -> dict[str, dict[str, np.ndarray]]:
    """Return the arrays of all oracle files of a folder, by the file's stem.

    Raises: InputError: if there is none.
    """
    rows = {}
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as file:
            rows[path.stem] = dict(file)
    if not rows:
        raise InputError(f"no oracle file (*.npz) in {folder}. Run this from a clone of the repository.")
    return rows
