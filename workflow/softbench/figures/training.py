"""How runs went while they were trained: loss, validation DSC and learning rate against steps, a line a seed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from softbench.figures import pictures
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
    curves = [
        curve(history).assign(method=method, seed=seed)
        for method, run in panel["runs"].items()
        for path in run["batches"]
        for seed, history in _histories(Path(path))
    ]
    whole = pd.concat(curves, ignore_index=True)[COLUMNS] if curves else None
    return Panel(panel["name"], titles, whole, FAILED)


def _histories(batch: Path) -> Iterator[tuple[int, pd.DataFrame]]:
    """Give seed and history of each finished run of a batch."""
    for seed, outcome in storage.read_json(batch)["seeds"].items():
        path = batch.parent / f"seed-{seed}" / "history.csv"
        if outcome["status"] == "done":
            with storage.reading(path, batch):
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


INCHES = (3.1, 1.3)  # of a panel
ROWS = {"loss": "training loss", "val_dsc": "validation DSC ↑", "learning_rate": "learning rate"}
STYLES = ("-", "--", ":", "-.")
TICKS = 5  # of learning rates, at most
CAPTION = (
    "Training loss (mean since the validation before), DSC of the validation cases and learning rate (log scale) by "
    "step, a line a seed. Losses of different methods are different functions: only their shapes compare."
)


def draw(panels: Sequence[Panel], *, title: str) -> Figure:
    """Draw the curves of some experiments; one without runs says why."""
    with pictures.style("ticks"):
        size = max(3.35, INCHES[0] * len(panels)), INCHES[1] * len(ROWS) + 0.9
        figure, axes = pictures.panels(size, title, len(ROWS), [panel.name for panel in panels])
        for column, panel in enumerate(panels):
            for axis, quantity in zip(axes[:, column], ROWS, strict=True):
                _fill(axis, panel, quantity)
                axis.set_ylabel(ROWS[quantity] if column == 0 else "")
            axes[-1, column].set_xlabel("step")
        figure.align_ylabels(axes[:, 0])
        titles = panels[0].titles
        handles = [Line2D([], [], linewidth=1.2, label=titles[method], **_look(panels[0], method)) for method in titles]
        pictures.legend(figure, handles, columns=2)
    return figure


def _fill(axis: Axes, panel: Panel, quantity: str) -> None:
    if panel.curves is None:
        axis.set(xticks=[], yticks=[])
        pictures.no_curve(axis, panel.reason)
        return
    for (method, _), run in panel.curves.groupby(["method", "seed"]):
        how = _look(panel, str(method))
        dot: dict[str, Any] = {"marker": "o", "markersize": 2} if len(run) == 1 else {}
        stepped: dict[str, Any] = {"drawstyle": "steps-pre"} if quantity == "learning_rate" else {}
        axis.plot(run["step"], run[quantity], linewidth=0.8, alpha=0.75, **how, **dot, **stepped)
    if quantity == "learning_rate":
        _scale(axis, sorted(set(panel.curves[quantity])))


def _scale(axis: Axes, rates: Sequence[float]) -> None:
    """Let an axis of rates be logarithmic, with some of them, the largest first, as its ticks."""
    axis.set_yscale("log")
    axis.minorticks_off()
    every = -(-len(rates) // TICKS)
    shown = rates[::-1][::every]
    axis.set_yticks(shown, [f"{rate:.2g}" for rate in shown])


def _look(panel: Panel, method: str) -> dict[str, Any]:
    place = list(panel.titles).index(method)
    palette = sns.color_palette("colorblind")
    return {"color": palette[place % len(palette)], "linestyle": STYLES[place % len(STYLES)]}


def caption(panels: Sequence[Panel], *, note: str = "") -> str:
    """Return the caption: how many seeds, how often the rate fell, what is missing, and at its end `note`."""
    return " ".join(part for part in (CAPTION, *map(_about, panels), note) if part)


def _about(panel: Panel) -> str:
    if panel.curves is None:
        return f"{panel.name}: {panel.reason}."
    low, high = halvings(panel)
    seeds = panel.curves["seed"].nunique()
    fell = f"{low} to {high} times" if low < high else {0: "never", 1: "once"}.get(high, f"{high} times")
    return f"{panel.name}: {seeds} seed{'' if seeds == 1 else 's'}; the rate falls {fell} in a run."
