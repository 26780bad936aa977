"""Soft labels of real raters: four radiologists of LIDC, three annotations of KiTS, two observers of CHASE."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from softbench import images
from softbench.soft_labels import moh, msvls, quality, svls
from softbench.soft_labels.raters import majority


def stack_of(folder: Path, raters: int) -> tuple[np.ndarray, tuple[float, ...]]:
    maps = [images.read(folder / f"rater{r}.nii.gz") for r in range(1, raters + 1)]
    return np.stack([np.rint(one.array).astype(np.uint8) for one in maps]), maps[0].spacing_mm


def test_four_radiologists_give_quarters(real_data) -> None:
    folders = sorted(path for path in real_data("lidc_multirater_contours").iterdir() if path.is_dir())[:10]
    assert len(folders) == 10
    for folder in folders:
        stack, spacing = stack_of(folder, 4)
        mean = moh.soften(stack, None, spacing, classes=2)
        np.testing.assert_allclose(mean * 4, np.rint(mean * 4), atol=1e-6)
        assert 0 < (mean[1] == 1).sum() < (mean[1] > 0).sum()  # they agree on some voxels, and not on all
        smoothed = msvls.soften(stack, None, spacing, classes=2)
        np.testing.assert_allclose(smoothed.sum(axis=0), 1, atol=1e-5)
        towards = quality(smoothed, stack, spacing)
        alone = quality(svls.soften(stack[:1], None, spacing, classes=2), stack, spacing)
        assert towards["raters_brier"] < alone["raters_brier"]  # all raters are nearer to their mean than the first is


def test_majority_of_three_annotations_is_the_published_label(real_data) -> None:
    folder = real_data("kits23_multirater") / "case_00061"
    stack, _ = stack_of(folder, 3)
    published = np.rint(images.read(folder / "segmentation.nii.gz").array).astype(np.uint8)
    inside = (published > 0) | (stack > 0).any(axis=0)
    assert (majority(stack, 4) == published)[inside].mean() > 0.99  # theirs votes per instance, before painting


def test_two_observers_of_vessels_overlap_as_published(real_data) -> None:
    folder = real_data("chase_db1_two_raters")
    overlaps = []
    for first in sorted(folder.rglob("*_1stHO.png"))[:5]:
        second = first.with_name(first.name.replace("1stHO", "2ndHO"))
        stack = np.stack([np.asarray(Image.open(path)).astype(bool) for path in (first, second)]).astype(np.uint8)
        mean = moh.soften(stack, None, (1, 1), classes=2)[1]
        overlaps.append(2 * (mean == 1).sum() / (mean * 2).sum())
    assert len(overlaps) == 5
    assert 0.73 < min(overlaps) <= max(overlaps) < 0.82  # 0.739 to 0.817 over the 17 pairs at hand


@pytest.fixture
def real_data():
    import os

    root = Path(os.environ.get("SOFTBENCH_DATA", Path(__file__).parents[3] / "shared" / "data"))

    def find(name: str) -> Path:
        if not (root / name).is_dir():
            pytest.skip(f"needs the real raters of {name}: {root / name} is missing (set SOFTBENCH_DATA)")
        return root / name

    return find
