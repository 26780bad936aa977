"""CURVAS 2024: an image and three annotations a case, in its layout; zips whose offsets macOS cut."""

import struct
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from softbench import InputError, datasets, images, known_cases
from softbench.datasets import splits
from softbench.datasets.fetch import archives
from softbench.datasets.fetch.fetch import fetch, location
from softbench.datasets.prepare import prepare
from softbench.datasets.sources import curvas
from softbench.rater_study import cases

from .ct_phantoms import phantom

SPLITS = Path(__file__).parents[3] / "workflow" / "splits" / "curvas"
IDS = ("UKCHLL001", "UKCHLL002", "UKCHLL049", "UKCHLL003")
PARTS = ("training_set", "training_set", "validation_set", "testing_set")
WHOLE: dict[str, Any] = {"spacing_mm": None, "crop": None}  # the grid of the phantoms
Release = Callable[..., Path]


def annotations(number: int) -> list[np.ndarray]:
    """Three label maps: of the phantom, without its first labelled slice, without its last."""
    labels = np.minimum(phantom(number)[1], 3).astype(np.uint8)
    used = np.flatnonzero(labels.any(axis=(1, 2)))
    maps = [labels, labels.copy(), labels.copy()]
    maps[1][used[0]] = 0
    maps[2][used[-1]] = 0
    return maps


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """A function that makes a folder with the archives unpacked."""

    def make(cases: int = 4) -> Path:
        for number, (name, part) in enumerate(zip(IDS[:cases], PARTS[:cases], strict=True)):
            array, _, affine = phantom(number)
            folder = tmp_path / "curvas" / part / name
            images.write(folder / "image.nii.gz", array, affine, "LPS")
            for rater, labels in enumerate(annotations(number), start=1):
                images.write(folder / f"annotation_{rater}.nii.gz", labels, affine, "LPS")
            (folder / "._annotation_1.nii.gz").write_bytes(b"left by macOS")
        return tmp_path / "curvas"

    return make


def run(raw: Path, output: Path, **settings: Any) -> datasets.Dataset:
    prepare.run("curvas", raw, output, versions={}, settings=settings, log=lambda line: None)
    return datasets.open(output)


def test_cases_of_all_parts_are_found_wherever_they_are_unpacked(release: Release) -> None:
    folder = release()
    deep = folder / "training_set" / "training_set"
    deep.mkdir()
    (folder / "training_set" / IDS[0]).rename(deep / IDS[0])
    cases = curvas.find_cases(folder)
    assert [case.id for case in cases] == sorted(IDS)
    assert {len(case.labels) for case in cases} == {3}
    assert curvas.find_cases(folder / "nowhere") == []


def test_each_rater_is_an_annotation(release: Release, tmp_path: Path) -> None:
    dataset = run(release(), tmp_path / "out", **WHOLE, window=None, normalise="none")
    for number, name in enumerate(IDS):
        loaded = dataset.load(name)
        np.testing.assert_array_equal(loaded.images[0], phantom(number)[0])
        np.testing.assert_array_equal(loaded.labels, annotations(number))
    assert dataset.structures == {"pancreas": (1,), "kidneys": (2,), "liver": (3,)}
    assert "pseudo_raters" not in dataset.manifest or not dataset.manifest["pseudo_raters"]


def test_preparation_is_the_default_of_config(release: Release, tmp_path: Path) -> None:
    loaded = run(release(cases=1), tmp_path / "out").load(IDS[0])
    assert loaded.labels.shape == (3, 128, 160, 208)
    assert loaded.spacing_mm == (2.5, 2.0, 2.0)


def test_ids_that_a_header_scales_are_the_rounded_ones(release: Release, tmp_path: Path) -> None:
    folder = release(cases=1)
    path = folder / PARTS[0] / IDS[0] / "annotation_2.nii.gz"
    stored = nib.load(path)
    values = np.asarray(stored.dataobj).astype(np.float64)
    scaled = nib.Nifti1Image(values, stored.affine)
    scaled.header.set_data_dtype(np.int16)  # nibabel then scales: 3 becomes 32767 or so
    nib.save(scaled, path)
    assert nib.load(path).dataobj.slope != 1
    labels = run(folder, tmp_path / "out", **WHOLE).load(IDS[0]).labels
    np.testing.assert_array_equal(labels, annotations(0))


def spoil(what: str, folder: Path) -> None:
    """Do to the second case what `what` says."""
    case = folder / PARTS[1] / IDS[1]
    second, labels, affine = case / "annotation_2.nii.gz", annotations(1)[1], phantom(1)[2]
    match what:
        case "annotation":
            second.unlink()
        case "fourth annotation":
            (case / "annotation_4.nii.gz").write_bytes(second.read_bytes())
        case "annotations":
            for path in case.glob("annotation_*"):
                path.unlink()
        case "image":
            (case / "image.nii.gz").unlink()
        case "id":
            labels[0, 0, :5] = 4
            images.write(second, labels, affine, "LPS")
        case "grid":
            images.write(second, labels[:-1], affine, "LPS")
        case "spacing":
            images.write(second, labels, affine @ np.diag([0.7, 1, 1, 1]), "LPS")
        case "twice":
            other = folder / "testing_set" / IDS[1]
            other.mkdir(parents=True)
            (other / "image.nii.gz").write_bytes((case / "image.nii.gz").read_bytes())


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("annotation", r"has annotation_1.nii.gz, annotation_3.nii.gz where annotation_1 to annotation_3 are needed"),
        ("fourth annotation", r"annotation_4.nii.gz where annotation_1 to annotation_3 are needed"),
        ("annotations", "has an image .* but no label map"),
        ("image", "has a label map .* but no image"),
        ("id", r"annotation_2.nii.gz must hold the ids \[0, 1, 2, 3\], but holds \{4: 5\}"),
        ("grid", r"annotation_2.nii.gz has the shape"),
        ("spacing", r"annotation_2.nii.gz and .*image.nii.gz have the same shape, but their affines differ"),
        ("twice", "is there 2 times"),
    ],
)
def test_case_that_is_not_whole_is_refused_by_name(what: str, message: str, release: Release, tmp_path: Path) -> None:
    folder = release(cases=2)
    spoil(what, folder)
    with pytest.raises(InputError, match=rf"(?s)1 case\(s\) of curvas.*{IDS[1]}: .*{message}"):
        run(folder, tmp_path / "out", **WHOLE)


def test_known_cases_are_left_out_and_do_not_stop_the_others(release: Release, tmp_path: Path) -> None:
    folder = release(cases=2)
    spoil("spacing", folder)
    (folder / PARTS[1] / IDS[1]).rename(folder / PARTS[1] / "UKCHLL007")
    known = known_cases.actions("curvas")
    assert known_cases.excluded(known) == {"UKCHLL007", "UKCHLL082"}
    dataset = run(folder, tmp_path / "out", **WHOLE, known_cases=known)
    assert list(dataset.cases["case"]) == [IDS[0]]


def packed(folder: Path, part: str, pack: Any) -> bytes:
    """Pack a part as published, with its folder in front."""
    return pack({p.relative_to(folder).as_posix(): p.read_bytes() for p in (folder / part).rglob("*") if p.is_file()})


def cut(archive: bytes, wrap: int) -> bytes:
    """Cut the offsets of a zip as macOS does beyond 4 GB: those of its entries, and that of their list."""
    data, end = bytearray(archive), archive.rindex(b"PK\x05\x06")
    (start,) = struct.unpack_from("<L", data, end + 16)
    struct.pack_into("<L", data, end + 16, start % wrap)
    place = start
    while data[place : place + 4] == b"PK\x01\x02":
        lengths = struct.unpack_from("<HHH", data, place + 28)
        (offset,) = struct.unpack_from("<L", data, place + 42)
        struct.pack_into("<L", data, place + 42, offset % wrap)
        place += 46 + sum(lengths)
    return bytes(data)


@pytest.mark.parametrize("wrap", [None, 30_000])  # bytes; an image has 28 235
def test_downloaded_archives_give_the_cases_of_the_folder(
    wrap: int | None, release: Release, server: Any, pack: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(curvas, "ARCHIVES", tuple(replace(archive, sha256=None) for archive in curvas.ARCHIVES))
    monkeypatch.setattr(curvas, "SIZE_GB", None)
    folder = release()
    for part in set(PARTS):
        content = packed(folder, part, pack)
        if wrap:
            assert len(content) > wrap
            monkeypatch.setattr(archives, "WRAP", wrap)
            content = cut(content, wrap)
        server.files[f"/{part}.zip"] = content
    fetch("curvas", tmp_path / "raw", mirror=server.address, log=lambda line: None, pause_s=0)
    fetched = run(location(tmp_path / "raw", None), tmp_path / "one", **WHOLE)
    assert fetched.manifest["cases"] == run(folder, tmp_path / "other", **WHOLE).manifest["cases"]
    assert sorted(fetched.cases["case"]) == sorted(IDS)


def test_archive_with_another_checksum_is_refused(
    release: Release, server: Any, pack: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(curvas, "SIZE_GB", None)
    server.files["/training_set.zip"] = packed(release(), "training_set", pack)
    with pytest.raises(InputError, match=r"training_set.zip .*has the sha256 .*, but 1126a22.* was published"):
        fetch("curvas", tmp_path / "raw", mirror=server.address, log=lambda line: None, pause_s=0)


def test_network_is_trained_a_step_on_the_raters_and_scored(
    release: Release, tmp_path: Path, scores_after_one_step: Any
) -> None:
    run(release(), tmp_path / "data", **WHOLE)
    scores = scores_after_one_step(tmp_path / "data", zip(IDS, IDS, strict=True), (8, 16, 16), raters="each")
    assert set(curvas.STRUCTURES) <= set(scores["structure"])


def test_splits_are_the_challenges_parts_and_its_training_cases() -> None:
    split = splits.read(SPLITS / "main.csv")
    assert Counter(split["part"]) == {"train": 20, "val": 5, "test": 65}
    assert split["case"].is_unique
    training = split.loc[split["part"] == "train", "case"]
    again = splits.permuted({case: case for case in training}, train=13, val=2, test=5)
    pd.testing.assert_frame_equal(splits.read(SPLITS / "training_set.csv"), again)


def test_study_of_raters_reads_label_maps_alone(release: Release) -> None:
    """The image is not opened; a scale of the header that means ids is taken; known faulty cases are left out."""
    folder = release()
    (folder / "training_set" / "UKCHLL001" / "image.nii.gz").write_bytes(b"never read")
    found = cases.find("curvas", folder, left_out=["UKCHLL002"])
    assert [case.id for case in found] == ["UKCHLL001", "UKCHLL003", "UKCHLL049"]
    rated = cases.read("curvas", found[0], images=False)
    assert rated.image is None
    assert len(rated.labels) == 3
    np.testing.assert_array_equal(rated.labels[0].any(axis=(1, 2)).sum() - 1, rated.labels[1].any(axis=(1, 2)).sum())


def test_study_of_raters_wants_all_three(release: Release) -> None:
    folder = release(1)
    (folder / "training_set" / "UKCHLL001" / "annotation_2.nii.gz").unlink()
    with pytest.raises(InputError, match="case UKCHLL001: has annotation_1"):
        cases.read("curvas", cases.find("curvas", folder)[0], images=False)
