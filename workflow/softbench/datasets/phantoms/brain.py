r"""Phantom of a brain tumour in four MRI contrasts: a nested tumour whose true class probabilities are known.

**Anatomy.** An ellipsoid of white matter with a folded grey rim and ventricles; in it three nested surfaces, each given
by a distance s in mm (positive inside): whole tumour >= tumour core >= necrotic core at every voxel. About 20 % of the
cases have no enhancing rim, about 15 % no necrosis. The field of view lies somewhere around the tumour.

**Image.** The anatomy alone decides it: partial volume of 2 mm voxels, oedema that fades outwards, contrast that
varies from case to case, other bright spots that are no tumour, a bias field, Rician noise, zero outside the brain.

**Rater.** The rater draws all surfaces moved by one smooth Gaussian field n of variance 1: level k is where
:math:`s_k + \sigma n > 0`. So the probability of level k is exactly :math:`\Phi(s_k / \sigma)`, and `truth` holds
their differences. It is the probability over raters of this anatomy; an image shows less than the anatomy.

The parameters below, and those of `brain_image`, were frozen before any method of this suite was trained on them; a
change of one is a new VERSION.
Source: our own construction, after the conventions of BraTS (its label 4 is class 3 here).
"""

import numpy as np

from softbench.datasets.case import Case
from softbench.datasets.phantoms import brain_image
from softbench.datasets.phantoms.fields import exceedance, generator, smooth_field

VERSION = 1
TITLE = "Phantom brain tumour"
LICENCE = "none, made by this suite"
CITATION = "SoftLabelBench, softbench/datasets/phantoms/brain.py"
ACCESS = "made"
ARCHIVES = ()
MODALITIES = ("flair", "t1", "t1ce", "t2")
CLASSES = ("background", "necrotic_core", "oedema", "enhancing")
STRUCTURES = {"WT": (1, 2, 3), "TC": (1, 3), "ET": (3,)}
DIMS = 3
LABEL_MAPS = 1  # of a case, one a rater
CASES = 72

SPACING_MM = (2.0, 2.0, 2.0)
SIZES = {"small": (40, 48, 48), "tiny": (24, 32, 32)}  # voxels
BRAIN_MM = (58.0, 78.0, 66.0)  # semi-axes along D, H, W
DEPTH = (0.15, 0.75)  # tumour centre, as a share of the way from the brain's centre to its surface
VIEW_SHIFT = 0.15  # of the field of view against the tumour, at most, as a share of its length

RADIUS_MM, RADIUS_SPREAD, RADIUS_RANGE_MM = 18.0, 0.30, (10.0, 28.0)  # whole tumour: median, log-normal spread, limits
STRETCH = 0.15  # log-normal spread of the three axes
CORE_SHARE = (0.55, 0.85)  # radius of the tumour core over that of the whole tumour
CORE_SHIFT = 0.15  # of the core's centre, standard deviation, in radii of the whole tumour
ROUGHNESS, ROUGHNESS_LENGTH = 0.16, 0.6  # of each surface: standard deviation and correlation length, in its radii
RIM_MM, RIM_SPREAD, RIM_LENGTH_MM, RIM_LEAST_MM = (3.0, 7.0), 0.35, 8.0, 0.5  # enhancing rim around the necrosis
NO_RIM, NO_NECROSIS = 0.20, 0.15  # shares of the cases

RATER_MM = 1.0  # sigma: by how much a rater moves a surface, standard deviation
RATER_LENGTH_MM = 6.0  # correlation length of the rater's field
NOWHERE_MM = -1000.0  # distance of a structure that does not exist: its probability is exactly 0
TUMOUR, IMAGE, RATER = 0, 1, 2  # streams of random numbers


def make(case: int, seed: int = 0, *, size: str = "small") -> Case:
    """Make one case; see `phantoms.make`. `labels` has one rater, `truth` sums to 1 over the four classes."""
    shape = SIZES[size]
    position, surfaces = _tumour(generator(seed, case, TUMOUR), shape)
    brain_mm = (1 - np.sqrt(sum((p / a) ** 2 for p, a in zip(position, BRAIN_MM, strict=True)))) * min(BRAIN_MM)
    inside = np.where(brain_mm > 0, surfaces, NOWHERE_MM)  # nobody draws outside a skull-stripped brain
    images = brain_image.make(generator(seed, case, IMAGE), brain_mm, position, surfaces, SPACING_MM)
    rater = smooth_field(generator(seed, case, RATER), shape, length_mm=RATER_LENGTH_MM, spacing_mm=SPACING_MM)
    return Case(
        id=f"phantom_brain_{case:03d}",
        images=images,
        labels=_classes(inside + RATER_MM * rater > 0)[None],
        spacing_mm=SPACING_MM,
        affine=_affine(position),
        truth=_truth(inside),
    )


def _tumour(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[list[np.ndarray], np.ndarray]:
    """Draw the field of view and the three surfaces.

    Returns: position of the voxels in mm (three grids that broadcast to (D, H, W)), distances (3, D, H, W) in mm.
    """
    centre = _direction(rng) * rng.uniform(*DEPTH) * BRAIN_MM
    extent = np.multiply(shape, SPACING_MM)
    middle = centre + rng.uniform(-VIEW_SHIFT, VIEW_SHIFT, 3) * extent
    steps = [(np.arange(n) - (n - 1) / 2) * d + m for n, d, m in zip(shape, SPACING_MM, middle, strict=True)]
    position = list(np.meshgrid(*steps, indexing="ij", sparse=True))
    radius = float(np.clip(RADIUS_MM * np.exp(RADIUS_SPREAD * rng.standard_normal()), *RADIUS_RANGE_MM))
    stretch = np.exp(STRETCH * rng.standard_normal(3))
    whole = _surface(rng, position, centre, stretch, radius)
    core_centre = centre + CORE_SHIFT * radius * rng.standard_normal(3)
    core = np.minimum(_surface(rng, position, core_centre, stretch, radius * rng.uniform(*CORE_SHARE)), whole)
    return position, np.stack([whole, core, _necrosis(rng, core)])


def _direction(rng: np.random.Generator) -> np.ndarray:
    vector = rng.standard_normal(3)
    unit: np.ndarray = vector / np.linalg.norm(vector)
    return unit


def _surface(
    rng: np.random.Generator, position: list[np.ndarray], centre: np.ndarray, stretch: np.ndarray, radius: float
) -> np.ndarray:
    """Return the distance (mm, positive inside) to a rough ellipsoid."""
    away = np.sqrt(sum(((p - c) / s) ** 2 for p, c, s in zip(position, centre, stretch, strict=True)))
    bumps = smooth_field(rng, away.shape, length_mm=ROUGHNESS_LENGTH * radius, spacing_mm=SPACING_MM)
    distance: np.ndarray = radius * (1 + ROUGHNESS * bumps) - away
    return distance


def _necrosis(rng: np.random.Generator, core: np.ndarray) -> np.ndarray:
    """Return the distance to the necrotic core: all of the core (no rim), nowhere, or the core less an uneven rim."""
    kind = rng.uniform()
    if kind < NO_RIM:
        return core
    if kind < NO_RIM + NO_NECROSIS:
        return np.full_like(core, NOWHERE_MM)
    unevenness = 1 + RIM_SPREAD * smooth_field(rng, core.shape, length_mm=RIM_LENGTH_MM, spacing_mm=SPACING_MM)
    return core - np.maximum(rng.uniform(*RIM_MM) * unevenness, RIM_LEAST_MM)


def _classes(levels: np.ndarray) -> np.ndarray:
    """Turn nested levels (whole tumour, core, necrosis), (3, ...) bool, into class ids."""
    whole, core, necrosis = levels
    ids: np.ndarray = np.select([necrosis, core, whole], [1, 3, 2], 0).astype(np.uint8)
    return ids


def _truth(surfaces: np.ndarray) -> np.ndarray:
    """Return the probability of each class, (4, D, H, W) float32: differences of the levels' probabilities."""
    whole, core, necrosis = exceedance(surfaces, RATER_MM)
    return np.stack([1 - whole, necrosis, whole - core, core - necrosis]).astype(np.float32)


def _affine(position: list[np.ndarray]) -> np.ndarray:
    """Return array index (d, h, w, 1) to mm: world axes are x, y, z, array axes run along z, y, x."""
    affine = np.zeros((4, 4))
    for axis, (grid, step) in enumerate(zip(position, SPACING_MM, strict=True)):
        affine[2 - axis, axis] = step
        affine[2 - axis, 3] = grid.flat[0]
    affine[3, 3] = 1
    return affine
