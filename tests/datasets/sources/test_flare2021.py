"""FLARE 2021: CT phantoms in its layouts come out on the grid of GeoLS, clipped by either reading of it."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from softbench import InputError, datasets, images
from softbench.datasets import splits
from softbench.datasets.fetch.fetch import fetch
from softbench.datasets.prepare import prepare
from softbench.datasets.sources import flare2021

from .ct_phantoms import phantom

SPLITS = Path(__file__).parents[3] / "workflow" / "splits"
IDS = ("train_000", "train_001", "train_002", "train_003")
WHOLE: dict[str, Any] = {"spacing_mm": None, "crop": None}  # the grid of the phantoms
Release = Callable[..., Path]


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """A function that makes a folder as FLARE 2021 unpacks."""

    def make(
        cases: int = 4,
        *,
        suffix: str = "_0000",
        folders: tuple[str, str] = ("imagesTr", "labelsTr"),
        top: str = "FLARE21",
    ) -> Path:
        root = tmp_path / top
        for number, name in enumerate(IDS[:cases]):
            image, labels, affine = phantom(number)
            images.write(root / folders[0] / f"{name}{suffix}.nii.gz", image, affine, "LAS")
            images.write(root / folders[1] / f"{name}.nii.gz", labels, affine, "LAS")
            (root / folders[0] / f"._{name}{suffix}.nii.gz").write_bytes(b"left by macOS")
        return root

    return make


def run(raw: Path, output: Path, **settings: Any) -> datasets.Dataset:
    prepare.run("flare2021", raw, output, versions={}, settings=settings, log=lambda line: None)
    return datasets.open(output)


@pytest.mark.parametrize("suffix", ["", "_0000"])
@pytest.mark.parametrize("folders", flare2021.FOLDERS)
def test_cases_are_found_in_each_layout(suffix: str, folders: tuple[str, str], release: Release) -> None:
    root = release(cases=2, suffix=suffix, folders=folders)
    assert flare2021.find_cases(root) == flare2021.find_cases(root.parent)
    cases = flare2021.find_cases(root)
    assert [case.id for case in cases] == ["train_000", "train_001"]
    assert cases[1].images == (root / folders[0] / f"train_001{suffix}.nii.gz",)
    assert cases[1].labels == (root / folders[1] / "train_001.nii.gz",)


def test_prepared_cases_are_the_phantoms_again(release: Release, tmp_path: Path) -> None:
    dataset = run(release(), tmp_path / "out", **WHOLE, window=None, normalise="none")
    assert set(dataset.cases["axcodes"]) == {"LAS"}
    for number, name in enumerate(IDS):
        image, labels, affine = phantom(number)
        loaded = dataset.load(name)
        np.testing.assert_array_equal(loaded.images[0], image)
        np.testing.assert_array_equal(loaded.labels[0], labels)
        np.testing.assert_allclose(loaded.affine, affine, atol=1e-4)


def test_grid_of_geols_is_the_default(release: Release, tmp_path: Path) -> None:
    loaded = run(release(cases=1), tmp_path / "out").load("train_000")
    assert loaded.images.shape == (1, 112, 160, 208)  # head to foot, front to back, side to side
    assert loaded.spacing_mm == (2.5, 2.0, 2.0)
    _, labels, affine = phantom(0)
    old_mm3, new_mm3 = abs(np.linalg.det(affine[:3, :3])), 2.5 * 2 * 2
    for organ in range(1, 5):
        volume = (labels == organ).sum() * old_mm3
        assert (loaded.labels == organ).sum() * new_mm3 == pytest.approx(volume, rel=0.1)


@pytest.mark.parametrize(("percentiles", "clipped_above"), [([0.5, 99.5], 0.005), ([0.5, 95], 0.05), ([50, 95], 0.05)])
def test_each_reading_of_the_percentiles_clips_its_share(
    percentiles: list[float], clipped_above: float, release: Release, tmp_path: Path
) -> None:
    window = {"percentiles": percentiles}
    image = run(release(cases=1), tmp_path / "out", **WHOLE, window=window, normalise="none").load("train_000").images
    low, high = np.percentile(phantom(0)[0], percentiles)
    assert (image.min(), image.max()) == pytest.approx((low, high))
    share = (image == image.max()).mean()
    assert clipped_above <= share <= clipped_above + 0.01


def spoil(name: str, root: Path) -> None:
    """Do to the second case what `name` says."""
    image, label = root / "imagesTr" / "train_001_0000.nii.gz", root / "labelsTr" / "train_001.nii.gz"
    match name:
        case "no label":
            label.unlink()
        case "no image":
            image.unlink()
        case "both suffixes":
            (root / "imagesTr" / "train_001.nii.gz").write_bytes(image.read_bytes())
        case "13 organs":  # ids of FLARE 2022
            labels = phantom(1)[1].copy()
            labels[0, 0, :5] = 13
            images.write(label, labels, phantom(1)[2], "LAS")
        case "half labels":
            images.write(label, phantom(1)[1] + np.float32(0.5), phantom(1)[2], "LAS")


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("no label", "has an image .* but no label map"),
        ("no image", "has a label map .* but no image"),
        ("both suffixes", r"is there 2 times: .*train_001_0000\.nii\.gz"),
        ("13 organs", r"must hold the ids \[0, 1, 2, 3, 4\], but holds \{13: 5\}"),
        ("half labels", "must hold whole numbers"),
    ],
)
def test_case_that_is_not_right_is_refused_by_name(what: str, message: str, release: Release, tmp_path: Path) -> None:
    root = release(cases=2)
    spoil(what, root)
    with pytest.raises(InputError, match=rf"(?s)1 case\(s\) of flare2021 .*train_001: .*{message}"):
        run(root, tmp_path / "out", **WHOLE)


def test_without_a_folder_the_steps_are_told(release: Release, tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"(?s)needs a person.*1\. .*flare\.grand-challenge.*folders=\{flare2021: PATH\}"
    ):
        fetch("flare2021", tmp_path / "out", log=lambda line: None)
    fetch("flare2021", tmp_path / "out", folder=release(cases=1), log=lambda line: None)
    assert (tmp_path / "out" / "manifest.json").exists()


def test_network_is_trained_a_step_and_scored(release: Release, tmp_path: Path, scores_after_one_step: Any) -> None:
    run(release(), tmp_path / "data", **WHOLE)
    scores = scores_after_one_step(tmp_path / "data", zip(IDS, IDS, strict=True), (8, 16, 16))
    assert set(flare2021.STRUCTURES) <= set(scores["structure"])


def test_split_has_the_sizes_of_geols_and_serves_both_readings() -> None:
    split = splits.read(SPLITS / "flare2021" / "main.csv")
    assert Counter(split["part"]) == {"train": 260, "val": 26, "test": 75}
    assert set(split["case"]) == {f"train_{number:03d}" for number in range(361)}
    again = splits.permuted({case: case for case in split["case"]}, train=260, val=26, test=75)
    pd.testing.assert_frame_equal(again, split)
    for reading in ("flare2021_95", "flare2021_50_95"):
        pd.testing.assert_frame_equal(splits.read(SPLITS / reading / "main.csv"), split)
