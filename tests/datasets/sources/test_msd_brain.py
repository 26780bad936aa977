"""MSD task 1: one 4-D file a case becomes four channels, and its ids become the classes of `brats2019`."""

import hashlib
import io
import json
import tarfile
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
from softbench.datasets.case import Archive
from softbench.datasets.fetch.fetch import fetch, location
from softbench.datasets.prepare import prepare
from softbench.datasets.sources import brats2019, msd_brain

SPLITS = Path(__file__).parents[3] / "workflow" / "splits"
TOP = "Task01_BrainTumour"
IDS = ("BRATS_001", "BRATS_002", "BRATS_003", "BRATS_004")
PUBLISHED = np.array([0, 2, 1, 3], np.uint8)  # of background, necrotic core, oedema, enhancing
WHOLE: dict[str, Any] = {"crop": None}
Release = Callable[..., Path]


def phantom(number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Channels, class ids and affine of a phantom with all classes (1, 3, 5) but the last."""
    case = phantoms.make("phantom_brain", 2 * number + 1, size="tiny")
    return case.images, case.labels[0], case.affine


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """A function that makes a folder as task 1 unpacks, with what macOS leaves; its volumes are LPS."""

    def make(cases: int = 4) -> Path:
        folder = tmp_path / TOP
        for number, name in enumerate(IDS[:cases]):
            channels, labels, affine = phantom(number)
            images.write(folder / "imagesTr" / f"{name}.nii.gz", channels, affine, "LPS")
            images.write(folder / "labelsTr" / f"{name}.nii.gz", PUBLISHED[labels], affine, "LPS")
            (folder / "imagesTr" / f"._{name}.nii.gz").write_bytes(b"left by macOS")
        images.write(folder / "imagesTs" / "BRATS_485.nii.gz", *phantom(0)[::2])
        (folder / "dataset.json").write_text("{}")
        return folder

    return make


def run(raw: Path, output: Path, **settings: Any) -> datasets.Dataset:
    prepare.run("msd_brain", raw, output, versions={}, settings=settings, log=lambda line: None)
    return datasets.open(output)


def test_channels_of_one_file_are_volumes_of_their_own(tmp_path: Path) -> None:
    ras = np.arange(2 * 3 * 4 * 5, dtype=np.int16).reshape(2, 3, 4, 5)  # (x, y, z, channel)
    original = nib.Nifti1Image(ras, np.diag([1.0, 2.0, 3.0, 1.0]))
    turn = nib.orientations.ornt_transform(nib.io_orientation(original.affine), nib.orientations.axcodes2ornt("LPI"))
    nib.save(original.as_reoriented(turn), tmp_path / "a.nii.gz")
    channels = images.read_channels(tmp_path / "a.nii.gz")
    assert len(channels) == 5
    for number, channel in enumerate(channels):
        np.testing.assert_array_equal(channel.array, ras[..., number].T)
        np.testing.assert_allclose(channel.affine @ [1, 1, 1, 1], [1, 2, 3, 1])
        assert (channel.spacing_mm, channel.axcodes) == ((3.0, 2.0, 1.0), "LPI")


def test_file_of_three_dimensions_has_one_channel(tmp_path: Path) -> None:
    nib.save(nib.Nifti1Image(np.arange(24, dtype=np.int16).reshape(2, 3, 4), np.eye(4)), tmp_path / "a.nii")
    (channel,) = images.read_channels(tmp_path / "a.nii")
    np.testing.assert_array_equal(channel.array, images.read(tmp_path / "a.nii").array)


def test_file_of_five_dimensions_has_channels_on_one_axis_alone(tmp_path: Path) -> None:
    nib.save(nib.Nifti1Image(np.zeros((2, 3, 4, 1, 5), np.int16), np.eye(4)), tmp_path / "a.nii")
    assert len(images.read_channels(tmp_path / "a.nii")) == 5
    nib.save(nib.Nifti1Image(np.zeros((2, 3, 4, 2, 5), np.int16), np.eye(4)), tmp_path / "a.nii")
    with pytest.raises(InputError, match=r"a\.nii must be a volume .*, but its shape is \(2, 3, 4, 2, 5\)"):
        images.read_channels(tmp_path / "a.nii")


def test_prepared_cases_are_the_phantoms_again(release: Release, tmp_path: Path) -> None:
    dataset = run(release(), tmp_path / "out", **WHOLE)
    assert list(dataset.cases["case"]) == list(IDS)  # the test image is no case
    assert set(dataset.cases["axcodes"]) == {"LPS"}
    assert dataset.modalities == ("flair", "t1", "t1ce", "t2")
    for number, name in enumerate(IDS):
        channels, labels, affine = phantom(number)
        loaded = dataset.load(name)
        np.testing.assert_array_equal(loaded.labels[0], labels)
        np.testing.assert_allclose(loaded.affine, affine, atol=1e-4)
        for found, made in zip(loaded.images, channels.astype(np.float64), strict=True):
            brain = made[made != 0]
            np.testing.assert_allclose(found[made != 0], (brain - brain.mean()) / brain.std(), atol=1e-4)
            assert not found[made == 0].any()


def test_classes_structures_and_preparation_are_those_of_brats2019() -> None:
    assert msd_brain.CLASSES == brats2019.CLASSES
    assert msd_brain.STRUCTURES == brats2019.STRUCTURES
    assert msd_brain.MODALITIES == brats2019.MODALITIES
    assert msd_brain.DEFAULTS == brats2019.DEFAULTS


def spoil(name: str, folder: Path) -> None:
    """Do to the second case what `name` says."""
    image, label = (folder / kind / f"{IDS[1]}.nii.gz" for kind in ("imagesTr", "labelsTr"))
    channels, labels, affine = phantom(1)
    match name:
        case "no label":
            label.unlink()
        case "no image":
            image.unlink()
        case "three channels":
            images.write(image, channels[:3], affine, "LPS")
        case "ids of BraTS":
            labels = PUBLISHED[labels]
            labels[0, :2, :3] = 4
            images.write(label, labels, affine, "LPS")
        case "NaN in the last channel":
            channels = channels.copy()
            channels[3, 0, 0, 0] = np.nan
            images.write(image, channels, affine, "LPS")
        case "other grid":
            images.write(label, PUBLISHED[labels][:-1], affine, "LPS")


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("no label", "has an image .* but no label map"),
        ("no image", "has a label map .* but no image"),
        ("three channels", r"BRATS_002\.nii\.gz must hold 4 channels \(flair, t1, t1ce, t2\), but holds 3"),
        ("ids of BraTS", r"must hold the ids \[0, 1, 2, 3\], but holds \{4: 6\}"),
        ("NaN in the last channel", r"BRATS_002\.nii\.gz"),
        ("other grid", r"has the shape \(23, 32, 32\)"),
    ],
)
def test_case_that_is_not_right_is_refused_by_name(what: str, message: str, release: Release, tmp_path: Path) -> None:
    folder = release(cases=2)
    spoil(what, folder)
    with pytest.raises(InputError, match=rf"(?s)1 case\(s\) of msd_brain .*BRATS_002: .*{message}"):
        run(folder, tmp_path / "out", **WHOLE)


def test_published_archive_becomes_the_dataset(
    release: Release, server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, packed = release(cases=2), io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.add(folder, arcname=TOP)
    server.body = packed.getvalue()
    sums = {"md5": hashlib.md5(server.body).hexdigest(), "sha256": hashlib.sha256(server.body).hexdigest()}
    archive = Archive(url=f"{server.address}/{TOP}.tar", name=f"{TOP}.tar", **sums)
    monkeypatch.setattr(msd_brain, "ARCHIVES", (archive,))
    monkeypatch.setattr(msd_brain, "SIZE_GB", (0.001, 0.001))
    fetch("msd_brain", tmp_path / "raw", log=lambda line: None, pause_s=0)
    dataset = run(location(tmp_path / "raw", None), tmp_path / "out", **WHOLE)
    assert [np.bincount(phantom(n)[1].ravel(), minlength=4).tolist() for n in (0, 1)] == [
        voxels.tolist() for voxels in dataset.cases["voxels"]
    ]


def test_network_is_trained_a_step_and_scored(release: Release, tmp_path: Path, scores_after_one_step: Any) -> None:
    run(release(), tmp_path / "data", **WHOLE)
    scores = scores_after_one_step(tmp_path / "data", zip(IDS, IDS, strict=True), (8, 16, 16))
    assert {"WT", "TC", "ET"} <= set(scores["structure"])


def test_split_has_the_shares_of_svls() -> None:
    split = splits.read(SPLITS / "msd_brain" / "main.csv")
    assert Counter(split["part"]) == {"train": 349, "val": 39, "test": 96}  # 388 of 484 are 80 %, as 269 of 335
    assert set(split["case"]) == {f"BRATS_{number:03d}" for number in range(1, 485)}
    pd.testing.assert_frame_equal(
        splits.permuted({case: case for case in split["case"]}, train=349, val=39, test=96), split
    )


def test_folder_with_ids_of_brats_2019_is_told(release: Release, tmp_path: Path) -> None:
    folder = release(cases=2)
    for number, name in enumerate(IDS[:2]):
        _, labels, affine = phantom(number)
        images.write(folder / "labelsTr" / f"{name}.nii.gz", np.array([0, 1, 2, 4], np.uint8)[labels], affine, "LPS")
    with pytest.raises(InputError, match=r"(?s)looks like BraTS 2017 to 2021 \(source `brats2019`\), or .*Together"):
        run(folder, tmp_path / "out", **WHOLE)


@pytest.mark.parametrize(
    ("name", "release_name"),
    [
        ("BraTS-GLI-00005-001", "BraTS 2023 or later"),
        ("BraTS2021_00000", r"BraTS 2017 to 2021 \(source `brats2019`\)"),
        ("Brats18_2013_21_1", "BraTS 2017 to 2021"),
        ("BraTS20_Training_001", "BraTS 2017 to 2021"),
    ],
)
def test_case_with_a_name_of_another_release_is_refused(
    name: str, release_name: str, release: Release, tmp_path: Path
) -> None:
    """BraTS 2023 has the ids 1, 2, 3, too: 1 is its necrotic core, and oedema here."""
    folder = release(cases=2)
    for kind in ("imagesTr", "labelsTr"):
        (folder / kind / f"{IDS[0]}.nii.gz").rename(folder / kind / f"{name}.nii.gz")
    said = f"{name}: has a name of {release_name}.* Here 1 is oedema, 2 is necrotic_core, 3 is enhancing"
    with pytest.raises(InputError, match=rf"(?s)1 case\(s\) of msd_brain .*{said}\..*`make dataset`"):
        run(folder, tmp_path / "out", **WHOLE)
    dropped = run(folder, tmp_path / "out", **WHOLE, drop={name: "of another release"})
    assert list(dropped.cases["case"]) == [IDS[1]]


@pytest.mark.parametrize(
    ("labels", "oedema"),
    [
        ({"background": 0, "NCR": 1, "ED": 2, "ET": 3}, "2"),
        ({"0": "background", "1": "necrotic core", "2": "peritumoral edema", "3": "enhancing"}, "2"),
        ({"0": "background", "1": "edema", "2": "non-enhancing tumor", "3": "enhancing tumour"}, ""),
        ({"background": 0, "edema and tumour": [1, 2, 3], "core": [2, 3], "enhanced": 3}, ""),
        (["edema"], ""),
    ],
)
def test_meaning_of_ids_that_the_folder_tells_must_be_the_decathlons(
    labels: Any, oedema: str, release: Release, tmp_path: Path
) -> None:
    folder = release(cases=2)
    (folder / "dataset.json").write_text(json.dumps({"labels": labels}))
    if not oedema:
        assert len(run(folder, tmp_path / "out", **WHOLE).cases) == 2
        return
    with pytest.raises(
        InputError, match=rf"dataset\.json says that oedema is {oedema}, but .* 1, and 2 is non-enhancing"
    ):
        run(folder, tmp_path / "out", **WHOLE)
