"""One case as arrays: a prediction, its references and where they count; bad values are named by their file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from softbench import images
from softbench.checks import require_label_map
from softbench.errors import InputError
from softbench.metrics.voxels import require_probabilities
from softbench.own_predictions import volumes
from softbench.own_predictions.parts import Files

VERSION = 1
AGREEMENT = 0.5  # post-processing changes few voxels; another orientation leaves hardly any in place


@dataclass(frozen=True)
class Loaded:
    """A case that can be scored: (D, H, W), or (H, W) of a picture.

    `prediction` (C, ...) float probabilities or (...) class ids; `references` (R, ...) class ids; `valid` marks the
    voxels that count, None where all do.
    """

    prediction: np.ndarray
    references: np.ndarray
    spacing_mm: tuple[float, ...]
    valid: np.ndarray | None

    @property
    def is_label_map(self) -> bool:
        """Whether the prediction has no probabilities."""
        return self.prediction.ndim == self.references.ndim - 1


def read(files: Files, raters: Sequence[Path], classes: int, ignore_label: int | None) -> Loaded:
    """Read a case whose headers were found to agree.

    Args:
        files: of the prediction.
        raters: label maps.
        classes: number of classes C.
        ignore_label: voxels that any rater gave this id count for nothing.
    Raises: InputError: if probabilities are no distribution, a label is no whole number or no class; names the file.
    """
    stored = volumes.header(raters[0])
    spacing = images.spacing_of(volumes.grid(stored)[1])
    maps = [label_map(path) for path in raters]
    valid = np.logical_and.reduce([one != ignore_label for one in maps]) if ignore_label is not None else None
    if valid is not None and valid.all():
        valid = None
    for path, one in zip(raters, maps, strict=True):
        _require_classes(path, one, classes, valid)
    prediction = _prediction(files, classes, stored, valid)
    loaded = Loaded(prediction, np.stack(maps), spacing, valid)
    return _picture(loaded) if loaded.references.shape[1] == 1 else loaded


def label_map(path: Path) -> np.ndarray:
    """Read a label map: (D, H, W), unsigned or signed integers of the smallest type that holds the ids."""
    array = images.to_label_map(volumes.voxels(path), str(path))
    return array.astype(np.result_type(np.min_scalar_type(array.min(initial=0)), np.min_scalar_type(array.max())))


def _prediction(files: Files, classes: int, reference: volumes.Header, valid: np.ndarray | None) -> np.ndarray:
    if volumes.header(files.path).channels is None:
        labels = _predicted_labels(files.path)
        _require_classes(files.path, labels, classes, valid)
        return labels
    beside = volumes.header(files.nifti).affine if files.nifti else None
    probabilities = volumes.voxels(files.path, reference.affine if beside is None else beside)
    try:
        require_probabilities(probabilities, valid)
    except InputError as error:
        raise InputError(f"{files.path}: {error}") from error
    if files.npz and files.nifti:
        _require_agreement(probabilities, files.npz, files.nifti)
    return probabilities


def _predicted_labels(path: Path) -> np.ndarray:
    try:
        return label_map(path)
    except InputError as error:
        raise InputError(
            f"{error} If they are probabilities of a foreground, write (x, y, z, 2), background first."
        ) from error


def _require_classes(path: Path, labels: np.ndarray, classes: int, valid: np.ndarray | None) -> None:
    try:
        require_label_map(str(path), labels if valid is None else labels[valid], classes)
    except InputError as error:
        raise InputError(f"{error} For `softbench score`: --classes, or --ignore-label.") from error


def _require_agreement(probabilities: np.ndarray, npz: Path, nifti: Path) -> None:
    """Raise if the label map beside an npz shows other voxels: the npz then lies in another orientation."""
    labels, top = label_map(nifti), probabilities.argmax(axis=0)
    either = np.count_nonzero((labels > 0) | (top > 0))
    agree = np.count_nonzero((labels > 0) & (labels == top))
    if either and agree / either < AGREEMENT:
        raise InputError(
            f"{npz} and the label map beside it, {nifti.name}, agree on {agree} of {either} foreground voxels. The "
            "npz must hold (classes, z, y, x) in the orientation of that file. If only the label map is right, move "
            "the npz away; if only the npz is, move the label map away."
        )


def _picture(loaded: Loaded) -> Loaded:
    """Drop the axis of a single slice: surfaces and bands of a picture have no third dimension."""
    axis = 0 if loaded.is_label_map else 1
    valid = None if loaded.valid is None else loaded.valid[0]
    return Loaded(np.take(loaded.prediction, 0, axis), loaded.references[:, 0], loaded.spacing_mm[1:], valid)
