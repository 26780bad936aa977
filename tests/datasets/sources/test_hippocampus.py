"""The real hippocampus data: what is prepared agrees with another reader of the files."""

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from softbench import datasets
from softbench.datasets import splits
from softbench.datasets.folder import Dataset
from softbench.datasets.prepare import prepare

SPLITS = Path(__file__).parents[3] / "workflow" / "splits" / "hippocampus"


@pytest.fixture(scope="module")
def prepared(real_hippocampus: Path, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """All 260 cases, prepared."""
    output = tmp_path_factory.mktemp("hippocampus")
    prepare.run("hippocampus", real_hippocampus, output, versions={}, settings={}, log=lambda line: None)
    return datasets.open(output)


def test_all_cases_have_the_published_properties(prepared: Dataset) -> None:
    assert len(prepared.cases) == 260  # numTraining of the Decathlon
    shapes = np.stack(prepared.cases["shape"])  # (D, H, W), published as x 31-43, y 40-59, z 24-47
    assert shapes.min(axis=0).tolist() == [24, 40, 31]
    assert shapes.max(axis=0).tolist() == [47, 59, 43]
    assert set(prepared.cases["axcodes"]) == {"RAS"}
    voxels = np.stack(prepared.cases["voxels"])
    assert (voxels > 0).all()
    foreground = voxels[:, 1:].sum(axis=1)
    assert (foreground.min(), foreground.max()) == (2382, 4401)


@pytest.mark.parametrize("case", ["hippocampus_001", "hippocampus_003", "hippocampus_243"])  # 003, 243: float labels
def test_case_agrees_with_nibabel(case: str, prepared: Dataset, real_hippocampus: Path) -> None:
    loaded = prepared.load(case)
    image = nib.load(real_hippocampus / "imagesTr" / f"{case}.nii.gz")
    labels = nib.load(real_hippocampus / "labelsTr" / f"{case}.nii.gz")
    voxels = image.get_fdata()
    np.testing.assert_allclose(loaded.images[0].T, (voxels - voxels.mean()) / voxels.std(), atol=1e-4)
    np.testing.assert_array_equal(loaded.labels[0].T, labels.get_fdata())
    x, y, z = 3, 5, 7
    np.testing.assert_allclose(loaded.affine @ [z, y, x, 1], image.affine @ [x, y, z, 1])


def test_every_case_is_on_one_scale(prepared: Dataset) -> None:
    for case in prepared.cases["case"]:
        images = prepared.load(case).images
        assert abs(images.mean()) < 1e-4
        assert abs(images.std() - 1) < 1e-4


@pytest.mark.parametrize("name", ["main", "train_80", "train_6", "val_40", "train_6_val_40"])
def test_committed_split_fits_the_data(name: str, prepared: Dataset) -> None:
    splits.check(splits.read(SPLITS / f"{name}.csv"), prepared.cases)


def test_committed_split_covers_all_cases(prepared: Dataset) -> None:
    assert set(splits.read(SPLITS / "main.csv")["case"]) == set(prepared.cases["case"])
