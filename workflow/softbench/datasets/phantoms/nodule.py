r"""Phantom of a lung nodule in CT, drawn by four raters of known bias and noise.

**Anatomy.** One nodule: a rough ellipsoid of 3.5 to 12 mm radius, solid or part-solid; a third lie at the chest wall.

**Image** (`nodule_image`). Vessels cross it and lie beside it, spicules reach out of it, part-solid nodules fade into
the lung: where they end is a matter of opinion.

**Raters** (`rater`). Rater r sees the surface moved by `bias_mm` (systematically too small or too large) and by a
smooth field of standard deviation `sigma_mm`; the four differ in both. In 10 % of the cases one of the four, each as
likely, overlooks the nodule and marks nothing. So `truth`, the probability that one of the four, drawn at random,
marks a voxel, is exactly

.. math:: P = (1 - 0.1 / 4)\, \tfrac{1}{4} \sum_r \Phi((s + b_r) / \sigma_r)

which holds the chance of being overlooked in every case, not the fact in those where it happened.

The parameters below, and those of `nodule_image`, were set on cases of number 1000 and above, which no split holds,
and before any method was compared on them; a change of one is a new VERSION.
Source: our own construction, after LIDC-IDRI (four readings of a nodule each).
"""

import numpy as np

from softbench.datasets.case import Case
from softbench.datasets.phantoms import nodule_image, shapes
from softbench.datasets.phantoms.fields import generator
from softbench.datasets.phantoms.rater import Rater
from softbench.datasets.phantoms.shapes import Grids

VERSION = 1
TITLE = "Phantom lung nodule, four raters"
LICENCE = "none, made by this suite"
CITATION = "SoftLabelBench, softbench/datasets/phantoms/nodule.py"
ACCESS = "made"
ARCHIVES = ()
MODALITIES = ("ct",)
CLASSES = ("background", "nodule")
STRUCTURES = {"nodule": (1,)}
DIMS = 3
LABEL_MAPS = 4  # of a case, one a rater
CASES = 72

SPACING_MM = (1.25, 0.8, 0.8)
SIZES = {"small": (32, 40, 40), "tiny": (24, 24, 24)}  # voxels
RADIUS_MM, RADIUS_SPREAD, RADIUS_LOW_MM, RADIUS_HIGH_MM = 7.0, 0.30, 3.5, 12.0  # median, log-normal spread, limits
STRETCH = 0.15  # log-normal spread of the axes
ROUGHNESS, ROUGH_LENGTH = 0.16, 0.5  # of the surface: standard deviation, correlation length; in radii
VIEW_SHIFT = 0.15  # of the field of view against the nodule, at most, as a share of its length

RATERS = (  # the second is closest to the surface
    Rater(sigma_mm=0.5, length_mm=3.0, bias_mm=-0.6),
    Rater(sigma_mm=0.6, length_mm=3.0, bias_mm=-0.1),
    Rater(sigma_mm=0.8, length_mm=4.0, bias_mm=0.3),
    Rater(sigma_mm=1.1, length_mm=4.0, bias_mm=0.8),
)
OVERLOOKED = 0.10  # share of the cases in which one rater marks nothing
ANATOMY, IMAGE, DRAWING, SEEING = 0, 1, 2, 3  # streams of random numbers


def make(case: int, seed: int = 0, *, size: str = "small") -> Case:
    """Make one case; see `phantoms.make`. `labels` has four raters, `truth` is the mean over them."""
    position, nodule, radius = _anatomy(generator(seed, case, ANATOMY), SIZES[size])
    return Case(
        id=f"phantom_nodule_{case:03d}",
        images=nodule_image.make(generator(seed, case, IMAGE), position, nodule, radius, SPACING_MM),
        labels=_drawn(generator(seed, case, DRAWING), generator(seed, case, SEEING), nodule),
        spacing_mm=SPACING_MM,
        affine=shapes.affine(position, SPACING_MM),
        truth=_truth(nodule),
    )


def _anatomy(rng: np.random.Generator, shape: tuple[int, ...]) -> tuple[Grids, np.ndarray, float]:
    """Draw the view (mm from the nodule's centre), the distance to the nodule (D, H, W) and its radius, in mm."""
    extent = np.multiply(shape, SPACING_MM)
    position = shapes.positions(shape, SPACING_MM, rng.uniform(-VIEW_SHIFT, VIEW_SHIFT, 3) * extent)
    radius = shapes.spread(rng, RADIUS_MM, RADIUS_SPREAD, RADIUS_LOW_MM, RADIUS_HIGH_MM)
    ball = shapes.ellipsoid(position, (0, 0, 0), radius * np.exp(STRETCH * rng.standard_normal(3)))
    bumps, length = ROUGHNESS * radius, ROUGH_LENGTH * radius
    return position, shapes.roughened(rng, ball, by_mm=bumps, length_mm=length, spacing_mm=SPACING_MM), radius


def _drawn(rng: np.random.Generator, seeing: np.random.Generator, nodule: np.ndarray) -> np.ndarray:
    """Return the four drawings (4, D, H, W), one of them empty where its rater overlooks the nodule."""
    drawings = np.stack([one.draw(rng, [(1, nodule)], SPACING_MM) for one in RATERS])
    blind = int(seeing.integers(len(RATERS)))
    if seeing.uniform() < OVERLOOKED:
        drawings[blind] = 0
    return drawings


def _truth(nodule: np.ndarray) -> np.ndarray:
    """Return the probability (2, D, H, W) float32 that a rater drawn at random marks a voxel."""
    seen = np.mean([one.probability([(1, nodule)], len(CLASSES))[1] for one in RATERS], axis=0)
    marked = (1 - OVERLOOKED / len(RATERS)) * seen
    return np.stack([1 - marked, marked]).astype(np.float32)
