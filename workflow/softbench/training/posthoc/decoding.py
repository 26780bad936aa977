"""What a decoder is, and how claims of structures on a voxel become one label."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from softbench.datasets.case import Case
from softbench.metrics.structure import probability

VERSION = 1
CHUNK = 1 << 20  # voxels at once
Structures = Mapping[str, Sequence[int]]  # name -> class ids
Predicted = Callable[[], Iterator[tuple[Case, np.ndarray]]]  # validation cases, each with its probabilities (C, ...)


@dataclass(frozen=True)
class Decoded:
    """A label map (...) uint8, and in how many voxels no class met all claims; None where nothing is claimed."""

    labels: np.ndarray
    conflicts: int | None = None


@dataclass(frozen=True)
class Decoder:
    """Turns probabilities (C, ...) float32 and the voxels that exist (None: all) into a label map; with its facts.

    facts: what was fitted, as plain JSON values, for the record of a run.
    """

    decode: Callable[[np.ndarray, np.ndarray | None], Decoded]
    facts: Mapping[str, Any] = field(default_factory=dict)


def of_structures(probabilities: np.ndarray, structures: Structures) -> Iterator[tuple[str, np.ndarray]]:
    """Give each structure with its probability (...): the sum over its classes."""
    for name, ids in structures.items():
        yield name, probability(probabilities, np.isin(np.arange(len(probabilities)), list(ids)), None)


def settle(probabilities: np.ndarray, claims: np.ndarray, structures: Structures) -> Decoded:
    """Give each voxel the class that meets most claims of structures; of several such classes the most probable one.

    A structure claims a voxel or does not; a class meets a claim where it is one of the structure's, and the absence of
    a claim where it is none. So a voxel that nothing claims is of a class outside of all structures (background), and
    one that two separate structures claim is of the more probable of the two.

    Args:
        probabilities: (C, ...) float.
        claims: (S, ...) bool, in the order of the structures.
        structures: name -> class ids.
    Returns: the label map, and the number of voxels in which no class meets all claims.
    """
    member = np.stack([np.isin(np.arange(len(probabilities)), list(ids)) for ids in structures.values()])
    flat, wanted = probabilities.reshape(len(probabilities), -1), claims.reshape(len(claims), -1)
    labels, conflicts = np.zeros(flat.shape[1], np.uint8), 0
    for first in range(0, flat.shape[1], CHUNK):
        here = slice(first, first + CHUNK)
        unmet = sum(own[:, None] != of_voxels for own, of_voxels in zip(member, wanted[:, here], strict=True))
        fewest = np.min(unmet, axis=0)
        labels[here] = np.where(unmet == fewest, flat[:, here], -1).argmax(axis=0)
        conflicts += int(np.count_nonzero(fewest))
    return Decoded(labels.reshape(probabilities.shape[1:]), conflicts)


def blank_out(decoded: Decoded, valid: np.ndarray | None) -> Decoded:
    """Return the same with background where no voxel exists."""
    return decoded if valid is None else Decoded(np.where(valid, decoded.labels, 0).astype(np.uint8), decoded.conflicts)
