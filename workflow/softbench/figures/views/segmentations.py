"""Segmentations of a table: image, reference and the prediction of each method, of the median and a difficult case.

Cases are chosen by rule: those at the median and at the lower quartile of the DSC of plain one-hot training, or of the
first method that is shown. Predictions are the label maps that scoring kept; nothing is inferred again.
"""

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.colors
import matplotlib.patheffects as effects
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from scipy import ndimage

from softbench.datasets.folder import Dataset
from softbench.figures import case_rows, pictures
from softbench.figures.case_rows import FAILED, CaseRow, Predicted
from softbench.figures.gallery import choose_window
from softbench.tables.sheet import digits, number
from softbench.tables.view import Given, Picture, View

VERSION = 1
RULES = ("median", "lower_quartile")
ACROSS, WIDEST, NARROWEST, PANEL = 6, 7.2, 4.5, 1.5  # panels side by side; inches across: of the sheet, of a panel
EDGE, GAP = 0.1, 0.05  # inches: around the sheet, between panels
TITLE, LINE, HEADING = 0.3, 0.115, 0.15  # inches down: the figure's title, a line of a panel's title, that of a case
IMAGE, REFERENCE = "@image", "@reference"  # panels beside those of methods, whose names hold no @
HEADS = {IMAGE: "Image", REFERENCE: "Reference"}
OUTLINED = "outline of the reference"
LACKING = "drawn by a rater, lacking here"
OPACITY = 0.6
THIN = 3.0  # printed points: two lines of an outline with their dark edges would hide what is thinner
LACKING_COLOUR = matplotlib.colors.to_rgba("#D6006C", 0.9)  # none of the classes': white is lost on bright images
POINTS = 72  # an inch
OUTLINE: dict[str, Any] = {"colors": "white", "linewidths": 0.6}
CAPTION = (
    "Predictions on two test cases, chosen by rule, the lower one where it lies between two: of one {what} a method. "
    "Shown is the slice with most classes and, of those, the longest boundary, cropped to the structures of the "
    "reference. Colours: classes of the label map, in the reference and as predicted. White lines: the outline of the "
    "reference’s structures together, a line for each rater. Vessels, and what else is thinner on the page than "
    f"{THIN:g} points, have no outline: there, red is what a rater drew and the label map lacks. Number: DSC of the "
    "whole case, the mean over structures and raters."
)
NOTHING_SHOWN = "no method of this table was trained"


@dataclass(frozen=True)
class Plate:
    """A case as it is drawn: its row (`predicted` are planes), the window of its arrays, the names of its classes."""

    row: CaseRow
    titles: Mapping[str, str]
    window: tuple[Any, ...] = ()
    classes: tuple[str, ...] = ()

    @property
    def keys(self) -> list[str]:
        """Image, reference and methods, a panel each; none where there is no case to show."""
        return [] if self.row.case is None else [IMAGE, REFERENCE, *self.titles]

    @property
    def panels(self) -> int:
        """How many panels there are; one where words stand in their place."""
        return len(self.keys) or 1


def draw(panels: Sequence[Mapping[str, Any]], *, title: str) -> tuple[Figure, str]:
    """Draw the segmentations of a table's experiments, one below the other.

    Args:
        panels: an experiment each, as `case_rows.rows` takes them: `name`, and either `reason`, or `data` (folder),
            `structure` and `runs` in the order of the table (method -> `title` and `batches`, of ensembles also
            `ensemble`). `chosen_by`, where it is there, is the method by whose DSC the cases are chosen; if it has no
            finished run, or is not there, it is the first that has one.
        title: of the figure.
    Returns: the figure and its caption; where nothing was run, a sheet that says why.
    """
    plates = [plate for panel in panels for plate in _plates(panel)]
    rows = [plate.row for plate in plates]
    if reasons := case_rows.nothing_at_hand(rows) or ([] if plates else [NOTHING_SHOWN]):
        return pictures.nothing(title, reasons), ". ".join(reasons) + "."
    of_ensembles = any("ensemble" in run for panel in panels for run in panel.get("runs", {}).values())
    caption = CAPTION.format(what="ensemble" if of_ensembles else "run")
    return _figure(plates, title), case_rows.captioned(caption, rows)


def _plates(panel: Mapping[str, Any]) -> Iterator[Plate]:
    """Give the cases of one experiment, cut to what is drawn, so that one volume at a time is in memory."""
    if "reason" in panel:
        yield Plate(case_rows.rows(panel, {})[0], {})
        return
    if not panel["runs"]:
        return
    titles = {method: run["title"] for method, run in panel["runs"].items()}
    settings = {"methods": list(titles), "titles": titles, "cases": RULES, "chosen_by": _chosen_by(panel)}
    dataset = case_rows.scored_data(panel)
    for row in case_rows.rows(panel, settings, _planes(dataset)):
        if row.case is None:
            yield Plate(row, titles)
        else:
            yield Plate(row, titles, choose_window(row.case.labels[0]), dataset.classes)


def _chosen_by(panel: Mapping[str, Any]) -> str:
    """Return the method that chooses the cases: the one asked for, or else the first that has a finished run."""
    done = [key for key, run in panel["runs"].items() if case_rows.find_done(key, run) is not None]
    asked = panel.get("chosen_by")
    return str(asked if asked in done else next(iter([*done, *panel["runs"]])))


def _planes(dataset: Dataset) -> Predicted:
    """Give the part of a stored label map that is drawn."""
    whole, windows = case_rows.label_maps(dataset), {}

    def read(method: str, folder: Path, case: str) -> np.ndarray:
        if case not in windows:
            windows[case] = choose_window(dataset.load(case).labels[0])
        return whole(method, folder, case)[windows[case]].copy()

    return read


@dataclass(frozen=True)
class Place:
    """Where a plate stands, in inches from the top of the sheet: its heading, each row of its panels, its colours.

    `wide` and `tall` are a panel's; `colours` is None where the next plate has the same.
    """

    top: float
    rows: tuple[float, ...]
    wide: float
    tall: float
    colours: float | None


def _figure(plates: Sequence[Plate], title: str) -> Figure:
    across = min(ACROSS, max(plate.panels for plate in plates))
    wide = min(PANEL, (WIDEST - 2 * EDGE + GAP) / across - GAP)
    width = max(NARROWEST, 2 * EDGE + across * (wide + GAP) - GAP)
    heading = pictures.heading_lines(title, width)
    places, height = _places(plates, across, wide, width, top=TITLE + pictures.HEADING_LINE * (len(heading) - 1))
    several = len({plate.row.name.partition("\n")[0] for plate in plates}) > 1
    with pictures.style():
        figure = Figure(figsize=(width, height))
        pictures.heading(figure, heading)
        for plate, place in zip(plates, places, strict=True):
            _plate(figure, plate, place, across, named=several)
    return figure


def _places(
    plates: Sequence[Plate], across: int, wide: float, width: float, *, top: float
) -> tuple[list[Place], float]:
    """Return where the plates stand, the first at `top`, and the height of the sheet."""
    places = []
    for index, plate in enumerate(plates):
        tall, rows, y = _tall(plate, wide), [], top + HEADING
        for start in range(0, plate.panels, across):
            lines = [_wrapped(_head(plate, key), wide) for key in plate.keys[start : start + across]]
            y += LINE * max(map(len, lines), default=0) + 0.04
            rows.append(y)
            y += tall + GAP
        last = index + 1 == len(plates) or plates[index + 1].classes != plate.classes
        colours = y + 0.05 if last and plate.classes else None
        places.append(Place(top, tuple(rows), wide, tall, colours))
        top = y + 0.1 + (0.06 + 0.14 * _lines_of_colours(plate, width) if colours is not None else 0)
    return places, top


def _tall(plate: Plate, wide: float) -> float:
    if plate.row.case is None:
        return 0.2
    return pictures.height(plate.row.case.labels[0][plate.window], plate.row.case.spacing_mm, wide)


def _wrapped(text: str, wide: float) -> list[str]:
    return textwrap.wrap(text, max(12, int(wide * 18)))


def _plate(figure: Figure, plate: Plate, place: Place, across: int, *, named: bool) -> None:
    """Draw a case: which it is, its panels, and below them the colours."""
    width, height = figure.get_size_inches()
    where: dict[str, Any] = {"ha": "left", "va": "top", "fontsize": 7}
    heading = _heading(plate.row, named=named)
    figure.text(EDGE / width, 1 - place.top / height, heading, fontweight="bold", **where)
    if plate.row.case is None:
        words = textwrap.fill(plate.row.reason, int(width * 16))
        figure.text(EDGE / width, 1 - (place.top + HEADING) / height, words, color="0.4", **where)
        return
    for index, key in enumerate(plate.keys):
        row, column = divmod(index, across)
        left, bottom = EDGE + column * (place.wide + GAP), place.rows[row] + place.tall
        box = left / width, 1 - bottom / height, place.wide / width, place.tall / height
        _panel(figure.add_axes(box), plate, key, place.wide)
    if place.colours is not None:
        _colours(figure, plate, 1 - place.colours / height, is_thin=_is_thin(plate, place.wide))


def _heading(row: CaseRow, *, named: bool) -> str:
    """Say which case it is, by which rule it was chosen, and of which seed the predictions are."""
    name, _, rule = row.name.partition("\n")
    if row.case is None:
        return name
    said = f"{rule[0].upper()}{rule[1:]} case: {row.case.id}; predictions of {_whose(_usual(row))}"
    others = any(seed != _usual(row) for seed in row.seeds.values())
    return (f"{name}. " if named else "") + said + (" unless named" if others else "")


def _usual(row: CaseRow) -> int | None:
    """Return the seed of most methods."""
    return Counter(row.seeds.values()).most_common(1)[0][0]


def _whose(seed: int | None) -> str:
    return "the ensembles" if seed is None else f"seed {seed}"


def _panel(axis: Axes, plate: Plate, key: str, wide: float) -> None:
    """Draw image, reference, or what a method predicts."""
    row = plate.row
    assert row.case is not None
    axis.set_title("\n".join(_wrapped(_head(plate, key), wide)), fontsize=6.5, pad=2.5)
    if key in plate.titles and key not in row.predicted:
        pictures.empty(axis, FAILED)
        return
    references = row.case.labels[(slice(None), *plate.window)]
    pictures.show(axis, row.case.images[0][plate.window], row.case.spacing_mm, cmap="gray")
    if key == IMAGE:
        return
    label_map = references[0] if key == REFERENCE else row.predicted[key]
    pictures.show(axis, _coloured(label_map, len(plate.classes)), row.case.spacing_mm)
    drawn = np.isin(references, case_rows.members(row))
    if _is_thin(plate, wide):
        lacking = drawn.any(axis=0) & ~np.isin(label_map, case_rows.members(row))
        pictures.show(axis, lacking[..., None] * np.array(LACKING_COLOUR), row.case.spacing_mm)
    for rater in () if _is_thin(plate, wide) else drawn:
        pictures.contour(axis, rater, **OUTLINE)
    if key in plate.titles:
        pictures.corner(axis, f"DSC {number(row.dsc[key], digits('dsc', '1'))}")


def _is_thin(plate: Plate, wide: float) -> bool:
    """Whether the first rater's structures are so thin in a panel of `wide` inches that outlines would hide them.

    Nine tenths of their voxels lie less than half of `THIN` from the edge.
    """
    if plate.row.case is None:
        return False
    mask = np.isin(plate.row.case.labels[0][plate.window], case_rows.members(plate.row))
    points = wide * POINTS / mask.shape[-1]  # of a voxel
    depths = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1][mask]
    return bool(len(depths)) and 2 * float(np.quantile(depths, 0.9)) * points < THIN


def _head(plate: Plate, key: str) -> str:
    """Return the title of a panel; of a prediction with its seed where that is not the usual one."""
    if key in HEADS:
        raters = len(plate.row.case.labels) if plate.row.case is not None else 1
        return HEADS[key] + (": rater 1" if key == REFERENCE and raters > 1 else "")
    seeds = plate.row.seeds
    odd = key in seeds and seeds[key] != _usual(plate.row)
    return plate.titles[key] + (f" (seed {seeds[key]})" if odd else "")


def _coloured(label_map: np.ndarray, classes: int) -> np.ndarray:
    """Return the colours (H, W, 4) of a label map (H, W) of class ids; background is clear."""
    colours = np.zeros((max(classes, int(label_map.max()) + 1), 4))
    for index in range(1, len(colours)):
        colours[index] = matplotlib.colors.to_rgba(pictures.class_colour(index), OPACITY)
    return colours[label_map]


def _colours(figure: Figure, plate: Plate, top: float, *, is_thin: bool) -> None:
    """Name the colours of the classes and the line, in as many lines as it takes."""
    edge = [effects.Stroke(linewidth=2.6, foreground="0.2"), effects.Normal()]
    line = Line2D([], [], color="white", linewidth=1.1, path_effects=edge, label=OUTLINED)
    handles: list[Any] = [
        Patch(facecolor=LACKING_COLOUR, edgecolor="0.4", linewidth=0.4, label=LACKING) if is_thin else line
    ]
    for index, name in enumerate(plate.classes[1:], 1):
        # The edge shows a white patch on the white page.
        look: dict[str, Any] = {"facecolor": (pictures.class_colour(index), 0.85), "edgecolor": "0.4", "linewidth": 0.4}
        handles.append(Patch(**look, label=pictures.spelled(name)))
    how: dict[str, Any] = {"loc": "upper center", "frameon": False, "fontsize": 6.5, "borderaxespad": 0}
    columns = _columns_of_colours(plate, figure.get_figwidth())
    figure.legend(handles=handles, ncols=columns, bbox_to_anchor=(0.5, top), handlelength=1.4, **how)


def _columns_of_colours(plate: Plate, width: float) -> int:
    """Return how many names of classes stand side by side: all, or as many as have room if each were the longest."""
    inches = [0.45 + 0.05 * len(name) for name in (OUTLINED, *plate.classes[1:])]
    return len(inches) if sum(inches) <= width else max(1, int(width / max(inches)))


def _lines_of_colours(plate: Plate, width: float) -> int:
    return -(-len(plate.classes) // _columns_of_colours(plate, width))


def build(given: Given) -> Picture:
    """Draw the label maps that scoring kept."""
    figure, caption = draw(given.needs["segmentations"], title=f"Segmentations: {given.title}")
    return Picture(figure, caption)


def without_runs(given: Given) -> str:
    """Say that nothing was trained."""
    return "" if given.needs["segmentations"] else "there is no data at hand to train on"


VIEW = View(
    name="segmentations",
    title="Segmentations",
    caption="Image, reference and the prediction of each method, of the test case at the median and at the lower "
    "quartile of the DSC.",
    needs=("segmentations",),
    applies=without_runs,
    build=build,
    of=("methods", "paper"),
    place=25,
)
