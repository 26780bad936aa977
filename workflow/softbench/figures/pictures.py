"""What figures of images share: one style, slices with their true proportions, contours, captions, and files."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
import matplotlib.patheffects as effects
import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from softbench.jobs import pieces
from softbench.rater_names import say_pseudo

VERSION = 2
DPI = 300
NOT_RUN = "not run"
KINDS = {"png": {"Software": None}, "pdf": {"CreationDate": None, "Producer": None, "Creator": None}}  # no dates
STYLE = {
    "font.family": "sans-serif", "font.sans-serif": ["DejaVu Sans"], "font.size": 6.5, "axes.titlesize": 7,
    "axes.labelsize": 6.5, "xtick.labelsize": 6, "ytick.labelsize": 6, "axes.linewidth": 0.6, "xtick.major.width": 0.6,
    "ytick.major.width": 0.6, "xtick.major.size": 2, "ytick.major.size": 2, "ytick.minor.size": 0, "pdf.fonttype": 42,
    "axes.spines.top": False, "axes.spines.right": False, "axes.titlepad": 4, "axes.labelpad": 2, "xtick.major.pad": 2,
    "ytick.major.pad": 2,
}  # fmt: skip
HEADING_SIZE, HEADING_LINE = 8.5, 0.14  # points; inches
# Okabe and Ito's colours, which differ for every kind of colour vision, the first three in lightness, too; more repeat.
COLOURS = ("#F0E442", "#56B4E9", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#0072B2", "#FFFFFF")


@contextmanager
def style(kind: str = "white") -> Iterator[None]:
    """Draw within as all figures are drawn; `kind` is seaborn's: white for images, ticks for axes with numbers."""
    settings: dict[Any, Any] = {**sns.axes_style(kind), **STYLE}
    with matplotlib.rc_context(settings):
        yield


def said(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `save` takes of a figure's settings: `about`, and whether raters are pseudo-raters."""
    return {"about": settings.get("about", ""), "pseudo_raters": settings.get("pseudo_raters", False)}


def save(
    figure: Figure, paths: Sequence[Path | str], caption: str, *, about: str = "", pseudo_raters: bool = False
) -> None:
    """Write a figure in the forms that the suffixes name (.png, .pdf; the same bytes for the same figure), and its
    caption (.txt), which `about` opens; each by rename. A layout that matplotlib finds is found once for all forms.
    With `pseudo_raters` every text calls raters so."""
    if pseudo_raters:
        caption = say_pseudo(caption)
        for text in figure.findobj(Text):
            text.set_text(say_pseudo(text.get_text()))
    if (layout := figure.get_layout_engine()) is not None:
        with style("ticks"):
            layout.execute(figure)
        figure.set_layout_engine("none")
    for path in map(Path, paths):
        if path.suffix == ".txt":
            write_caption(path, caption, about=about)
        else:
            _save(figure, path, path.suffix[1:])


def write_caption(path: Path, caption: str, *, about: str = "") -> None:
    """Write what a figure shows, beside it; before that what the runs are that it shows, where they are no results."""
    pieces.write_text(path, f"{about} {caption}".strip() + "\n")


def _save(figure: Figure, path: Path, kind: str) -> None:
    with style("ticks"):  # what is made while drawing, as ticks and fonts are, looks as the rest does
        pieces.write_file(path, lambda part: figure.savefig(part, format=kind, dpi=DPI, metadata=KINDS[kind]))


def heading(figure: Figure, lines: Sequence[str]) -> None:
    """Write a figure's title at the top of a sheet whose panels stand at fixed places; see `heading_lines`."""
    high = 1 - 0.06 / figure.get_figheight()
    figure.text(0.5, high, "\n".join(lines), ha="center", va="top", fontsize=HEADING_SIZE, fontweight="bold")


def heading_lines(text: str, inches: float) -> list[str]:
    """Return the lines of a title that a sheet of so many inches holds; each takes `HEADING_LINE` inches."""
    return textwrap.wrap(text, max(12, int(inches * 12.5)))


def title(figure: Figure, text: str) -> None:
    """Write a figure's title, in lines that its width holds."""
    letters = int(figure.get_figwidth() * 14)
    figure.suptitle(textwrap.fill(text, max(letters, 20)), fontsize=8, fontweight="bold")


def show(axis: Axes, plane: np.ndarray, spacing_mm: Sequence[float], **how: Any) -> Any:
    """Show a plane (H, W) with its first axis up and its second to the right, in its proportions; no ticks.

    Args:
        spacing_mm: of the case; the last two are the plane's.
    """
    bare(axis)
    how = {"interpolation": "nearest", **how}
    return axis.imshow(plane, origin="lower", aspect=spacing_mm[-2] / spacing_mm[-1], **how)


def height(plane: np.ndarray, spacing_mm: Sequence[float], wide: float) -> float:
    """Return how high a panel of `wide` inches is that shows a plane (H, W): as it asks for, within bounds."""
    tall = plane.shape[0] * spacing_mm[-2] / (plane.shape[1] * spacing_mm[-1])
    return float(wide * np.clip(tall, 0.4, 1.6))


def bare(axis: Axes) -> None:
    """Take away ticks and lines."""
    axis.set(xticks=[], yticks=[])
    sns.despine(ax=axis, left=True, bottom=True)


def contour(axis: Axes, mask: np.ndarray, **how: Any) -> None:
    """Draw the outline of a mask (H, W) with a dark edge, so that it stands out on any grey, and in grey print; nothing
    where the mask is empty or everywhere."""
    if mask.any() and not mask.all():
        edge = effects.withStroke(linewidth=how["linewidths"] + 0.9, foreground="black", alpha=0.8)
        axis.contour(mask.astype(float), levels=[0.5], **how).set_path_effects([edge])


def corner(axis: Axes, text: str) -> None:
    """Write into the lower left corner of an image, readable on any grey."""
    box = {"facecolor": "black", "alpha": 0.65, "linewidth": 0, "pad": 1.2}
    axis.text(0.03, 0.03, text, transform=axis.transAxes, fontsize=5.5, color="white", bbox=box, zorder=9)


def empty(axis: Axes, text: str = NOT_RUN) -> None:
    """Say in place of a picture why there is none."""
    bare(axis)
    axis.text(
        0.5, 0.5, textwrap.fill(text, 24), transform=axis.transAxes, ha="center", va="center", color="0.4", fontsize=6.5
    )


def nothing(text: str, whys: Sequence[str]) -> Figure:
    """Return a sheet with the title of a figure and the reasons why it is empty."""
    lines = [textwrap.fill(why, 60) for why in whys]
    with style():
        figure = Figure(figsize=(3.35, 0.6 + 0.25 * len(lines)), layout="constrained")
        title(figure, text)
        axis = figure.add_subplot()
        bare(axis)
        axis.text(0.5, 0.5, "\n".join(lines), ha="center", va="center", color="0.4", fontsize=6.5)
    return figure


def panels(
    size: tuple[float, float], text: str, rows: int, heads: Sequence[str], widths: Sequence[float] | None = None
) -> tuple[Figure, np.ndarray]:
    """Return a figure of so many inches with a title, and its axes (rows, columns), with heads above the first row.

    Args:
        heads: the title of each column; their number is that of the columns.
        widths: of the columns, relative; all the same where None.
    """
    figure = Figure(figsize=size, layout="constrained")
    spec = figure.add_gridspec(rows, len(heads), width_ratios=widths)
    axes = np.array([[figure.add_subplot(spec[row, column]) for column in range(len(heads))] for row in range(rows)])
    for axis, head in zip(axes[0], heads, strict=True):
        axis.set_title(head)
    title(figure, text)
    return figure, axes


def legend(figure: Figure, handles: Sequence[Any], *, columns: int) -> None:
    """Explain lines and colours below the panels."""
    figure.legend(handles=handles, loc="outside lower center", ncols=columns, frameon=False, fontsize=6.5)


def no_curve(axis: Axes, why: str) -> None:
    """Say within an axis with numbers why it has no curve."""
    said = axis.text(0.5, 0.5, textwrap.fill(why, 30), transform=axis.transAxes, ha="center", va="center")
    said.set(color="0.4", fontsize=6.5, in_layout=False)


def spelled(name: str) -> str:
    """Return the name of a class or structure as a reader sees it: "necrotic core" for necrotic_core."""
    return name.replace("_", " ")


def class_colour(class_id: int) -> str:
    """Return the colour of a class in every picture; background, 0, has none."""
    return COLOURS[(class_id - 1) % len(COLOURS)]


def assign_colours(names: Sequence[str]) -> dict[str, str]:
    """Return a colour for each structure, in order."""
    return {name: COLOURS[index % len(COLOURS)] for index, name in enumerate(names)}


def paint(labels: np.ndarray, structures: Mapping[str, Sequence[int]]) -> np.ndarray:
    """Return a label map (H, W) in the structures' colours (H, W, 3); the smaller of two that share classes on top.

    Args: structures: name -> class ids. What belongs to none is black.
    """
    colours = assign_colours(list(structures))
    painted = np.zeros((*labels.shape, 3))
    for name in sorted(structures, key=lambda name: -len(structures[name])):
        painted[np.isin(labels, structures[name])] = to_rgb(colours[name])
    return painted


def name_colours(axis: Axes, colours: Mapping[str, str]) -> None:
    """Name the colours of structures in an axis of their own."""
    bare(axis)
    edge = [effects.Stroke(linewidth=2.8, foreground="0.35"), effects.Normal()]
    line: dict[str, Any] = {"linewidth": 2, "path_effects": edge}
    handles = [Line2D([], [], color=colours[name], label=spelled(name), **line) for name in colours]
    axis.legend(handles=handles, loc="center left", frameon=False, fontsize=6, handlelength=1.2, borderaxespad=0)
