"""Cases that several raters labelled, read for a study of their labels: with the image where there is one."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from softbench import datasets
from softbench.arrays import bounding_box
from softbench.datasets import phantoms
from softbench.datasets.case import RawCase
from softbench.datasets.sources import layout, reading
from softbench.errors import InputError
from softbench.images import Choices

VERSION = 1


@dataclass(frozen=True)
class Rated:
    """A case of R raters on the grid that they drew on; 2-D cases lack the axis D.

    labels: (R, D, H, W) uint8 class ids. image: (M, D, H, W) float32, None where there is none. spacing_mm: of the
    axes. voxels: of the whole case, from which `labels` may be cut.
    """

    id: str
    patient: str
    labels: np.ndarray
    spacing_mm: tuple[float, ...]
    image: np.ndarray | None
    voxels: int


def find(source: str, folder: Path, number: int | None = None, left_out: Collection[str] = ()) -> list[RawCase]:
    """List the cases of a source.

    Args:
        source: one of `datasets.names()`.
        folder: where its files lie; not looked at for a phantom.
        number: how many cases a phantom has.
        left_out: ids of cases that are known to be faulty.
    Raises: InputError: if the folder holds none.
    """
    module = datasets.source(source)
    if module.ACCESS == "made":
        names = [f"{source}_{case:03d}" for case in range(number or module.CASES)]
        return [RawCase(name, name, (), ()) for name in names]
    dropped = {*getattr(module, "DROPPED", {}), *left_out}
    return [case for case in layout.require_cases(module, folder) if case.id not in dropped]


def read(source: str, case: RawCase, *, size: str | None = None, images: bool = True) -> Rated:
    """Read the labels of all raters of a case, and its image where it has one; headers as its source's default is.

    Args:
        source: whose case it is.
        case: as `find` lists it.
        size: of a phantom.
        images: False for the labels alone.
    Raises: InputError: naming the case, if it cannot be read, or has one rater.
    """
    try:
        made = datasets.source(source).ACCESS == "made"
        rated = _made(source, case, size) if made else _published(source, case if images else replace(case, images=()))
        rated = rated if images else replace(rated, image=None)
        if len(rated.labels) < 2:
            raise InputError("has one rater, and there is nobody to compare with. Take another data set.")
    except InputError as error:
        raise InputError(f"case {case.id}: {error}") from error
    return rated


def _made(source: str, case: RawCase, size: str | None) -> Rated:
    how: dict[str, Any] = {"size": size} if size else {}
    made = phantoms.make(source, int(case.id.rpartition("_")[2]), **how)
    image = made.intensities("prepared")
    return Rated(case.id, case.patient, made.labels, made.spacing_mm, image, made.labels[0].size)


def _published(source: str, case: RawCase) -> Rated:
    module = datasets.source(source)
    case = replace(case, choices=Choices(rescale_labels=module.DEFAULTS.get("rescale_labels", False)))
    if not case.images:
        if not hasattr(module, "read_raters"):
            reading.require_files(case, len(module.MODALITIES))
        volumes = module.read_raters(case)
        return Rated(case.id, case.patient, volumes.labels, volumes.spacing_mm, None, volumes.labels[0].size)
    volumes = module.read(case) if hasattr(module, "read") else reading.read_case(case, module)
    return Rated(case.id, case.patient, volumes.labels, volumes.spacing_mm, volumes.channels, volumes.labels[0].size)


def boxes(labels: np.ndarray, spacing_mm: Sequence[float], margin_mm: float) -> list[tuple[slice, ...]]:
    """Return boxes that hold all that any rater labelled, each with a margin; no two overlap.

    Args:
        labels: (R, D, H, W) or (R, H, W) class ids.
        spacing_mm: of the axes.
        margin_mm: around what was labelled, on all sides, within the array.
    Returns: a box for each object, or for several whose boxes would overlap; none where nobody labelled anything.
    """
    from scipy import ndimage

    labelled = np.asarray((labels > 0).any(axis=0))
    if not labelled.any():
        return []
    margin = [int(np.ceil(margin_mm / step)) for step in spacing_mm]
    around = bounding_box(labelled)
    objects = ndimage.find_objects(ndimage.label(labelled[around])[0])
    grown = [
        tuple(
            slice(max(0, part.start + shift.start - more), min(length, part.stop + shift.start + more))
            for part, shift, more, length in zip(box, around, margin, labelled.shape, strict=True)
        )
        for box in objects
    ]
    return _disjoint(grown)


def _disjoint(found: list[tuple[slice, ...]]) -> list[tuple[slice, ...]]:
    """Return boxes of which no two overlap: those that do become one that holds both."""
    apart: list[tuple[slice, ...]] = []
    waiting = list(found)
    while waiting:
        box = waiting.pop()
        other = next((known for known in apart if _overlap(box, known)), None)
        if other is None:
            apart.append(box)
            continue
        apart.remove(other)
        both = zip(box, other, strict=True)
        waiting.append(tuple(slice(min(a.start, b.start), max(a.stop, b.stop)) for a, b in both))
    return sorted(apart, key=lambda box: [part.start for part in box])


def _overlap(first: tuple[slice, ...], second: tuple[slice, ...]) -> bool:
    return all(a.start < b.stop and b.start < a.stop for a, b in zip(first, second, strict=True))
