"""Phantom of a body in CT (2-D): a cross section sorted into muscle and three kinds of fat, with thin strands.

**Anatomy.** Fat under the skin, a wall of muscle that is thick beside the spine, and a cavity of fat that holds the
organs. Strands of fat, a few pixels thin, run through the muscle: skipping pixels loses them. The body fills the view
in each size, so a larger size is a larger body in finer pixels; the strands are as thin in mm.

**Image.** HU of tissue; strands are mixed with muscle, organs are as bright as muscle, bowel holds gas.

**Rater** (`Rater`). Bone and organs, strands, visceral fat, muscle, and fat under the skin are painted in this order,
top first; each surface is moved by 0.5 mm (standard deviation).

The parameters below were set on cases of number 1000 and above, which no split holds, and before any method was
compared on them; a change of one is a new VERSION.
Source: our own construction, after the five tissues of Ali et al. 2024.
"""

from dataclasses import dataclass

import numpy as np

from softbench.datasets.case import Case
from softbench.datasets.phantoms import shapes
from softbench.datasets.phantoms.shapes import Draw, Grids, Rater, generator

VERSION = 1
TITLE = "Phantom body composition"
LICENCE = "none, made by this suite"
CITATION = "SoftLabelBench, softbench/datasets/phantoms/body.py"
ACCESS = "made"
MODALITIES = ("ct",)
CLASSES = ("background", "muscle", "imat", "sat", "vat", "other")
STRUCTURES = {"MUS": (1,), "IMAT": (2,), "SAT": (3,), "VAT": (4,), "MSC": (5,)}
DIMS = 2
LABEL_MAPS = 1  # of a case, one a rater
CASES = 88

SIZES = {"small": (128, 128), "tiny": (64, 64), "full": (512, 512)}  # pixels
EDGE_MM = {"small": 1.2, "tiny": 1.6, "full": 0.8}  # of a pixel
# lengths along H (back to front) and W as shares of the view; the body's middle is the middle of the view
BODY, BODY_SPREAD, BODY_ROUGH, BODY_ROUGH_LENGTH = (0.36, 0.44), 0.04, 0.004, 0.12
SKIN_FAT, FRONT_FAT = (0.025, 0.085), 0.02  # thickness of the fat under the skin; more of it at the front
WALL, WALL_ROUGH, WALL_ROUGH_LENGTH = (0.035, 0.055), 0.008, 0.06  # of muscle around the cavity
BACK_PLACE, BACK = (-0.20, 0.095), (0.075, 0.085)  # muscles of the back, beside the spine
PSOAS_PLACE, PSOAS = (-0.10, 0.085), (0.050, 0.036)
SPINE_PLACE, SPINE = (-0.145, 0.0), (0.055, 0.060)
ORGAN_LENGTH, ORGAN_LEVEL, ORGAN_SHARPNESS = 0.055, (-0.1, 0.7), 0.04  # where a smooth field exceeds the level
MARGIN_MM = 0.8  # of muscle around its strands, and of fat around the organs
STRAND_HALF_MM, STRAND_LENGTH_MM = (1.0, 1.8), 4.0  # half width; correlation length of the field whose zeros they are
STRAND_LEVEL, STRAND_TAPER_MM = (-1.5, 0.0), 4.0  # strands are where a second field exceeds the level
RATER = Rater(sigma_mm=0.5, length_mm=4.0)
ANATOMY, IMAGE, DRAWING = 0, 1, 2  # streams of random numbers


@dataclass(frozen=True)
class Anatomy:
    """Distances (H, W) in mm, positive inside; each but the first lies within one named before it."""

    skin: np.ndarray
    muscle: np.ndarray
    cavity: np.ndarray
    organs: np.ndarray
    spine: np.ndarray
    strands: np.ndarray


def make(case: int, seed: int = 0, *, size: str = "small") -> Case:
    """Make one case; see `phantoms.make`. 2-D: `labels` (1, H, W), `truth` (6, H, W) sums to 1 over the classes."""
    shape, spacing_mm = SIZES[size], (EDGE_MM[size], EDGE_MM[size])
    position = shapes.positions(shape, spacing_mm, (0, 0))
    anatomy = _anatomy(Draw(generator(seed, case, ANATOMY), shape, spacing_mm), position)
    top = np.maximum(anatomy.spine, anatomy.organs)
    layers = [(5, top), (2, anatomy.strands), (4, anatomy.cavity), (1, anatomy.muscle), (3, anatomy.skin)]
    image = _image(Draw(generator(seed, case, IMAGE), shape, spacing_mm), anatomy)
    labels = RATER.draw(generator(seed, case, DRAWING), layers, spacing_mm)[None]
    truth = RATER.probability(layers, len(CLASSES))
    return shapes.assemble(f"phantom_body_{case:03d}", position, spacing_mm, image, labels, truth)


def _view(draw: Draw) -> float:
    """Return the length of the view in mm."""
    return draw.shape[0] * draw.spacing_mm[0]


def _anatomy(draw: Draw, position: Grids) -> Anatomy:
    """Draw the distances (H, W) in mm to all that a cross section shows."""
    view = _view(draw)
    semi_axes = np.array(BODY) * view * np.exp(BODY_SPREAD * draw.rng.standard_normal(2))
    body = shapes.ellipsoid(position, (0, 0), semi_axes)
    skin = draw.uneven(body, by=BODY_ROUGH * view, length_mm=BODY_ROUGH_LENGTH * view)
    fat = draw.rng.uniform(*SKIN_FAT) * view + FRONT_FAT * view * np.maximum(position[0] / semi_axes[0], -1)
    muscle = skin - fat
    spine = np.minimum(shapes.ellipsoid(position, _scaled(SPINE_PLACE, view), _scaled(SPINE, view)), muscle)
    cavity = _cavity(draw, position, muscle, spine)
    organs = _organs(draw, cavity)
    strands = _strands(draw, np.minimum(muscle, -np.maximum(cavity, spine)))
    return Anatomy(skin, muscle, cavity, organs, spine, strands)


def _scaled(shares: tuple[float, ...], view: float) -> np.ndarray:
    return np.array(shares) * view


def _cavity(draw: Draw, position: Grids, muscle: np.ndarray, spine: np.ndarray) -> np.ndarray:
    """Return the distance to the space within the muscle: the wall, the back, the psoas and the spine bound it."""
    view = _view(draw)
    wall = draw.uneven(muscle, by=WALL_ROUGH * view, length_mm=WALL_ROUGH_LENGTH * view)
    cavity = np.minimum(wall - draw.rng.uniform(*WALL) * view, -spine)
    aside = (position[0], np.abs(position[1]))  # both sides at once
    for place, semi_axes in ((BACK_PLACE, BACK), (PSOAS_PLACE, PSOAS)):
        scale = np.exp(2 * BODY_SPREAD * draw.rng.standard_normal(2))
        cavity = np.minimum(cavity, -shapes.ellipsoid(aside, _scaled(place, view), _scaled(semi_axes, view) * scale))
    return cavity


def _organs(draw: Draw, cavity: np.ndarray) -> np.ndarray:
    """Return the distance to loops and lumps within the cavity; some cases have many, some few."""
    lumps = draw.field(ORGAN_LENGTH * _view(draw))
    return np.minimum(ORGAN_SHARPNESS * _view(draw) * (lumps - draw.rng.uniform(*ORGAN_LEVEL)), cavity - MARGIN_MM)


def _strands(draw: Draw, muscle: np.ndarray) -> np.ndarray:
    """Return the distance to strands: lines where a smooth field is zero, here and there, all within the muscle."""
    field, where = draw.field(STRAND_LENGTH_MM), draw.field(STRAND_LENGTH_MM)
    slope = np.hypot(*np.gradient(field, *draw.spacing_mm))
    line = draw.rng.uniform(*STRAND_HALF_MM) - np.abs(field) / np.maximum(slope, 1 / (4 * STRAND_LENGTH_MM))
    here = STRAND_TAPER_MM * (where - draw.rng.uniform(*STRAND_LEVEL))
    return np.minimum.reduce([line, here, muscle - MARGIN_MM])


MUSCLE_HU, MUSCLE_PATCHES_HU, MUSCLE_PATCHES_MM = (40, 65), 8.0, 5.0  # mean of a case; unevenness: sd, correlation
FAT_HU, VISCERAL_HU, STRAND_HU = (-110, -98), (-104, -88), (-100, -70)  # strands hold some muscle
ORGAN_HU, ORGAN_PATCHES_HU, ORGAN_PATCHES_SHARE = (45, 90), 25.0, 0.05  # correlation length as a share of the view
GAS_HU, GAS_DEPTH_SHARE, GAS_LEVEL = -850.0, 0.012, 1.2  # deep in organs where a smooth field exceeds the level
BONE_HU, MARROW_HU, BONE_SHARE = (350, 550), (150, 220), 0.012  # thickness of the hard rim, as a share of the view
NOISE_HU = (10.0, 20.0)  # standard deviation, drawn for each case


def _image(draw: Draw, anatomy: Anatomy) -> np.ndarray:
    """Make the image of an anatomy, (1, H, W) float32 in HU."""
    rng = draw.rng
    muscle = draw.uneven(rng.uniform(*MUSCLE_HU), by=MUSCLE_PATCHES_HU, length_mm=MUSCLE_PATCHES_MM)
    hu = np.full(draw.shape, shapes.AIR)
    for distance_mm, tissue in (
        (anatomy.skin, rng.uniform(*FAT_HU)),
        (anatomy.muscle, muscle),
        (anatomy.cavity, rng.uniform(*VISCERAL_HU)),
        (anatomy.strands, rng.uniform(*STRAND_HU)),
    ):
        hu = draw.covered(hu, distance_mm, tissue)
    hu = _with_organs(draw, hu, anatomy.organs)
    hu = draw.covered(hu, anatomy.spine, rng.uniform(*BONE_HU))
    hu = draw.covered(hu, anatomy.spine - BONE_SHARE * _view(draw), rng.uniform(*MARROW_HU))
    return draw.scanned(hu, noise_hu=rng.uniform(*NOISE_HU))


def _with_organs(draw: Draw, hu: np.ndarray, organs: np.ndarray) -> np.ndarray:
    """Lay organs over the fat of the cavity, and gas into some of them."""
    length_mm = ORGAN_PATCHES_SHARE * _view(draw)
    patches = draw.uneven(0.0, by=1.0, length_mm=length_mm)
    filled = draw.covered(hu, organs, draw.rng.uniform(*ORGAN_HU) + ORGAN_PATCHES_HU * patches)
    deep = organs - GAS_DEPTH_SHARE * _view(draw)
    return draw.covered(filled, np.minimum(deep, length_mm * (patches - GAS_LEVEL)), GAS_HU)
