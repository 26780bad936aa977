"""The CT of the phantom abdomen: from organs to Hounsfield units. Parameters are frozen with those of `abdomen`."""

from collections.abc import Sequence

import numpy as np

from softbench.datasets.phantoms import ct, shapes
from softbench.datasets.phantoms.rater import Layer
from softbench.datasets.phantoms.shapes import Grids

VERSION = 1
ORGAN_HU = {1: (90, 115), 2: (165, 210), 3: (120, 160), 4: (80, 110)}  # liver, kidneys, spleen, pancreas
PATCHES_HU, PATCHES_LENGTH_MM = 8.0, 5.0  # uneven organs: standard deviation, correlation length
SKIN_FAT_MM, WALL_MM = (2.5, 7.0), 4.5  # fat and muscle around the inside
SPINE_PLACE_MM, SPINE_MM, BONE_HU = (-27.0, 0.0), (9.0, 9.0), (180, 280)  # H, W
VESSELS = (((-14.0, -5.0), 3.0, (130, 190)), ((-13.5, 5.5), 3.4, (110, 170)))  # aorta, vena cava: (H, W), radius, HU
BOWEL_HU, GAS_HU, GAS_LEVEL = (15, 80), -700.0, 1.9  # gas: where a smooth field exceeds this level
BOWEL_LENGTH_MM, BOWEL_LEVEL, BOWEL_SHARPNESS_MM = 7.0, 0.1, 5.0  # loops: where a smooth field exceeds the level
GAP_MM = 0.4  # of fat between organs and bowel
NOISE_HU = (9.0, 20.0)  # standard deviation, drawn for each case


def make(
    rng: np.random.Generator,
    position: Grids,
    inside: np.ndarray,
    layers: Sequence[Layer],
    spacing_mm: tuple[float, ...],
) -> np.ndarray:
    """Make the image of an anatomy.

    Args:
        rng: source of randomness.
        position: of the voxels from the middle of the body in mm, three grids that broadcast to (D, H, W).
        inside: (D, H, W), distance to the wall of the body in mm, positive inside.
        layers: class id and distance (D, H, W) in mm of each organ, top first.
        spacing_mm: of the grid.
    Returns: (1, D, H, W) float32, HU.
    """
    shape = layers[0][1].shape
    hu = _wall(rng, inside, spacing_mm)
    hu = _bowel(rng, hu, np.minimum(inside, -np.maximum.reduce([d for _, d in layers]) - GAP_MM), spacing_mm)
    hu = _fixed(rng, position, hu, spacing_mm)
    for class_id, distance_mm in reversed(layers):
        mean = rng.uniform(*ORGAN_HU[class_id])
        tissue = ct.uneven(rng, shape, mean, by_hu=PATCHES_HU, length_mm=PATCHES_LENGTH_MM, spacing_mm=spacing_mm)
        hu = ct.covered(hu, distance_mm, tissue, spacing_mm)
    return ct.scanned(rng, hu, spacing_mm, noise_hu=rng.uniform(*NOISE_HU))


def _wall(rng: np.random.Generator, inside: np.ndarray, spacing_mm: tuple[float, ...]) -> np.ndarray:
    """Return air, then fat, then muscle, then the fat of the inside."""
    hu = np.full(inside.shape, ct.AIR)
    hu = ct.covered(hu, inside + WALL_MM + rng.uniform(*SKIN_FAT_MM), ct.FAT, spacing_mm)
    hu = ct.covered(hu, inside + WALL_MM, ct.MUSCLE, spacing_mm)
    return ct.covered(hu, inside, ct.FAT, spacing_mm)


def _bowel(rng: np.random.Generator, hu: np.ndarray, room: np.ndarray, spacing_mm: tuple[float, ...]) -> np.ndarray:
    """Fill the room between the organs with loops of bowel, some of them holding gas."""
    loops = ct.uneven(rng, hu.shape, -BOWEL_LEVEL, by_hu=1.0, length_mm=BOWEL_LENGTH_MM, spacing_mm=spacing_mm)
    filling = ct.uneven(
        rng, hu.shape, float(np.mean(BOWEL_HU)), by_hu=np.ptp(BOWEL_HU) / 4, length_mm=2 * BOWEL_LENGTH_MM,
        spacing_mm=spacing_mm,
    )  # fmt: skip
    hu = ct.covered(hu, np.minimum(BOWEL_SHARPNESS_MM * loops, room), filling, spacing_mm)
    return ct.covered(hu, np.minimum(BOWEL_SHARPNESS_MM * (loops - GAS_LEVEL), room), GAS_HU, spacing_mm)


def _fixed(rng: np.random.Generator, position: Grids, hu: np.ndarray, spacing_mm: tuple[float, ...]) -> np.ndarray:
    """Lay the great vessels and the spine over the rest, the same in all slices."""
    for place, radius, limits in VESSELS:
        vessel = shapes.ellipsoid(position[1:], place, (radius, radius))
        hu = ct.covered(hu, vessel + np.zeros(hu.shape), rng.uniform(*limits), spacing_mm)
    spine = shapes.ellipsoid(position[1:], SPINE_PLACE_MM, SPINE_MM) + np.zeros(hu.shape)
    return ct.covered(hu, spine, rng.uniform(*BONE_HU), spacing_mm)
