"""What one trained seed cost, as the records in its folder say."""

import json
import math
from pathlib import Path
from typing import Any


def cost_of(folder: Path) -> dict[str, Any]:
    """Return what the training of one seed took; what was not measured is NaN.

    Args:
        folder: `<experiment>/<network>/<method>/seed-<seed>` with provenance.json and history.csv.
    Returns: `experiment`, `network`, `method`, `seed`; `s` and `cpu_s`; `steps`; `ms_per_step` (median over the looks
        at the loss); `peak_mib` and `peak_gpu_mib`; `energy_j`; `disk_mib` of the folder; `on_gpu`, `device`,
        `hardware` (the GPU, or the processor) and `host`; `resumed`: the steps took longer than the last process that
        ran them, so that `s` and `cpu_s` are those of a part.
    """
    import pandas as pd

    facts = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
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
        "disk_mib": disk_mib(folder),
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


def disk_mib(folder: Path) -> float:
    """Return the size of all files below a folder, in MiB."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20
