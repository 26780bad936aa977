"""PROSTATEx-Seg-Zones: DICOM series and segmentations in its layout become four zones on the T2 grid."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from softbench import InputError, datasets
from softbench.datasets import splits
from softbench.datasets.fetch import tcia
from softbench.datasets.fetch.fetch import fetch, location
from softbench.datasets.prepare import prepare
from softbench.datasets.sources import dicom, prostatex_zones

from . import dicom_writer as writer

PATIENTS = ("ProstateX-0000", "ProstateX-0004", "ProstateX-0007", "ProstateX-0217")
SHAPE, SPACING, ORIGIN = (8, 24, 20), (3.0, 0.5, 0.5), (-5.0, -6.0, 10.0)
SEGMENTS = {
    "Peripheral zone of prostate": (slice(2, 6), slice(4, 8), slice(3, 15)),  # 4 x 4 x 12 = 192
    "Transition zone of prostate": (slice(2, 6), slice(8, 14), slice(3, 15)),  # 4 x 6 x 12 = 288
    "Distal prostatic urethra": (slice(3, 5), slice(9, 11), slice(8, 10)),  # 2 x 2 x 2 = 8, inside the TZ
    "Anterior fibromuscular stroma of prostate": (slice(2, 6), slice(13, 16), slice(3, 15)),  # a row of it in the TZ
}
WHOLE: dict[str, Any] = {"spacing_mm": None, "crop": None}
Folder = Callable[..., Path]


def masks() -> dict[str, np.ndarray]:
    """The segments, in the order of the files (slice, row, column)."""
    made = {}
    for name, box in SEGMENTS.items():
        made[name] = np.zeros(SHAPE, bool)
        made[name][box] = True
    return made


def series_of(patient: str) -> str:
    return f"1.3.{int(patient[-4:]) + 1}"


def write_zones(folder: Path, patient: str, segments: dict[str, np.ndarray] | None = None, **changes: Any) -> Path:
    path = folder / patient / f"{series_of(patient)}.9" / "1-1.dcm"
    placed = {"series": series_of(patient), "patient": patient, "spacing_mm": SPACING, "origin": ORIGIN} | changes
    writer.write_segmentation(path, masks() if segments is None else segments, **placed)
    return path


@pytest.fixture
def release(tmp_path: Path) -> Folder:
    """A function that makes a folder as a fetch leaves it: T2, zones, the whole gland, and another T2 a patient."""

    def make(patients: tuple[str, ...] = PATIENTS) -> Path:
        folder = tmp_path / "published"
        for patient in patients:
            stored = np.random.default_rng(int(patient[-4:])).integers(0, 900, SHAPE).astype(np.int16)
            for series in (series_of(patient), f"{series_of(patient)}.5"):
                writer.write_series(
                    folder / patient / series,
                    stored,
                    series=series,
                    patient=patient,
                    spacing_mm=SPACING,
                    origin=ORIGIN,
                    intercept=0,
                    modality="MR",
                )
            write_zones(folder, patient)
            gland = folder / patient / f"{series_of(patient)}.8" / "1-1.dcm"
            writer.write_segmentation(gland, {"Prostate": masks()["Transition zone of prostate"]}, series="1.3.99")
        return folder

    return make


def run(raw: Path, output: Path, **settings: Any) -> datasets.Dataset:
    prepare.run("prostatex_zones", raw, output, versions={}, settings=settings, log=lambda line: None)
    return datasets.open(output)


def test_patients_with_zones_are_the_cases(release: Folder) -> None:
    folder = release()
    writer.write_series(folder / "ProstateX-0300" / "1.1.1", np.ones(SHAPE, np.int16), series="1.1.1")  # no zones
    found = prostatex_zones.find_cases(folder)
    assert [case.id for case in found] == list(PATIENTS)
    assert [case.images[0].name for case in found] == [series_of(patient) for patient in PATIENTS]
    assert {case.labels[0].parent.name for case in found} == {f"{series_of(patient)}.9" for patient in PATIENTS}


def test_zones_lie_on_t2_and_the_smaller_wins(release: Folder, tmp_path: Path) -> None:
    dataset = run(release(PATIENTS[:1]), tmp_path / "out", **WHOLE)
    loaded = dataset.load(PATIENTS[0])
    # the TZ loses 8 voxels to the DPU and the row 13 that the AFS has too, 4 x 12 voxels
    assert np.bincount(loaded.labels.ravel()).tolist()[1:] == [192, 288 - 8 - 48, 8, 4 * 3 * 12]
    expected = np.zeros(SHAPE, np.uint8)
    for number, name in ((1, "Peripheral"), (2, "Transition"), (4, "Anterior"), (3, "Distal")):
        expected[next(box for segment, box in SEGMENTS.items() if segment.startswith(name))] = number
    np.testing.assert_array_equal(loaded.labels[0], expected[:, ::-1, ::-1])  # files run to the back and left
    assert loaded.spacing_mm == SPACING
    assert dataset.structures == {"PZ": (1,), "TZ": (2,), "DPU": (3,), "AFS": (4,)}


def test_preparation_of_the_paper_is_the_default(release: Folder, tmp_path: Path) -> None:
    loaded = run(release(PATIENTS[:1]), tmp_path / "out").load(PATIENTS[0])
    assert loaded.images.shape == (1, 24, 320, 320)
    assert loaded.spacing_mm == (3.0, 0.5, 0.5)
    assert (loaded.labels > 0).sum() == 192 + 288 + 4 * 2 * 12


def test_frames_in_any_order_and_part_of_the_slices(release: Folder, tmp_path: Path) -> None:
    folder = release(PATIENTS[:1])
    only = {name: mask[2:6] for name, mask in reversed(masks().items())}
    write_zones(folder, PATIENTS[0], only, origin=(ORIGIN[0], ORIGIN[1], ORIGIN[2] + 2 * SPACING[0]))
    loaded = run(folder, tmp_path / "out", **WHOLE).load(PATIENTS[0])
    assert np.bincount(loaded.labels.ravel()).tolist()[1:] == [192, 232, 8, 144]


def without(name: str) -> dict[str, np.ndarray]:
    return {segment: mask for segment, mask in masks().items() if not segment.startswith(name)}


@pytest.mark.parametrize(
    ("segments", "changes", "message"),
    [
        (without("Distal"), {}, r"one segment each of pz, tz, dpu, afs, but holds 3: Peripheral zone of prostate; "),
        (masks() | {"Lesion": masks()["Distal prostatic urethra"]}, {}, r"but holds 5: .*; Lesion"),
        (
            without("Distal") | {"Transition zone, left": masks()["Distal prostatic urethra"]},
            {},
            r"but holds 4: .*; Transition zone, left",
        ),
        (masks(), {"origin": (ORIGIN[0], ORIGIN[1], ORIGIN[2] + 12)}, r"frame 3 does not lie on the grid .*: 48 of 48"),
        (masks(), {"origin": (ORIGIN[0] + 0.25, ORIGIN[1], ORIGIN[2])}, r"frame 1 .*others up to 0.50 voxels between"),
        (masks(), {"kind": "FRACTIONAL"}, r"is FRACTIONAL, but only BINARY"),
    ],
)
def test_other_segmentations_are_refused_by_name(
    segments: dict[str, np.ndarray], changes: dict[str, Any], message: str, release: Folder, tmp_path: Path
) -> None:
    folder = release(PATIENTS[:2])
    write_zones(folder, PATIENTS[1], segments, **changes)
    with pytest.raises(InputError, match=rf"(?s)1 case\(s\) of prostatex_zones .*{PATIENTS[1]}: .*{message}"):
        run(folder, tmp_path / "out")


def test_zones_without_their_t2_are_refused(release: Folder, tmp_path: Path) -> None:
    folder = release(PATIENTS[:2])
    (folder / PATIENTS[1] / series_of(PATIENTS[1])).rename(folder / PATIENTS[1] / "elsewhere")
    with pytest.raises(InputError, match=rf"{PATIENTS[1]}: has a label map \(1-1.dcm\) but no image"):
        run(folder, tmp_path / "out")


def test_zones_drawn_twice_are_refused(release: Folder, tmp_path: Path) -> None:
    folder = release(PATIENTS[:1])
    path = write_zones(folder, PATIENTS[0])
    (path.parent / "1-2.dcm").write_bytes(path.read_bytes())
    with pytest.raises(InputError, match=rf"{PATIENTS[0]}: is there 2 times"):
        run(folder, tmp_path / "out")


def test_damaged_segmentation_is_named(release: Folder) -> None:
    folder = release(PATIENTS[:1])
    path = write_zones(folder, PATIENTS[0])
    path.write_bytes(path.read_bytes()[:-150])
    (case,) = prostatex_zones.find_cases(folder)
    with pytest.raises(InputError, match=r"1-1.dcm is no whole segmentation"):
        prostatex_zones.read(case)


def test_segments_of_one_name_are_joined(tmp_path: Path) -> None:
    writer.write_series(tmp_path / "t2", np.ones(SHAPE, np.int16), series="1.3.1", spacing_mm=SPACING, origin=ORIGIN)
    path = tmp_path / "seg" / "1.dcm"
    writer.write_segmentation(path, masks(), series="1.3.1", spacing_mm=SPACING, origin=ORIGIN)
    found = dicom.masks(path, dicom.read_series(tmp_path / "t2"), lambda name: "gland")
    assert set(found) == {"gland"}
    assert found["gland"].sum() == 192 + 288 + 4 * 2 * 12  # the AFS has two rows of its own, the DPU none


def test_segmentations_and_the_t2_of_their_studies_are_fetched(
    release: Folder, server: Any, pack: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = release(PATIENTS[:2])
    monkeypatch.setattr(tcia, "SERVER", f"{server.address}/")
    listed: dict[str, list[dict[str, Any]]] = {"MR": [], "SEG": []}
    for path in sorted(folder.glob("*/*")):
        files = {file.name: file.read_bytes() for file in path.glob("*.dcm")}
        modality = "SEG" if path.name.endswith((".8", ".9")) else "MR"
        row = {"SeriesInstanceUID": path.name, "PatientID": path.parent.name, "StudyInstanceUID": path.parent.name}
        row |= {"Modality": modality, "ImageCount": len(files), "SeriesDescription": "t2_tse_tra"}
        listed[modality].append(row)
        server.files[f"/getImage?SeriesInstanceUID={path.name}"] = pack(files)
    other = listed["MR"][0] | {"SeriesInstanceUID": "1.7", "SeriesDescription": "ep2d_diff_tra"}
    lonely = listed["MR"][0] | {"SeriesInstanceUID": "1.8", "StudyInstanceUID": "without zones"}
    for modality, rows in listed.items():
        content = json.dumps(rows + ([other, lonely] if modality == "MR" else [])).encode()
        server.files[f"/getSeries?Collection=PROSTATEx&Modality={modality}"] = content
    fetch("prostatex_zones", tmp_path / "raw", log=lambda line: None, pause_s=0)
    fetched = run(location(tmp_path / "raw", None), tmp_path / "one", **WHOLE)
    assert fetched.manifest["cases"] == run(folder, tmp_path / "other", **WHOLE).manifest["cases"]
    assert len([path for path in server.paths if path.startswith("/getImage")]) == 8


def test_network_is_trained_a_step_and_scored(release: Folder, tmp_path: Path, scores_after_one_step: Any) -> None:
    dataset = run(release(), tmp_path / "data", **WHOLE)
    cases = [(case, case) for case in dataset.cases["case"]]
    scores = scores_after_one_step(tmp_path / "data", cases, (8, 16, 16))
    assert set(prostatex_zones.STRUCTURES) <= set(scores["structure"])


def test_split_by_rule_has_the_papers_sizes() -> None:
    patients = {f"ProstateX-{n:04d}": f"ProstateX-{n:04d}" for n in range(98)}
    split = splits.by_patient(patients, prostatex_zones.SPLITS["main"])
    assert split["part"].value_counts().to_dict() == {"train": 70, "test": 20, "val": 8}  # 78 and 20; 8 of 78 validate
