"""A metric against a parameter of a method, ours by seed and as printed: a row a metric, a column an experiment.

After Fig. 3 of the GeoLS paper (alpha) and Figs. 4 and 5 of the superpixel paper (count, weight of KL).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from softbench.figures import pictures
from softbench.figures.case_rows import FAILED, first_done
from softbench.figures.pictures import NOT_RUN
from softbench.metrics.catalogue import describe
from softbench.papers import published
from softbench.statistics import apply_policy, composite, seed_means
from softbench.tables import assemble
from softbench.tables.layout import ARROWS

VERSION = 2
PRINTED = ["x", "metric", "mean", "sd", "over"]


@dataclass(frozen=True)
class Panel:
    """One experiment of a sweep: `curves` and `printed` as below; without curves, `reason` says why."""

    name: str
    curves: pd.DataFrame | None = None
    printed: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=PRINTED))
    reason: str = NOT_RUN


def read(panel: Mapping[str, Any], settings: Mapping[str, Any]) -> Panel:
    """Return a panel from what the workflow knows of an experiment.

    Args:
        panel: `name`, and either `reason`, or `dataset`, `structure`, `composites` and `runs` (method -> batches).
        settings: of the figure: `points`, `metrics`, and where wanted `printed` and `roi`.
    """
    if "reason" in panel:
        return Panel(panel["name"], reason=panel["reason"])
    place = {"structure": panel["structure"], "roi": settings.get("roi", "all")}
    theirs = printed(settings.get("printed", {}), panel["dataset"], settings["metrics"], **place)
    batches = [Path(path) for run in panel["runs"].values() for path in run["batches"]]
    if first_done(batches) is None:
        return Panel(panel["name"], None, theirs, FAILED)
    points = [(float(x), method) for x, method in settings["points"].items()]
    scores = assemble.read(batches).scores
    ours = curves(scores, points, settings["metrics"], composites=panel["composites"], **place)
    return Panel(panel["name"], ours, theirs)


def curves(
    scores: pd.DataFrame,
    points: Sequence[tuple[float, str]],
    metrics: Sequence[str],
    *,
    structure: str,
    composites: Mapping[str, Sequence[str]] | None = None,
    roi: str = "all",
    policy: str = "diagonal",
) -> pd.DataFrame:
    """Return the mean over test cases of each seed.

    Args:
        scores: the tidy table of one experiment and network.
        points: the parameter's values and the method that has each.
        metrics: keys.
        structure: one that was scored, or a composite.
        composites: name -> the structures that it averages case by case; `average` is that of all where left out.
        roi: "all", "foreground" or "band"; overlap and distances have "all" alone.
        policy: for empty masks, see `statistics.apply_policy`.
    Returns: columns x, metric, seed, value; no row where a method has no finished run. NaN where all is undefined.
    """
    raw = scores[(scores["prediction"] == "raw") & (scores["grid"] == "full")]
    wanted = apply_policy(raw, policy)
    wanted = wanted[wanted["metric"].isin(metrics) & (wanted["roi"] == roi) & (wanted["case"] != "pooled")]
    if structure not in set(wanted["structure"]):
        single = wanted[wanted["structure"] != "all"]
        members = (composites or {}).get(structure) or sorted(single["structure"].astype(str).unique())
        wanted = composite(single, structure, members)
    means = seed_means(wanted[wanted["structure"] == structure]).rename("value").reset_index()
    at = pd.DataFrame(points, columns=["x", "method"])
    return at.merge(means, on="method")[["x", "metric", "seed", "value"]]


def printed(
    points: Mapping[float, str], dataset: str, metrics: Sequence[str], *, structure: str, roi: str = "all"
) -> pd.DataFrame:
    """Return what papers printed of the points of a sweep on the same data set, in our units.

    Args:
        points: the parameter's value -> the papers' key of the method.
        dataset: our key of it; nothing is printed of phantoms and stand-ins.
    Returns: columns x, metric, mean, sd (NaN where no ± is printed), over; a lost mean that other cells give is taken
        from them.
    """
    rows = published.frame(derived=True)
    place = {"dataset": dataset, "structure": structure, "roi": roi}
    rows = rows[(rows[list(place)] == pd.Series(place)).all(axis=1) & rows["metric"].isin(metrics)]
    at = pd.DataFrame(list(points.items()), columns=["x", "method"]).astype({"x": float})
    joined = at.merge(rows.dropna(subset="mean"), on="method")
    return joined.drop_duplicates(["x", "metric"])[PRINTED].reset_index(drop=True)


INCHES = (2.8, 1.45)  # of a panel
LINE, SEED, PRINTED_COLOUR = sns.color_palette("colorblind")[0], "0.35", sns.color_palette("colorblind")[1]
CAPTION = (
    "{metrics} of {structure} against {x}. Line: mean over seeds of the mean over test cases; grey dots: one seed each."
)
ABOUT_PRINTED = " Hollow diamonds: as printed in the paper, whiskers ± sd over its seeds."


def draw(
    panels: Sequence[Panel], *, metrics: Sequence[str], points: Sequence[float], x: str, title: str, log: bool = False
) -> Figure:
    """Draw a sweep.

    Args:
        panels: the columns.
        metrics: the rows, keys of the catalogue.
        points: values of the parameter that were planned; they are the ticks.
        x: what the horizontal axis shows.
        title: of the figure.
        log: whether that axis is logarithmic.
    """
    with pictures.style("ticks"):
        size = max(3.35, INCHES[0] * len(panels)), INCHES[1] * len(metrics) + 0.75
        figure, axes = pictures.panels(size, title, len(metrics), [panel.name for panel in panels])
        for column, panel in enumerate(panels):
            for axis, metric in zip(axes[:, column], metrics, strict=True):
                _fill_panel(axis, panel, metric)
                _name(axis, metric if column == 0 else "", points, x if axis is axes[-1, column] else "", log)
        figure.align_ylabels(axes[:, 0])
        _legend(figure, any(len(panel.printed) for panel in panels))
    return figure


def _fill_panel(axis: Axes, panel: Panel, metric: str) -> None:
    shown = panel.printed[panel.printed["metric"] == metric].astype({"x": float, "mean": float, "sd": float})
    axis.errorbar(
        shown["x"], shown["mean"], shown["sd"].fillna(0), fmt="D", markerfacecolor="white", markersize=6,
        color=PRINTED_COLOUR, elinewidth=0.8, capsize=2, zorder=2,
    )  # fmt: skip
    curve = None if panel.curves is None else panel.curves[panel.curves["metric"] == metric].dropna(subset="value")
    if curve is None or curve.empty:
        if shown.empty:
            axis.set_yticks([])
        pictures.no_curve(axis, panel.reason)
        return
    mean = curve.groupby("x")["value"].mean()
    axis.plot(curve["x"], curve["value"], "o", color=SEED, markersize=1.8, alpha=0.7, linewidth=0, zorder=3)
    axis.plot(mean.index, mean, "-s", color=LINE, linewidth=1.2, markersize=2.6, zorder=4)


def _name(axis: Axes, metric: str, points: Sequence[float], x: str, log: bool) -> None:
    if log:
        axis.set_xscale("log")
        axis.minorticks_off()
    low, high = min(points), max(points)
    edge = 0.06 * ((np.log(high / low) if log else high - low) or 1)
    axis.set_xlim(*((low / np.exp(edge), high * np.exp(edge)) if log else (low - edge, high + edge)))
    axis.set_xticks(points, [f"{value:g}" for value in points] if x else [""] * len(points), fontsize=5)
    axis.set_xlabel(x)
    if metric:
        described = describe(metric)
        unit = "" if described.unit == "1" else f" ({described.unit})"
        axis.set_ylabel(f"{described.name}{unit} {ARROWS.get(described.better, '')}".strip())


def _legend(figure: Figure, with_printed: bool) -> None:
    handles = [
        Line2D([], [], color=LINE, marker="s", markersize=2.6, linewidth=1.2, label="mean over seeds"),
        Line2D([], [], color=SEED, marker="o", markersize=1.8, alpha=0.7, linewidth=0, label="one seed"),
    ]
    if with_printed:
        hollow = {"marker": "D", "markersize": 4, "markerfacecolor": "white", "linewidth": 0}
        handles.append(Line2D([], [], color=PRINTED_COLOUR, **hollow, label="printed, ± sd over seeds"))  # type: ignore[arg-type]
    pictures.legend(figure, handles, columns=3)


def caption(panels: Sequence[Panel], *, metrics: Sequence[str], structure: str, x: str, note: str = "") -> str:
    """Return the caption of a sweep; `note` is a sentence that ends it."""
    names = ", ".join(describe(metric).name for metric in metrics)
    text = CAPTION.format(metrics=names, structure=structure, x=x)
    counts = [f"{panel.name}: {panel.curves['seed'].nunique()} seeds" for panel in panels if panel.curves is not None]
    missing = [f"{panel.name}: {panel.reason}" for panel in panels if panel.curves is None]
    about = ABOUT_PRINTED if any(len(panel.printed) for panel in panels) else ""
    return f"{text}{about} {'; '.join([*counts, *missing])}. {note}".strip()
