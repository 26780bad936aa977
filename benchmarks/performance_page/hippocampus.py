"""What hippocampus_5min reaches on a GPU and on a CPU."""

import statistics
from collections.abc import Sequence

from performance_page.cells import NONE, Record, at, cell, mean_and_sd, table

SCORES = {
    "dsc": "DSC",
    "ece_all": "ECE, all voxels",
    "ece_foreground": "ECE, foreground",
    "ece_band": "ECE, band",
    "nll_all": "NLL (nat)",
}


def hippocampus(card: Record, cpus: Sequence[Record]) -> str:
    """Return what hippocampus_5min reaches on the card and on a CPU."""
    cpu = next((one for one in cpus if at(one, "parts", "hippocampus", "seeds")), NONE)
    head = ["hippocampus_5min", "seeds", *SCORES.values(), "training (s)", "scoring (s)"]
    rows = [[name, *hippocampus_cells(record)] for name, record in (("GPU", card), ("CPU, one thread", cpu))]
    method = at(cpu, "parts", "hippocampus", "method") or at(card, "parts", "hippocampus", "method")
    text = (
        f"End to end: method {cell(method)}, mean ± sd over seeds of the mean over test cases; medians of seconds by "
    )
    return text + "the clock on the GPU's machine, of CPU seconds on the CPU.\n\n" + table(head, rows)


def hippocampus_cells(record: Record) -> list[str]:
    """Return scores and seconds of all seeds of a record."""
    runs = [run for run in (at(record, "parts", "hippocampus", "seeds") or {}).values() if "scores" in run]
    clock = "_cpu_s" if at(record, "machine", "device") == "cpu" else "_s"
    scores = [cell([run["scores"][name] for run in runs] or None, mean_and_sd) for name in SCORES]
    took = [[run[f"{what}{clock}"] for run in runs] for what in ("training", "scoring")]
    seconds = [cell(statistics.median(one) if one else None, lambda s: f"{s:.0f}") for one in took]
    return [cell(len(runs) or None), *scores, *seconds]
