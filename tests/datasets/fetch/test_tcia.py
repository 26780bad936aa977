"""Series of The Cancer Imaging Archive, from a server that answers as NBIA does: listed, chosen, counted, resumed."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from softbench import InputError
from softbench.datasets.case import Archive
from softbench.datasets.fetch import tcia
from softbench.datasets.fetch.tcia import Selection

Publish = Callable[..., ModuleType]
Get = Callable[..., list[str]]
LIST = "/getSeries?Collection=LIDC-IDRI&Modality=CT"
SERIES = {"1.2.1": ("LIDC-1", 3), "1.2.2": ("LIDC-1", 2), "1.2.3": ("LIDC-2", 4)}  # UID -> patient, images


def dicom(uid: str, patient: str, number: int) -> bytes:
    """One CT slice of 4 x 4 pixels."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = CTImageStorage, ExplicitVRLittleEndian
    meta.MediaStorageSOPInstanceUID = f"{uid}.{number}"
    slice_ = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    slice_.PatientID, slice_.SeriesInstanceUID, slice_.InstanceNumber = patient, uid, number
    slice_.Rows = slice_.Columns = 4
    slice_.BitsAllocated = slice_.BitsStored = 16
    slice_.HighBit, slice_.PixelRepresentation, slice_.SamplesPerPixel = 15, 1, 1
    slice_.PhotometricInterpretation = "MONOCHROME2"
    slice_.PixelData = np.full((4, 4), number, np.int16).tobytes()
    written = io.BytesIO()
    slice_.save_as(written, enforce_file_format=True)
    return written.getvalue()


def zip_of(uid: str, images: int, second: int = 0) -> bytes:
    """A series as NBIA packs it, at this second of a minute."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(zipfile.ZipInfo("LICENSE", (2026, 1, 1, 0, 0, second)), "CC BY 3.0")
        for number in range(1, images + 1):
            entry = zipfile.ZipInfo(f"1-{number:03d}.dcm", (2026, 1, 1, 0, 0, second))
            file.writestr(entry, dicom(uid, SERIES[uid][0], number))
    return packed.getvalue()


def row(uid: str, patient: str, images: int) -> dict[str, Any]:
    """A row of the listing, with columns that we do not keep."""
    kept = {"SeriesInstanceUID": uid, "PatientID": patient, "StudyInstanceUID": "1.1", "Modality": "CT"}
    return {**kept, "SeriesDescription": f"chest {uid}", "ImageCount": images, "Collection": "LIDC-IDRI"}


def path_of(uid: str) -> str:
    return f"/getImage?SeriesInstanceUID={uid}"


@pytest.fixture
def archive(server: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A server with the three series of one collection; zips are streamed, so their size is unknown."""
    monkeypatch.setattr(tcia, "SERVER", f"{server.address}/")
    server.files = {path_of(uid): zip_of(uid, images) for uid, (_, images) in SERIES.items()}
    server.lengths_of = dict.fromkeys(server.files)
    server.files[LIST] = json.dumps([row(uid, *facts) for uid, facts in SERIES.items()]).encode()
    server.ranges = False
    return server


@pytest.fixture
def source(archive: Any, publish: Publish) -> ModuleType:
    """A source of all series of the collection."""

    def find_cases(folder: Path) -> list[Path]:
        return sorted(folder.rglob("*.dcm"))

    return publish("tcia", SERIES=Selection(collection="LIDC-IDRI"), find_cases=find_cases)


def images(tmp_path: Path) -> dict[str, int]:
    """How many images lie in each folder."""
    paths = [path.parent for path in (tmp_path / "out" / "files").rglob("*.dcm")]
    return {path.relative_to(tmp_path / "out" / "files").as_posix(): paths.count(path) for path in sorted(set(paths))}


ALL = {"LIDC-1/1.2.1": 3, "LIDC-1/1.2.2": 2, "LIDC-2/1.2.3": 4}


def test_each_series_lands_in_its_folder(source: ModuleType, get: Get, tmp_path: Path) -> None:
    lines = get()
    assert images(tmp_path) == ALL
    slice_ = pydicom.dcmread(tmp_path / "out" / "files" / "LIDC-2" / "1.2.3" / "1-004.dcm")
    assert (slice_.PatientID, slice_.pixel_array.max()) == ("LIDC-2", 4)
    assert "made: 3 series of 2 patients are wanted" in lines


def test_second_fetch_asks_for_nothing(source: ModuleType, get: Get, archive: Any, tmp_path: Path) -> None:
    get()
    before = (tmp_path / "out" / "manifest.json").read_bytes()
    archive.paths, archive.files = [], {}
    get()
    assert archive.paths == []
    assert (tmp_path / "out" / "manifest.json").read_bytes() == before


def test_series_that_were_added_later_are_not_fetched(
    source: ModuleType, get: Get, archive: Any, tmp_path: Path
) -> None:
    gone = archive.files.pop(path_of("1.2.3"))
    with pytest.raises(InputError, match=r"1 of 3 files could not be brought:\n  1\.2\.3\.zip: .* 404"):
        get()
    archive.files[path_of("1.2.3")] = gone
    archive.files[LIST] = b"[]"
    archive.paths = []
    get()
    assert archive.paths == [path_of("1.2.3")]
    assert images(tmp_path) == ALL


@pytest.mark.parametrize(
    ("selection", "wanted"),
    [
        (Selection("LIDC-IDRI", series=("1.2.2",)), ["LIDC-1/1.2.2"]),
        (Selection("LIDC-IDRI", patients=("LIDC-2",)), ["LIDC-2/1.2.3"]),
        (Selection("LIDC-IDRI", description=r"\.[13]$"), ["LIDC-1/1.2.1", "LIDC-2/1.2.3"]),
        ((Selection("LIDC-IDRI", series=("1.2.2",)), Selection("LIDC-IDRI")), list(ALL)),
    ],
)
def test_selection_narrows(
    selection: Selection, wanted: list[str], source: ModuleType, get: Get, tmp_path: Path
) -> None:
    source.SERIES = selection
    get()
    assert list(images(tmp_path)) == wanted


def test_source_may_choose_itself(source: ModuleType, get: Get, tmp_path: Path) -> None:
    source.choose_series = lambda rows: [max(rows, key=lambda row: row["ImageCount"])]
    get()
    assert images(tmp_path) == {"LIDC-2/1.2.3": 4}
    source.choose_series, source.VERSION = lambda rows: [], 2
    with pytest.raises(InputError, match="no series of Made is left: its `choose_series` chose none"):
        get()


def test_narrower_selection_deletes_the_other_series(source: ModuleType, get: Get, tmp_path: Path) -> None:
    get()
    source.SERIES = Selection("LIDC-IDRI", patients=("LIDC-2",))
    get()
    assert images(tmp_path) == {"LIDC-2/1.2.3": 4}
    assert not (tmp_path / "out" / "files" / "LIDC-1").exists()


def test_table_that_the_source_publishes_may_name_the_series(
    source: ModuleType, get: Get, archive: Any, tmp_path: Path
) -> None:
    archive.files["/table.csv"] = b"1.2.3"
    source.ARCHIVES = (Archive(f"{archive.address}/table.csv", "table.csv", unpack=False),)
    source.SERIES = lambda folder: Selection("LIDC-IDRI", series=((folder / "table.csv").read_text(),))
    get()
    assert images(tmp_path) == {"LIDC-2/1.2.3": 4}
    assert (tmp_path / "out" / "files" / "table.csv").read_bytes() == b"1.2.3"


def test_series_or_patient_that_is_not_listed_is_named(source: ModuleType, get: Get) -> None:
    source.SERIES = Selection("LIDC-IDRI", series=("1.2.1", "9.9"))
    with pytest.raises(InputError, match=r"TCIA lists 3 series in 'LIDC-IDRI', but not 1 .*: SeriesInstanceUID 9\.9\."):
        get()
    source.SERIES = Selection("LIDC-IDRI", patients=("LIDC-7",))
    with pytest.raises(InputError, match=r"not 1 of those wanted: PatientID LIDC-7\."):
        get()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"[]", r"TCIA lists no series of modality CT in the collection 'LIDC-IDRI': its name is misspelt, or"),
        (b"", "TCIA lists no series of modality CT"),
        (b'{"error": "down for repair"}', r"sent no list of series, but: {\"error\": \"down for repair\"}"),
        (b'[{"Modality": "CT"}]', "sent no list of series, but:"),
        (b'[{"SeriesInstanceUID": "1.2', "sent no list of series .*Unterminated string"),
        (b"<!DOCTYPE html><title>Log in</title>", "is a web page, not an archive"),
    ],
)
def test_answer_that_is_no_list_is_told(
    answer: bytes, message: str, source: ModuleType, get: Get, archive: Any
) -> None:
    archive.files[LIST] = answer
    with pytest.raises(InputError, match=message):
        get()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b'{"message": "series not found"}', "is a JSON message of the server, not an archive: .*series not found"),
        (b"<html>maintenance</html>", "is a web page, not an archive"),
        (b"no such series", r"1\.2\.3\.zip is a damaged archive"),
    ],
)
def test_answer_that_is_no_series_is_told(
    answer: bytes, message: str, source: ModuleType, get: Get, archive: Any
) -> None:
    archive.files[path_of("1.2.3")] = answer
    with pytest.raises(InputError, match=message):
        get()


def test_zip_that_breaks_off_is_brought_again(source: ModuleType, get: Get, archive: Any, tmp_path: Path) -> None:
    archive.cuts_of[path_of("1.2.3")] = [900]  # of a stream without a size: nothing tells that it broke
    assert any("1.2.3.zip is a damaged archive" in line and "Trying again" in line for line in get())
    assert images(tmp_path) == ALL


def test_series_with_too_few_images_is_refused_after_three_tries(
    source: ModuleType, get: Get, archive: Any, tmp_path: Path
) -> None:
    archive.files[path_of("1.2.3")] = zip_of("1.2.3", 2)
    with pytest.raises(InputError, match=r"1\.2\.3\.zip from .* holds 2 DICOM file\(s\), but 4 are listed"):
        get()
    assert archive.paths.count(path_of("1.2.3")) == 3
    assert "1.2.3" not in (tmp_path / "out" / "checksums.csv").read_text()


def test_checksum_is_of_the_images_not_of_the_zip(source: ModuleType, get: Get, archive: Any, tmp_path: Path) -> None:
    get()
    sums = (tmp_path / "out" / "checksums.csv").read_text()
    assert [line.split(",")[0] for line in sums.splitlines()] == ["file", *ALL]
    (tmp_path / "out" / "files" / "LIDC-2" / "1.2.3" / "1-001.dcm").unlink()
    archive.files[path_of("1.2.3")] = zip_of("1.2.3", 4, second=30)  # packed anew
    get()
    assert images(tmp_path) == ALL
    (tmp_path / "out" / "files" / "LIDC-2" / "1.2.3" / "1-001.dcm").unlink()
    changed = archive.files[path_of("1.2.3")] = zip_of("1.2.3", 4).replace(b"1-004", b"1-005")
    assert len(changed) > 0
    with pytest.raises(InputError, match=r"LIDC-2/1\.2\.3 from .* but .*checksums\.csv says"):
        get()


def test_mirror_holds_the_series_and_their_list(source: ModuleType, get: Get, archive: Any, tmp_path: Path) -> None:
    get()
    (tmp_path / "mirror").mkdir()
    (tmp_path / "out" / "series.json").rename(tmp_path / "mirror" / "made.series.json")
    for uid, (_, count) in SERIES.items():
        (tmp_path / "mirror" / f"{uid}.zip").write_bytes(zip_of(uid, count))
    (tmp_path / "out").rename(tmp_path / "before")
    archive.paths = []
    get(mirror=tmp_path / "mirror")
    assert images(tmp_path) == ALL
    assert archive.paths == []


def test_mirror_may_be_an_address(source: ModuleType, get: Get, archive: Any, tmp_path: Path) -> None:
    archive.files |= {f"/near/{uid}.zip": zip_of(uid, count) for uid, (_, count) in SERIES.items()}
    get(mirror=f"{archive.address}/near/")  # which has no list: TCIA is asked for that
    assert images(tmp_path) == ALL
    assert sorted(set(archive.paths)) == sorted([LIST, "/near/made.series.json", *(f"/near/{u}.zip" for u in SERIES)])


@pytest.mark.parametrize("name", ["../outside", "/etc", "..", "a/b", ""])
def test_patient_that_would_lead_elsewhere_is_refused(name: str, source: ModuleType, get: Get, archive: Any) -> None:
    archive.files[LIST] = json.dumps([row("1.2.1", name, 3)]).encode()
    with pytest.raises(InputError, match="which is no name for a folder"):
        get()


def test_busy_archive_is_asked_again(source: ModuleType, get: Get, archive: Any, tmp_path: Path) -> None:
    archive.states_of = {LIST: [503], path_of("1.2.1"): [429, 500]}
    get()
    assert images(tmp_path) == ALL
