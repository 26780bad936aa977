"""KiTS 2023: instances with three annotations each, in its layout, become three pseudo-raters."""

import json
import os
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import yaml
from softbench import InputError, datasets, images
from softbench.datasets import phantoms, splits
from softbench.datasets.fetch.fetch import fetch, location
from softbench.datasets.prepare import prepare
from softbench.datasets.sources import kits2019, kits2023
from softbench.rater_study import cases as rated_cases

SPLITS = Path(__file__).parents[3] / "workflow" / "splits"
IDS = [kits2019.case_id(number) for number in range(4)]
AS_MADE: dict[str, Any] = {"spacing_mm": None, "crop": None}  # the grid of the phantoms, 16 x 24 x 24
TOP = f"kits23-{kits2023.COMMIT}"
CYST = np.s_[2:5, 3:6, 3:6]  # 27 voxels, at a place of its own unless a kidney lies there
Release = Callable[..., Path]


def phantom(number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    case = phantoms.make("phantom_kidney", 2 * number, size="tiny")  # 0, 2, 4 and 6 have tumours
    return np.rint(case.images[0]), case.labels[0], case.affine


def annotations(number: int) -> dict[str, list[np.ndarray]]:
    """Masks of each instance by three people: the second draws the tumour without its last slice, the third no cyst."""
    _, labels, _ = phantom(number)
    whole, tumour, cyst = labels > 0, labels == 2, np.zeros(labels.shape, bool)
    cyst[CYST] = True
    smaller = tumour.copy()
    smaller[np.flatnonzero(tumour.any(axis=(1, 2)))[-1]] = False
    return {
        "kidney_instance-1": [whole, whole, whole],
        "tumor_instance-1": [tumour, smaller, tumour],
        "cyst_instance-1": [cyst, cyst, np.zeros(labels.shape, bool)],
    }


def expected(number: int) -> np.ndarray:
    """The label map of each rater: kidney, over it the cyst, over both the tumour."""
    drawn = annotations(number)
    raters = np.zeros((3, *phantom(number)[1].shape), np.uint8)
    for rater, labels in enumerate(raters):
        for instance, class_id in (("kidney", 1), ("cyst", 3), ("tumor", 2)):
            labels[drawn[f"{instance}_instance-1"][rater]] = class_id
    return raters


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """A function that makes a clone of the repository with images in it."""

    def make(cases: int = 4, parent: str = f"{TOP}/dataset") -> Path:
        for number, name in enumerate(IDS[:cases]):
            array, _, affine = phantom(number)
            folder = tmp_path / "release" / parent / name
            images.write(folder / "imaging.nii.gz", array.astype(np.float64), affine, "IPL")
            for instance, masks in annotations(number).items():
                for person, mask in enumerate(masks, start=1):
                    path = folder / "instances" / f"{instance}_annotation-{person}.nii.gz"
                    images.write(path, mask.astype(np.uint8), affine, "IPL")
            (folder / "instances" / "._kidney_instance-1_annotation-1.nii.gz").write_bytes(b"left by macOS")
        return tmp_path / "release"

    return make


def run(raw: Path, output: Path, **settings: Any) -> datasets.Dataset:
    prepare.run("kits2023", raw, output, versions={}, settings=settings, log=lambda line: None)
    return datasets.open(output)


@pytest.mark.parametrize("parent", ["", "dataset", f"{TOP}/dataset"])
def test_cases_are_found_in_each_usual_folder(parent: str, release: Release) -> None:
    cases = kits2023.find_cases(release(cases=2, parent=parent))
    assert [case.id for case in cases] == IDS[:2]
    assert [len(case.labels) for case in cases] == [9, 9]


def test_each_rater_is_painted_from_all_instances(release: Release, tmp_path: Path) -> None:
    dataset = run(release(), tmp_path / "out", **AS_MADE)
    assert set(dataset.cases["raters"]) == {3}
    for number, name in enumerate(IDS):
        loaded = dataset.load(name)
        np.testing.assert_array_equal(loaded.labels, expected(number))
        assert (loaded.labels[0] != loaded.labels[1]).any()
        assert not (loaded.labels[2] == 3).any()
        assert (loaded.labels[0] == 3).any()


def test_label_maps_are_read_without_the_image(release: Release) -> None:
    folder = release(cases=2)
    for path in folder.rglob("imaging.nii.gz"):
        path.unlink()
    for number, case in enumerate(kits2023.find_cases(folder)):
        volumes = kits2023.read_raters(case)
        assert case.images == ()
        assert volumes.channels.shape == (0, *volumes.shape)
        assert np.array_equal(volumes.labels, expected(number))


def test_study_names_all_cases_that_lack_an_annotation_before_it_reads_one(release: Release) -> None:
    folder = release()
    for name, instance, person in ((IDS[0], "tumor_instance-1", 2), (IDS[2], "kidney_instance-1", 3)):
        next(folder.rglob(f"{name}/instances/{instance}_annotation-{person}.nii.gz")).unlink()
    found = rated_cases.find("kits2023", folder)
    with pytest.raises(InputError) as told:
        rated_cases.require_raters("kits2023", found, "mine", {})
    said = str(told.value)
    assert said.startswith("2 of 4 cases of kits2023 lack a label map, and nothing was measured:")
    assert f"- {IDS[0]}: tumor_instance-1 has the annotation(s) 1, 3" in said
    assert f"- {IDS[2]}: kidney_instance-1 has the annotation(s) 1, 2" in said
    entry = f"{{{IDS[0]}: incomplete, {IDS[2]}: incomplete}}"
    assert said.endswith(f"rater_studies: {{mine: {{drop: {entry}}}}}")
    dropped = yaml.safe_load(entry)
    kept = rated_cases.require_raters("kits2023", found, "mine", dropped)
    assert [case.id for case in kept] == [IDS[1], IDS[3]]
    with pytest.raises(InputError, match="`drop` of mine names case_x, which kits2023 does not have"):
        rated_cases.require_raters("kits2023", found, "mine", dropped | {"case_x": "no such"})


def test_label_maps_of_two_grids_are_refused(release: Release) -> None:
    folder = release(cases=1)
    path = next(folder.rglob("kidney_instance-1_annotation-3.nii.gz"))
    images.write(path, np.zeros((3, 4, 5), np.uint8), np.eye(4))
    with pytest.raises(InputError, match="has the shape"):
        kits2023.read_raters(kits2023.find_cases(folder)[0])


def test_tumour_is_painted_over_the_cyst_and_the_cyst_over_the_kidney(tmp_path: Path) -> None:
    """Bars along one axis: kidney 0 to 5, cyst 2 to 7, tumour 4 to 8."""
    affine = np.diag([1.0, 1, 1, 1])[[2, 1, 0, 3]]
    for region, start, stop in (("kidney", 0, 6), ("cyst", 2, 8), ("tumor", 4, 9)):
        mask = np.zeros((10, 2, 2), np.uint8)
        mask[start:stop] = 1
        for person in (1, 2, 3):
            images.write(tmp_path / f"{region}_instance-1_annotation-{person}.nii.gz", mask, affine, "IPL")
    rater = kits2023.paint(kits2023.by_rater(tmp_path.glob("*.nii.gz"))[2])
    assert rater.array[:, 0, 0].tolist() == [1, 1, 3, 3, 2, 2, 2, 2, 2, 0]


def test_structures_are_those_of_the_challenge(release: Release, tmp_path: Path) -> None:
    dataset = run(release(cases=1), tmp_path / "out", **AS_MADE)
    first = expected(0)[0]
    sizes = {name: int(np.isin(dataset.load(IDS[0]).labels[0], ids).sum()) for name, ids in dataset.structures.items()}
    assert sizes == {
        "kidney_and_mass": int((first > 0).sum()),
        "mass": int((first >= 2).sum()),
        "tumour": int((first == 2).sum()),
    }
    assert sizes["kidney_and_mass"] > sizes["mass"] > sizes["tumour"] > 0


def test_raters_are_marked_as_pseudo_raters() -> None:
    assert kits2023.PSEUDO_RATERS


def test_preparation_of_kits_2019_is_the_default(release: Release, tmp_path: Path) -> None:
    loaded = run(release(cases=1), tmp_path / "out").load(IDS[0])
    assert loaded.labels.shape == (3, 80, 160, 160)
    assert loaded.spacing_mm == pytest.approx((3.22, 1.62, 1.62))


def spoil(what: str, folder: Path) -> None:
    """Do to the second case what `what` says."""
    instances = folder / TOP / "dataset" / IDS[1] / "instances"
    tumour = instances / "tumor_instance-1_annotation-2.nii.gz"
    _, labels, affine = phantom(1)
    match what:
        case "annotation":
            tumour.unlink()
        case "image":
            (instances.parent / "imaging.nii.gz").unlink()
        case "instances":
            for path in instances.iterdir():
                path.unlink()
        case "region":
            tumour.rename(instances / "liver_instance-1_annotation-2.nii.gz")
        case "values":
            images.write(tumour, labels, affine, "IPL")
        case "grid":
            images.write(tumour, np.zeros((3, 4, 5), np.uint8), affine, "IPL")
        case "pointer":
            tumour.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("annotation", r"tumor_instance-1 has the annotation\(s\) 1, 3 where 1, 2 and 3 are needed"),
        ("image", "has a label map .* but no image"),
        ("instances", "has an image .* but no label map"),
        ("region", "holds the instance 'liver_instance-1', but known are kidney, cyst, tumor"),
        ("values", r"tumor_instance-1_annotation-2.nii.gz must hold the ids \[0, 1\], but holds \{2: "),
        ("grid", r"tumor_instance-1_annotation-2.nii.gz has the shape \(3, 4, 5\)"),
        ("pointer", "tumor_instance-1_annotation-2.nii.gz .*It is a Git LFS pointer"),
    ],
)
def test_case_that_is_not_whole_is_refused_by_name(what: str, message: str, release: Release, tmp_path: Path) -> None:
    folder = release(cases=2)
    spoil(what, folder)
    with pytest.raises(InputError, match=rf"(?s)1 case\(s\) of kits2023.*{IDS[1]}: .*{message}"):
        run(folder, tmp_path / "out", **AS_MADE)


def test_case_with_one_annotation_can_be_left_out_with_a_reason(release: Release, tmp_path: Path) -> None:
    folder = release(cases=3)
    spoil("annotation", folder)
    dataset = run(folder, tmp_path / "out", **AS_MADE, drop={IDS[1]: "an annotation is missing"})
    assert list(dataset.cases["case"]) == [IDS[0], IDS[2]]
    dropped = pd.read_csv(tmp_path / "out" / "dropped.csv", index_col="case")["reason"]
    assert dropped[IDS[1]] == "an annotation is missing"
    assert dropped["case_00588"] == "each instance has one annotation, not three"


def test_downloaded_files_give_the_cases_of_the_folder(
    release: Release, server: Any, pack: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kits2023, "ARCHIVES", kits2019.downloads("kits23", kits2023.COMMIT, "dataset", range(2)))
    monkeypatch.setattr(kits2023, "SIZE_GB", None)
    folder = release(cases=2)
    masks = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*annotation*")}
    server.files[f"/{TOP}.zip"] = pack(masks)
    for name in IDS[:2]:
        server.files[f"/{name}.nii.gz"] = (folder / TOP / "dataset" / name / "imaging.nii.gz").read_bytes()
    fetch("kits2023", tmp_path / "raw", mirror=server.address, log=lambda line: None, pause_s=0)
    assert len(json.loads((tmp_path / "raw" / "manifest.json").read_text())["files"]) == 2 * (9 + 1)
    fetched = run(location(tmp_path / "raw", None), tmp_path / "one", **AS_MADE)
    assert fetched.manifest["cases"] == run(folder, tmp_path / "other", **AS_MADE).manifest["cases"]


def test_network_is_trained_a_step_on_the_raters_and_scored(
    release: Release, tmp_path: Path, scores_after_one_step: Any
) -> None:
    run(release(), tmp_path / "data", **AS_MADE)
    scores = scores_after_one_step(tmp_path / "data", zip(IDS, IDS, strict=True), (8, 16, 16), raters="each")
    assert set(kits2023.STRUCTURES) <= set(scores["structure"])


def test_split_follows_its_rule() -> None:
    split = splits.read(SPLITS / "kits2023" / "main.csv")
    assert Counter(split["part"]) == {"train": 216, "val": 24, "test": 60}
    names = {kits2019.case_id(number): kits2019.case_id(number) for number in range(300)}
    pd.testing.assert_frame_equal(split, splits.permuted(names, train=216, val=24, test=60))


@pytest.fixture(scope="module")
def real_instances() -> Path:
    """Published instances of some cases; there are no images with them."""
    beside = Path(__file__).parents[3] / ".." / "shared" / "data"
    folder = Path(os.environ.get("SOFTBENCH_DATA", beside)) / "kits23_multirater"
    if not folder.is_dir():
        pytest.skip(f"needs instances of KiTS 2023 in {folder} (name its parent in SOFTBENCH_DATA)")
    return folder


def majority(folder: Path) -> np.ndarray:
    """The challenge's rule: each instance by the majority of three, painted kidney, cyst, tumour; axes as stored."""
    votes: dict[str, Any] = defaultdict(int)
    for path in sorted((folder / "instances").glob("*.nii.gz")):
        votes[path.name.split("_annotation")[0]] += np.asarray(nib.load(path).dataobj).astype(np.uint8)
    painted = np.zeros(next(iter(votes.values())).shape, np.uint8)
    for region, class_id in kits2023.PAINTED.items():
        for instance in sorted(votes):
            if instance.startswith(region):
                painted[votes[instance] >= 2] = class_id
    return painted


def test_real_segmentation_is_the_majority_of_each_instance_in_our_order(real_instances: Path) -> None:
    folder = real_instances / "case_00257"
    published = np.asarray(nib.load(folder / "segmentation.nii.gz").dataobj)
    np.testing.assert_array_equal(majority(folder), published)
    assert set(np.unique(published)) == {0, 1, 2, 3}


def test_real_case_gives_the_raters_painted_elsewhere(real_instances: Path, tmp_path: Path) -> None:
    """`rater1..3.nii.gz` were painted from the instances by another program; the image is made."""
    published = real_instances / "case_00257"
    case = tmp_path / "case_00257"
    case.mkdir()
    (case / "instances").symlink_to((published / "instances").resolve())
    mask = nib.load(published / "segmentation.nii.gz")
    made = np.broadcast_to(np.arange(mask.shape[0], dtype=np.int16)[:, None, None], mask.shape)
    nib.save(nib.Nifti1Image(made, mask.affine), case / "imaging.nii.gz")
    volumes = kits2023.read(kits2023.find_cases(tmp_path)[0])
    for number, labels in enumerate(volumes.labels, start=1):
        np.testing.assert_array_equal(labels, images.read(published / f"rater{number}.nii.gz").array)
    assert (volumes.labels[0] != volumes.labels[1]).any()
