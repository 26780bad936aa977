"""What users of an earlier version (commit 9ba6e70) have: their own files, in a copy of today's suite."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

HERE = Path(__file__).parent
RENAMED = {"crop": "patch_size", "window": "inference_patch"}  # keys of protocols that have another name now
FACTS = {"channel_names": {"0": "T2", "1": "ADC map"}, "labels": {"background": 0, "Zone A": 1, "Zone B": 2}}


def write_zones(folder: Path, cases: int = 4) -> None:
    """Write the folder that configs/mine.yaml is of: two channels, two zones, nnU-Net's layout."""
    for kind in ("imagesTr", "labelsTr"):
        (folder / kind).mkdir(parents=True)
    (folder / "dataset.json").write_text(json.dumps(FACTS))
    for number in range(cases):
        rng = np.random.default_rng(number)
        labels = np.zeros((26, 25, 17), np.uint8)
        labels[4:14, 5:18, 3:12], labels[14:20, 5:18, 3:12] = 1, 2
        for channel in (0, 1):
            image = (labels + rng.normal(0, 1, labels.shape)).astype(np.float32)
            nib.save(nib.Nifti1Image(image, np.eye(4)), folder / "imagesTr" / f"p{number}_a_{channel:04d}.nii.gz")
        nib.save(nib.Nifti1Image(labels, np.eye(4)), folder / "labelsTr" / f"p{number}_a.nii.gz")


def renamed(text: str) -> str:
    """Return a config file as its user leaves it who did what the messages ask: renamed the keys of protocols."""
    for old, new in RENAMED.items():
        text = re.sub(rf"\b{old}(?=: \[)", new, text)
    return text


@pytest.fixture(scope="session")
def make_earlier(make_clone: Callable) -> Callable:
    """A function that copies today's suite and lays folders of this place over it, or into it, keys renamed."""

    def make(name: str, over: tuple[str, ...] = (), beside: tuple[str, ...] = ()):
        clone = make_clone(name)
        for folder in over:
            shutil.copytree(HERE / folder, clone.path, dirs_exist_ok=True)
        for folder in beside:
            shutil.copytree(HERE / folder, clone.path / folder)
        for path in (clone.path / "configs").glob("*.yaml"):
            path.write_text(renamed(path.read_text()))
        if "plugins" in over:
            write_zones(clone.path / "data")
        return clone

    return make


@pytest.fixture(scope="session")
def with_plugins(make_earlier: Callable):
    """A copy with everything of one's own: soft labels, a map, a loss, a network, a data set and its files."""
    return make_earlier("plugins", over=("plugins",), beside=("configs",))
