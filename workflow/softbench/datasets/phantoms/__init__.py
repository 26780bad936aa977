"""Phantoms: datasets made from a seed, with the true class probability of each voxel.

A phantom is a module of this folder that assigns `ACCESS = "made"`; `phantoms/brain.py` is the source `phantom_brain`.
"""

import re

from softbench import datasets
from softbench.checks import require_one_of
from softbench.datasets.case import Case
from softbench.errors import InputError

VERSION = 1


def names() -> list[str]:
    """List the phantoms by the name of their source."""
    return [name for name in datasets.names() if datasets.locate(name).parent.name == "phantoms"]


def make(name: str, case: int | str, seed: int = 0, *, size: str = "small") -> Case:
    """Make one case of a phantom; the same arguments give the same case.

    Args:
        name: of the phantom, e.g. `phantom_brain`.
        case: number of the case, or its id, e.g. 7 or `phantom_brain_007`.
        seed: of the whole dataset.
        size: one of the phantom's `SIZES`.
    Returns: the case, with `truth` (C, D, H, W) and images not normalised.
    Raises: InputError: if the phantom, the size or the case's id is unknown.
    """
    require_one_of("phantom", name, names())
    source = datasets.source(name)
    require_one_of("size", size, source.SIZES)
    index = case_number(name, case) if isinstance(case, str) else int(case)
    if index < 0 or seed < 0:
        raise InputError(f"`case` and `seed` must not be negative, but are {index} and {seed}.")
    made: Case = source.make(index, seed, size=size)
    return made


def case_id(name: str, index: int) -> str:
    """Return the id of a case: `phantom_brain_007`."""
    return f"{name}_{index:03d}"


def case_number(name: str, case: str) -> int:
    """Return the number of the case with this id; raise `InputError` if the id is not one of this phantom."""
    match = re.fullmatch(rf"{re.escape(name)}_(\d{{3,}})", case)
    if match is None:
        raise InputError(
            f"{case!r} is no case of {name}; its cases are called {case_id(name, 0)}, {case_id(name, 1)}, ..."
        )
    return int(match[1])
