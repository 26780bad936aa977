"""Cases that several raters labelled, read for a study of their labels: with the image where there is one."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from softbench import datasets
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
    axes.
    """

    id: str
    patient: str
    labels: np.ndarray
    spacing_mm: tuple[float, ...]
    image: np.ndarray | None


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
        rated = _made(source, case, size) if made else _published(source, case, images)
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
    return Rated(case.id, case.patient, made.labels, made.spacing_mm, image)


def _published(source: str, case: RawCase, images: bool) -> Rated:
    module = datasets.source(source)
    case = replace(case, choices=Choices(rescale_labels=module.DEFAULTS.get("rescale_labels", False)))
    if not (images and case.images):
        if not hasattr(module, "read_raters"):
            reading.require_files(replace(case, images=()), len(module.MODALITIES))
        volumes = module.read_raters(case)
        return Rated(case.id, case.patient, volumes.labels, volumes.spacing_mm, None)
    volumes = module.read(case) if hasattr(module, "read") else reading.read_case(case, module)
    return Rated(case.id, case.patient, volumes.labels, volumes.spacing_mm, volumes.channels)
