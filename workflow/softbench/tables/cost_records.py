"""What soft labels and training cost: time, memory, energy and disk, as the records beside their results say.

Costs decide no number: they are read from provenance files, which no rule has as an input.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from softbench.jobs import storage

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
    seeds = {_place(method): _read_seeds(method) for method in methods}
    rows = [_row(method, seeds) for method in methods]
    return pd.DataFrame(rows, columns=COLUMNS)


def _place(method: Mapping[str, Any]) -> tuple[str, str, str]:
    return method["experiment"], method["network"], method["method"]


def _read_seeds(method: Mapping[str, Any]) -> tuple[pd.DataFrame, int, int]:
    """Return the costs of the seeds that have records, and how many failed, and how many have none."""
    costs, failed, unrecorded = [], 0, 0
    for path in map(Path, method["batches"]):
        for name, outcome in storage.read_json(path)["seeds"].items():
            folder = path.parent / f"seed-{name}"
            if outcome["status"] == "failed":
                failed += 1
            elif all((folder / file).exists() for file in ("provenance.json", "history.csv")):
                costs.append(read_seed_cost(folder))
            else:
                unrecorded += 1
    return pd.DataFrame(costs), failed, unrecorded


def _row(method: Mapping[str, Any], seeds: Mapping[tuple[str, str, str], Any]) -> dict[str, Any]:
    costs, failed, unrecorded = seeds[_place(method)]
    made = read_label_cost(Path(method["soft_label"]).parent)
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


def read_seed_cost(folder: Path) -> dict[str, Any]:
    """Return what the training of one seed took; what was not measured is NaN.

    Args:
        folder: `<experiment>/<network>/<method>/seed-<seed>` with provenance.json and history.csv.
    Returns: `experiment`, `network`, `method`, `seed`; `s` and `cpu_s`; `steps`; `ms_per_step` (median over the looks
        at the loss); `peak_mib` and `peak_gpu_mib`; `energy_j`; `disk_mib` of the folder; `on_gpu`, `device`,
        `hardware` (the GPU, or the processor) and `host`; `resumed`: the steps took longer than the last process that
        ran them, so that `s` and `cpu_s` are those of a part.
    """
    listed = storage.lists_of(folder)
    facts = storage.read_json(folder / "provenance.json", *listed)
    with storage.reading(folder / "history.csv", *listed):
        history = pd.read_csv(folder / "history.csv")
    experiment, network, method = folder.parts[-4:-1]
    energy, on_gpu = facts.get("energy_j"), "peak_device_memory_mib" in facts
    return {
        "experiment": experiment,
        "network": network,
        "method": method,
        "seed": int(folder.name.removeprefix("seed-")),
        "s": facts["seconds"],
        "cpu_s": facts["cpu_seconds"],
        "steps": int(history["step"].max()),
        "ms_per_step": 1000 * history["step_s"].median() if "step_s" in history else math.nan,
        "peak_mib": facts["peak_memory_mib"],
        "peak_gpu_mib": facts.get("peak_device_memory_mib", math.nan),
        "energy_j": sum(energy.values()) if isinstance(energy, dict) else math.nan,
        "disk_mib": _disk_mib(folder),
        "on_gpu": on_gpu,
        "device": facts.get("device", "unknown"),
        "hardware": str(facts.get("device" if on_gpu else "processor", "unknown")),
        "host": facts.get("host", "unknown"),
        "resumed": _stepping_s(history) > facts["seconds"],
    }


def _stepping_s(history: Any) -> float:
    """Return the seconds of all steps: those between two looks at the loss, times how long one took."""
    if "step_s" not in history:
        return math.nan
    return float((history["step"].diff().fillna(history["step"]) * history["step_s"]).sum())


def _disk_mib(folder: Path) -> float:
    """Return the size of all files below a folder, in MiB."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20


@dataclass(frozen=True)
class LabelCost:
    """CPU seconds over all cases, those of the `map` among them (0 without one); None where no record tells them."""

    cpu_s: float | None
    map: str = ""
    map_cpu_s: float | None = 0.0


def read_label_cost(folder: Path) -> LabelCost:
    """Return what a soft label took: reading, softening and storing each case; its quality numbers are not in it.

    Args:
        folder: of the soft label, with manifest.json.
    Returns: the sums. They are known only where every case was timed, whatever stopped and restarted the job.
    """
    manifest = storage.read_json(folder / "manifest.json")
    own = _sum([folder / "provenance.json"])
    if manifest.get("map") is None:
        return LabelCost(own)
    maps = (folder / manifest["map"]).resolve()
    shards = [path for path in sorted(maps.glob("shard-*.json")) if path.name.count(".") == 1]
    of_map = _sum(path.with_suffix(".provenance.json") for path in shards)
    total = None if own is None or of_map is None else own + of_map
    return LabelCost(total, maps.name, of_map)


def _sum(records: Iterable[Path]) -> float | None:
    """Return the seconds of all records; None where there is none, or one does not tell those of all its cases."""
    seconds = [_seconds(path) for path in records]
    known = [number for number in seconds if number is not None]
    return sum(known) if known and len(known) == len(seconds) else None


def _seconds(path: Path) -> float | None:
    if not path.exists():
        return None
    shard = path.name.removesuffix(".provenance.json")  # of a map; else what stands beside a manifest
    listed = "manifest.json" if shard == path.name else f"{shard}.json"
    facts: dict[str, Any] = storage.read_json(path, path.with_name(listed))
    whole = "cases_timed" in facts and facts["cases_timed"] == facts["cases"]
    return float(facts["cases_cpu_seconds"]) if whole else None
