r"""Phantom of liver lesions in CT: metastases and cysts of many sizes, read by eight raters drawn from known people.

**Anatomy.** One to six rough ellipsoids of 1.8 to 7 mm radius in a piece of liver, each a metastasis or a cyst; they do
not touch.

**Image.** Metastases are darker than liver, cysts darker still; the smaller a lesion, the more its voxels mix with what
lies around it, so that small metastases and cysts look alike. Bright vessels cross the view.

**Raters** (`annotators`). Each case is read by eight people of its own, drawn from a population of 400 (`HABITS`): they
draw too large or too small, jitter, miss small lesions, and take a metastasis for a cyst or the reverse. `truth` is the
distribution over the whole population, exactly, and not the mean of the eight.

The parameters below were set on cases of number 1000 and above, which no split holds, and before any method was
compared on them; a change of one is a new VERSION.
Source: our own construction.
"""

import numpy as np

from softbench.datasets.case import Case
from softbench.datasets.phantoms import shapes
from softbench.datasets.phantoms.annotators import Population, Structure, territories
from softbench.datasets.phantoms.shapes import Draw, Grids, generator

VERSION = 1
TITLE = "Phantom liver lesions, eight raters"
LICENCE = "none, made by this suite"
CITATION = "SoftLabelBench, softbench/datasets/phantoms/lesions.py"
ACCESS = "made"
MODALITIES = ("ct",)
CLASSES = ("background", "metastasis", "cyst")
STRUCTURES = {"metastasis": (1,), "cyst": (2,)}
DIMS = 3
LABEL_MAPS = 8  # of a case, one a rater
CASES = 88

SPACING_MM = (1.5, 1.0, 1.0)
SIZES = {"small": (24, 40, 40), "tiny": (24, 24, 24)}  # voxels
LESIONS = {"small": (4, 7), "tiny": (3, 6)}  # from, to (exclusive); those that would touch another are left out
VIEW = 0.42  # centres lie within this share of the view's length from its middle
RADIUS_MM, RADIUS_SPREAD, RADIUS_LOW_MM, RADIUS_HIGH_MM = 3.2, 0.45, 1.8, 7.0  # median, log-normal spread, limits
STRETCH = 0.12  # log-normal spread of the axes
ROUGHNESS, ROUGH_LENGTH = 0.10, 0.6  # of the surface: standard deviation, correlation length; in radii
GAP_MM = 2.0  # between two lesions, at least
HABITS = {  # of the mixed population: ranges over its people
    "offset_mm": (-0.6, 1.0),
    "jitter_mm": (0.4, 1.0),
    "jitter_length_mm": (3.0, 6.0),
    "missed": (0.3, 0.9),
    "missed_mm3": (60.0, 140.0),
    "confused": (0.0, 0.2),
}
ANATOMY, IMAGE = 0, 1  # streams of random numbers


def make(case: int, seed: int = 0, *, size: str = "small") -> Case:
    """Make one case; see `phantoms.make`. `labels` has eight raters, `truth` is the distribution over 400 people."""
    shape = SIZES[size]
    position, structures = anatomy(case, seed, size=size)
    image = _image(Draw(generator(seed, case, IMAGE), shape, SPACING_MM), position, structures)
    people = Population(HABITS, seed=seed)
    labels = people.read(case, LABEL_MAPS, structures, shape, SPACING_MM)
    truth = people.probability(structures, shape, len(CLASSES))
    return shapes.assemble(f"phantom_lesions_{case:03d}", position, SPACING_MM, image, labels, truth)


def anatomy(case: int, seed: int = 0, *, size: str = "small") -> tuple[Grids, list[Structure]]:
    """Return the positions of the voxels in mm, a thin grid an axis, and the true structures of a case, one or more."""
    draw = Draw(generator(seed, case, ANATOMY), SIZES[size], SPACING_MM)
    rng, extent = draw.rng, np.multiply(SIZES[size], SPACING_MM)
    position = shapes.positions(draw.shape, SPACING_MM, (0, 0, 0))
    placed: list[tuple[np.ndarray, float]] = []
    for _ in range(int(rng.integers(*LESIONS[size]))):
        radius = shapes.spread(rng, RADIUS_MM, RADIUS_SPREAD, RADIUS_LOW_MM, RADIUS_HIGH_MM)
        centre = rng.uniform(-VIEW, VIEW, 3) * extent
        if all(np.linalg.norm(centre - other) > radius + reach + GAP_MM for other, reach in placed):
            placed.append((centre, radius))
    classes = rng.integers(1, len(CLASSES), size=len(placed))
    distances = [_surface(draw, position, *lesion) for lesion in placed]
    found = [Structure(int(of), away, 0.0) for of, away in zip(classes, distances, strict=True)]
    owner, distance = territories(found)
    voxel = float(np.prod(SPACING_MM))
    volumes = np.bincount(owner[distance > 0], minlength=len(found)) * voxel
    return position, [
        Structure(lesion.class_id, lesion.distance_mm, float(volume))
        for lesion, volume in zip(found, volumes, strict=True)
    ]


def _surface(draw: Draw, position: Grids, centre: np.ndarray, radius: float) -> np.ndarray:
    """Return the distance (mm, positive inside) to a rough ellipsoid."""
    axes = radius * np.exp(STRETCH * draw.rng.standard_normal(3))
    ball = shapes.ellipsoid(position, centre, axes)
    return draw.uneven(ball, by=ROUGHNESS * radius, length_mm=ROUGH_LENGTH * radius)


LIVER_HU, METASTASIS_HU, CYST_HU, VESSEL_HU = (95, 120), (40, 68), (2, 30), (150, 190)
PATCHES_HU, PATCHES_MM = 6.0, 4.0  # uneven liver: standard deviation, correlation length
UNEVEN_HU, UNEVEN_MM = 8.0, 2.0  # uneven lesions
VESSELS, VESSEL_MM, VESSEL_PLACE_MM, VESSEL_REACH_MM = (2, 5), (0.6, 1.6), 14.0, 60.0  # how many; radius; place; length
NOISE_HU = (8.0, 18.0)  # standard deviation, drawn for each case


def _image(draw: Draw, position: Grids, structures: list[Structure]) -> np.ndarray:
    """Make the image of an anatomy, (1, D, H, W) float32 in HU."""
    rng = draw.rng
    hu = draw.uneven(rng.uniform(*LIVER_HU), by=PATCHES_HU, length_mm=PATCHES_MM)
    for _ in range(int(rng.integers(*VESSELS))):
        start = shapes.direction(rng) * VESSEL_PLACE_MM * rng.uniform(0.2, 1.2)
        along = shapes.direction(rng) * VESSEL_REACH_MM
        vessel = shapes.tube(position, start - along, start + along, rng.uniform(*VESSEL_MM))
        hu = draw.covered(hu, vessel, rng.uniform(*VESSEL_HU))
    for structure in structures:
        level = rng.uniform(*(METASTASIS_HU if structure.class_id == 1 else CYST_HU))
        tissue = draw.uneven(level, by=UNEVEN_HU, length_mm=UNEVEN_MM)
        hu = draw.covered(hu, structure.distance_mm, tissue)
    return draw.scanned(hu, noise_hu=rng.uniform(*NOISE_HU))
