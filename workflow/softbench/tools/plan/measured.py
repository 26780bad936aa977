"""Times of the suite's own phantoms, as they were measured: `softbench plan` takes them where no run of yours is.

measured.json holds a row for each method: its medians over seeds, and the hardware. `softbench costs --times` writes
such a file. A row counts as long as config gives the method the same network, batch and grid.
"""

import json
import math
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from softbench.jobs import pieces
from softbench.plan.plan import Plan
from softbench.tools.plan import estimate
from softbench.tools.plan.estimate import Load

FILE = Path(__file__).with_name("measured.json")
MEDIANS = ("s_per_step", "scoring_s", "disk_mib")  # over the seeds of a method
LARGEST = ("peak_mib", "peak_gpu_mib")
DIGITS = 4  # that count; seeds differ by more


def read(path: Path = FILE) -> pd.DataFrame:
    """Return the rows as `estimate.seen` does, with `runs`, how many seeds a row stands for, and `elsewhere`, true."""
    content = json.loads(path.read_text(encoding="utf-8"))
    rows = [
        {
            **dict.fromkeys((*MEDIANS, *LARGEST), math.nan),
            **row,
            "load": Load(row["load"]["network"], row["load"]["batch"], tuple(row["load"]["grid"])),
            "tested": tuple(row["tested"]),
            "elsewhere": True,
        }
        for row in content["rows"]
    ]
    return pd.DataFrame(rows)


def known(plan: Plan, path: Path = FILE) -> pd.DataFrame:
    """Return what runs took: those of this folder's results, and below them the rows of a file."""
    own = estimate.seen(plan)
    return pd.concat([frame for frame in (own, read(path)) if len(frame)], ignore_index=True)


def write(plan: Plan, folders: Iterable[Path], path: Path) -> int:
    """Write the times of finished runs; return the number of rows.

    Args:
        plan: whose config the runs are of.
        folders: each `results`.
        path: of the file.
    """
    frames = [frame for folder in folders if len(frame := estimate.seen(plan, folder))]
    every = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    keys = ["experiment", "network", "method", "hardware", "on_gpu"]
    rows = [_row(dict(zip(keys, key, strict=True)), group) for key, group in every.groupby(keys)] if frames else []
    pieces.write_json(path, {"rows": sorted((row for row in rows if "s_per_step" in row), key=_order)})
    return len(rows)


def _row(names: dict[str, Any], group: pd.DataFrame) -> dict[str, Any]:
    numbers = {name: group[name].median() for name in MEDIANS} | {name: group[name].max() for name in LARGEST}
    first = group.iloc[0]
    return {
        **names,
        "on_gpu": bool(names["on_gpu"]),
        "load": asdict(first["load"]),
        "tested": list(first["tested"]),
        "runs": len(group),
        **{name: float(f"{value:.{DIGITS}g}") for name, value in numbers.items() if not math.isnan(value)},
    }


def _order(row: dict[str, Any]) -> tuple[str, ...]:
    return tuple(row[name] for name in ("experiment", "network", "method", "hardware"))
