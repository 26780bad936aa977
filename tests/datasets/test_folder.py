"""The image before normalisation is kept exactly, whatever the network sees; and its loss or damage is told."""

import json
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from softbench import InputError, datasets
from softbench.datasets import folder
from softbench.datasets.prepare import intensities, prepare

Folder = Callable[..., Path]
Write = Callable[..., None]
CASE = "hippocampus_001"
WAYS = [("zscore", "float32"), ("zscore_nonzero", "float32"), ("minmax", "float32"), ("zscore", "float16")]
WAYS += [("none", "float16"), ("none", "float32")]


def opened(raw: Path, output: Path, version: int = 3, **settings: object) -> datasets.Dataset:
    versions = {"softbench/datasets/prepare/prepare.py": version}
    prepare.run("hippocampus", raw, output, versions=versions, settings=settings, log=lambda line: None)
    return datasets.open(output)


def published(raw: Path) -> np.ndarray:
    """The voxels of the first case as they lie in its file, (1, D, H, W)."""
    return np.asarray(nib.load(raw / "imagesTr" / f"{CASE}.nii.gz").dataobj, np.float32).T[None]


@pytest.mark.parametrize(("how", "dtype"), WAYS)
def test_prepared_image_is_the_published_one_to_the_last_bit(msd: Folder, tmp_path: Path, how: str, dtype: str) -> None:
    raw = msd(cases=1)
    case = opened(raw, tmp_path / "out", normalise=how, dtype=dtype).load(CASE)
    found = case.intensities("prepared")
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, published(raw))
    assert case.intensities("normalised") is case.images


def test_network_sees_the_normalised_image_as_before(msd: Folder, tmp_path: Path) -> None:
    raw = msd(cases=1)
    for how in intensities.NORMALISATIONS:
        case = opened(raw, tmp_path / how, normalise=how).load(CASE)
        np.testing.assert_array_equal(case.images[0], intensities.normalise(published(raw)[0], how=how))


def test_hash_of_the_prepared_image_knows_no_normalisation(msd: Folder, tmp_path: Path) -> None:
    raw = msd(cases=1)
    data = [opened(raw, tmp_path / f"{how}_{dtype}", normalise=how, dtype=dtype) for how, dtype in WAYS]
    assert len({one.manifest["prepared"][CASE] for one in data}) == 1
    assert len({one.manifest["cases"][CASE] for one in data}) == len(WAYS) - 1  # the files hold no 0, so z-scores agree
    assert list(data[0].cases["prepared"]) == list(data[0].manifest["prepared"].values())


def test_prepared_image_is_windowed_and_cropped_but_not_normalised(msd: Folder, tmp_path: Path) -> None:
    raw = msd(cases=1)
    settings = {"window": {"hu": [90, 110]}, "crop": {"size": [9, 4, 5]}}  # of 7, 6, 5 voxels: padded, cut, kept
    case = opened(raw, tmp_path / "out", **settings).load(CASE)
    expected = np.clip(published(raw), 90, 110)[:, :, 1:5]
    found = case.intensities("prepared")
    np.testing.assert_array_equal(found[:, 1:8], expected)
    assert (found[:, [0, 8]] == expected.min()).all()  # the smallest value of the channel fills what is added


def test_whole_numbers_are_kept_in_half_the_bytes() -> None:
    whole = np.array([[-32768.0, 0.0, 32767.0]], np.float32)
    assert folder.smallest(whole).dtype == np.int16
    for beyond in (whole + 1, whole - 1, whole / 4):
        kept = folder.smallest(beyond)
        assert kept.dtype == np.float32
        np.testing.assert_array_equal(kept, beyond)


def test_file_is_there_only_where_the_images_are_another(msd: Folder, tmp_path: Path) -> None:
    raw = msd(cases=1)
    there = {}
    for how, dtype in WAYS:
        folder = opened(raw, tmp_path / f"{how}_{dtype}", normalise=how, dtype=dtype).path
        there[how, dtype] = (folder / "cases" / CASE / "prepared.npz").exists()
    assert there == dict.fromkeys(WAYS, True) | {("none", "float32"): False}


def test_training_does_not_read_the_prepared_image(msd: Folder, tmp_path: Path) -> None:
    data = opened(msd(cases=1), tmp_path / "out")
    (data.path / "cases" / CASE / "prepared.npz").unlink()
    case = data.load(CASE)
    assert case.images.any()
    with pytest.raises(InputError, match=r"prepared\.npz is missing.*manifest\.json"):
        case.intensities("prepared")


def test_one_changed_value_is_found(msd: Folder, tmp_path: Path) -> None:
    data = opened(msd(cases=1), tmp_path / "out")
    path = data.path / "cases" / CASE / "prepared.npz"
    with np.load(path) as file:
        changed = file["prepared"].copy()
    changed.flat[17] += 1
    np.savez_compressed(path, prepared=changed)
    with pytest.raises(InputError, match=r"prepared\.npz is damaged"):
        data.load(CASE).intensities("prepared")


def test_dataset_without_a_record_says_what_to_do(msd: Folder, tmp_path: Path) -> None:
    path = opened(msd(cases=1), tmp_path / "out").path / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["prepared"]  # as before prepare's VERSION 3
    path.write_text(json.dumps(manifest))
    case = datasets.open(path.parent).load(CASE)
    with pytest.raises(InputError, match=r"older version.*Delete .*manifest\.json.*intensities: normalised"):
        case.intensities("prepared")
    assert case.intensities("normalised") is case.images


def test_older_folder_is_prepared_again(msd: Folder, tmp_path: Path) -> None:
    raw = msd(cases=1)
    first = opened(raw, tmp_path / "out", version=2)
    stamp = (first.path / "cases" / CASE / "images.npy").stat().st_mtime_ns
    second = opened(raw, tmp_path / "out")
    assert (second.path / "cases" / CASE / "images.npy").stat().st_mtime_ns > stamp
    assert second.manifest["cases"] == first.manifest["cases"]  # so nothing trained on it is trained again


def test_unknown_intensities_list_the_known() -> None:
    case = datasets.phantoms.make("phantom_brain", 0, size="tiny")
    assert case.intensities("prepared") is case.images  # a phantom as it is made is not normalised
    with pytest.raises(InputError, match="prepared, normalised, but is 'published'"):
        case.intensities("published")
