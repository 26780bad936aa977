"""The Cancer Imaging Archive: which series a source wants, from the anonymous NBIA REST interface, version 1.

`getSeries` lists a collection as JSON, `getImage` sends a series as a zip of DICOM files. The list is kept in
`series.json` beside the files, so that a second fetch asks for the same series whatever was added meanwhile.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlencode

from softbench.datasets.case import Archive
from softbench.datasets.fetch import archives
from softbench.datasets.fetch.delivery import Item, mirror_folder
from softbench.datasets.fetch.download import Part, RefusedError, download
from softbench.errors import InputError
from softbench.jobs import pieces
from softbench.jobs.progress import Log

VERSION = 1
SERVER = "https://services.cancerimagingarchive.net/nbia-api/services/v1/"
KEPT = ("SeriesInstanceUID", "StudyInstanceUID", "PatientID", "Modality", "SeriesDescription", "ImageCount")

Row = dict[str, Any]  # of a listing: KEPT and more, as TCIA names them


@dataclass(frozen=True)
class Selection:
    """Series of one collection; each condition that is given must hold.

    Attributes:
        collection: its name at TCIA, e.g. "LIDC-IDRI".
        modalities: of the series, e.g. ("CT",) or ("MR", "SEG").
        series: SeriesInstanceUIDs; each must be listed. () for all.
        patients: PatientIDs; each must be listed. () for all.
        description: a regular expression that SeriesDescription must hold somewhere.
    """

    collection: str
    modalities: tuple[str, ...] = ("CT",)
    series: tuple[str, ...] = ()
    patients: tuple[str, ...] = ()
    description: str = ""


def chosen(
    name: str, source: ModuleType, output: Path, *, mirror: str | Path | None, log: Log, pause_s: float
) -> list[Row]:
    """Return the series that a source wants, sorted by patient and UID: as listed before, else as TCIA lists them now.

    Args:
        name: of the source; a mirror may hold its list as `<name>.series.json`.
        source: has `SERIES`, a `Selection`, several, or a function of the folder `files/` that returns them, and
            perhaps `choose_series(rows) -> rows`.
        output: takes `series.json`.
        mirror: base URL or folder, or None.
        log: takes progress lines.
        pause_s: before a failed download is tried again.
    Raises: InputError: if TCIA cannot be reached, lists nothing, or lacks a series or patient that is asked for.
    """
    selections = source.SERIES(output / "files") if callable(source.SERIES) else source.SERIES
    selections = [selections] if isinstance(selections, Selection) else list(selections)
    key = pieces.key_of(version=[VERSION, source.VERSION], selections=[asdict(selection) for selection in selections])
    kept = _read(output / "series.json", key) or _of_mirror(name, output, mirror, key, log, pause_s)
    if kept is None:
        rows = [row for selection in selections for row in _listed(selection, output / "archives", log, pause_s)]
        rows = list(source.choose_series(rows)) if hasattr(source, "choose_series") else rows
        if not rows:
            raise InputError(f"no series of {source.TITLE} is left: its `choose_series` chose none.")
        unique = {row["SeriesInstanceUID"]: {column: row.get(column) for column in KEPT} for row in rows}
        kept = sorted(unique.values(), key=lambda row: (row["PatientID"], row["SeriesInstanceUID"]))
        log(f"{name}: {len(kept)} series of {len({row['PatientID'] for row in kept})} patients are wanted")
    pieces.write_json(output / "series.json", {"key": key, "rows": kept})
    return kept


def items(rows: Sequence[Row]) -> list[Item]:
    """Return what to download: each series goes into `<PatientID>/<SeriesInstanceUID>/`."""
    return [
        Item(
            Archive(
                url=f"{SERVER}getImage?{urlencode({'SeriesInstanceUID': row['SeriesInstanceUID']})}",
                name=f"{_plain(row['SeriesInstanceUID'])}.zip",
                into=f"{_plain(row['PatientID'])}/{_plain(row['SeriesInstanceUID'])}",
            ),
            images=None if row["ImageCount"] in (None, "") else int(row["ImageCount"]),
            steady=False,
        )
        for row in rows
    ]


def _plain(name: str) -> str:
    """Return a name that may be a folder; raise where it might lead elsewhere."""
    if not re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9 ._-]*", name):
        raise InputError(f"TCIA lists {name!r}, which is no name for a folder.")
    return name


def _listed(selection: Selection, store: Path, log: Log, pause_s: float) -> list[Row]:
    """Ask TCIA for the series of a selection."""
    rows = []
    for modality in selection.modalities:
        query = urlencode({"Collection": selection.collection, "Modality": modality})
        series = _ask(f"{SERVER}getSeries?{query}", store / "getSeries.json", log, pause_s)
        if not series:
            raise InputError(
                f"TCIA lists no series of modality {modality} in the collection {selection.collection!r}: its name is "
                "misspelt, or it is restricted and needs an account at TCIA."
            )
        rows += series
    _require_listed(selection, rows)
    return [
        row
        for row in rows
        if (not selection.series or row["SeriesInstanceUID"] in selection.series)
        and (not selection.patients or row["PatientID"] in selection.patients)
        and re.search(selection.description, row.get("SeriesDescription") or "")
    ]


def _require_listed(selection: Selection, rows: Sequence[Row]) -> None:
    for column, wanted in (("SeriesInstanceUID", selection.series), ("PatientID", selection.patients)):
        missing = sorted(set(wanted) - {row[column] for row in rows})
        if missing:
            raise InputError(
                f"TCIA lists {len(rows)} series in {selection.collection!r}, but not {len(missing)} of those wanted: "
                f"{column} {', '.join(missing[:3])}{', ...' if len(missing) > 3 else ''}."
            )


def _ask(url: str, target: Path, log: Log, pause_s: float) -> list[Row]:
    """Return a list that the server sends as JSON; an empty answer is an empty list."""
    Part.of(target).clear()
    path = download(url, target, check=_require_no_page, log=log, pause_s=pause_s)
    text = path.read_text(encoding="utf-8", errors="replace").strip()
    Part.of(target).clear()
    return _rows(text, url)


def _rows(text: str, where: str) -> list[Row]:
    try:
        rows = json.loads(text or "[]")
    except ValueError as error:
        raise InputError(f"{where} sent no list of series ({error}): {text[:200]}") from error
    needed = {"SeriesInstanceUID", "PatientID"}
    if not isinstance(rows, list) or not all(isinstance(row, dict) and needed <= set(row) for row in rows):
        raise InputError(f"{where} sent no list of series, but: {text[:200]}")
    return list(rows)


def _require_no_page(head: bytes, where: str, name: str) -> None:
    if head.lstrip().startswith(b"<"):
        archives.require_archive_bytes(b"<html", where)


def _read(path: Path, key: str) -> list[Row] | None:
    """Return the rows of an earlier list, or None where there is none that fits."""
    try:
        kept: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return list(kept["rows"]) if kept.get("key") == key else None


def _of_mirror(
    name: str, output: Path, mirror: str | Path | None, key: str, log: Log, pause_s: float
) -> list[Row] | None:
    """Return the rows of the list that a mirror holds (a copy of `series.json`), or None."""
    local, file = mirror_folder(mirror), f"{name}.series.json"
    if mirror is None:
        return None
    if local is not None:
        return _read(local / file, key)
    target = output / "archives" / file
    try:
        url = f"{str(mirror).rstrip('/')}/{file}"
        rows = _read(download(url, target, check=_require_no_page, log=log, pause_s=pause_s), key)
    except RefusedError:
        rows = None
    Part.of(target).clear()
    return rows
