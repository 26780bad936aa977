"""Predictions of test cases are stored in the grid of the files that the cases were published in."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from softbench import datasets, images
from softbench.arrays import one_hot
from softbench.datasets.case import Case
from softbench.datasets.prepare import prepare
from softbench.training.run import Scoring
from softbench.training.scoring import score

SHAPE, EDGES = (6, 7, 8), (0.8, 0.8, 1.5)  # x, y, z
CASE = "hippocampus_001"


def publish(folder: Path, code: int) -> np.ndarray:
    """Write a case in the layout of `hippocampus`, with this code of both affines; return its label map (x, y, z)."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[1:3, 2, 3:], labels[3, 2:5, 3:] = 1, 2
    for kind, array in (("imagesTr", np.random.default_rng(0).normal(0, 1, SHAPE)), ("labelsTr", labels)):
        file = nib.Nifti1Image(array.astype(np.uint8 if kind == "labelsTr" else np.float32), np.diag([*EDGES, 1]))
        file.set_sform(file.affine, code)
        file.set_qform(file.affine, code)
        (folder / kind).mkdir(parents=True)
        file.to_filename(folder / kind / f"{CASE}.nii.gz")
    return labels


def perfect(case: Case) -> np.ndarray:
    return one_hot(case.labels[0], 3).astype(np.float32)


@pytest.mark.parametrize("code", [0, 1])
def test_prediction_has_an_orientation_where_its_case_has_one(tmp_path: Path, code: int) -> None:
    labels = publish(tmp_path / "raw", code)
    prepare.run("hippocampus", tmp_path / "raw", tmp_path / "data", versions={}, settings={}, log=lambda line: None)
    dataset = datasets.open(tmp_path / "data")
    assert dataset.is_oriented(CASE) == bool(code)
    score({"raw": perfect}, dataset, [CASE], Scoring([2.0]), keep=tmp_path, log=lambda line: None)
    stored = tmp_path / "predictions" / f"{CASE}.nii.gz"
    file = nib.load(stored)
    assert [int(file.header[f"{form}_code"]) for form in ("sform", "qform")] == [code, code]
    assert file.header.get_zooms() == pytest.approx(EDGES)
    np.testing.assert_array_equal(np.asanyarray(file.dataobj), labels)
    read, published = images.read(stored), images.read(tmp_path / "raw" / "labelsTr" / f"{CASE}.nii.gz")
    np.testing.assert_allclose(read.affine, published.affine, atol=1e-6)
    assert read.oriented == published.oriented == bool(code)
