"""KiTS 2019: phantoms in its layout (IPL, z y x, uint16 labels, float64 images) become kidney and tumour again."""

import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from softbench import InputError, datasets, images
from softbench.datasets import phantoms, splits
from softbench.datasets.case import Volumes
from softbench.datasets.fetch.fetch import fetch, location
from softbench.datasets.prepare import grid, prepare
from softbench.datasets.sources import kits2019, reading
from softbench.jobs import pieces
from softbench.soft_labels import open_store
from softbench.store import ONE

SPLITS = Path(__file__).parents[3] / "workflow" / "splits"
IDS = [kits2019.case_id(number) for number in range(4)]
AS_MADE: dict[str, Any] = {"spacing_mm": None, "crop": None}  # the grid of the phantoms, 16 x 24 x 24
CUBES: dict[str, Any] = {"spacing_mm": [1.6, 1.6, 1.6], "crop": {"size": [32, 28, 20]}}  # from 3.2 x 1.6 x 1.6 mm
TOP = f"kits19-{kits2019.COMMIT}"
Release = Callable[..., Path]


def phantom(number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """CT in HU, class ids, and the affine of a phantom."""
    case = phantoms.make("phantom_kidney", number, size="tiny")
    return np.rint(case.images[0] * 1.0), case.labels[0], case.affine


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """A function that makes a clone of the repository with images in it; `parent` is the folder of the cases."""

    def make(cases: int = 4, parent: str = f"{TOP}/data") -> Path:
        for number, name in enumerate(IDS[:cases]):
            array, labels, affine = phantom(number)
            folder = tmp_path / "release" / parent / name
            images.write(folder / "imaging.nii.gz", array.astype(np.float64), affine, "IPL")
            images.write(folder / "segmentation.nii.gz", labels.astype(np.uint16), affine, "IPL")
            (folder / "._segmentation.nii.gz").write_bytes(b"left by macOS")
        return tmp_path / "release"

    return make


def run(raw: Path, output: Path, **settings: Any) -> datasets.Dataset:
    prepare.run("kits2019", raw, output, versions={}, settings=settings, log=lambda line: None)
    return datasets.open(output)


@pytest.mark.parametrize("parent", ["", "data", f"{TOP}/data"])
def test_cases_are_found_in_each_usual_folder(parent: str, release: Release) -> None:
    cases = kits2019.find_cases(release(cases=2, parent=parent))
    assert [case.id for case in cases] == IDS[:2]
    assert [path.name for path in (*cases[0].images, *cases[0].labels)] == ["imaging.nii.gz", "segmentation.nii.gz"]


def test_file_stores_slices_first_as_published(release: Release) -> None:
    file = nib.load(release() / TOP / "data" / IDS[0] / "segmentation.nii.gz")
    assert "".join(nib.aff2axcodes(file.affine)) == "IPL"  # type: ignore[attr-defined]
    assert file.shape == phantom(0)[1].shape
    assert file.get_data_dtype() == np.uint16


def test_prepared_cases_are_the_phantoms_again(release: Release, tmp_path: Path) -> None:
    dataset = run(release(), tmp_path / "out", **AS_MADE)
    assert set(dataset.cases["axcodes"]) == {"IPL"}
    for number, name in enumerate(IDS):
        array, labels, affine = phantom(number)
        loaded = dataset.load(name)
        clipped = np.clip(array, -79, 304)
        np.testing.assert_array_equal(loaded.labels[0], labels)
        np.testing.assert_allclose(loaded.affine, affine, atol=1e-4)
        np.testing.assert_allclose(loaded.images[0], (clipped - clipped.mean()) / clipped.std(), atol=1e-4)


def test_structures_count_the_published_ids(release: Release, tmp_path: Path) -> None:
    dataset = run(release(cases=1), tmp_path / "out", **AS_MADE)
    kidney, tumour = np.bincount(phantom(0)[1].ravel(), minlength=3)[1:]
    loaded = dataset.load(IDS[0]).labels
    sizes = {name: int(np.isin(loaded, ids).sum()) for name, ids in dataset.structures.items()}
    assert sizes == {"kidney": kidney, "tumour": tumour, "kidney_and_tumour": kidney + tumour}
    assert min(sizes.values()) > 0


def test_preparation_of_the_paper_is_the_default(release: Release, tmp_path: Path) -> None:
    loaded = run(release(cases=1), tmp_path / "out").load(IDS[0])
    assert loaded.images.shape == (1, 80, 160, 160)
    assert loaded.spacing_mm == pytest.approx((3.22, 1.62, 1.62))
    made = phantom(0)[1]  # 3.2 x 1.6 x 1.6 mm
    millilitres = [(labels > 0).sum() * volume for labels, volume in ((made, 8.192), (loaded.labels, 8.450568))]
    assert millilitres[1] == pytest.approx(millilitres[0], rel=0.1)


def test_wide_image_keeps_its_shape(tmp_path: Path) -> None:
    """case_00160 has 512 x 796 pixels; here 6 x 5 x 8."""
    affine = np.array([[0, 0, 2.0, 0], [0, 2.0, 0, 0], [4.0, 0, 0, 0], [0, 0, 0, 1]])
    labels = np.zeros((6, 5, 8), np.uint8)
    labels[1, 2, 7] = 2  # cranial of the first slice, at the right end of the array axis W
    image = np.arange(240, dtype=np.float64).reshape(labels.shape)
    images.write(tmp_path / "case_00160" / "imaging.nii.gz", image, affine, "IPL")
    images.write(tmp_path / "case_00160" / "segmentation.nii.gz", labels, affine, "IPL")
    volumes = reading.read_case(kits2019.find_cases(tmp_path)[0], kits2019)
    assert np.argwhere(volumes.labels[0] == 2).tolist() == [[1, 2, 7]]
    np.testing.assert_array_equal(volumes.channels[0], image)


@pytest.mark.parametrize(
    ("missing", "message"),
    [("imaging", "has a label map .* but no image"), ("segmentation", "has an image .* but no label map")],
)
def test_half_a_case_is_refused_by_name(missing: str, message: str, release: Release, tmp_path: Path) -> None:
    folder = release(cases=2)
    (folder / TOP / "data" / IDS[1] / f"{missing}.nii.gz").unlink()
    with pytest.raises(InputError, match=rf"(?s)1 case\(s\) of kits2019.*{IDS[1]}: {message}"):
        run(folder, tmp_path / "out", **AS_MADE)


def test_label_of_a_later_release_is_refused_with_its_count(release: Release, tmp_path: Path) -> None:
    folder = release(cases=1)
    _, labels, affine = phantom(0)
    labels = labels.copy()
    labels[0, 0, :5] = 3  # cysts, of 2021 and 2023
    images.write(folder / TOP / "data" / IDS[0] / "segmentation.nii.gz", labels, affine, "IPL")
    said = rf"{IDS[0]}.*\[0, 1, 2\], but holds \{{3: 5\}} .*like KiTS 2021 or 2023, where 3 is a cyst .*`kits2023`"
    with pytest.raises(InputError, match=said):
        run(folder, tmp_path / "out", **AS_MADE)


def test_git_lfs_pointer_in_place_of_a_mask_is_told(release: Release, tmp_path: Path) -> None:
    folder = release(cases=1)
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    (folder / TOP / "data" / IDS[0] / "segmentation.nii.gz").write_bytes(pointer)
    with pytest.raises(InputError, match=r"segmentation.nii.gz .*It is a Git LFS pointer.*git lfs pull"):
        run(folder, tmp_path / "out", **AS_MADE)


def test_test_case_of_the_challenge_is_left_out_with_its_reason(release: Release, tmp_path: Path) -> None:
    folder = release(cases=1)
    array, _, affine = phantom(0)
    images.write(folder / TOP / "data" / "case_00210" / "imaging.nii.gz", array, affine, "IPL")
    dataset = run(folder, tmp_path / "out", **AS_MADE)
    assert list(dataset.cases["case"]) == IDS[:1]
    dropped = pd.read_csv(tmp_path / "out" / "dropped.csv", index_col="case")["reason"]
    assert dropped["case_00210"] == "test case of the challenge: no labels are published"


def test_downloads_are_the_masks_and_an_image_a_case() -> None:
    masks, *singles = kits2019.ARCHIVES
    assert masks.url == f"https://github.com/neheller/kits19/archive/{kits2019.COMMIT}.zip"
    assert len(singles) == 210
    assert singles[209].url.endswith("/65f1f295873a326230153c7e1de0c7dba10f0b29/images/case_00209.nii.gz")
    assert singles[209].path == f"{TOP}/data/case_00209/imaging.nii.gz"


def test_downloaded_files_give_the_cases_of_the_folder(
    release: Release, server: Any, pack: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kits2019, "ARCHIVES", kits2019.downloads("kits19", kits2019.COMMIT, "data", range(2)))
    monkeypatch.setattr(kits2019, "SIZE_GB", None)
    folder = release(cases=2)
    masks = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("segmentation.nii.gz")}
    server.files[f"/{TOP}.zip"] = pack(masks)
    for name in IDS[:2]:
        server.files[f"/{name}.nii.gz"] = (folder / TOP / "data" / name / "imaging.nii.gz").read_bytes()
    raw = tmp_path / "raw"
    fetch("kits2019", raw, mirror=server.address, log=lambda line: None, pause_s=0)
    listed = json.loads((raw / "manifest.json").read_text())["files"]
    assert sorted(listed) == [f"{TOP}/data/{n}/{kind}.nii.gz" for n in IDS[:2] for kind in ("imaging", "segmentation")]
    fetched, local = (run(r, tmp_path / o, **AS_MADE) for r, o in ((location(raw, None), "one"), (folder, "other")))
    assert fetched.manifest["cases"] == local.manifest["cases"]


def test_network_is_trained_a_step_and_scored(release: Release, tmp_path: Path, scores_after_one_step: Any) -> None:
    run(release(), tmp_path / "data", **AS_MADE)
    scores = scores_after_one_step(tmp_path / "data", zip(IDS, IDS, strict=True), (8, 16, 16))
    assert set(kits2019.STRUCTURES) <= set(scores["structure"])


def test_labels_kept_soft_are_those_of_linear_and_their_shares(release: Release, tmp_path: Path) -> None:
    """32 slices for 16 published ones: each takes 3/4 of the nearer and 1/4 of the next; the ends are the nearer."""
    raw = release(cases=1)
    soft, linear = (run(raw, tmp_path / how, **CUBES, label_interpolation=how) for how in ("soft", "linear"))
    case, other = soft.load(IDS[0]), linear.load(IDS[0])
    np.testing.assert_array_equal(case.labels, other.labels)
    np.testing.assert_array_equal(case.images, other.images)
    assert isinstance(case.shares, np.memmap)
    assert (case.shares.dtype, case.shares.shape) == (np.uint16, (1, 3, 32, 28, 20))
    assert (case.shares.sum(axis=1, dtype=np.int64) == ONE).all()
    masks = np.stack([phantom(0)[1] == c for c in range(3)]).astype(float)
    nearer = np.repeat(masks, 2, axis=1)
    next_ones = nearer[:, [0, *(n + 1 if n % 2 else n - 1 for n in range(1, 31)), 31]]
    expected = 0.75 * nearer + 0.25 * next_ones
    np.testing.assert_allclose(case.shares[0, :, :, 2:26] / ONE, expected[:, :, :, 2:22], atol=1 / ONE)
    assert (case.shares[0, 0, :, [0, 1, 26, 27]] == ONE).all()  # 24 rows became 28


def test_hash_covers_shares_where_they_are_kept_and_is_the_old_one_elsewhere(release: Release, tmp_path: Path) -> None:
    raw = release(cases=1)
    for how in ("nearest", "linear", "soft"):
        dataset = run(raw, tmp_path / how, **CUBES, label_interpolation=how)
        files = sorted(path.stem for path in (tmp_path / how / "cases" / IDS[0]).glob("*.npy"))
        assert files == ["images", "labels", "shares"][: 3 if how == "soft" else 2]
        arrays = {name: pieces.hash_array(np.load(tmp_path / how / "cases" / IDS[0] / f"{name}.npy")) for name in files}
        assert dataset.manifest["cases"][IDS[0]] == pieces.key_of(affine=dataset.load(IDS[0]).affine, **arrays)


def test_shares_that_were_deleted_are_missed(release: Release, tmp_path: Path) -> None:
    dataset = run(release(cases=1), tmp_path / "data", **AS_MADE, label_interpolation="soft")
    (tmp_path / "data" / "cases" / IDS[0] / "shares.npy").unlink()
    with pytest.raises(InputError, match=r"shares\.npy is missing"):
        dataset.load(IDS[0])


def test_network_learns_from_labels_kept_soft(release: Release, tmp_path: Path, scores_after_one_step: Any) -> None:
    dataset = run(release(), tmp_path / "data", **CUBES, label_interpolation="soft")
    cases = zip(IDS, IDS, strict=True)
    scores = scores_after_one_step(tmp_path / "data", cases, (16, 16, 16), recipe="resampled")
    assert set(kits2019.STRUCTURES) <= set(scores["structure"])
    store, case = open_store(tmp_path / "soft"), dataset.load(IDS[0])
    np.testing.assert_array_equal(store.codes(case), case.shares[0])  # type: ignore[index]
    assert store.manifest["cases"][IDS[0]] == pieces.hash_array(case.shares[0])  # type: ignore[index]


def test_split_has_the_sizes_of_the_paper_and_follows_its_rule() -> None:
    split = splits.read(SPLITS / "kits2019_svls" / "main.csv")
    assert Counter(split["part"]) == {"train": 151, "val": 17, "test": 42}  # 168 of the paper, a tenth of them selects
    names = {kits2019.case_id(number): kits2019.case_id(number) for number in range(210)}
    pd.testing.assert_frame_equal(split, splits.permuted(names, train=151, val=17, test=42))
    pd.testing.assert_frame_equal(splits.read(SPLITS / "kits2019_soft" / "main.csv"), split)


@pytest.fixture(scope="module")
def real_masks() -> Path:
    """Published masks of some cases; there are no images with them."""
    beside = Path(__file__).parents[3] / ".." / "shared" / "data"
    folder = Path(os.environ.get("SOFTBENCH_DATA", beside)) / "kits19_masks"
    if not folder.is_dir():
        pytest.skip(f"needs masks of KiTS 2019 in {folder} (name its parent in SOFTBENCH_DATA)")
    return folder


@pytest.mark.parametrize(("name", "dtype"), [("case_00061", np.uint8), ("case_00015", np.uint16)])
def test_real_mask_keeps_its_voxels(name: str, dtype: type, real_masks: Path, tmp_path: Path) -> None:
    """The mask is paired with an image made of its slice numbers, which tells whether both are turned alike."""
    if not (real_masks / name).is_dir():
        pytest.skip(f"needs {name}")
    published = nib.load(real_masks / name / "segmentation.nii.gz")
    stored = np.asarray(published.dataobj)[::, ::4, ::4]  # fewer pixels, for speed
    affine = published.affine @ np.diag([1, 4, 4, 1])
    made = np.broadcast_to(np.arange(len(stored), dtype=np.float64)[:, None, None], stored.shape)
    for kind, array in (("segmentation", stored), ("imaging", made)):
        path = tmp_path / name / f"{kind}.nii.gz"
        path.parent.mkdir(exist_ok=True)
        nib.save(nib.Nifti1Image(array, affine), path)
    volumes = reading.read_case(kits2019.find_cases(tmp_path)[0], kits2019)
    assert (published.get_data_dtype(), volumes.axcodes) == (dtype, "IPL")
    assert np.bincount(volumes.labels.ravel()).tolist() == np.bincount(stored.ravel()).tolist()
    of_slice = [np.bincount(part.ravel(), minlength=3).tolist() for part in volumes.labels[0]]
    assert of_slice == [np.bincount(part.ravel(), minlength=3).tolist() for part in stored[::-1]]  # I first: feet up
    np.testing.assert_array_equal(volumes.channels[0, :, 0, 0], np.arange(len(stored))[::-1])
    assert volumes.spacing_mm == pytest.approx(np.linalg.norm(affine[:3, :3], axis=0), rel=1e-4)


def test_real_masks_on_the_grid_of_the_paper_keep_their_volume(real_masks: Path) -> None:
    mask = images.read(real_masks / "case_00061" / "segmentation.nii.gz")
    labels = mask.array.astype(np.uint8)[None]
    before = Volumes(labels.astype(np.float32), labels, mask.spacing_mm, mask.affine)
    after = grid.resample(before, kits2019.DEFAULTS["spacing_mm"])
    sizes = [np.bincount(v.labels.ravel())[1:] * np.prod(v.spacing_mm) for v in (before, after)]
    np.testing.assert_allclose(sizes[1], sizes[0], rtol=0.03)
