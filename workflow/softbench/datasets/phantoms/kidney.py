"""Phantom of a kidney with a tumour in CT: thick slices, and neighbours as bright as what is sought.

**Anatomy.** A bean: a bent, rough ellipsoid with a notch of fat where the vessels enter; left or right. A tumour sits
on or in it, from a small bump to one larger than the kidney is wide; about 20 % of the cases have none.

**Image.** HU of a late arterial phase; liver or spleen, muscle, bowel and vessels reach up to the
kidney, small cysts in it count as kidney; noise and tumour contrast vary from case to case.

**Rater** (`Rater`). The tumour is painted over the kidney; each surface is moved by 1 mm (standard deviation).

The parameters below were set on cases of number 1000 and above, which no split holds, and before any method was
compared on them; a change of one is a new VERSION.
Source: our own construction, after KiTS 2019: the structure kidney includes the tumour.
"""

import numpy as np

from softbench.datasets.case import Case
from softbench.datasets.phantoms import shapes
from softbench.datasets.phantoms.shapes import NOWHERE_MM, Draw, Grids, Rater, generator

VERSION = 1
TITLE = "Phantom kidney tumour"
LICENCE = "none, made by this suite"
CITATION = "SoftLabelBench, softbench/datasets/phantoms/kidney.py"
ACCESS = "made"
MODALITIES = ("ct",)
CLASSES = ("background", "kidney", "tumor")
STRUCTURES = {"kidney": (1, 2), "tumor": (2,)}
DIMS = 3
LABEL_MAPS = 1  # of a case, one a rater
CASES = 88

SPACING_MM = (3.2, 1.6, 1.6)
SIZES = {"small": (32, 40, 40), "tiny": (16, 24, 24)}  # voxels
KIDNEY_MM, KIDNEY_SPREAD = (40.0, 21.0, 17.0), 0.10  # semi-axes along D, H, W; log-normal spread of each
BEND_MM = 9.0  # by which the poles lie closer to the spine than the middle does
ROUGH_MM, ROUGH_LENGTH_MM = 1.2, 12.0  # of the kidney's surface: standard deviation, correlation length
NOTCH_MM = (13.0, 7.0, 10.0)  # semi-axes of the fat where the vessels enter
NOTCH_PLACE = 0.95  # of its centre, as a share of the way to the surface

NO_TUMOUR = 0.20  # share of the cases
RADIUS_MM, RADIUS_SPREAD, RADIUS_LOW_MM, RADIUS_HIGH_MM = 14.0, 0.30, 7.0, 24.0  # tumour: median, log-normal spread
STRETCH = 0.12  # log-normal spread of its axes
TUMOUR_ROUGHNESS, TUMOUR_ROUGH_LENGTH = 0.10, 0.7  # standard deviation, correlation length; in radii
DEPTH = (0.5, 1.15)  # of its centre, as a share of the way from the kidney's centre to its surface

VIEW_TOWARDS_TUMOUR = (0.2, 0.7)  # of the view's centre, as a share of the way from kidney to tumour
VIEW_SHIFT = 0.08  # at most, as a share of the view's length
RATER = Rater(sigma_mm=1.0, length_mm=6.0)
ANATOMY, IMAGE, DRAWING = 0, 1, 2  # streams of random numbers


def make(case: int, seed: int = 0, *, size: str = "small") -> Case:
    """Make one case; see `phantoms.make`. `labels` has one rater, `truth` sums to 1 over the three classes."""
    shape = SIZES[size]
    position, side, kidney, tumour = _anatomy(Draw(generator(seed, case, ANATOMY), shape, SPACING_MM))
    layers = [(2, tumour), (1, kidney)]
    image = _image(Draw(generator(seed, case, IMAGE), shape, SPACING_MM), position, side, kidney, tumour)
    labels = RATER.draw(generator(seed, case, DRAWING), layers, SPACING_MM)[None]
    truth = RATER.probability(layers, len(CLASSES))
    return shapes.assemble(f"phantom_kidney_{case:03d}", position, SPACING_MM, image, labels, truth)


def _anatomy(draw: Draw) -> tuple[Grids, int, np.ndarray, np.ndarray]:
    """Draw the view (mm from the kidney's centre), the side (+1 right, -1 left), and both distances in mm."""
    rng = draw.rng
    side = int(rng.choice((-1, 1)))
    semi_axes = np.array(KIDNEY_MM) * np.exp(KIDNEY_SPREAD * rng.standard_normal(3))
    towards = shapes.direction(rng)
    surface = 1 / np.sqrt(np.sum((towards / semi_axes) ** 2))
    centre = towards * surface * rng.uniform(*DEPTH)
    shift = rng.uniform(-VIEW_SHIFT, VIEW_SHIFT, 3) * np.multiply(draw.shape, SPACING_MM)
    position = shapes.positions(draw.shape, SPACING_MM, centre * rng.uniform(*VIEW_TOWARDS_TUMOUR) + shift)
    kidney = _kidney(draw, position, side, semi_axes)
    tumour = _tumour(draw, position, centre)
    if rng.uniform() < NO_TUMOUR:
        tumour = np.full_like(tumour, NOWHERE_MM)
    return position, side, kidney, tumour


def _kidney(draw: Draw, position: Grids, side: int, semi_axes: np.ndarray) -> np.ndarray:
    """Return the distance to the bean; `lateral` runs away from the spine."""
    d, h, lateral = position[0], position[1], side * position[2]
    bent = lateral + BEND_MM * (d / semi_axes[0]) ** 2
    whole = shapes.ellipsoid((d, h, bent), (0, 0, 0), semi_axes)
    notch = shapes.ellipsoid((d, h, lateral), (0, 0, -NOTCH_PLACE * semi_axes[2]), NOTCH_MM)
    return draw.uneven(np.minimum(whole, -notch), by=ROUGH_MM, length_mm=ROUGH_LENGTH_MM)


def _tumour(draw: Draw, position: Grids, centre: np.ndarray) -> np.ndarray:
    radius = shapes.spread(draw.rng, RADIUS_MM, RADIUS_SPREAD, RADIUS_LOW_MM, RADIUS_HIGH_MM)
    ball = shapes.ellipsoid(position, centre, radius * np.exp(STRETCH * draw.rng.standard_normal(3)))
    return draw.uneven(ball, by=TUMOUR_ROUGHNESS * radius, length_mm=TUMOUR_ROUGH_LENGTH * radius)


KIDNEY_HU, TUMOUR_HU, ORGAN_HU, BOWEL_HU, VESSEL_HU = (150, 200), (40, 100), (90, 140), (35, 100), (130, 200)
NECROSIS_HU, CYST_HU = 25.0, 12.0
MEDULLA_DROP_HU, CORTEX_MM = 25.0, 5.0  # the inner kidney is darker than its rim of this thickness
PATCHES_HU, PATCHES_LENGTH_MM = 14.0, 6.0  # uneven tumour and organs: standard deviation, correlation length
NECROSIS_DEPTH_MM = (5.0, 14.0)  # inside the tumour's surface; small tumours have none

GAP_MM = (-1.0, 4.0)  # of fat between kidney and neighbours; they touch where it is negative
AROUND_ROUGH_MM, AROUND_ROUGH_LENGTH_MM = 3.0, 14.0  # of the neighbours' surfaces
MUSCLE_PLACE_MM = -24.0  # of the muscle's face behind the kidney, along H
ORGAN_CENTRE_MM, ORGAN_MM = (22.0, 22.0, 36.0), (38.0, 30.0, 26.0)  # liver or spleen: above, in front, outside
BOWEL_CENTRE_MM, BOWEL_MM = (-20.0, 32.0, -6.0), (30.0, 15.0, 18.0)
PLACE_SPREAD_MM = 6.0  # of the neighbours' centres, standard deviation
VESSEL_MM = (2.5, 5.0)  # radius of the vessels towards the spine
CYST_SHARE, CYST_MM = 0.4, (3.0, 6.0)  # of the cases; radius
NOISE_HU = (12.0, 25.0)  # standard deviation, drawn for each case


def _image(draw: Draw, position: Grids, side: int, kidney: np.ndarray, tumour: np.ndarray) -> np.ndarray:
    """Make the image of an anatomy, (1, D, H, W) float32 in HU; the spine lies towards -side along W."""
    seen = (position[0], position[1], side * position[2])  # the third axis runs away from the spine
    hu = _neighbours(draw, seen, np.maximum(kidney, tumour))
    cortex = draw.rng.uniform(*KIDNEY_HU)
    hu = draw.covered(hu, kidney, cortex)
    hu = draw.covered(hu, kidney - CORTEX_MM, cortex - MEDULLA_DROP_HU)
    hu = draw.covered(hu, _cyst(draw.rng, seen, kidney), CYST_HU)
    hu = draw.covered(hu, tumour, _patchy(draw, TUMOUR_HU))
    hu = draw.covered(hu, tumour - draw.rng.uniform(*NECROSIS_DEPTH_MM), NECROSIS_HU)
    return draw.scanned(hu, noise_hu=draw.rng.uniform(*NOISE_HU))


def _neighbours(draw: Draw, seen: Grids, inner: np.ndarray) -> np.ndarray:
    """Return the HU (D, H, W) of all that is neither kidney nor tumour: fat, and what lies in it."""
    rng, hu = draw.rng, np.full(inner.shape, shapes.FAT)
    vessel = shapes.tube(seen, np.array([0, 0, -6.0]), np.array([4.0, 6.0, -80.0]), rng.uniform(*VESSEL_MM))
    hu = draw.covered(hu, vessel, rng.uniform(*VESSEL_HU))
    muscle = MUSCLE_PLACE_MM + PLACE_SPREAD_MM * rng.standard_normal() - seen[1] - 0.25 * seen[2]
    bodies = [
        (muscle + np.zeros(inner.shape), (shapes.MUSCLE, shapes.MUSCLE + 15)),
        (_body(rng, seen, ORGAN_CENTRE_MM, ORGAN_MM), ORGAN_HU),
        (_body(rng, seen, BOWEL_CENTRE_MM, BOWEL_MM), BOWEL_HU),
    ]
    for body, limits in bodies:
        rough = draw.uneven(body, by=AROUND_ROUGH_MM, length_mm=AROUND_ROUGH_LENGTH_MM)
        room = np.minimum(rough, -inner - rng.uniform(*GAP_MM))
        hu = draw.covered(hu, room, _patchy(draw, limits))
    return hu


def _body(rng: np.random.Generator, seen: Grids, centre: tuple[float, ...], semi_axes: tuple[float, ...]) -> np.ndarray:
    return shapes.ellipsoid(seen, np.array(centre) + PLACE_SPREAD_MM * rng.standard_normal(3), semi_axes)


def _patchy(draw: Draw, limits: tuple[float, float]) -> np.ndarray:
    return draw.uneven(draw.rng.uniform(*limits), by=PATCHES_HU, length_mm=PATCHES_LENGTH_MM)


def _cyst(rng: np.random.Generator, seen: Grids, kidney: np.ndarray) -> np.ndarray:
    """Return the distance to a cyst inside the kidney, or to nothing."""
    centre = shapes.direction(rng) * (20.0, 10.0, 8.0)
    radius = rng.uniform(*CYST_MM)
    if rng.uniform() >= CYST_SHARE:
        return np.full(kidney.shape, NOWHERE_MM)
    return np.minimum(shapes.ellipsoid(seen, centre, (radius,) * 3), kidney)
