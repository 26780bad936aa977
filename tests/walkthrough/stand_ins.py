"""The files that a reader has and a fresh clone has not: a data set of their own, predictions of another tool."""

import json
from pathlib import Path

import nibabel as nib
import numpy as np

CASES = 12
SHAPE = (25, 26, 17)  # of a file, (x, y, z)


def make(folder: Path, clone: Path, hippocampus: Path | None) -> Path:
    """Write `Dataset001_Bar` and `Task04_Hippocampus` below a folder, and out/nnunet, out/monai, labels in the clone.

    Args:
        folder: takes the data sets; it is returned, untouched where it is there already.
        clone: takes predictions and references.
        hippocampus: the real MSD Task04, used for both data sets where it is given.
    """
    if folder.exists():
        return folder
    _own_data(folder / "Dataset001_Bar", hippocampus)
    _linked(folder / "Task04_Hippocampus", hippocampus or folder / "Dataset001_Bar")
    for number in range(4):
        rng = np.random.default_rng(number)
        label = _label(rng)
        for place, shift in (("labels", 0), ("out/nnunet", 1), ("out/monai", 2)):
            _write(clone / place / f"case_{number:03d}.nii.gz", np.roll(label, shift, axis=0))
    return folder


def _own_data(folder: Path, hippocampus: Path | None) -> None:
    """Write a dozen cases, real or made, as a user of nnU-Net has them."""
    real = sorted((hippocampus / "imagesTr").glob("[!.]*.nii.gz"))[:CASES] if hippocampus else []
    for number in range(CASES):
        name = real[number].name.removesuffix(".nii.gz") if real else f"case_{number:03d}"
        image, label = folder / "imagesTr" / f"{name}_0000.nii.gz", folder / "labelsTr" / f"{name}.nii.gz"
        if real and hippocampus:
            _linked(image, real[number])
            _linked(label, hippocampus / "labelsTr" / real[number].name)
            continue
        rng = np.random.default_rng(number)
        labels = _label(rng)
        _write(image, (200 * labels + rng.normal(500, 60, SHAPE)).astype(np.float32))
        _write(label, labels)
    facts = {"channel_names": {"0": "MRI"}, "labels": {"background": 0, "anterior": 1, "posterior": 2}}
    (folder / "dataset.json").write_text(json.dumps(facts))


def _label(rng: np.random.Generator) -> np.ndarray:
    """Draw a box of two classes."""
    label = np.zeros(SHAPE, np.uint8)
    x, y, z = rng.integers(3, 6, 3)
    label[x : x + 12, y : y + 7, z : z + 8] = 1
    label[x : x + 12, y + 7 : y + 14, z : z + 8] = 2
    return label


def _write(path: Path, array: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(array, np.eye(4)), path)


def _linked(path: Path, target: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target.resolve())
