"""Loss, validation DSC and learning rate along runs: a row each, a column an experiment, a line a seed."""

import textwrap
from collections.abc import Sequence
from typing import Any

import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from softbench.figures import pictures
from softbench.figures.training import Panel, halvings

VERSION = 1
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
        width, height = max(3.35, INCHES[0] * len(panels)), INCHES[1] * len(ROWS) + 0.9
        figure = Figure(figsize=(width, height), layout="constrained")
        axes = pictures.grid(figure, len(ROWS), len(panels))
        for column, panel in enumerate(panels):
            axes[0, column].set_title(panel.name)
            for axis, quantity in zip(axes[:, column], ROWS, strict=True):
                _fill(axis, panel, quantity)
                axis.set_ylabel(ROWS[quantity] if column == 0 else "")
            axes[-1, column].set_xlabel("step")
        figure.align_ylabels(axes[:, 0])
        pictures.title(figure, title)
        _legend(figure, panels[0])
    return figure


def _fill(axis: Axes, panel: Panel, quantity: str) -> None:
    if panel.curves is None:
        axis.set(xticks=[], yticks=[])
        why = axis.text(0.5, 0.5, textwrap.fill(panel.reason, 30), transform=axis.transAxes, ha="center", va="center")
        why.set(color="0.4", fontsize=6.5, in_layout=False)
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


def _legend(figure: Figure, panel: Panel) -> None:
    handles = [
        Line2D([], [], linewidth=1.2, label=title, **_look(panel, method)) for method, title in panel.titles.items()
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False, fontsize=6.5)


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
