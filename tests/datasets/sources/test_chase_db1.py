"""CHASE_DB1: photographs made in its layout become 2-D cases of three channels and two raters."""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from softbench import InputError, datasets
from softbench.datasets import phantoms, splits
from softbench.datasets.fetch.fetch import fetch, location
from softbench.datasets.prepare import prepare
from softbench.datasets.sources import chase_db1
from softbench.rater_study import cases as rated_cases

SPLITS = Path(__file__).parents[3] / "workflow" / "splits"
IDS = ["Image_01L", "Image_01R", "Image_02L", "Image_02R"]
Release = Callable[..., Path]


def made(number: int) -> tuple[np.ndarray, np.ndarray]:
    """A photograph (H, W, 3) and the vessels of two observers (2, H, W), from a phantom of the retina."""
    case = phantoms.make("phantom_retina", number, size="tiny")
    image = case.images[0]
    grey = 255 * (image - image.min()) / (image.max() - image.min())
    photograph = np.stack([grey, 0.5 * grey, 255 - grey], axis=-1).astype(np.uint8)
    return photograph, case.labels == 1


@pytest.fixture
def release(tmp_path: Path) -> Release:
    """A function that makes a folder as CHASEDB1.zip unpacks; photographs are stored without loss, so that they can
    be compared.
    """

    def make(cases: int = 4, bits: int = 1) -> Path:
        folder = tmp_path / "release"
        folder.mkdir(exist_ok=True)
        for number, name in enumerate(IDS[:cases]):
            photograph, vessels = made(number)
            Image.fromarray(photograph).save(folder / f"{name}.jpg", format="PNG")
            for mask, observer in zip(vessels, ("1stHO", "2ndHO"), strict=True):
                stored = mask if bits == 1 else np.uint8(255) * mask
                Image.fromarray(stored).save(folder / f"{name}_{observer}.png")
            (folder / f"._{name}.jpg").write_bytes(b"left by macOS")
        return folder

    return make


def run(raw: Path, output: Path, **settings: Any) -> datasets.Dataset:
    prepare.run("chase_db1", raw, output, versions={}, settings=settings, log=lambda line: None)
    return datasets.open(output)


def test_study_of_raters_without_images_sees_the_labels_alone(release: Release) -> None:
    """The labels are read with the photographs, which lie beside them, and no soft label sees these."""
    folder = release(cases=1)
    (case,) = rated_cases.find("chase_db1", folder)
    alone, whole = (rated_cases.read("chase_db1", case, images=images) for images in (False, True))
    assert alone.image is None
    assert whole.image is not None
    np.testing.assert_array_equal(alone.labels, whole.labels)
    (folder / f"{IDS[0]}.jpg").unlink()
    (case,) = rated_cases.find("chase_db1", folder)
    with pytest.raises(InputError, match=f"case {IDS[0]}: has a label map .* but no image"):
        rated_cases.read("chase_db1", case, images=False)


def test_study_of_raters_names_cases_of_one_observer(release: Release) -> None:
    folder = release()
    (folder / f"{IDS[1]}_2ndHO.png").unlink()
    with pytest.raises(InputError, match=rf"1 of 4 cases[^-]*- {IDS[1]}: has the vessels of one observer"):
        rated_cases.require_raters("chase_db1", rated_cases.find("chase_db1", folder), "chase_db1", {})


def test_both_eyes_of_a_child_are_one_patient(release: Release) -> None:
    folder = release()
    cases = chase_db1.find_cases(folder)
    assert [(case.id, case.patient) for case in cases] == list(zip(IDS, ["01", "01", "02", "02"], strict=True))
    assert [path.name for path in cases[0].labels] == ["Image_01L_1stHO.png", "Image_01L_2ndHO.png"]
    assert chase_db1.find_cases(folder.parent) == cases


@pytest.mark.parametrize("bits", [1, 8])
def test_prepared_cases_are_what_was_made(bits: int, release: Release, tmp_path: Path) -> None:
    dataset = run(release(bits=bits), tmp_path / "out")
    assert dataset.manifest["modalities"] == ["red", "green", "blue"]
    for number, name in enumerate(IDS):
        photograph, vessels = made(number)
        loaded = dataset.load(name)
        np.testing.assert_array_equal(loaded.labels, vessels)
        assert loaded.spacing_mm == (1.0, 1.0)
        for found, colour in zip(loaded.images, np.moveaxis(photograph, -1, 0).astype(float), strict=True):
            np.testing.assert_allclose(found, (colour - colour.mean()) / colour.std(), atol=1e-4)


def test_observers_stay_apart(release: Release, tmp_path: Path) -> None:
    dataset = run(release(cases=1), tmp_path / "out")
    first, second = made(0)[1]
    loaded = dataset.load(IDS[0]).labels
    assert [int(one.sum()) for one in loaded] == [int(first.sum()), int(second.sum())]
    assert (loaded[0] != loaded[1]).any()


def spoil(what: str, folder: Path) -> None:
    """Do to the first case what `what` says."""
    match what:
        case "no photograph":
            (folder / f"{IDS[0]}.jpg").unlink()
        case "no observer" | "one observer":
            (folder / f"{IDS[0]}_2ndHO.png").unlink()
            if what == "no observer":
                (folder / f"{IDS[0]}_1stHO.png").unlink()
        case "grey":
            Image.fromarray(made(0)[0][..., 0]).save(folder / f"{IDS[0]}.jpg", format="PNG")
        case "coloured mask":
            Image.fromarray(made(0)[0]).save(folder / f"{IDS[0]}_1stHO.png")
        case "other size":
            Image.fromarray(made(0)[1][0][1:]).save(folder / f"{IDS[0]}_1stHO.png")
        case "cut short":
            path = folder / f"{IDS[0]}.jpg"
            path.write_bytes(path.read_bytes()[:200])
        case "unknown id":
            values = np.zeros(made(0)[1][0].shape, np.uint8)
            values[:3, :4] = 128
            Image.fromarray(values).save(folder / f"{IDS[0]}_2ndHO.png")


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("no photograph", "has a label map .* but no image"),
        ("no observer", "has an image .* but no label map"),
        ("one observer", r"has the vessels of one observer \(Image_01L_1stHO.png\) where two"),
        ("grey", r"Image_01L.jpg must have three colours, but its shape is \(96, 32\)"),
        ("coloured mask", r"Image_01L_1stHO.png must have one channel, but its shape is \(96, 32, 3\)"),
        ("other size", r"Image_01L_1stHO.png has \(95, 32\) pixels, but its photograph \(96, 32\)"),
        ("cut short", "Image_01L.jpg cannot be read as an image"),
        ("unknown id", r"Image_01L_2ndHO.png must hold the ids \[0, 1, 255\], but holds \{128: 12\}"),
    ],
)
def test_case_that_is_not_whole_is_refused_by_name(what: str, message: str, release: Release, tmp_path: Path) -> None:
    folder = release(cases=2)
    spoil(what, folder)
    with pytest.raises(InputError, match=rf"(?s)1 case\(s\) of chase_db1.*{IDS[0]}: .*{message}"):
        run(folder, tmp_path / "out")


def test_downloaded_archive_gives_the_cases_of_the_folder(
    release: Release, server: Any, pack: Any, tmp_path: Path
) -> None:
    folder = release()
    server.files["/CHASEDB1.zip"] = pack({path.name: path.read_bytes() for path in folder.iterdir()})
    fetch("chase_db1", tmp_path / "raw", mirror=server.address, log=lambda line: None, pause_s=0)
    fetched = run(location(tmp_path / "raw", None), tmp_path / "one")
    assert fetched.manifest["cases"] == run(folder, tmp_path / "other").manifest["cases"]
    assert len(fetched.cases) == 4


def test_network_is_trained_a_step_and_scored(release: Release, tmp_path: Path, scores_after_one_step: Any) -> None:
    run(release(), tmp_path / "data")
    scores = scores_after_one_step(tmp_path / "data", [(i, i[6:8]) for i in IDS], (32, 32))
    assert "vessel" in set(scores["structure"])


def test_split_keeps_children_together_and_follows_its_rule() -> None:
    split = splits.read(SPLITS / "chase_db1" / "main.csv")
    assert Counter(split["part"]) == {"train": 16, "val": 4, "test": 8}  # 8, 2 and 4 children
    patients = {f"Image_{number:02d}{eye}": f"{number:02d}" for number in range(1, 15) for eye in "LR"}
    again = splits.by_patient(patients, {"train": 8 / 14, "val": 2 / 14, "test": 4 / 14})
    pd.testing.assert_frame_equal(split, again)


@pytest.fixture(scope="module")
def real_photographs() -> Path:
    """Some of the published photographs, with both observers."""
    beside = Path(__file__).parents[3] / ".." / "shared" / "data"
    folder = Path(os.environ.get("SOFTBENCH_DATA", beside)) / "chase_db1_two_raters"
    if not folder.is_dir():
        pytest.skip(f"needs photographs of CHASE_DB1 in {folder} (name its parent in SOFTBENCH_DATA)")
    return folder


def test_real_photographs_are_prepared(real_photographs: Path, tmp_path: Path) -> None:
    folder = tmp_path / "two"
    folder.mkdir()
    for path in real_photographs.glob("Image_0[12]L*"):
        (folder / path.name).symlink_to(path.resolve())
    dataset = run(folder, tmp_path / "out")
    assert list(dataset.cases["patient"]) == ["01", "02"]
    for case in chase_db1.find_cases(folder):
        loaded = dataset.load(case.id)
        assert loaded.images.shape == (3, 960, 999)
        published = [np.asarray(Image.open(path)) for path in case.labels]
        np.testing.assert_array_equal(loaded.labels, np.stack(published))
        first, second = loaded.labels.astype(bool)
        dice = 2 * (first & second).sum() / (first.sum() + second.sum())
        assert 0.73 < dice < 0.82  # the observers of all photographs agree to 0.739 .. 0.817
