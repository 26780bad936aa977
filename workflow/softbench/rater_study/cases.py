"""Cases that several raters labelled, read for a study of their labels: with the image where there is one."""

from collections.abc import Collection, Mapping, Sequence
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
SHOWN = 10  # cases in a message


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


def require_raters(source: str, found: Sequence[RawCase], study: str, dropped: Mapping[str, str]) -> list[RawCase]:
    """Return the cases without those that a study drops; raise unless all others have the label map of each rater.

    Args:
        source: of the cases.
        found: as `find` lists them.
        study: its name in config, for the message.
        dropped: case -> reason, of config.
    Raises: InputError: naming all cases that lack a label map, by the names of their files, and what to write; or a
        dropped case that is not there.
    """
    if unknown := sorted(set(dropped) - {case.id for case in found}):
        raise InputError(
            f"`drop` of {study} names {', '.join(unknown)}, which {source} does not have. Correct the name."
        )
    kept = [case for case in found if case.id not in dropped]
    faults = {case.id: fault for case in kept if (fault := _fault(source, case))}
    if faults:
        shown = [f"- {name}: {fault}" for name, fault in list(faults.items())[:SHOWN]]
        more = [f"- and {len(faults) - SHOWN} more"] if len(faults) > SHOWN else []
        entry = ", ".join(f"{name}: incomplete" for name in faults)
        raise InputError(
            "\n".join(
                [
                    f"{len(faults)} of {len(kept)} cases of {source} lack a label map, and nothing was measured:",
                    *shown,
                    *more,
                    "Add what is missing, or leave these cases out: in config, beside `source`,",
                    f"rater_studies: {{{study}: {{drop: {{{entry}}}}}}}",
                ]
            )
        )
    return kept


def _fault(source: str, case: RawCase) -> str:
    """Return what a case lacks; nothing where it has the label maps of all raters."""
    module = datasets.source(source)
    if module.ACCESS == "made":
        return ""
    if hasattr(module, "require_raters"):
        try:
            module.require_raters(case)
        except InputError as error:
            return str(error)
    elif not hasattr(module, "read") and len(case.labels) != (wanted := getattr(module, "LABEL_MAPS", 0)):
        return f"has {len(case.labels)} label map(s) where {wanted} are needed."
    return ""


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
        if not made and len(rated.labels) != (wanted := getattr(datasets.source(source), "LABEL_MAPS", 0)):
            raise InputError(f"has {len(rated.labels)} raters, but cases of {source} have {wanted}: `drop` it.")
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
    alone = hasattr(module, "read_raters")  # else the images are read with the labels, and left out by the caller
    if alone and not (images and case.images):
        volumes = module.read_raters(case)
        return Rated(case.id, case.patient, volumes.labels, volumes.spacing_mm, None)
    volumes = module.read(case) if hasattr(module, "read") else reading.read_case(case, module)
    return Rated(case.id, case.patient, volumes.labels, volumes.spacing_mm, volumes.channels)
