r"""Phantom of a lung nodule in CT, drawn by four raters of known bias and noise.

**Anatomy.** One nodule: a rough ellipsoid of 3.5 to 12 mm radius, solid or part-solid; a third lie at the chest wall.

**Image.** Vessels cross it and lie beside it, spicules reach out of it, part-solid nodules fade into
the lung: where they end is a matter of opinion.

**Raters** (`Rater`). Rater r sees the surface moved by `bias_mm` (systematically too small or too large) and by a
smooth field of standard deviation `sigma_mm`; the four differ in both. In 10 % of the cases one of the four, each as
likely, overlooks the nodule and marks nothing. So `truth`, the probability that one of the four, drawn at random,
marks a voxel, is exactly

.. math:: P = (1 - 0.1 / 4)\, \tfrac{1}{4} \sum_r \Phi((s + b_r) / \sigma_r)

which holds the chance of being overlooked in every case, not the fact in those where it happened.

The parameters below were set on cases of number 1000 and above, which no split holds, and before any method was
compared on them; a change of one is a new VERSION.
Source: our own construction, after LIDC-IDRI (four readings of a nodule each).
"""

import numpy as np

from softbench.datasets.case import Case
from softbench.datasets.phantoms import shapes
from softbench.datasets.phantoms.shapes import NOWHERE_MM, Draw, Grids, Rater, fraction, generator

VERSION = 1
TITLE = "Phantom lung nodule, four raters"
LICENCE = "none, made by this suite"
CITATION = "SoftLabelBench, softbench/datasets/phantoms/nodule.py"
ACCESS = "made"
MODALITIES = ("ct",)
CLASSES = ("background", "nodule")
STRUCTURES = {"nodule": (1,)}
DIMS = 3
LABEL_MAPS = 4  # of a case, one a rater
CASES = 88

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
    shape = SIZES[size]
    position, nodule, radius = _anatomy(Draw(generator(seed, case, ANATOMY), shape, SPACING_MM))
    image = _image(Draw(generator(seed, case, IMAGE), shape, SPACING_MM), position, nodule, radius)
    labels = _drawn(generator(seed, case, DRAWING), generator(seed, case, SEEING), nodule)
    return shapes.assemble(f"phantom_nodule_{case:03d}", position, SPACING_MM, image, labels, _truth(nodule))


def _anatomy(draw: Draw) -> tuple[Grids, np.ndarray, float]:
    """Draw the view (mm from the nodule's centre), the distance to the nodule (D, H, W) and its radius, in mm."""
    extent = np.multiply(draw.shape, SPACING_MM)
    position = shapes.positions(draw.shape, SPACING_MM, draw.rng.uniform(-VIEW_SHIFT, VIEW_SHIFT, 3) * extent)
    radius = shapes.spread(draw.rng, RADIUS_MM, RADIUS_SPREAD, RADIUS_LOW_MM, RADIUS_HIGH_MM)
    ball = shapes.ellipsoid(position, (0, 0, 0), radius * np.exp(STRETCH * draw.rng.standard_normal(3)))
    return position, draw.uneven(ball, by=ROUGHNESS * radius, length_mm=ROUGH_LENGTH * radius), radius


def _drawn(rng: np.random.Generator, seeing: np.random.Generator, nodule: np.ndarray) -> np.ndarray:
    """Return the four drawings (4, D, H, W), one of them empty where its rater overlooks the nodule."""
    drawings = np.stack([rater.draw(rng, [(1, nodule)], SPACING_MM) for rater in RATERS])
    blind = int(seeing.integers(len(RATERS)))
    if seeing.uniform() < OVERLOOKED:
        drawings[blind] = 0
    return drawings


def _truth(nodule: np.ndarray) -> np.ndarray:
    """Return the probability (2, D, H, W) that a rater drawn at random marks a voxel."""
    seen = np.mean([rater.probability([(1, nodule)], len(CLASSES))[1] for rater in RATERS], axis=0)
    marked = (1 - OVERLOOKED / len(RATERS)) * seen
    return np.stack([1 - marked, marked])


LUNG_HU, SOLID_HU, GLASS_HU, VESSEL_HU, WALL_HU = (-880, -800), (-40, 60), (-640, -420), (-20, 60), 40.0
LUNG_PATCHES_HU, LUNG_PATCHES_MM = 35.0, 5.0  # uneven lung: standard deviation, correlation length
PART_SOLID = 0.45  # share of the nodules with a halo of ground glass
CORE_DEPTH = (0.3, 0.8)  # of their solid core under the surface, in radii
FADE_MM = (1.0, 3.5)  # over which the halo fades into the lung
SPIKES, SPIKE_LENGTH_MM, SPIKE_REACH_MM, SPIKE_LEVEL = (0.0, 3.0), 1.6, 4.0, 1.0  # spicules: mm per unit of a field
PATCHES_HU, PATCHES_MM = 45.0, 2.5  # uneven nodules
VESSELS, VESSEL_MM, VESSEL_PLACE_MM, VESSEL_REACH_MM = (4, 9), (0.6, 1.9), 11.0, 40.0  # how many; radius; from centre
WALL_SHARE, WALL_PLACE = 0.35, (0.6, 1.3)  # of the cases with the chest wall near; its distance in radii
NOISE_HU = (30.0, 65.0)  # standard deviation, drawn for each case


def _image(draw: Draw, position: Grids, nodule: np.ndarray, radius: float) -> np.ndarray:
    """Make the image of an anatomy, (1, D, H, W) float32 in HU; `nodule` is the distance to its surface in mm."""
    hu = draw.uneven(draw.rng.uniform(*LUNG_HU), by=LUNG_PATCHES_HU, length_mm=LUNG_PATCHES_MM)
    for vessel in _vessels(draw.rng, position):
        hu = draw.covered(hu, vessel, draw.rng.uniform(*VESSEL_HU))
    hu = draw.covered(hu, _wall(draw.rng, position, radius) + np.zeros(draw.shape), WALL_HU)
    hu = _with_nodule(draw, hu, nodule + _spikes(draw, nodule), radius)
    return draw.scanned(hu, noise_hu=draw.rng.uniform(*NOISE_HU))


def _vessels(rng: np.random.Generator, position: Grids) -> list[np.ndarray]:
    """Return the distances to straight vessels; the first one runs through the nodule."""
    tubes = []
    for number in range(int(rng.integers(*VESSELS))):
        near = shapes.direction(rng) * (rng.uniform(0, 2) if number == 0 else VESSEL_PLACE_MM * rng.uniform(0.5, 1.6))
        along = shapes.direction(rng) * VESSEL_REACH_MM
        end = near if rng.uniform() < 0.4 else near - along  # some end where others go on
        tubes.append(shapes.tube(position, end, near + along, rng.uniform(*VESSEL_MM)))
    return tubes


def _wall(rng: np.random.Generator, position: Grids, radius: float) -> np.ndarray:
    """Return the distance to a flat chest wall beside the nodule, or to nothing."""
    outwards, place = shapes.direction(rng), radius * rng.uniform(*WALL_PLACE)
    if rng.uniform() >= WALL_SHARE:
        return np.full(1, NOWHERE_MM)
    distance: np.ndarray = sum(p * o for p, o in zip(position, outwards, strict=True)) - place
    return distance


def _spikes(draw: Draw, nodule: np.ndarray) -> np.ndarray:
    """Return by how many mm spicules push the visible border outwards: nothing within, less with distance."""
    field = draw.field(SPIKE_LENGTH_MM)
    reach = np.exp(-np.maximum(-nodule, 0) / SPIKE_REACH_MM)
    spikes: np.ndarray = draw.rng.uniform(*SPIKES) * np.maximum(field - SPIKE_LEVEL, 0) * reach
    return spikes


def _with_nodule(draw: Draw, hu: np.ndarray, border: np.ndarray, radius: float) -> np.ndarray:
    """Lay the nodule over lung, wall and vessels, which stay visible under ground glass."""
    rng = draw.rng
    solid, glass = (
        draw.uneven(rng.uniform(*limits), by=PATCHES_HU, length_mm=PATCHES_MM) for limits in (SOLID_HU, GLASS_HU)
    )
    depth, fade = rng.uniform(*CORE_DEPTH), rng.uniform(*FADE_MM)
    if rng.uniform() >= PART_SOLID:
        return draw.covered(hu, border, solid)
    halo = hu + (np.maximum(glass, hu) - hu) * fraction(border, fade)
    return draw.covered(halo, border - depth * radius, solid)
