"""What each method of a table cost: the median over its seeds, and how it compares with its control."""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from softbench.costs import label, seed

VERSION = 1
MEDIANS = ["s", "cpu_s", "steps", "ms_per_step", "disk_mib"]
COLUMNS = [
    *("experiment", "network", "method", "title", "soft_label", "label_cpu_s", "map", "map_cpu_s"),
    *("seeds", "failed", "unrecorded", "resumed", "hardware", "on_gpu", *MEDIANS, "peak_mib", "peak_gpu_mib"),
    *("energy_j", "energy_seeds", "control", "ratio_to_control", "ratio_seeds"),
]


def build(methods: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return a row for each method: what its soft label and the training of its seeds took.

    Args:
        methods: `experiment`, `network`, `method`, `title`, `control` (a method, or None), `batches` (paths of their
            manifests, the seeds beside them) and `soft_label` (path of its manifest), in the order of the rows.
    Returns: columns `COLUMNS`. `s`, `cpu_s`, `steps`, `ms_per_step`, `disk_mib`: median over seeds; the two peaks: the
        largest; `energy_j`: mean over the `energy_seeds` that measured it. `ratio_to_control`: the median over
        `ratio_seeds` of training time over that of the control's same seeds (seconds on a GPU, CPU seconds elsewhere),
        where both ran on the same hardware. What was not measured is NaN; seeds that failed or left no record are
        counted and enter nothing.
    """
    seeds = {_place(one): _seeds_of(one) for one in methods}
    rows = [_row(one, seeds) for one in methods]
    return pd.DataFrame(rows, columns=COLUMNS)


def _place(method: Mapping[str, Any]) -> tuple[str, str, str]:
    return method["experiment"], method["network"], method["method"]


def _seeds_of(method: Mapping[str, Any]) -> tuple[pd.DataFrame, int, int]:
    """Return the costs of the seeds that have records, and how many failed, and how many have none."""
    found, failed, unrecorded = [], 0, 0
    for path in map(Path, method["batches"]):
        for name, outcome in json.loads(path.read_text(encoding="utf-8"))["seeds"].items():
            folder = path.parent / f"seed-{name}"
            if outcome["status"] == "failed":
                failed += 1
            elif all((folder / file).exists() for file in ("provenance.json", "history.csv")):
                found.append(seed.cost_of(folder))
            else:
                unrecorded += 1
    return pd.DataFrame(found), failed, unrecorded


def _row(method: Mapping[str, Any], seeds: Mapping[tuple[str, str, str], Any]) -> dict[str, Any]:
    costs, failed, unrecorded = seeds[_place(method)]
    made = label.cost_of(Path(method["soft_label"]).parent)
    known = {name: method[name] for name in ("experiment", "network", "method", "title", "control")}
    row = {
        **known,
        "soft_label": Path(method["soft_label"]).parent.name,
        "label_cpu_s": made.cpu_s,
        "map": made.map,
        "map_cpu_s": made.map_cpu_s,
        **{"seeds": len(costs), "failed": failed, "unrecorded": unrecorded, "ratio_seeds": 0, "energy_seeds": 0},
    }
    if costs.empty:
        return row
    control = seeds.get((method["experiment"], method["network"], method["control"] or ""))
    return row | _of_seeds(costs) | (_ratio(costs, control[0]) if control is not None else {})


def _of_seeds(costs: pd.DataFrame) -> dict[str, Any]:
    return {
        **costs[MEDIANS].median().to_dict(),
        "peak_mib": costs["peak_mib"].max(),
        "peak_gpu_mib": costs["peak_gpu_mib"].max(),
        "energy_j": costs["energy_j"].mean(),
        "energy_seeds": int(costs["energy_j"].notna().sum()),
        "resumed": int(costs["resumed"].sum()),
        "hardware": "; ".join(sorted(costs["hardware"].unique())),
        "on_gpu": bool(costs["on_gpu"].all()) if costs["on_gpu"].nunique() == 1 else None,
    }


def _ratio(costs: pd.DataFrame, control: pd.DataFrame) -> dict[str, Any]:
    """Return the ratio of medians over the seeds of both, of those whole and on the same hardware as their partner."""
    if control.empty:
        return {}
    whole = [frame[~frame["resumed"]] for frame in (costs, control)]
    pairs = whole[0].merge(whole[1], on=["seed", "hardware"], suffixes=("", "_control"))
    times = pd.DataFrame({"method": _time(pairs, ""), "control": _time(pairs, "_control")}).dropna()
    ratio = times["method"].median() / times["control"].median() if len(times) else math.nan
    return {"ratio_to_control": ratio, "ratio_seeds": len(times)}


def _time(pairs: pd.DataFrame, suffix: str) -> pd.Series:
    return pairs[f"s{suffix}"].where(pairs["on_gpu"].astype(bool), pairs[f"cpu_s{suffix}"])
