"""What each method of a table cost, as CSV, Markdown and HTML."""

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from softbench.tables import cost_records
from softbench.tables.sheet import NOTHING, Sheet, number, plain
from softbench.tables.view import Given, View

VERSION = 1
NOT_MEASURED = "not measured"
NOT_RECORDED = "not recorded"
HEADS = [
    *("Method", "Soft label (CPU-s)", "Training a seed", "Step (ms)", "Memory (MiB)", "GPU memory (MiB)"),
    *("Energy a seed (kJ)", "Disk a seed (MiB)", "Training over control"),
]
OF_LABEL = (
    "Soft label: all cases of the data set, reading and storing included, summed over processes; maps that several "
    "soft labels share count in full for each. What is computed from the label map alone is computed again when "
    "training reads it, which is in the training time."
)
NOTES = (
    "Training over control: the ratio of the times shown; none where method and control share no seed on the same "
    "hardware.",
    "Other work on the machine moves every time here: a difference of a tenth or so says nothing of a method.",
    "Times, energy and disk have two digits: the third is noise.",
)


OF_SEEDS = (
    "Training: the median over seeds; without scoring. The first seed of a job reads the data, too.",
    "Step: by the clock, the median over seeds of the median over a run.",
    "Memory: the largest of any seed; of a GPU that of tensors.",
)
OF_ONE_SEED = (
    "Training: without scoring, with the reading of the data.",
    "Step: by the clock, the median over the run.",
    "Memory: the largest of the run; of a GPU that of tensors.",
)


def sheet(table: pd.DataFrame, title: str) -> Sheet:
    """Return the table of `cost_records.build` as a reader sees it."""
    shown = {(row["experiment"], row["network"], row["method"]): _time(row) for _, row in table.iterrows()}
    rows = [[*_cells(row), _ratio(row, shown)] for _, row in table.iterrows()]
    groups = [f"{row['experiment']}, {row['network']}" for _, row in table.iterrows()]
    grid = plain(HEADS, rows, groups=groups if len(set(groups)) > 1 else ())
    about = f"Each cell: what the records of the runs say{_over(table)}. Training on {_hardware(table)}."
    of_runs = OF_SEEDS if (table["seeds"] > 1).any() else OF_ONE_SEED
    return Sheet(f"Costs of: {title}", about, (grid,), (OF_LABEL, *of_runs, *NOTES, *_gaps(table)), table)


def _over(table: pd.DataFrame) -> str:
    counts = sorted({int(count) for count in table["seeds"] if count})
    if not counts:
        return ""
    low, high = counts[0], counts[-1]
    return f", over {high if low == high else f'{low} to {high}'} seed{'s' if high > 1 else ''} a method"


def _hardware(table: pd.DataFrame) -> str:
    names = {device for name in table["hardware"].dropna() for device in str(name).split("; ")}
    return ", ".join(sorted(names)) or "unknown hardware"


def _cells(row: Any) -> list[str]:
    energy = row["energy_j"] / 1000
    return [
        row["title"],
        _two(row["label_cpu_s"], NOT_RECORDED),
        _training(row),
        _two(row["ms_per_step"]),
        _whole(row["peak_mib"]),
        _whole(row["peak_gpu_mib"]),
        _two(energy, NOT_MEASURED if row["seeds"] else NOTHING),
        _two(row["disk_mib"]),
    ]


def _ratio(row: Any, shown: Mapping[tuple[str, str, str], float]) -> str:
    """Return the ratio of the times as they are shown, where method and control share seeds on the same hardware."""
    control = shown.get((row["experiment"], row["network"], row["control"]), math.nan)
    if pd.isna(row["ratio_to_control"]) or not control > 0:
        return NOTHING
    return number(_time(row) / control, 2)


def _time(row: Any) -> float:
    """Return the time of training a seed with the digits that are shown; NaN where there is none."""
    value = row["s"] if row["on_gpu"] else row["cpu_s"]
    return math.nan if value is None or pd.isna(value) or not value else _rounded(float(value))


def _rounded(value: float) -> float:
    return round(value, 1 - math.floor(math.log10(abs(value))))


def _training(row: Any) -> str:
    """Return GPU-hours or CPU seconds; of seeds on both kinds of device neither is a median that says anything."""
    if not row["seeds"]:
        return NOT_RECORDED if row["unrecorded"] else NOTHING
    if row["on_gpu"] is None or pd.isna(row["on_gpu"]):
        return "on CPU and GPU"
    return f"{_two(row['s'] / 3600)} GPU-h" if row["on_gpu"] else f"{_two(row['cpu_s'])} CPU-s"


def _two(value: Any, missing: str = NOTHING) -> str:
    """Write a positive number with the two digits that a time on a shared machine has, 1234 as 1200."""
    if value is None or pd.isna(value):
        return missing
    size = math.floor(math.log10(abs(value))) if value else 0
    return number(round(float(value), 1 - size), max(0, 1 - size))


def _whole(value: Any) -> str:
    return NOTHING if value is None or pd.isna(value) else number(float(value), 0)


def _gaps(table: pd.DataFrame) -> Iterable[str]:
    """Say what was left out, method by method."""
    told = {
        "failed": "failed, and enter nothing",
        "unrecorded": "left no record",
        "resumed": "stopped and resumed: only the last part of their training is in its time",
    }
    for column, words in told.items():
        counts = [f"{row['title']} {int(row[column])}" for _, row in table.iterrows() if row[column] > 0]
        if counts:
            yield f"Seeds that {'were ' if column == 'resumed' else ''}{words}: {', '.join(counts)}."
    if table["label_cpu_s"].isna().any():
        yield "Soft labels made before their time was recorded are marked; making them again records it."


def provenance(given: Given) -> Iterable[Path]:
    """Return the records of time and memory beside the runs and soft labels, and the folders that count as disk."""
    for method in given.needs["costs"]:
        folders = [folder for path in method["batches"] for folder in sorted(Path(path).parent.glob("seed-*"))]
        yield from folders
        for folder in [*folders, Path(method["soft_label"]).parent]:
            yield from (folder / name for name in ("provenance.json", "history.csv") if (folder / name).exists())


VIEW = View(
    name="costs",
    title="Costs",
    caption="What each method cost: its soft label, training, memory, energy or “not measured”, disk.",
    needs=("costs",),
    applies=lambda given: "" if given.needs["costs"] else "there is no data at hand to train on",
    reads=provenance,
    build=lambda given: sheet(cost_records.build(given.needs["costs"]), given.title),
    folded=True,
    of=("methods", "paper"),
    place=90,
)
