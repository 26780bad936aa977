"""SAROS: masks, table and CT series in its layout become slices with five tissues; few, chosen by rule, and open."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from softbench import InputError, datasets, images
from softbench.datasets import splits
from softbench.datasets.case import Archive
from softbench.datasets.fetch import tcia
from softbench.datasets.fetch.fetch import fetch, location
from softbench.datasets.prepare import prepare
from softbench.datasets.sources import saros

from . import dicom_writer as writer

SHAPE, SPACING = (13, 24, 24), (5.0, 2.0, 2.0)
AFFINE = np.array([[0, 0, 2.0, -20], [0, 2.0, 0, -20], [5.0, 0, 0, 0], [0, 0, 0, 1]])
LABELLED = (1, 6, 11)  # every fifth slice
COUNTS = [24, 128, 64, 96, 64, 200]  # pixels of each tissue in each labelled slice, see `test_tissues_of_a_slice`
TOP = "SAROS-Collection-NIfTI-files-v2_03-70-2024"
TABLE = "Segmentation-Info_09-29-2023.csv"
CASES = {  # case -> collection, patient
    "case_001": ("TCGA-KIRC", "TCGA-A1"),
    "case_002": ("HNSCC", "HNSCC-01"),
    "case_003": ("C4KC-KiTS", "KiTS-00003"),
    "case_004": ("C4KC-KiTS", "KiTS-00004"),
    "case_005": ("C4KC-KiTS", "KiTS-00004"),
    "case_609": ("TCGA-KIRC", "TCGA-B2"),
    "case_700": ("TCGA-KIRC", "TCGA-C3"),
    "case_701": ("TCGA-KIRC", "TCGA-D4"),
}
Folder = Callable[..., Path]


def series_of(case: str) -> str:
    return f"1.2.{int(case[-3:])}"


def hu(x_mm: np.ndarray, z_mm: np.ndarray) -> np.ndarray:
    """HU at a place: 10 a mm to the right, 4 a mm up, so trilinear interpolation is exact."""
    return np.asarray(-300 + 10 * (x_mm + 20) + 4 * (z_mm - 5))


def regions(levels: tuple[int, ...] = LABELLED) -> np.ndarray:
    """Rows of subcutaneous tissue (4), muscle (8), abdominal cavity (8), bone (3) and background (1)."""
    rows = np.repeat([1, 2, 3, 5, 0], [4, 8, 8, 3, 1])
    mask = np.full(SHAPE, 255, np.uint8)
    mask[list(levels)] = rows[:, None]
    return mask


def table() -> str:
    """The table with more columns than are read, and the byte order mark of the published one."""
    text = io.StringIO()
    out = csv.writer(text)
    out.writerow(["id", "split", "tcia_collection", "tcia_case_id", "tcia_series_instance_uid"])
    for case, (collection, patient) in CASES.items():
        out.writerow([case, "fold-1", collection, patient, series_of(case)])
    return "\ufeff" + text.getvalue()


def write_ct(folder: Path, case: str, **changes: Any) -> None:
    """A CT that reaches beyond the mask: 28 columns and rows of 2 mm, 28 slices of 2.5 mm."""
    x = -(-30 + 2.0 * np.arange(28))  # of each column, in RAS
    z = -5 + 2.5 * np.arange(28)
    stored = np.broadcast_to(hu(x[None, None], z[:, None, None]) + 1024, (28, 28, 28)).astype(np.int16)
    stored[:, 2] += int(case[-3:])  # the mask's last row, which is background: no two cases are the same image
    placed = {"spacing_mm": (2.5, 2.0, 2.0), "origin": (-30.0, -30.0, -5.0), "series": series_of(case)} | changes
    writer.write_series(folder / CASES[case][1] / series_of(case), stored, patient=CASES[case][1], **placed)


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """A function that makes a folder as a fetch leaves it; 4 patients of 2 slices instead of 57 of 6."""
    monkeypatch.setattr(saros, "PATIENTS", 4)
    monkeypatch.setattr(saros, "SLICES", 2)

    def make(ct: bool = True, root: str = "published") -> Path:
        folder = tmp_path / root
        for case in CASES:
            levels = (1,) if case == "case_701" else LABELLED  # 701 has too few slices
            mask = folder / "masks" / TOP / case / "body-regions.nii.gz"
            images.write(mask, regions(levels), AFFINE, "LAS")
            images.write(mask.with_name("body-parts.nii.gz"), regions(levels), AFFINE, "LAS")
            if ct and CASES[case][0] not in saros.RESTRICTED:
                write_ct(folder, case)
        (folder / TABLE).write_text(table(), encoding="utf-8")
        return folder

    return make


def run(raw: Path, output: Path, **settings: Any) -> datasets.Dataset:
    prepare.run("saros", raw, output, versions={}, settings={"crop": None} | settings, log=lambda line: None)
    return datasets.open(output)


def test_open_sound_cases_are_taken_one_a_patient(release: Folder) -> None:
    folder = release()
    rows = {row["id"]: levels for row, levels in saros.chosen(folder)}
    assert rows.keys() - {"case_004", "case_005"} == {"case_001", "case_003", "case_700"}
    assert len(rows) == 4  # one of 004 and 005, of one patient; 002 is restricted, 609 unsound, 701 has one slice
    assert set(map(tuple, rows.values())) == {(1, 11)}  # of the slices 1, 6, 11 numbers int(0.75) and int(2.25)
    found = saros.find_cases(folder)
    assert [case.id for case in found] == [f"{case}_slice_{n:03d}" for case in sorted(rows) for n in (1, 11)]
    assert {case.patient for case in found} == {"TCGA-A1", "KiTS-00003", "KiTS-00004", "TCGA-C3"}


def test_choice_stops_at_so_many_patients(release: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = release()
    all_rows = [row["id"] for row, _ in saros.chosen(folder)]
    monkeypatch.setattr(saros, "PATIENTS", 2)
    assert [row["id"] for row, _ in saros.chosen(folder)] == all_rows[:2]


def test_tissues_of_a_slice(release: Folder, tmp_path: Path) -> None:
    dataset = run(release(), tmp_path / "out", window=None)
    assert len(dataset.cases) == 8
    for level in (1, 11):
        loaded = dataset.load(f"case_001_slice_{level:03d}")
        x, z = -20 + 2.0 * np.arange(24), 5.0 * level
        np.testing.assert_allclose(loaded.images[0, :23], np.broadcast_to(hu(x, np.array(z)), (23, 24)), atol=1e-3)
        # fat: -190 <= -300 + 20 w + 20 (level - 1) <= -30: columns w = 6 to 13 at level 1, 0 to 3 at level 11
        fat = int(((hu(x, np.array(z)) >= -190) & (hu(x, np.array(z)) <= -30)).sum())
        assert fat == {1: 8, 11: 4}[level]
        expected = [24, 8 * (24 - fat), 8 * fat, 4 * 24, 8 * fat, 8 * (24 - fat) + 3 * 24]
        assert np.bincount(loaded.labels.ravel(), minlength=6).tolist() == expected
        assert loaded.valid is None
    assert np.bincount(dataset.load("case_001_slice_001").labels.ravel()).tolist() == COUNTS
    assert loaded.spacing_mm == (2.0, 2.0)
    np.testing.assert_allclose(loaded.affine @ [3, 5, 1], [-20 + 10, -20 + 6, 1])  # x, y of row 3, column 5


def test_ends_of_the_range_of_fat_count_as_fat() -> None:
    values = np.array([[-191.0, -190, -30, -29]])
    assert saros.derive(np.full((1, 4), 2), values).tolist() == [[1, 2, 2, 1]]
    assert saros.derive(np.full((1, 4), 3), values).tolist() == [[5, 4, 4, 5]]
    assert saros.derive(np.full((1, 4), 1), values).tolist() == [[3, 3, 3, 3]]
    assert saros.derive(np.array([[0, 4, 8, 13]]), values).tolist() == [[0, 5, 5, 5]]


def test_windows_of_the_default_are_the_channels(release: Folder, tmp_path: Path) -> None:
    dataset = run(release(), tmp_path / "out", crop={"size": [32, 32], "at": "centre"})
    assert dataset.modalities == ("ct -190 to -30 HU", "ct -30 to 150 HU", "ct -1000 to 400 HU")
    loaded = dataset.load("case_001_slice_001")
    assert loaded.images.shape == (3, 32, 32)
    column = 4 + 10  # HU -300 + 200 = -100 at column 10; four columns were added on each side
    np.testing.assert_allclose(loaded.images[:, 10, column], [90 / 160, 0, 900 / 1400], atol=1e-5)
    assert saros.DEFAULTS["crop"] == {"size": [512, 512], "at": "centre"}


def test_pixels_that_nobody_labelled_are_not_valid(release: Folder, tmp_path: Path) -> None:
    folder = release()
    mask = regions()
    mask[1, :, :3] = 255
    images.write(folder / "masks" / TOP / "case_001" / "body-regions.nii.gz", mask, AFFINE, "LAS")
    loaded = run(folder, tmp_path / "out").load("case_001_slice_001")
    assert loaded.valid is not None
    np.testing.assert_array_equal(loaded.valid, np.broadcast_to(np.arange(24) >= 3, (24, 24)))


def test_slice_without_ct_is_refused_by_name(release: Folder, tmp_path: Path) -> None:
    folder = release()
    (folder / "TCGA-A1" / series_of("case_001")).rename(folder / "TCGA-A1" / "other")
    with pytest.raises(InputError, match=r"(?s)2 case\(s\) of saros .*case_001_slice_001: has a label map .* no image"):
        run(folder, tmp_path / "out")


def test_ct_of_another_place_is_refused(release: Folder, tmp_path: Path) -> None:
    folder = release()
    write_ct(folder, "case_001", origin=(-30.0, -30.0, 300.0))
    with pytest.raises(InputError, match=r"case_001_slice_001: .* does not reach slice 1"):
        run(folder, tmp_path / "out")


def test_unknown_region_is_refused_with_its_count(release: Folder, tmp_path: Path) -> None:
    folder = release()
    mask = regions()
    mask[1, 0, :5] = 99
    images.write(folder / "masks" / TOP / "case_001" / "body-regions.nii.gz", mask, AFFINE, "LAS")
    with pytest.raises(
        InputError, match=r"case_001_slice_001: .*slice 1 must hold the ids \[0, .*255\], but holds \{99: 5\}"
    ):
        run(folder, tmp_path / "out")


def mask_of(folder: Path, case: str) -> Path:
    return folder / "masks" / TOP / case / "body-regions.nii.gz"


def test_masks_are_read_by_the_choices_of_the_dataset(release: Folder, tmp_path: Path) -> None:
    """A mask has other slices by its qform, or stores each id less 1 and an intercept of 1."""
    folder = release()
    plain = run(folder, tmp_path / "plain")
    path = mask_of(folder, "case_001")
    file = nib.load(path)
    stored = np.asanyarray(file.dataobj)
    again = nib.Nifti1Image(stored, file.affine, file.header)
    again.set_qform(file.affine @ np.diag([1, 1, 1.5, 1]), 1)
    again.to_filename(path)
    found = r"body-regions\.nii\.gz .*`affine: sform`.* Which cases are used depends on this mask"
    with pytest.raises(InputError, match=f"(?s){found}"):
        run(folder, tmp_path / "out")
    assert run(folder, tmp_path / "out", affine="sform").manifest["cases"] == plain.manifest["cases"]

    again = nib.Nifti1Image(stored.astype(np.int16) - 1, file.affine)
    again.header.set_slope_inter(1, 1)
    again.to_filename(path)
    with pytest.raises(InputError, match=r"(?s)body-regions\.nii\.gz is a label map, .*`rescale_labels: true`"):
        run(folder, tmp_path / "out")
    assert run(folder, tmp_path / "out", rescale_labels=True).manifest["cases"] == plain.manifest["cases"]


def test_mask_that_cannot_be_read_is_one_error(release: Folder, tmp_path: Path) -> None:
    folder = release()
    path = mask_of(folder, "case_001")
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InputError, match=r"body-regions\.nii\.gz .*cannot be read as NIfTI.* so `drop` cannot leave"):
        run(folder, tmp_path / "out")
    values = regions().astype(np.float32)
    values[0, 0, 0] = np.nan
    images.write(path, values, AFFINE, "LAS")
    with pytest.raises(InputError, match=r"body-regions\.nii\.gz must hold whole numbers .*, as nan\."):
        run(folder, tmp_path / "out")


def test_missing_mask_stops_the_choice(release: Folder) -> None:
    folder = release()
    (folder / "masks" / TOP / "case_003" / "body-regions.nii.gz").unlink()
    with pytest.raises(InputError, match=r"lacks the mask of case_003"):
        saros.find_cases(folder)


def test_folder_without_masks_or_table_holds_no_case(release: Folder, tmp_path: Path) -> None:
    folder = release()
    assert saros.find_cases(tmp_path / "absent") == []
    (folder / TABLE).write_text("id,split\ncase_001,test\n")
    with pytest.raises(InputError, match=r"lacks the column\(s\) tcia_collection, tcia_case_id, tcia_series"):
        saros.find_cases(folder)


def test_masks_and_the_chosen_series_are_fetched(
    release: Folder, server: Any, pack: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = release()
    masks = folder / "masks"
    server.files["/masks.zip"] = pack({p.relative_to(masks).as_posix(): p.read_bytes() for p in masks.rglob("*.gz")})
    server.files[f"/{TABLE}"] = (folder / TABLE).read_bytes()
    archives = (
        Archive(f"{server.address}/masks.zip", f"{TOP}.zip", into="masks"),
        Archive(f"{server.address}/{TABLE}", TABLE, unpack=False),
    )
    monkeypatch.setattr(saros, "ARCHIVES", archives)
    monkeypatch.setattr(tcia, "SERVER", f"{server.address}/")
    for name in {collection for collection, _ in CASES.values()}:
        rows = [
            {
                "SeriesInstanceUID": series_of(c),
                "PatientID": p,
                "StudyInstanceUID": "1",
                "Modality": "CT",
                "ImageCount": 28,
            }
            for c, (collection, p) in CASES.items()
            if collection == name
        ]
        server.files[f"/getSeries?Collection={name}&Modality=CT"] = json.dumps(rows).encode()
    for case, (_, patient) in CASES.items():
        files = {path.name: path.read_bytes() for path in (folder / patient / series_of(case)).glob("*.dcm")}
        server.files[f"/getImage?SeriesInstanceUID={series_of(case)}"] = pack(files)
    fetch("saros", tmp_path / "raw", log=lambda line: None, pause_s=0)
    asked = {path.split("=")[1] for path in server.paths if path.startswith("/getImage")}
    assert asked == {series_of(row["id"]) for row, _ in saros.chosen(folder)}
    fetched = run(location(tmp_path / "raw", None), tmp_path / "one")
    assert fetched.manifest["cases"] == run(folder, tmp_path / "other").manifest["cases"]


def test_network_is_trained_a_step_and_scored(release: Folder, tmp_path: Path, scores_after_one_step: Any) -> None:
    dataset = run(release(), tmp_path / "data")
    rows = dataset.cases.iloc[::2]
    cases = list(zip(rows["case"], rows["patient"], strict=True))
    scores = scores_after_one_step(tmp_path / "data", cases, (16, 16))
    assert set(saros.STRUCTURES) <= set(scores["structure"])


def test_split_by_rule_keeps_patients_together() -> None:
    patients = {f"case_{n:03d}_slice_{k}": f"P{n}" for n in range(57) for k in range(6)}
    split = splits.by_patient(patients, saros.SPLITS["main"])
    assert split.groupby("part")["patient"].nunique().to_dict() == {"train": 40, "val": 6, "test": 11}  # of 57
    assert (split.groupby("patient")["part"].nunique() == 1).all()
