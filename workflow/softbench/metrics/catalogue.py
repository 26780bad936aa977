"""The one register of metrics that tables, docs and legends read."""

import re
from dataclasses import replace

from softbench.errors import InputError
from softbench.metrics.definitions import ALL, Metric

__all__ = ["CATALOGUE", "Metric", "describe", "nsd_key"]

CATALOGUE: dict[str, Metric] = {metric.key: metric for metric in ALL}


def nsd_key(tolerance_mm: float) -> str:
    """Return the key of the NSD at a tolerance: nsd_2mm, nsd_1.5mm."""
    return f"nsd_{float(tolerance_mm)!r}mm".replace(".0mm", "mm")


def describe(key: str) -> Metric:
    """Return the metric of a key, with the parameter filled in where the key carries one (`nsd_1.5mm`).

    Raises: InputError: if no such metric is registered.
    """
    if key in CATALOGUE:
        return CATALOGUE[key]
    match = re.fullmatch(r"nsd_(\d+(?:\.\d+)?)mm", key)
    if not match:
        raise InputError(f"metric {key!r} is unknown. Known: {', '.join(CATALOGUE)}, and nsd_<tolerance>mm.")
    base, tolerance = CATALOGUE["nsd"], f"{match[1]} mm"
    definition = base.definition.replace("a tolerance (inclusive)", f"{tolerance} (inclusive)")
    return replace(base, key=key, name=f"NSD at {tolerance}", definition=definition)
