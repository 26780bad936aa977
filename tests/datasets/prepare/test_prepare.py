"""A source becomes a dataset: what is stored, and what is kept on a rerun."""

import json
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from softbench import InputError, datasets
from softbench.datasets.prepare import prepare

Folder = Callable[..., Path]
Write = Callable[..., None]
SHAPE = (5, 6, 7)  # of the files of `msd`, (x, y, z)


def run(raw: Path, output: Path, workers: int = 1, **settings: object) -> list[str]:
    """Prepare the source `hippocampus` and return the progress lines."""
    lines: list[str] = []
    prepare.run("hippocampus", raw, output, versions={}, settings=settings, workers=workers, log=lines.append)
    return lines


def test_prepared_case_is_the_normalised_file_with_axes_turned(msd: Folder, tmp_path: Path) -> None:
    raw = msd()
    run(raw, tmp_path / "out")
    dataset = datasets.open(tmp_path / "out")
    case = dataset.load("hippocampus_002")
    voxels = np.asarray(nib.load(raw / "imagesTr" / "hippocampus_002.nii.gz").dataobj).T
    np.testing.assert_allclose(case.images[0], (voxels - voxels.mean()) / voxels.std(), atol=1e-5)
    assert (case.images.shape, case.labels.shape) == ((1, 7, 6, 5), (1, 7, 6, 5))
    assert (case.images.dtype, case.labels.dtype) == (np.float32, np.uint8)
    assert case.labels[0, 3, 2, 1] == 1  # written at x = 1, y = 2, z = 3
    assert case.truth is None
    assert case.spacing_mm == (1.0, 1.0, 1.0)


def test_table_describes_each_case(msd: Folder, tmp_path: Path) -> None:
    run(msd(), tmp_path / "out")
    dataset = datasets.open(tmp_path / "out")
    row = dataset.cases.set_index("case").loc["hippocampus_001"]
    assert list(row["shape"]) == [7, 6, 5]
    assert list(row["voxels"]) == [5 * 6 * 7 - 5, 2, 3]
    assert (row["axcodes"], row["raters"], row["patient"]) == ("RAS", 1, "hippocampus_001")
    assert dataset.cases["image_sha256"].nunique() == 3
    assert dataset.classes == ("background", "anterior", "posterior")
    assert dataset.structures["hippocampus"] == (1, 2)
    assert dataset.modalities == ("t1",)


def test_file_in_lps_becomes_the_same_case_as_in_ras(msd: Folder, write: Write, tmp_path: Path) -> None:
    raw = msd(cases=1)
    run(raw, tmp_path / "ras")
    flip = np.diag([-1.0, -1.0, 1.0, 1.0])
    flip[:2, 3] = np.array(SHAPE[:2]) - 1
    for kind in ("imagesTr", "labelsTr"):
        path = raw / kind / "hippocampus_001.nii.gz"
        write(path, np.asarray(nib.load(path).dataobj)[::-1, ::-1], flip)
    run(raw, tmp_path / "lps")
    ras, lps = datasets.open(tmp_path / "ras"), datasets.open(tmp_path / "lps")
    assert ras.manifest["cases"] == lps.manifest["cases"]
    assert (ras.cases["axcodes"][0], lps.cases["axcodes"][0]) == ("RAS", "LPS")


def test_loaded_arrays_are_mapped_and_read_only(msd: Folder, tmp_path: Path) -> None:
    run(msd(), tmp_path / "out")
    case = datasets.open(tmp_path / "out").load("hippocampus_001")
    assert isinstance(case.images, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        case.labels[0, 0, 0, 0] = 1


def test_half_precision_is_loaded_as_single(msd: Folder, tmp_path: Path) -> None:
    raw = msd()
    run(raw, tmp_path / "half", dtype="float16")
    run(raw, tmp_path / "single")
    half = datasets.open(tmp_path / "half").load("hippocampus_001").images
    single = datasets.open(tmp_path / "single").load("hippocampus_001").images
    assert half.dtype == np.float32
    np.testing.assert_allclose(half, single, rtol=2**-10, atol=2**-14)
    assert not np.array_equal(half, single)


def test_rerun_keeps_finished_cases_and_gives_the_same_bytes(msd: Folder, tmp_path: Path) -> None:
    raw, out = msd(), tmp_path / "out"
    run(raw, out)
    before = (out / "manifest.json").read_bytes(), (out / "cases.parquet").read_bytes()
    stamp = (out / "cases" / "hippocampus_001" / "images.npy").stat().st_mtime_ns
    run(raw, out)
    assert ((out / "manifest.json").read_bytes(), (out / "cases.parquet").read_bytes()) == before
    assert (out / "cases" / "hippocampus_001" / "images.npy").stat().st_mtime_ns == stamp


def test_number_of_workers_and_place_of_the_files_change_no_byte(msd: Folder, tmp_path: Path) -> None:
    raw = msd()
    run(raw, tmp_path / "one")
    moved = raw.rename(tmp_path / "elsewhere")
    run(moved, tmp_path / "two", workers=2)
    for name in ("manifest.json", "cases.parquet"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_changed_image_remakes_its_case_alone(msd: Folder, write: Write, tmp_path: Path) -> None:
    raw, out = msd(), tmp_path / "out"
    run(raw, out)
    before = json.loads((out / "manifest.json").read_text())
    write(raw / "imagesTr" / "hippocampus_002.nii.gz", np.arange(210, dtype=np.float32).reshape(SHAPE))
    run(raw, out)
    after = json.loads((out / "manifest.json").read_text())
    changed = [case for case in after["cases"] if after["cases"][case] != before["cases"][case]]
    assert changed == ["hippocampus_002"]
    assert before["key"] != after["key"]


def test_changed_setting_does_not_find_old_cases(msd: Folder, tmp_path: Path) -> None:
    raw, out = msd(), tmp_path / "out"
    run(raw, out)
    run(raw, out, normalise="none")
    assert datasets.open(out).load("hippocampus_001").images.mean() > 50  # intensities were drawn around 100


def test_progress_ends_with_all_cases(msd: Folder, tmp_path: Path) -> None:
    assert run(msd(), tmp_path / "out")[-1].startswith("hippocampus: 3 of 3 cases")


def test_unfinished_dataset_cannot_be_opened(msd: Folder, tmp_path: Path) -> None:
    run(msd(), tmp_path / "out")
    (tmp_path / "out" / "manifest.json").unlink()
    with pytest.raises(InputError, match="no finished dataset"):
        datasets.open(tmp_path / "out")


def test_unknown_case_and_damaged_array_are_named(msd: Folder, tmp_path: Path) -> None:
    run(msd(), tmp_path / "out")
    dataset = datasets.open(tmp_path / "out")
    with pytest.raises(InputError, match="no case 'hippocampus_999'"):
        dataset.load("hippocampus_999")
    path = tmp_path / "out" / "cases" / "hippocampus_001" / "images.npy"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(InputError, match=r"images\.npy is damaged"):
        dataset.load("hippocampus_001")


def test_labels_stored_as_float_are_accepted(msd: Folder, write: Write, tmp_path: Path) -> None:
    raw = msd()
    path = raw / "labelsTr" / "hippocampus_002.nii.gz"
    labels = np.asarray(nib.load(path).dataobj)
    run(raw, tmp_path / "bytes")
    write(path, labels.astype(np.float32))
    run(raw, tmp_path / "floats")
    hashes = [datasets.open(tmp_path / name).manifest["cases"]["hippocampus_002"] for name in ("bytes", "floats")]
    assert hashes[0] == hashes[1]


def test_phantom_dataset_brings_its_truth(tmp_path: Path) -> None:
    settings = {"size": "tiny", "cases": 2}
    prepare.run("phantom_brain", None, tmp_path, versions={}, settings=settings, workers=1, log=lambda line: None)
    dataset = datasets.open(tmp_path)
    made = datasets.phantoms.make("phantom_brain", 1, size="tiny")
    case = dataset.load("phantom_brain_001")
    assert list(dataset.cases["case"]) == ["phantom_brain_000", "phantom_brain_001"]
    assert np.load(tmp_path / "cases" / "phantom_brain_001" / "truth.npy").dtype == np.uint16
    np.testing.assert_allclose(case.truth, made.truth, atol=1 / 65535)
    np.testing.assert_array_equal(case.labels, made.labels)
    np.testing.assert_array_equal(case.affine, made.affine)
    assert (case.images[made.images == 0] == 0).all()


def test_more_phantom_cases_keep_the_first_ones(tmp_path: Path) -> None:
    path = tmp_path / "cases" / "phantom_brain_000" / "images.npy"
    stamps = []
    for cases in (1, 2):
        prepare.run(
            "phantom_brain",
            None,
            tmp_path,
            versions={},
            settings={"size": "tiny", "cases": cases},
            log=lambda line: None,
        )
        stamps.append(path.stat().st_mtime_ns)
    assert stamps[0] == stamps[1]
    assert len(datasets.open(tmp_path).cases) == 2
