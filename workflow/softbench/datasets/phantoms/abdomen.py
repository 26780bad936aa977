"""Phantom of an abdomen in CT: liver, kidneys, spleen and a thin pancreas that its surroundings hide.

**Anatomy.** Rough ellipsoids in a body of a third of human size, so that the whole fits a small grid; liver on the
right, spleen on the left, a kidney on each side of the spine, the pancreas a curved string of tubes across the middle.
Sizes and places vary; each organ is missing in 5 % of the cases (of the kidneys one or both).

**Image.** HU of a venous phase: pancreas as bright as bowel, liver and spleen not far apart; spine,
muscle, vessels and fat; noise varies from case to case.

**Rater** (`Rater`). Organs are painted one over another, pancreas and kidneys on top; surfaces move by 0.8 mm.

The parameters below were set on cases of number 1000 and above, which no split holds, and before any method was
compared on them; a change of one is a new VERSION.
Source: our own construction, after FLARE 2021 (its four organs).
"""

from collections.abc import Sequence

import numpy as np

from softbench.datasets.case import Case
from softbench.datasets.phantoms import shapes
from softbench.datasets.phantoms.shapes import NOWHERE_MM, Draw, Grids, Layer, Rater, generator

VERSION = 1
TITLE = "Phantom abdomen"
LICENCE = "none, made by this suite"
CITATION = "SoftLabelBench, softbench/datasets/phantoms/abdomen.py"
ACCESS = "made"
MODALITIES = ("ct",)
CLASSES = ("background", "liver", "kidneys", "spleen", "pancreas")
STRUCTURES = {"liver": (1,), "kidneys": (2,), "spleen": (3,), "pancreas": (4,)}
DIMS = 3
LABEL_MAPS = 1  # of a case, one a rater
CASES = 88

SPACING_MM = (2.5, 2.0, 2.0)
SIZES = {"small": (32, 40, 48), "tiny": (16, 32, 40)}  # voxels
# centre and semi-axes along D, H, W in mm from the middle of the body; on the left W is negative
LIVER = ((8.0, 5.0, 22.0), (24.0, 20.0, 16.0))
SPLEEN = ((9.0, -7.0, -27.0), (17.0, 13.0, 8.5))
KIDNEY_RIGHT, KIDNEY_LEFT = ((-10.0, -16.0, 18.0), (18.0, 8.0, 7.5)), ((-6.0, -16.0, -18.0), (18.0, 8.0, 7.5))
SIZE_SPREAD, AXIS_SPREAD, PLACE_SPREAD_MM = 0.12, 0.08, 2.5  # log-normal of an organ and of each axis; sd of its centre
ROUGH_MM, ROUGH_LENGTH_MM = 1.5, 10.0  # of the organs' surfaces
PANCREAS = ((-9.0, 1.0, 9.0), (-4.0, 6.0, 1.0), (1.0, 4.0, -9.0), (6.0, -2.0, -19.0))  # head, neck, body, tail
PANCREAS_MM, PANCREAS_WANDER_MM = (3.6, 5.2), 1.5  # radius, from head to tail falling by a third; sd of the points
PANCREAS_ROUGH_MM, PANCREAS_ROUGH_LENGTH_MM = 0.7, 5.0
APART_MM = 0.5  # least gap between organs, and to the wall of the body
INSIDE_MM = (27.0, 36.0)  # semi-axes of the space within that wall along H, W
ABSENT = 0.05  # share of the cases, for each organ
VIEW_SHIFT = 0.06  # at most, as a share of the view's length
RATER = Rater(sigma_mm=0.8, length_mm=5.0)
ANATOMY, IMAGE, DRAWING = 0, 1, 2  # streams of random numbers


def make(case: int, seed: int = 0, *, size: str = "small") -> Case:
    """Make one case; see `phantoms.make`. `labels` has one rater, `truth` sums to 1 over the five classes."""
    shape = SIZES[size]
    draw = Draw(generator(seed, case, ANATOMY), shape, SPACING_MM)
    shift = draw.rng.uniform(-VIEW_SHIFT, VIEW_SHIFT, 3) * np.multiply(shape, SPACING_MM)
    position = shapes.positions(shape, SPACING_MM, shift)
    inside = shapes.ellipsoid(position[1:], (0, 0), INSIDE_MM) + np.zeros(shape)
    layers = _organs(draw, position, inside)
    image = _image(Draw(generator(seed, case, IMAGE), shape, SPACING_MM), position, inside, layers)
    labels = RATER.draw(generator(seed, case, DRAWING), layers, SPACING_MM)[None]
    truth = RATER.probability(layers, len(CLASSES))
    return shapes.assemble(f"phantom_abdomen_{case:03d}", position, SPACING_MM, image, labels, truth)


def _organs(draw: Draw, position: Grids, inside: np.ndarray) -> list[Layer]:
    """Draw the organs, top first; each keeps a gap to those above it and to the wall."""
    right, left = _organ(draw, position, KIDNEY_RIGHT), _organ(draw, position, KIDNEY_LEFT)
    bodies = {
        4: _pancreas(draw, position),
        2: _kidneys(draw.rng, right, left),
        3: _organ(draw, position, SPLEEN),
        1: _organ(draw, position, LIVER),
    }
    layers: list[Layer] = []
    for class_id, body in bodies.items():
        missing = draw.rng.uniform() < ABSENT
        body = np.minimum(body, inside - APART_MM)
        for _, above in layers:
            body = np.minimum(body, -above - APART_MM)
        layers.append((class_id, np.full_like(body, NOWHERE_MM) if missing else body))
    return layers


def _organ(draw: Draw, position: Grids, organ: tuple[tuple, tuple]) -> np.ndarray:
    """Return the distance to an ellipsoid that varies in size, form and place."""
    centre, semi_axes = organ
    scale = np.exp(SIZE_SPREAD * draw.rng.standard_normal() + AXIS_SPREAD * draw.rng.standard_normal(3))
    place = np.array(centre) + PLACE_SPREAD_MM * draw.rng.standard_normal(3)
    return draw.uneven(shapes.ellipsoid(position, place, semi_axes * scale), by=ROUGH_MM, length_mm=ROUGH_LENGTH_MM)


def _kidneys(rng: np.random.Generator, right: np.ndarray, left: np.ndarray) -> np.ndarray:
    """Return both kidneys, or one where the other was taken out."""
    kind = rng.uniform()
    if kind < ABSENT:
        return right if kind < ABSENT / 2 else left
    return np.maximum(right, left)


def _pancreas(draw: Draw, position: Grids) -> np.ndarray:
    """Return the distance to tubes that follow one another from the head to the tail."""
    points = np.array(PANCREAS) + PANCREAS_WANDER_MM * draw.rng.standard_normal((len(PANCREAS), 3))
    radii = draw.rng.uniform(*PANCREAS_MM) * np.linspace(1, 2 / 3, len(points) - 1)
    parts = [shapes.tube(position, a, b, r) for a, b, r in zip(points[:-1], points[1:], radii, strict=True)]
    return draw.uneven(np.maximum.reduce(parts), by=PANCREAS_ROUGH_MM, length_mm=PANCREAS_ROUGH_LENGTH_MM)


ORGAN_HU = {1: (90, 115), 2: (165, 210), 3: (120, 160), 4: (80, 110)}  # liver, kidneys, spleen, pancreas
PATCHES_HU, PATCHES_LENGTH_MM = 8.0, 5.0  # uneven organs: standard deviation, correlation length
SKIN_FAT_MM, WALL_MM = (2.5, 7.0), 4.5  # fat and muscle around the inside
SPINE_PLACE_MM, SPINE_MM, BONE_HU = (-27.0, 0.0), (9.0, 9.0), (180, 280)  # H, W
VESSELS = (((-14.0, -5.0), 3.0, (130, 190)), ((-13.5, 5.5), 3.4, (110, 170)))  # aorta, vena cava: (H, W), radius, HU
BOWEL_HU, GAS_HU, GAS_LEVEL = (15, 80), -700.0, 1.9  # gas: where a smooth field exceeds this level
BOWEL_LENGTH_MM, BOWEL_LEVEL, BOWEL_SHARPNESS_MM = 7.0, 0.1, 5.0  # loops: where a smooth field exceeds the level
GAP_MM = 0.4  # of fat between organs and bowel
NOISE_HU = (9.0, 20.0)  # standard deviation, drawn for each case


def _image(draw: Draw, position: Grids, inside: np.ndarray, layers: Sequence[Layer]) -> np.ndarray:
    """Make the image of an anatomy, (1, D, H, W) float32 in HU; `inside` is the distance in mm to the wall."""
    hu = _wall(draw, inside)
    hu = _bowel(draw, hu, np.minimum(inside, -np.maximum.reduce([d for _, d in layers]) - GAP_MM))
    hu = _fixed(draw, position, hu)
    for class_id, distance_mm in reversed(layers):
        mean = draw.rng.uniform(*ORGAN_HU[class_id])
        hu = draw.covered(hu, distance_mm, draw.uneven(mean, by=PATCHES_HU, length_mm=PATCHES_LENGTH_MM))
    return draw.scanned(hu, noise_hu=draw.rng.uniform(*NOISE_HU))


def _wall(draw: Draw, inside: np.ndarray) -> np.ndarray:
    """Return air, then fat, then muscle, then the fat of the inside."""
    hu = np.full(inside.shape, shapes.AIR)
    hu = draw.covered(hu, inside + WALL_MM + draw.rng.uniform(*SKIN_FAT_MM), shapes.FAT)
    hu = draw.covered(hu, inside + WALL_MM, shapes.MUSCLE)
    return draw.covered(hu, inside, shapes.FAT)


def _bowel(draw: Draw, hu: np.ndarray, room: np.ndarray) -> np.ndarray:
    """Fill the room between the organs with loops of bowel, some of them holding gas."""
    loops = draw.uneven(-BOWEL_LEVEL, by=1.0, length_mm=BOWEL_LENGTH_MM)
    filling = draw.uneven(float(np.mean(BOWEL_HU)), by=np.ptp(BOWEL_HU) / 4, length_mm=2 * BOWEL_LENGTH_MM)
    hu = draw.covered(hu, np.minimum(BOWEL_SHARPNESS_MM * loops, room), filling)
    return draw.covered(hu, np.minimum(BOWEL_SHARPNESS_MM * (loops - GAS_LEVEL), room), GAS_HU)


def _fixed(draw: Draw, position: Grids, hu: np.ndarray) -> np.ndarray:
    """Lay the great vessels and the spine over the rest, the same in all slices."""
    for place, radius, limits in VESSELS:
        vessel = shapes.ellipsoid(position[1:], place, (radius, radius))
        hu = draw.covered(hu, vessel + np.zeros(hu.shape), draw.rng.uniform(*limits))
    spine = shapes.ellipsoid(position[1:], SPINE_PLACE_MM, SPINE_MM) + np.zeros(hu.shape)
    return draw.covered(hu, spine, draw.rng.uniform(*BONE_HU))
