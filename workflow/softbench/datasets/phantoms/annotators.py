r"""Simulated annotators with known habits, and how often the people of a population mark each voxel: exactly.

An annotator looks at the true structures of a case, each a connected component with its signed distance s in mm
(positive inside), and has four habits: the surface is moved outwards or inwards (`moved`), it is displaced from place
to place (`jittered`), small structures are missed (`miss_probability`), and two classes are confused (`class_chances`).
Each voxel belongs to the structure k of the largest s. It gets a class where

.. math:: s_k(x) + b + \sigma n(x) > 0

with offset b, jitter sigma, and n a smooth Gaussian field of variance 1; unless the annotator misses structure k, and
with the class that he gives to it. So annotator i marks a voxel as class c with probability

.. math:: P_i(c) = (1 - m_i(V_k))\; h_i(c \mid c_k)\; \Phi((s_k + b_i) / \sigma_i)

exactly, and the true distribution of a population is the mean of P_i over all of its people. Raters are drawn from
these people, so the mean one-hot label of n raters has an expected squared distance to it of 1 / n of that of one (less
by a share of n / 400 at most, for nobody is drawn twice).
Source: our own construction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import ndtr

from softbench.checks import require_fraction, require_one_of, require_positive
from softbench.datasets.phantoms.shapes import generator, smooth_field
from softbench.errors import InputError

VERSION = 2
COUNT = 400  # people of a population
PAIR = (1, 2)  # the classes that are confused
STEP, NODES = 0.05, 2000  # distances at which probabilities are computed: in smallest jitters; on a side, at most
REACH = 6.0  # standard deviations of the jitter beyond which a voxel is inside or outside for certain (to 1e-9)
BIRTH, WHO, DRAWING = 900, 901, 1000  # streams of random numbers; rater r of a case draws with DRAWING + r

Number = Any  # a float, or an array of one number a person


@dataclass(frozen=True)
class Structure:
    """A connected component of the truth.

    class_id: from 1. distance_mm: (D, H, W) or (H, W), positive inside. volume_mm3: of what lies in the image (mm² in
    2-D).
    """

    class_id: int
    distance_mm: np.ndarray
    volume_mm3: float


def moved(distance_mm: np.ndarray, offset_mm: float) -> np.ndarray:
    """Over- and under-segmenting: return distances to a surface that lies `offset_mm` further out (negative: in)."""
    return distance_mm + offset_mm


def jittered(
    distance_mm: np.ndarray,
    rng: np.random.Generator,
    *,
    jitter_mm: float,
    length_mm: float,
    spacing_mm: Sequence[float],
) -> np.ndarray:
    """Jitter: return distances to a surface that is displaced by a smooth Gaussian field.

    Args:
        distance_mm: (D, H, W) or (H, W).
        rng: source of randomness; not used without jitter.
        jitter_mm: standard deviation of the displacement; 0 leaves the surface.
        length_mm: correlation length of the displacement.
        spacing_mm: of the grid.
    """
    if jitter_mm == 0:
        return distance_mm
    shape, spacing = distance_mm.shape, (*map(float, spacing_mm),)
    return distance_mm + jitter_mm * smooth_field(rng, shape, length_mm=length_mm, spacing_mm=spacing)


def miss_probability(volume_mm3: float, *, missed: Number, missed_mm3: Number) -> Number:
    r"""Missing small structures: return the probability of marking nothing of a structure, less the larger it is.

    .. math:: m(V) = m_0 \exp(-V / V_0)

    Args:
        volume_mm3: V, of the true structure.
        missed: m_0, in [0, 1]: of a structure too small to have a volume.
        missed_mm3: V_0, positive: the volume at which it has fallen to 0.37 m_0.
    """
    return missed * np.exp(-volume_mm3 / missed_mm3)


def class_chances(class_id: int, classes: int, *, confused: Number) -> np.ndarray:
    """Confusing two classes: return the probability (..., C) of each class that a structure is given.

    Args:
        class_id: of the true structure; one that is not of `PAIR` is always recognised.
        classes: number of classes C, background included.
        confused: probability (...), in [0, 1], that a structure of one of the two is labelled as the other, as a whole.
    """
    chances = np.zeros((*np.shape(confused), classes))
    chances[..., class_id] = 1
    if class_id in PAIR and max(PAIR) < classes:
        chances[..., class_id] -= confused
        chances[..., PAIR[1] if class_id == PAIR[0] else PAIR[0]] += confused
    return chances


@dataclass(frozen=True)
class Annotator:
    """One person; without arguments, one who draws the truth.

    offset_mm: by how much every surface is drawn too far out (negative: in). jitter_mm, jitter_length_mm: standard
    deviation and correlation length of the displacement from place to place. missed, missed_mm3: see
    `miss_probability`. confused: see `class_chances`.
    Raises: InputError: if a number is not of its range.
    """

    offset_mm: float = 0.0
    jitter_mm: float = 0.0
    jitter_length_mm: float = 4.0
    missed: float = 0.0
    missed_mm3: float = 100.0
    confused: float = 0.0

    def __post_init__(self) -> None:
        """Check the numbers."""
        for name in ("missed", "confused"):
            require_fraction(name, getattr(self, name))
        for name in ("jitter_length_mm", "missed_mm3"):
            require_positive(name, getattr(self, name))
        if not np.isfinite(self.offset_mm) or not np.isfinite(self.jitter_mm) or self.jitter_mm < 0:
            raise InputError(
                f"`offset_mm` must be finite and `jitter_mm` 0 or more, but they are {self.offset_mm} and "
                f"{self.jitter_mm}. A negative offset draws too small."
            )

    def draw(
        self,
        structures: Sequence[Structure],
        shape: Sequence[int],
        spacing_mm: Sequence[float],
        rng: np.random.Generator,
    ) -> np.ndarray:
        """Return a label map of this shape, uint8; all background where there is no structure."""
        labels = np.zeros(tuple(shape), np.uint8)
        if not structures:
            return labels
        given = [self._class(structure, rng) for structure in structures]
        owner, distance = territories(structures)
        seen = jittered(
            moved(distance, self.offset_mm), rng, jitter_mm=self.jitter_mm, length_mm=self.jitter_length_mm,
            spacing_mm=spacing_mm,
        )  # fmt: skip
        return np.where(seen > 0, np.array(given, np.uint8)[owner], labels)

    def _class(self, structure: Structure, rng: np.random.Generator) -> int:
        """Return the class that a structure is given; 0 where it is missed."""
        sees, tells = rng.uniform(size=2)
        if sees < miss_probability(structure.volume_mm3, missed=self.missed, missed_mm3=self.missed_mm3):
            return 0
        chances = class_chances(structure.class_id, max(*PAIR, structure.class_id) + 1, confused=self.confused)
        return int(np.searchsorted(np.cumsum(chances), tells, side="right"))


PARAMETERS = tuple(each.name for each in fields(Annotator))
Habits = Mapping[str, float | Sequence[float]]  # parameter -> one number for all people, or the ends of its range


@dataclass(frozen=True)
class Population:
    """People whose habits are drawn, each parameter evenly within its range, one independent of the other.

    habits: what is not named is that of a person who draws the truth. count: people. seed: of people and drawings.
    Raises: InputError: if a parameter does not exist, is no number or range of two, or leaves its limits.
    """

    habits: Habits = field(default_factory=dict)
    count: int = COUNT
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the ends of all ranges."""
        if self.count < 1 or self.seed < 0:
            raise InputError(f"`count` must be 1 or more and `seed` 0 or more, but they are {self.count}, {self.seed}.")
        ranges = self.ranges
        for end in (0, 1):
            Annotator(**{name: ends[end] for name, ends in ranges.items()})

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """The ends of the range of each parameter that is named, in the order of `PARAMETERS`."""
        for name in self.habits:
            require_one_of("habit", name, PARAMETERS)
        found = {}
        for name in (name for name in PARAMETERS if name in self.habits):
            ends = np.atleast_1d(np.asarray(self.habits[name], float))
            if ends.shape not in ((1,), (2,)) or ends[0] > ends[-1]:
                raise InputError(
                    f"`{name}` must be a number, or a range [low, high] over the people of a population, but is "
                    f"{self.habits[name]!r}."
                )
            found[name] = (float(ends[0]), float(ends[-1]))
        return found

    @cached_property
    def columns(self) -> dict[str, np.ndarray]:
        """Each parameter of all people, (people,); the same for the same habits, count and seed."""
        shares = generator(self.seed, self.count, BIRTH).uniform(size=(len(PARAMETERS), self.count))
        truth = Annotator()
        ranges = {name: (float(getattr(truth, name)),) * 2 for name in PARAMETERS} | self.ranges
        return {
            name: low + (high - low) * share for (name, (low, high)), share in zip(ranges.items(), shares, strict=True)
        }

    def person(self, number: int) -> Annotator:
        """Return one of the people, by a number from 0."""
        return Annotator(**{name: float(column[number]) for name, column in self.columns.items()})

    def panel(self, case: int, raters: int) -> list[Annotator]:
        """Draw the raters of a case, different people; the first n of a larger panel are the panel of n.

        Raises: InputError: if there are not so many people.
        """
        if not 1 <= raters <= self.count:
            raise InputError(f"a panel of {raters} raters cannot be drawn from {self.count} people. Ask for 1 or more.")
        order = generator(self.seed, case, WHO).permutation(self.count)
        return [self.person(int(number)) for number in order[:raters]]

    def read(
        self, case: int, raters: int, structures: Sequence[Structure], shape: Sequence[int], spacing_mm: Sequence[float]
    ) -> np.ndarray:
        """Return the label maps (R, D, H, W) of the raters of a case; what one draws does not depend on how many are.

        Args:
            case: its number.
            raters: how many.
            structures: of the truth.
            shape: of the grid.
            spacing_mm: of the grid.
        Raises: InputError: as `panel`.
        """
        drawn = [
            person.draw(structures, shape, spacing_mm, generator(self.seed, case, DRAWING + number))
            for number, person in enumerate(self.panel(case, raters))
        ]
        return np.stack(drawn)

    def probability(self, structures: Sequence[Structure], shape: Sequence[int], classes: int) -> np.ndarray:
        """Return the probability (C, D, H, W) float64 of each class over all people and all that they might draw.

        It sums to 1 over C. It is exact for people without jitter, and to 1e-4 for the others: between distances of a
        twentieth of the smallest jitter it is interpolated.
        """
        chances = np.zeros((classes, *shape))
        chances[0] = 1
        owner, distance = territories(structures) if structures else (np.zeros(shape, int), np.zeros(shape))
        for number, structure in enumerate(structures):
            here = owner == number
            missing = miss_probability(
                structure.volume_mm3, missed=self.columns["missed"], missed_mm3=self.columns["missed_mm3"]
            )
            given = class_chances(structure.class_id, classes, confused=self.columns["confused"])
            chances[:, here] = self._mean_inside(distance[here], (1 - missing)[:, None] * given)
        chances[0] = np.maximum(1 - chances[1:].sum(axis=0), 0)
        return chances

    def _mean_inside(self, distance_mm: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Return the mean over people of how likely each counts voxels (V,) as inside, times weights (people, C)."""
        sharp = self.columns["jitter_mm"] == 0
        edges = -self.columns["offset_mm"][sharp]
        order = np.argsort(edges)
        counted = np.vstack([np.zeros(weights.shape[1]), weights[sharp][order].cumsum(axis=0)])
        total = counted[np.searchsorted(edges[order], distance_mm)].T  # of people whose edge lies below the distance
        if not sharp.all():
            nodes, inside = self._smooth
            shares = weights[~sharp].T @ inside
            total = total + np.stack([np.interp(distance_mm, nodes, share) for share in shares])
        mean: np.ndarray = total / self.count
        return mean

    @cached_property
    def _smooth(self) -> tuple[np.ndarray, np.ndarray]:
        """Distances in mm, and how likely each person with jitter counts a voxel there as inside, (people, nodes)."""
        here = self.columns["jitter_mm"] > 0
        offsets, jitters = (self.columns[name][here, None] for name in ("offset_mm", "jitter_mm"))
        reach = np.abs(offsets).max() + REACH * jitters.max()
        count = int(min(np.ceil(reach / (STEP * jitters.min())), NODES))
        nodes = np.linspace(-reach, reach, 2 * count + 1)
        return nodes, ndtr((nodes + offsets) / jitters)


def territories(structures: Sequence[Structure]) -> tuple[np.ndarray, np.ndarray]:
    """Return the number of the structure that each voxel belongs to, and the distance to its surface in mm."""
    distances = np.stack([structure.distance_mm for structure in structures])
    owner = distances.argmax(axis=0)
    return owner, np.take_along_axis(distances, owner[None], axis=0)[0]


def true_labels(structures: Sequence[Structure], shape: Sequence[int]) -> np.ndarray:
    """Return the label map of the truth, uint8: what a person without habits draws."""
    return Annotator().draw(structures, shape, [1.0] * len(shape), np.random.default_rng(0))
