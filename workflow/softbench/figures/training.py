"""How runs went while they were trained: loss, validation DSC and learning rate against steps, from their histories."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from softbench.figures.case_rows import FAILED
from softbench.figures.pictures import NOT_RUN
from softbench.jobs import storage

VERSION = 1
COLUMNS = ["method", "seed", "step", "loss", "val_dsc", "learning_rate"]


@dataclass(frozen=True)
class Panel:
    """One experiment: `curves` with `COLUMNS`, a row a validation; None where nothing was run, and `reason` says why.

    titles: method -> what the figure calls it.
    """

    name: str
    titles: Mapping[str, str]
    curves: pd.DataFrame | None = None
    reason: str = NOT_RUN


def read(panel: Mapping[str, Any], titles: Mapping[str, str]) -> Panel:
    """Return a panel from what the workflow knows of an experiment.

    Args:
        panel: `name`, and either `reason` or `runs` (method -> its batches).
        titles: of the methods.
    """
    if "reason" in panel:
        return Panel(panel["name"], titles, reason=panel["reason"])
    found = [
        curve(history).assign(method=method, seed=seed)
        for method, run in panel["runs"].items()
        for path in run["batches"]
        for seed, history in _histories(Path(path))
    ]
    whole = pd.concat(found, ignore_index=True)[COLUMNS] if found else None
    return Panel(panel["name"], titles, whole, FAILED)


def _histories(batch: Path) -> Iterator[tuple[int, pd.DataFrame]]:
    """Give seed and history of each finished run of a batch."""
    for seed, outcome in storage.read_json(batch)["seeds"].items():
        path = batch.parent / f"seed-{seed}" / "history.csv"
        if outcome["status"] == "done":
            with storage.told(path, batch):
                yield int(seed), pd.read_csv(path)


def curve(history: pd.DataFrame) -> pd.DataFrame:
    """Return the validations of a history: `step`, `val_dsc`, `learning_rate` of the steps that led there, and `loss`,
    the mean over the steps since the validation before.

    Args:
        history: of `loop.train`: each row holds the mean loss of the steps since the row before.
    """
    is_validation = history["val_dsc"].notna()
    steps = history["step"].diff().fillna(history["step"])
    part = is_validation[::-1].cumsum()[::-1]  # rows that lead to one validation share a number
    sums = pd.DataFrame({"steps": steps, "loss": steps * history["loss"]}).groupby(part).sum()
    losses = (sums["loss"] / sums["steps"]).reindex(part[is_validation]).to_numpy()
    rows = history.loc[is_validation, ["step", "val_dsc", "learning_rate"]].assign(loss=losses)
    return rows.reset_index(drop=True)


def halvings(panel: Panel) -> tuple[int, int]:
    """Return how often the rate fell in a run: the fewest and the most of a panel's runs."""
    assert panel.curves is not None, "there are runs"
    counts = [
        int((np.diff(run["learning_rate"].to_numpy()) < 0).sum()) for _, run in panel.curves.groupby(["method", "seed"])
    ]
    return min(counts), max(counts)
