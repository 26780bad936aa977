"""Data in a folder of the user's: moved, it changes nothing; a changed byte changes what it must."""

from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
from softbench import images


def arguments(folder: Path) -> tuple[str, ...]:
    return ("results/tables/folder.md", "--config", f"folders={{hippocampus: {folder}}}")


def test_moved_folder_recomputes_nothing_and_a_changed_byte_what_it_must(
    folder_clone, msd_folder: Path, make_clone: Callable
) -> None:
    folder_clone.run(*arguments(msd_folder))
    first = folder_clone.scores("folder")
    seed = folder_clone.path / "results/runs/folder/tiny_unet/one_hot/seed-0"
    original = nib.load(msd_folder / "imagesTr" / "hippocampus_010.nii.gz")
    prediction = nib.load(seed / "predictions" / "hippocampus_010.nii.gz")
    assert prediction.shape == original.shape
    np.testing.assert_array_equal(prediction.affine, original.affine)

    moved = msd_folder.rename(msd_folder.with_name("moved"))
    assert folder_clone.jobs(*arguments(moved)) == {}

    path = moved / "imagesTr" / "hippocampus_001.nii.gz"  # a training case
    image = images.read(path)
    changed = image.array.copy()
    changed[3, 3, 3] += 5000
    images.write(path, changed, image.affine)
    jobs = folder_clone.jobs(*arguments(moved))
    assert jobs["fetch_source"] == jobs["prepare"] == 1
    folder_clone.run(*arguments(moved))

    fresh = make_clone("fresh_folder")
    split = "workflow/splits/hippocampus/tiny.csv"
    (fresh.path / split).write_text((folder_clone.path / split).read_text())
    fresh.run(*arguments(moved))
    pd.testing.assert_frame_equal(folder_clone.scores("folder"), fresh.scores("folder"), check_exact=True)
    assert not first["value"].equals(fresh.scores("folder")["value"])
