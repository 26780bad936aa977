"""The expected best of n settings of each tuned method, on validation and on test cases."""

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from softbench.figures import pictures
from softbench.tables import tuning_records
from softbench.tables.tuning_records import Tuned
from softbench.tables.view import Given, Picture, View

VERSION = 1
ACROSS = 4
WIDE, HIGH, TOP, BELOW = 1.7, 1.35, 0.45, 0.35  # inches
LOOKS = {"validation": ("0.55", "--", "validation"), "test": ("#0072B2", "-", "test")}
CAPTION = (
    "The expected best of n settings of each method, chosen on validation cases (n drawn of those that were tried, "
    "without replacement): its value on validation cases (grey, dashed) and the value of the same setting on test "
    "cases (blue). All panels have one scale. A method that leads only at a large n leads by more tries."
)


def draw(methods: list[Tuned], *, title: str) -> Figure:
    """Draw a panel a method, all with one scale."""
    shown = [method for method in methods if method.record["curve"]]
    if not shown:
        return pictures.nothing(title, ["no setting could be trained"])
    across = min(ACROSS, len(shown))
    rows = math.ceil(len(shown) / across)
    with pictures.style("ticks"):
        figure = Figure(figsize=(max(across * WIDE, 3.35), rows * HIGH + TOP + BELOW), layout="constrained")
        pictures.title(figure, title)
        axes = figure.subplots(rows, across, sharex=True, sharey=True, squeeze=False).flat
        for axis, method in zip(axes, shown, strict=False):
            _panel(axis, method)
        for axis in list(axes)[len(shown) :]:
            axis.set_visible(False)
        figure.supylabel(tuning_records.criterion(shown), fontsize=6.5)
        handles, _ = figure.axes[0].get_legend_handles_labels()
        pictures.legend(figure, handles, columns=2)
    return figure


def _panel(axis: Axes, method: Tuned) -> None:
    curve = method.record["curve"]
    for part, (colour, style, label) in LOOKS.items():
        points = [(row["n"], row[part]) for row in curve if row[part] is not None]
        if points:
            axis.plot(
                *zip(*points, strict=True), marker="o", markersize=2.5, color=colour, linestyle=style, label=label
            )
    axis.set_title(method.title, fontsize=6.5)
    axis.set_xticks([row["n"] for row in curve])
    axis.set_xlabel("settings tried")


def build(given: Given) -> Picture:
    """Draw the curves of the tuned methods of a table."""
    return Picture(draw(tuning_records.read(given.needs["tuning"]), title=f"Tuning: {given.title}"), CAPTION)


def applies(given: Given) -> str:
    """Say why there is none, where nothing was chosen."""
    return "" if given.needs["tuning"] else tuning_records.NONE


VIEW = View(
    name="tuning_figure",
    file="tuning_{table}",
    title="Tuning",
    caption="The expected best of n settings of each tuned method, on validation and on test cases.",
    needs=("tuning",),
    applies=applies,
    build=build,
    place=37,
)
