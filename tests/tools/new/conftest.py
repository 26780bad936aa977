"""Folders in nnU-Net's layout."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

FACTS = {"channel_names": {"0": "T2", "1": "ADC map"}, "labels": {"background": 0, "Zone A": 1, "Zone B": 2}}


@pytest.fixture
def nnunet_folder(tmp_path: Path) -> Callable[..., Path]:
    """A function that writes a folder of three cases, of two channels in a file each, or of 4-D files."""

    def make(*, one_file: bool = False, spacing_mm: tuple[float, ...] = (1.0, 1.0, 3.0), **facts: Any) -> Path:
        folder = tmp_path / "Dataset001_Zones"
        for kind in ("imagesTr", "labelsTr"):
            (folder / kind).mkdir(parents=True)
        for number in range(3):
            rng = np.random.default_rng(number)
            affine = np.diag([*(length * (1 + 0.1 * (number == 2)) for length in spacing_mm), 1.0])
            channels = rng.normal(100, 20, (26, 25, 17, 2)).astype(np.float32)
            files = {"": channels} if one_file else {f"_{c:04d}": channels[..., c] for c in (0, 1)}
            for suffix, array in files.items():
                nib.save(nib.Nifti1Image(array, affine), folder / "imagesTr" / f"p{number}_a{suffix}.nii.gz")
            label = rng.integers(0, 3, channels.shape[:3]).astype(np.uint8)
            nib.save(nib.Nifti1Image(label, affine), folder / "labelsTr" / f"p{number}_a.nii.gz")
        (folder / "dataset.json").write_text(json.dumps({**FACTS, **facts}))
        return folder

    return make
