"""The door for real images: reads the files of a case and refuses what no later step could notice."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from softbench import images
from softbench.checks import require_finite, require_label_map, require_spacing
from softbench.datasets.case import RawCase
from softbench.errors import InputError

VERSION = 1
AFFINE_TOLERANCE_MM = 1e-3  # headers store float32; two writers of one grid differ by less


@dataclass(frozen=True)
class Volumes:
    """A case as read: channels (M, D, H, W) float32 not yet normalised, labels (R, D, H, W) uint8, and its grid."""

    channels: np.ndarray
    labels: np.ndarray
    spacing_mm: tuple[float, ...]
    affine: np.ndarray
    axcodes: str


def read_case(case: RawCase, classes: int, modalities: int) -> Volumes:
    """Read a case in RAS, axes (D, H, W).

    Raises: InputError: if the image or a label map is missing, cut short or not 3-D; if shapes or affines differ; if an
        image holds NaN, Inf or one single value; if a label is no whole number or lies outside 0 .. classes - 1.
    """
    require_files(case, modalities)
    channels = [images.read(path) for path in case.images]
    raters = [images.read(path) for path in case.labels]
    first = channels[0]
    for path, volume in zip((*case.images, *case.labels), (*channels, *raters), strict=True):
        _require_same_grid(path, volume, case.images[0], first)
    return Volumes(
        np.stack([_intensities(p, c.array) for p, c in zip(case.images, channels, strict=True)]),
        np.stack([_class_ids(p, r.array, classes) for p, r in zip(case.labels, raters, strict=True)]),
        require_spacing(first.spacing_mm, 3),
        first.affine,
        first.axcodes,
    )


def require_files(case: RawCase, modalities: int) -> None:
    """Raise if a case lacks its image, one of its modalities, or its label map."""
    if not case.images:
        raise InputError(f"has a label map ({_names(case.labels)}) but no image. Add the image or take the label away.")
    if not case.labels:
        raise InputError(
            f"has an image ({_names(case.images)}) but no label map. Add the label or take the image away."
        )
    if len(case.images) != modalities:
        raise InputError(f"has {len(case.images)} images ({_names(case.images)}) where {modalities} are expected.")


def _names(paths: Sequence[Path]) -> str:
    return ", ".join(path.name for path in paths)


def _require_same_grid(path: Path, volume: images.Image, first_path: Path, first: images.Image) -> None:
    if volume.array.shape != first.array.shape:
        raise InputError(
            f"{path} has the shape {volume.array.shape}, but {first_path} {first.array.shape} (D, H, W). "
            "Resample one onto the other first."
        )
    if not np.allclose(volume.affine, first.affine, rtol=0, atol=AFFINE_TOLERANCE_MM):
        off = np.abs(volume.affine - first.affine).max()
        raise InputError(
            f"{path} and {first_path} have the same shape, but their affines differ by up to {off:.3g} mm. "
            "Mend the header that is wrong, or resample one onto the other."
        )


def _intensities(path: Path, array: np.ndarray) -> np.ndarray:
    require_finite(str(path), array)
    if array.min() == array.max():
        raise InputError(f"{path} is constant: every voxel is {array.flat[0]}. Mend the file or leave the case out.")
    return array.astype(np.float32)


def _class_ids(path: Path, array: np.ndarray, classes: int) -> np.ndarray:
    labels = images.to_label_map(array, str(path))
    require_label_map(str(path), labels, classes)
    return labels.astype(np.uint8)
