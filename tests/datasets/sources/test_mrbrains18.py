"""MRBrainS18: phantoms in its layout become eight structures; infarctions are not valid; the air is taken away."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from softbench import InputError, datasets, images
from softbench.datasets import splits
from softbench.datasets.case import Archive
from softbench.datasets.fetch.fetch import fetch, location
from softbench.datasets.prepare import prepare
from softbench.datasets.sources import mrbrains18

SPLIT = Path(__file__).parents[3] / "workflow" / "splits" / "mrbrains18" / "main.csv"
SUBJECTS = (1, 4, 5, 7, 14, 27, 29)
SHAPE, SPACING = (10, 28, 30), (3.0, 0.958, 0.958)
AFFINE = np.array([[0, 0, SPACING[2], -5.0], [0, SPACING[1], 0, 7.0], [SPACING[0], 0, 0, 2.0], [0, 0, 0, 1]])
HEAD = (slice(1, 9), slice(4, 24), slice(5, 27))  # 8 x 20 x 22 voxels
BRAIN = (slice(2, 8), slice(6, 22), slice(7, 25))  # 6 x 16 x 18
Folder = Callable[..., Path]


def labels_of() -> np.ndarray:
    """A brain of CSF (5), in it a stripe of two rows for each other id, 1 to 10, one of them in one corner."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[BRAIN] = 5
    for place, number in enumerate((1, 2, 3, 4, 6, 7, 8)):
        labels[3:7, 7 + 2 * place : 9 + 2 * place, 8:20] = number  # 4 x 2 x 12 = 96 voxels
    labels[3, 7, 8] = 9
    labels[4, 7, 8:10] = 10
    return labels


def channels_of(subject: int) -> list[np.ndarray]:
    """A bright head with a dark skull around the brain, in air with noise."""
    rng = np.random.default_rng(subject)
    made = []
    for level in (300, 200, 250):
        image = np.abs(rng.normal(0, 5, SHAPE))
        image[HEAD] = level + rng.normal(0, 20, image[HEAD].shape)
        hollow = tuple(slice(part.start - 1, part.stop + 1) for part in BRAIN[1:])
        image[(BRAIN[0], *hollow)] = 10
        image[BRAIN] = level * 0.8 + rng.normal(0, 20, image[BRAIN].shape)
        made.append(image.astype(np.float32))
    return made


@pytest.fixture
def release(tmp_path: Path) -> Folder:
    """A function that makes a folder as the archive unpacks; label maps are floats in odd subjects."""

    def make(subjects: tuple[int, ...] = SUBJECTS, root: str = "training") -> Path:
        for subject in subjects:
            folder = tmp_path / "published" / root / str(subject)
            for stem, channel in zip(("reg_T1", "reg_IR", "FLAIR"), channels_of(subject), strict=True):
                images.write(folder / "pre" / f"{stem}.nii.gz", channel, AFFINE, "LAS")
                images.write(folder / "pre" / f"{stem.removeprefix('reg_')}_other.nii.gz", channel, AFFINE, "LAS")
            labels = labels_of()
            images.write(folder / "segm.nii.gz", labels.astype(np.float32) if subject % 2 else labels, AFFINE, "LAS")
            (folder / "._segm.nii.gz").write_bytes(b"left by macOS")
        return tmp_path / "published"

    return make


def run(raw: Path, output: Path, **settings: Any) -> datasets.Dataset:
    prepare.run("mrbrains18", raw, output, versions={}, settings=settings, log=lambda line: None)
    return datasets.open(output)


def test_subjects_are_found_in_the_folder_or_one_above(release: Folder) -> None:
    folder = release()
    found = mrbrains18.find_cases(folder)
    assert [case.id for case in found] == [f"subject_{n:02d}" for n in SUBJECTS]
    assert found == mrbrains18.find_cases(folder / "training")
    assert [path.name for path in found[0].images] == ["reg_T1.nii.gz", "reg_IR.nii.gz", "FLAIR.nii.gz"]
    assert mrbrains18.find_cases(folder / "training" / "1") == []


def test_released_test_subjects_join_where_they_are(release: Folder) -> None:
    release((1,))
    assert [case.id for case in mrbrains18.find_cases(release((2, 30), root="test"))] == [
        "subject_01",
        "subject_02",
        "subject_30",
    ]


def test_eight_structures_and_what_is_not_valid(release: Folder, tmp_path: Path) -> None:
    dataset = run(release((1,)), tmp_path / "out", strip="none")
    loaded = dataset.load("subject_01")
    counts = np.bincount(loaded.labels.ravel(), minlength=9)
    csf = 6 * 16 * 18 - 7 * 96
    assert counts.tolist() == [10 * 28 * 30 - 6 * 16 * 18 + 3, 96 - 3, 96, 96, 96, csf, 96, 96, 96]
    assert loaded.valid is not None
    invalid = np.argwhere(~loaded.valid)
    assert invalid.tolist() == [[3, 7, 8], [4, 7, 8], [4, 7, 9]]  # ids 9 and 10
    assert len(dataset.structures) == 8
    assert loaded.spacing_mm == SPACING
    np.testing.assert_allclose(loaded.affine, AFFINE, atol=1e-5)


def test_air_becomes_zero_and_is_cropped_away(release: Folder, tmp_path: Path) -> None:
    loaded = run(release((4,)), tmp_path / "out").load("subject_04")
    assert loaded.images.shape == (3, 8, 20, 22)  # HEAD
    np.testing.assert_array_equal(loaded.labels[0][1:7, 2:18, 2:20] > 0, np.isin(labels_of()[BRAIN], range(1, 9)))
    np.testing.assert_allclose(loaded.affine @ [0, 0, 0, 1], AFFINE @ [1, 4, 5, 1], atol=1e-5)
    published = channels_of(4)[0][HEAD]
    mean, deviation = published.mean(dtype=np.float64), published.std(dtype=np.float64)
    np.testing.assert_allclose(loaded.images[0], (published - mean) / deviation, atol=1e-3)  # the skull's hollow is in


def test_strip_by_labels_keeps_a_margin(release: Folder, tmp_path: Path) -> None:
    loaded = run(release((4,)), tmp_path / "out", strip="labels", strip_margin_mm=2.0).load("subject_04")
    assert loaded.images.shape == (3, 6, 20, 22)  # two voxels of 0.958 mm on each side, none of 3 mm
    assert (loaded.images[0][:, 0, 0] == 0).all()  # a corner is 2 * sqrt(2) * 0.958 = 2.7 mm away
    assert (loaded.images[0][:, 2:18, 2:20] != 0).all()


def test_head_without_some_labels_is_refused(release: Folder, tmp_path: Path) -> None:
    folder = release((5,))
    labels = labels_of()
    labels[0, 0, :7] = 3
    images.write(folder / "training" / "5" / "segm.nii.gz", labels, AFFINE, "LAS")
    with pytest.raises(InputError, match=r"subject_05: 7 of 1735 labelled voxels lie outside .*strip: none"):
        run(folder, tmp_path / "out")


def spoil(name: str, subject: Path) -> None:
    match name:
        case "no ir":
            (subject / "pre" / "reg_IR.nii.gz").unlink()
        case "no label":
            (subject / "segm.nii.gz").unlink()
        case "no image":
            for path in (subject / "pre").iterdir():
                path.unlink()
        case "other id":
            labels = labels_of()
            labels[0, 0, :5] = 11
            images.write(subject / "segm.nii.gz", labels, AFFINE, "LAS")
        case "other grid":
            images.write(subject / "segm.nii.gz", labels_of()[:, :, 1:], AFFINE, "LAS")


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("no ir", r"has 2 images \(reg_T1.nii.gz, FLAIR.nii.gz\) where 3 are expected"),
        ("no label", r"has an image \(reg_T1.* but no label map"),
        ("no image", r"has a label map \(segm.nii.gz\) but no image"),
        ("other id", r"segm.nii.gz must hold the ids \[0, 1, .*10\], but holds \{11: 5\}"),
        ("other grid", r"segm.nii.gz has the shape"),
    ],
)
def test_subject_that_cannot_be_used_is_refused_by_name(
    what: str, message: str, release: Folder, tmp_path: Path
) -> None:
    folder = release((1, 4))
    spoil(what, folder / "training" / "4")
    with pytest.raises(InputError, match=rf"(?s)1 case\(s\) of mrbrains18 .*subject_04: .*{message}"):
        run(folder, tmp_path / "out")


def test_archive_is_downloaded_and_gives_the_same_cases(
    release: Folder, server: Any, pack: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = release((1, 4))
    files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
    server.files["/402709"] = pack(files)
    monkeypatch.setattr(mrbrains18, "ARCHIVES", (Archive(f"{server.address}/402709", "training.zip"),))
    fetch("mrbrains18", tmp_path / "raw", log=lambda line: None, pause_s=0)
    fetched = run(location(tmp_path / "raw", None), tmp_path / "one")
    assert fetched.manifest["cases"] == run(folder, tmp_path / "other").manifest["cases"]


def test_network_is_trained_a_step_and_scored(release: Folder, tmp_path: Path, scores_after_one_step: Any) -> None:
    dataset = run(release((1, 4, 5, 7)), tmp_path / "data")
    cases = [(case, case) for case in dataset.cases["case"]]
    scores = scores_after_one_step(tmp_path / "data", cases, (8, 16, 16))
    assert set(mrbrains18.STRUCTURES) <= set(scores["structure"])


def test_committed_split_has_the_papers_sizes() -> None:
    split = splits.read(SPLIT)
    assert Counter(split["part"]) == {"train": 4, "val": 1, "test": 2}  # 5 and 2; one of the five validates
    ids = {f"subject_{n:02d}": f"subject_{n:02d}" for n in SUBJECTS}
    pd.testing.assert_frame_equal(splits.permuted(ids, train=4, val=1, test=2), split)
