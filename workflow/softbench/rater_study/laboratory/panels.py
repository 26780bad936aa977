"""One case read by one panel: how far labels made from n of its raters are from the population, and from the truth."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np

from softbench.arrays import one_hot
from softbench.datasets.phantoms.annotators import Population, Structure, territories, true_labels
from softbench.errors import InputError
from softbench.rater_study import regions, trials
from softbench.rater_study.trials import Line
from softbench.soft_labels.raters import majority
from softbench.soft_labels.staple_estimate import kinds_of_voxels, staple

VERSION = 1
MAJORITY, STAPLE = "majority", "staple"  # one label map of several raters
MERGED = (MAJORITY, STAPLE)
AGAINST = ("population", "truth")  # what labels are compared with
MISSED = "missed"
STAPLE_STEP = 4


@dataclass(frozen=True)
class Reading:
    """A case read by a panel.

    labels: (R, ...) uint8. references: (2, C, V), in the band: the distribution over the population, and the true
    label. band: (...) bool, V voxels. owner: (...) the true structure that each voxel belongs to. structures: how many.
    """

    case: str
    labels: np.ndarray
    references: np.ndarray
    band: np.ndarray
    owner: np.ndarray
    structures: int
    spacing_mm: tuple[float, ...]

    @property
    def raters(self) -> int:
        """How many there are."""
        return len(self.labels)

    @property
    def classes(self) -> int:
        """How many, background included."""
        return self.references.shape[1]


def read(
    case: int,
    structures: Sequence[Structure],
    shape: Sequence[int],
    spacing_mm: tuple[float, ...],
    people: Population,
    *,
    raters: int,
    classes: int,
    band_mm: float,
) -> Reading:
    """Let a panel read a case.

    Args:
        case: its number, which decides the panel.
        structures: of the truth, one or more.
        shape: of the grid.
        spacing_mm: of the grid.
        people: that the panel is drawn from.
        raters: how many.
        classes: background included.
        band_mm: half width of the band around the edges of the true structures; at least the largest spacing.
    Raises: InputError: if there is no structure, or as `Population.panel`.
    """
    if not structures:
        raise InputError(f"case {case} has no structure, so it has no edge to compare labels at. Leave it out.")
    truth = true_labels(structures, shape)
    labels = people.read(case, raters, structures, shape, spacing_mm)
    masks = [truth == class_id for class_id in range(1, classes)]
    band = np.logical_or.reduce([regions.zones(mask[None], spacing_mm, band_mm) > 0 for mask in masks])
    known = np.stack([people.probability(structures, shape, classes), one_hot(truth, classes)])
    return Reading(str(case), labels, known[:, :, band], band, territories(structures)[0], len(structures), spacing_mm)


def measure(reading: Reading, lines: Sequence[Line]) -> dict[str, np.ndarray]:
    """Return the Brier scores in the band of labels made from 1 to R raters.

    The label of n raters is the mean of the soft labels of each: of one-hot labels that is mOH, of SVLS it is mSVLS,
    for SVLS is linear. Its score is the mean over all groups of n of the R raters, so n = 1 is the mean over raters of
    a label of one. For majority and STAPLE, the groups are n raters in a row, the first after the last: every rater
    begins one, and every fourth for STAPLE, which takes longer.

    Args:
        reading: a case.
        lines: soft labels of one rater, over the values of a setting.
    Returns: by line (K, R, 2): trials, n - 1, `AGAINST`; majority and staple (1, R, 2): the mean over voxels of the
        sum over classes of (p - q)², in [0, 2]; NaN where STAPLE comes to no rest. `missed` (R,): how many true
        structures none of n raters marks a voxel of, mean over groups.
    """
    found = {line.name: _means(reading, _soften(reading, line)) for line in lines}
    return found | _merged(reading) | {MISSED: _missed(reading)}


def _soften(reading: Reading, line: Line) -> np.ndarray:
    """Return the soft labels of each rater in the band, (R, K, C, V)."""
    classes, case, spacing_mm = reading.classes, reading.case, reading.spacing_mm
    return np.stack(
        [
            np.stack(
                [
                    soft[:, reading.band]
                    for soft in trials.soften(line, own[None], None, spacing_mm, classes=classes, case=case)
                ]
            )
            for own in reading.labels
        ]
    )


def _means(reading: Reading, softs: np.ndarray) -> np.ndarray:
    r"""Return the scores of the mean of n of the R soft labels (R, K, C, V), mean over all groups of n, (K, R, 2).

    With the error e_r of each, the squared error of the mean of n is, over all groups,

    .. math:: \frac{1}{n} \overline{e_r \cdot e_r} + \frac{n - 1}{n} \overline{e_r \cdot e_s}, \quad r \ne s
    """
    raters, voxels = len(softs), softs.shape[-1]
    counts = np.arange(1, raters + 1)
    scores = []
    for known in reading.references:
        errors = softs - known
        own = (errors**2).sum(axis=(2, 3)).sum(axis=0)
        cross = (errors.sum(axis=0) ** 2).sum(axis=(1, 2)) - own
        pairs = max(raters * (raters - 1), 1)
        scores.append(np.outer(own / raters, 1 / counts) + np.outer(cross / pairs, 1 - 1 / counts))
    return np.stack(scores, axis=-1) / voxels


def _groups(raters: int, step: int = 1) -> Iterator[tuple[int, list[int]]]:
    """Give how many raters are together, from 1, and who: n in a row; of several, each `step`-th begins a group."""
    for number in range(1, raters + 1):
        for first in range(0, raters if number < raters else 1, step if number > 1 else 1):
            yield number, [(first + more) % raters for more in range(number)]


def _merged(reading: Reading) -> dict[str, np.ndarray]:
    """Return the scores of one label map made of n raters, (1, R, 2) each."""
    kinds, places = kinds_of_voxels(reading.labels.reshape(reading.raters, -1), reading.classes)
    counts, near = np.bincount(places), places.reshape(reading.band.shape)[reading.band]
    labels = np.ascontiguousarray(kinds.T, np.uint8)  # voxels of which all raters say the same are told apart by none
    found = {}
    for name, step in ((MAJORITY, 1), (STAPLE, STAPLE_STEP)):
        scores: list[list[np.ndarray]] = [[] for _ in range(reading.raters)]
        for number, group in _groups(reading.raters, step):
            merged = _merge(name, labels[group], reading.classes, counts)
            scores[number - 1].append(
                np.full(len(AGAINST), np.nan) if merged is None else _score(reading, merged[near])
            )
        found[name] = np.array([np.mean(of_number, axis=0) for of_number in scores])[None]
    return found


def _merge(name: str, labels: np.ndarray, classes: int, counts: np.ndarray) -> np.ndarray | None:
    if name == MAJORITY:
        return majority(labels, classes)
    try:
        return staple(labels, classes, counts=counts)
    except InputError:  # no rest within its rounds
        return None


def _score(reading: Reading, labels: np.ndarray) -> np.ndarray:
    """Return the Brier scores of a label map in the band, (2,)."""
    hard = one_hot(labels, reading.classes)
    return np.array([((hard - known) ** 2).sum(axis=0).mean() for known in reading.references])


def _missed(reading: Reading) -> np.ndarray:
    """Return how many structures none of n raters marks a voxel of, mean over all groups of n of the R, (R,)."""
    raters = reading.raters
    marked = [np.bincount(reading.owner[own > 0], minlength=reading.structures) > 0 for own in reading.labels]
    blind = raters - np.sum(marked, axis=0)  # raters who miss each structure
    return np.array(
        [sum(comb(int(few), number) for few in blind) / comb(raters, number) for number in range(1, raters + 1)]
    )
