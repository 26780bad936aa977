"""BraTS 2019: phantoms in its layout (LPS, .nii and .nii.gz, ids 1, 2, 4) become the tumour classes of the papers."""

import gzip
import json
import os
import shutil
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from softbench import InputError, datasets, images
from softbench.datasets import phantoms, splits
from softbench.datasets.fetch.fetch import fetch, location
from softbench.datasets.prepare import prepare
from softbench.datasets.sources import brats2019, layout, reading

SPLITS = Path(__file__).parents[3] / "workflow" / "splits"
PUBLISHED = np.array([0, 1, 2, 4], np.uint8)  # id of each class
IDS = ("BraTS19_2013_0_1", "BraTS19_CBICA_AAB_1", "BraTS19_TCIA09_141_1", "BraTS19_TMC_06290_1")
WHOLE: dict[str, Any] = {"crop": None}  # the grid of the phantoms, 24 x 32 x 32
Release = Callable[..., Path]


def phantom(number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Channels as a scanner stores them, class ids, and the affine of a phantom."""
    case = phantoms.make("phantom_brain", 2 * number + 1, size="tiny")  # 1, 3 and 5 have all classes
    return np.rint(100 * case.images).astype(np.int16), case.labels[0], case.affine


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """A function that makes a folder as BraTS 2019 unpacks; the first two cases are HGG and compressed."""

    def make(cases: int = 4, root: str = brats2019.TOP) -> Path:
        for number, name in enumerate(IDS[:cases]):
            channels, labels, affine = phantom(number)
            folder = tmp_path / root / ("HGG" if number < 2 else "LGG") / name
            suffix = ".nii.gz" if number < 2 else ".nii"
            for kind, array in zip((*brats2019.MODALITIES, "seg"), (*channels, PUBLISHED[labels]), strict=True):
                dtype = np.float32 if (kind, number) == ("seg", 1) else array.dtype  # some label maps are floats
                images.write(folder / f"{name}_{kind}{suffix}", array.astype(dtype), affine, "LPS")
            (folder / f"._{name}_t1{suffix}").write_bytes(b"left by macOS")
        (tmp_path / root / "name_mapping.csv").write_text("Grade,BraTS_2019_subject_ID\n")
        return tmp_path / root

    return make


def run(raw: Path, output: Path, **settings: Any) -> datasets.Dataset:
    prepare.run("brats2019", raw, output, versions={}, settings=settings, log=lambda line: None)
    return datasets.open(output)


def test_cases_are_found_in_the_folder_or_one_above(release: Release) -> None:
    folder = release()
    inside, above = brats2019.find_cases(folder), brats2019.find_cases(folder.parent)
    assert inside == above
    assert [case.id for case in inside] == sorted(IDS)
    assert [path.name for path in inside[0].images] == [f"{IDS[0]}_{m}.nii.gz" for m in ("flair", "t1", "t1ce", "t2")]


def test_prepared_cases_are_the_phantoms_again(release: Release, tmp_path: Path) -> None:
    dataset = run(release(), tmp_path / "out", **WHOLE)
    assert set(dataset.cases["axcodes"]) == {"LPS"}
    for number, name in enumerate(IDS):
        channels, labels, affine = phantom(number)
        loaded = dataset.load(name)
        np.testing.assert_array_equal(loaded.labels[0], labels)
        np.testing.assert_allclose(loaded.affine, affine, atol=1e-4)
        for found, stored in zip(loaded.images, channels.astype(np.float64), strict=True):
            brain = stored[stored != 0]
            expected = np.where(stored != 0, (stored - brain.mean()) / brain.std(), 0)
            np.testing.assert_allclose(found, expected, atol=1e-4)


def test_published_ids_become_the_classes_of_the_structures(release: Release, tmp_path: Path) -> None:
    dataset = run(release(cases=1), tmp_path / "out", **WHOLE)
    published = PUBLISHED[phantom(0)[1]]
    loaded = dataset.load(IDS[0]).labels
    sizes = {name: int(np.isin(loaded, ids).sum()) for name, ids in dataset.structures.items()}
    assert sizes == {
        "WT": int((published > 0).sum()),
        "TC": int(np.isin(published, (1, 4)).sum()),
        "ET": int((published == 4).sum()),
    }
    assert sizes["WT"] > sizes["TC"] > sizes["ET"] > 0


def test_preparation_of_the_papers_is_the_default(release: Release, tmp_path: Path) -> None:
    dataset = run(release(cases=1), tmp_path / "out")
    loaded = dataset.load(IDS[0])
    assert loaded.images.shape == (4, 128, 192, 192)
    start = np.array([52, 80, 80])  # (128 - 24) / 2, (192 - 32) / 2: the phantom lies in the middle
    inner = tuple(slice(s, s + n) for s, n in zip(start, (24, 32, 32), strict=True))
    np.testing.assert_array_equal(loaded.labels[0][inner], phantom(0)[1])
    assert loaded.labels.astype(bool).sum() == phantom(0)[1].astype(bool).sum()


def spoil(name: str, folder: Path) -> None:
    """Do to the first case what `name` says."""
    stem = folder / "HGG" / IDS[0] / IDS[0]
    match name:
        case "no t1ce":
            Path(f"{stem}_t1ce.nii.gz").unlink()
        case "no label":
            Path(f"{stem}_seg.nii.gz").unlink()
        case "no image":
            for modality in brats2019.MODALITIES:
                Path(f"{stem}_{modality}.nii.gz").unlink()
        case "empty":
            shutil.rmtree(stem.parent)
            stem.parent.mkdir()
        case "label twice":
            packed = Path(f"{stem}_seg.nii.gz")
            packed.with_suffix("").write_bytes(gzip.decompress(packed.read_bytes()))
        case "both grades":
            shutil.copytree(stem.parent, folder / "LGG" / IDS[0])


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("no t1ce", r"has 3 images \(.*_flair.nii.gz, .*_t1.nii.gz, .*_t2.nii.gz\) where 4 are expected"),
        ("no label", r"has an image .* but no label map"),
        ("no image", r"has a label map .* but no image"),
        ("empty", "holds neither image nor label map"),
        ("label twice", r"is there 2 times: .*_seg.nii, .*_seg.nii.gz"),
        ("both grades", r"is there 2 times"),
    ],
)
def test_case_that_is_not_whole_is_refused_by_name(what: str, message: str, release: Release, tmp_path: Path) -> None:
    folder = release(cases=2)
    spoil(what, folder)
    with pytest.raises(InputError, match=rf"(?s)1 case\(s\) of brats2019 .*{IDS[0]}: {message}"):
        run(folder, tmp_path / "out", **WHOLE)


@pytest.mark.parametrize(
    ("ids", "release_name"),
    [
        ((0, 1, 2, 3), "BraTS 2023, or the Decathlon's task 1 .*, or BRATS 2015 or older, or BraTS 2024"),  # ET is 3
        ((0, 1, 3, 4), "BRATS 2015 or older, or BraTS 2024"),
    ],
)
def test_label_map_of_another_release_is_refused_with_its_name(
    ids: tuple[int, ...], release_name: str, release: Release, tmp_path: Path
) -> None:
    folder = release(cases=2)
    _, labels, affine = phantom(0)
    path = folder / "HGG" / IDS[0] / f"{IDS[0]}_seg.nii.gz"
    images.write(path, np.array(ids, np.uint8)[labels], affine, "LPS")
    threes = int((labels == ids.index(3)).sum())
    with pytest.raises(
        InputError, match=rf"{path.name} .*\[0, 1, 2, 4\].*\{{3: {threes}\}} .*looks like {release_name}, whose ids"
    ):
        run(folder, tmp_path / "out", **WHOLE)


@pytest.mark.parametrize(
    ("name", "release_name"),
    [("BRATS_001", r"the Decathlon's task 1 \(source `msd_brain`\)"), ("BraTS-GLI-00005-001", "BraTS 2023 or later")],
)
def test_case_with_a_name_of_another_release_is_refused(
    name: str, release_name: str, release: Release, tmp_path: Path
) -> None:
    """Without enhancing tumour, its ids 1 and 2 are those of this release."""
    folder = release(cases=2)
    old, new = folder / "HGG" / IDS[0], folder / "HGG" / name
    images.write(old / f"{IDS[0]}_seg.nii.gz", np.minimum(phantom(0)[1], 2), phantom(0)[2], "LPS")
    for path in old.glob("*.nii.gz"):
        path.rename(path.with_name(path.name.replace(IDS[0], name)))
    old.rename(new)
    said = f"{name}: has a name of {release_name}.* Here 1 is necrotic_core, 2 is oedema, 4 is enhancing"
    with pytest.raises(InputError, match=rf"(?s)1 case\(s\) of brats2019 .*{said}\."):
        run(folder, tmp_path / "out", **WHOLE)


def test_folder_of_another_release_is_told_by_all_its_ids(release: Release, tmp_path: Path) -> None:
    """BRATS 2015: the first case has no enhancing tumour, so that alone it could be of four releases."""
    folder = release(cases=2)
    for name, ids in zip(IDS, ((0, 1, 2, 3), (0, 1, 3, 4)), strict=False):
        _, labels, affine = phantom(IDS.index(name))
        images.write(folder / "HGG" / name / f"{name}_seg.nii.gz", np.array(ids, np.uint8)[labels], affine, "LPS")
    said = r"Together .* hold the ids \[0, 1, 2, 3, 4\], which fits BRATS 2015 or older, or BraTS 2024\."
    with pytest.raises(InputError, match=said):
        run(folder, tmp_path / "out", **WHOLE)


def test_folder_without_any_enhancing_tumour_is_told(release: Release, tmp_path: Path) -> None:
    folder, lines = release(cases=2), []
    for number, name in enumerate(IDS[:2]):
        _, labels, affine = phantom(number)
        images.write(folder / "HGG" / name / f"{name}_seg.nii.gz", np.minimum(labels, 2), affine, "LPS")
    prepare.run("brats2019", folder, tmp_path / "out", versions={}, settings=WHOLE, log=lines.append)
    assert datasets.open(tmp_path / "out").manifest["absent"] == ["enhancing (4)"]
    assert any("None of the 2 prepared cases holds the class enhancing (4)" in line for line in lines)


def test_unknown_id_is_refused_with_its_count(release: Release, tmp_path: Path) -> None:
    folder = release(cases=1)
    labels = np.zeros((24, 32, 32), np.uint8)
    labels[:2, :3, :4] = 7  # 24 voxels
    images.write(folder / "HGG" / IDS[0] / f"{IDS[0]}_seg.nii.gz", labels, phantom(0)[2], "LPS")
    with pytest.raises(InputError, match=rf"{IDS[0]}.*holds \{{7: 24\}}"):
        run(folder, tmp_path / "out", **WHOLE)


def test_without_a_folder_the_steps_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"(?s)needs a person.*1\. .*CBICA.*folders=\{brats2019: PATH\}.*HGG/<case>"):
        fetch("brats2019", tmp_path / "out", log=lambda line: None)


def test_folder_and_mirror_of_the_archive_give_the_same_files(release: Release, server: Any, tmp_path: Path) -> None:
    folder = release(cases=3)
    packed = tmp_path / "release.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for path in sorted(folder.rglob("*.*")):
            archive.write(path, path.relative_to(folder.parent))
    server.body = packed.read_bytes()
    fetch("brats2019", tmp_path / "mirrored", mirror=server.address, log=lambda line: None, pause_s=0)
    fetch("brats2019", tmp_path / "listed", folder=folder, log=lambda line: None)
    mirrored, listed = (json.loads((tmp_path / kind / "manifest.json").read_text()) for kind in ("mirrored", "listed"))
    assert mirrored["files"] == {f"{brats2019.TOP}/{name}": facts for name, facts in listed["files"].items()}
    assert len(listed["files"]) == 3 * 5 + 1
    one, other = (
        run(raw, tmp_path / out, **WHOLE).manifest["cases"]
        for raw, out in ((location(tmp_path / "mirrored", None), "one"), (folder, "other"))
    )
    assert one == other


def test_network_is_trained_a_step_and_scored(release: Release, tmp_path: Path, scores_after_one_step: Any) -> None:
    run(release(), tmp_path / "data", **WHOLE)
    scores = scores_after_one_step(tmp_path / "data", zip(IDS, IDS, strict=True), (8, 16, 16))
    assert {"WT", "TC", "ET"} <= set(scores["structure"])


def test_split_of_svls_keeps_its_published_test_part() -> None:
    split = splits.read(SPLITS / "brats2019_svls" / "main.csv")
    assert Counter(split["part"]) == {"train": 242, "val": 27, "test": 66}  # 269 published, a tenth of them validates
    assert {"BraTS19_2013_0_1", "BraTS19_2013_1_1"} <= set(split.loc[split["part"] == "test", "case"])
    trained = sorted(split.loc[split["part"] != "test", "case"])
    again = splits.permuted({case: case for case in trained}, train=242, val=27, test=0)
    pd.testing.assert_frame_equal(again, split.iloc[:269])


def test_split_of_geols_is_made_of_the_same_cases() -> None:
    split = splits.read(SPLITS / "brats2019_geols" / "main.csv")
    assert Counter(split["part"]) == {"train": 235, "val": 32, "test": 68}
    cases = sorted(splits.read(SPLITS / "brats2019_svls" / "main.csv")["case"])
    pd.testing.assert_frame_equal(splits.permuted({c: c for c in cases}, train=235, val=32, test=68), split)


@pytest.fixture(scope="module")
def brats2015() -> Path:
    """Real cases of BRATS 2015 as DeepMedic ships them: 2 channels, ids 0 to 4."""
    beside = Path(__file__).parents[3] / ".." / "shared" / "data"
    folder = Path(os.environ.get("SOFTBENCH_DATA", beside)) / "brats2015_deepmedic"
    if not folder.is_dir():
        pytest.skip(f"needs cases of BRATS 2015 in {folder} (name its parent in SOFTBENCH_DATA)")
    return folder


def test_real_folder_of_2015_is_answered_with_the_layout(brats2015: Path) -> None:
    with pytest.raises(InputError, match=r"holds no cases of BraTS 2019.*Expected in it: HGG/<case>"):
        layout.require_cases(brats2019, brats2015)


def test_real_case_of_2015_in_the_layout_of_2019_is_refused(brats2015: Path, tmp_path: Path) -> None:
    files = dict.fromkeys(("flair", "t1", "t2"), "Flair_subtrMeanDivStd.nii.gz")
    files |= {"t1ce": "T1c_subtrMeanDivStd.nii.gz", "seg": "OTMultiClass.nii.gz"}
    folder = tmp_path / "HGG" / "pat0001"
    folder.mkdir(parents=True)
    for kind, name in files.items():
        (folder / f"pat0001_{kind}.nii.gz").symlink_to((brats2015 / "brats_2013_pat0001_1" / name).resolve())
    (case,) = brats2019.find_cases(tmp_path)
    with pytest.raises(InputError, match="looks like BRATS 2015 or older"):
        reading.read_case(case, brats2019)
    old_ids = {0: 0, 1: 1, 2: 2, 3: 1, 4: 3}  # 1 necrosis, 2 oedema, 3 non-enhancing, 4 enhancing
    array = images.read(case.labels[0]).array
    classes, valid = reading.class_ids(array, "pat0001", old_ids)
    assert np.bincount(classes.ravel()).tolist() == [int(np.isin(array, ids).sum()) for ids in (0, (1, 3), 2, 4)]
    assert valid.all()
