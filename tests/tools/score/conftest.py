"""Folders of predictions and references, made from small arrays whose scores `metrics` gives directly."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
from softbench import cli, images

AFFINE = np.array([[0, 0, 1.5, -20], [0, 1, 0, -30], [2, 0, 0, 40], [0, 0, 0, 1]])  # (d, h, w): 2, 1, 1.5 mm
SPACING = (2.0, 1.0, 1.5)
SHAPE = (9, 12, 14)
STRUCTURES = {"whole": [1, 2], "core": [2]}


@dataclass(frozen=True)
class Called:
    """What one call of the command left: its exit code, and what it printed."""

    code: int
    out: str
    err: str


def labels_of(seed: int, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    """Return a box of class 1 with a smaller one of class 2 inside, at a place that the seed decides."""
    labels = np.zeros(shape, np.uint8)
    start = np.random.default_rng(seed).integers(1, 4, len(shape))
    for class_id, margin, size in ((1, 0, 5), (2, 1, 3)):
        labels[tuple(slice(s + margin, s + margin + size) for s in start)] = class_id
    return labels


def probabilities_of(labels: np.ndarray, seed: int, classes: int = 3) -> np.ndarray:
    """Return a distribution around a label map, float32, that is wrong in some voxels."""
    rng = np.random.default_rng(seed + 1000)
    logits = rng.normal(0, 1, (classes, *labels.shape)) + 3.0 * (
        np.arange(classes).reshape(-1, *[1] * labels.ndim) == labels
    )
    weights = np.exp(logits)
    return (weights / weights.sum(axis=0)).astype(np.float32)


def write_npz(path: Path, probabilities: np.ndarray, axcodes: str, key: str = "probabilities") -> None:
    """Write (C, z, y, x) in the axes of a file of this orientation, as nnU-Net does."""
    beside = path.with_name(f"beside-{path.stem}.nii")
    images.write(beside, probabilities, AFFINE, axcodes)
    array = np.asanyarray(nib.load(beside).dataobj).T
    beside.unlink()
    np.savez_compressed(path, **{key: array})


@pytest.fixture
def fill(tmp_path: Path) -> Callable[..., Path]:
    """Write cases a and b into a folder: references, label maps or probabilities."""

    def make(name: str, kind: str = "labels", *, seed: int = 0, axcodes: str = "RAS", suffix: str = ".nii.gz") -> Path:
        folder = tmp_path / name
        folder.mkdir(parents=True, exist_ok=True)
        for number, case in enumerate("ab"):
            truth = labels_of(number)
            array = truth if kind == "labels" else probabilities_of(truth, seed * 10 + number)
            array = array.argmax(axis=0).astype(np.uint8) if kind == "hard" else array
            if suffix == ".npz":
                write_npz(folder / f"{case}.npz", array, axcodes)
            else:
                images.write(folder / f"{case}{suffix}", array, AFFINE, axcodes)
        return folder

    return make


@pytest.fixture
def call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Called]:
    """Call `softbench score` in this process, with the output folder `out`."""

    def run(*arguments: object) -> Called:
        capsys.readouterr()
        code = cli.main(["score", "--cores", "1", "--output", str(tmp_path / "out"), *map(str, arguments)])
        return Called(code, *capsys.readouterr())

    return run


@pytest.fixture
def scores(tmp_path: Path) -> Callable[..., pd.DataFrame]:
    """Read the scores of the last call, those of some columns' values."""

    def read(**where: object) -> pd.DataFrame:
        found = pd.read_parquet(tmp_path / "out" / "scores.parquet")
        for column, value in where.items():
            found = found[found[column] == value]
        return found.reset_index(drop=True)

    return read


def assert_same_scores(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    """Compare rows bit by bit."""
    columns = ["rater", "structure", "metric", "roi", "value", "unit"]
    pd.testing.assert_frame_equal(found[columns], expected[columns], check_exact=True, check_dtype=False)
