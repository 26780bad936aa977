"""The CT of the phantom body: from an anatomy to Hounsfield units. Parameters are frozen with those of `body`."""

from dataclasses import dataclass

import numpy as np

from softbench.datasets.phantoms import ct

VERSION = 1
MUSCLE_HU, MUSCLE_PATCHES_HU, MUSCLE_PATCHES_MM = (40, 65), 8.0, 5.0  # mean of a case; unevenness: sd, correlation
FAT_HU, VISCERAL_HU, STRAND_HU = (-110, -98), (-104, -88), (-100, -70)  # strands hold some muscle
ORGAN_HU, ORGAN_PATCHES_HU, ORGAN_PATCHES_SHARE = (45, 90), 25.0, 0.05  # correlation length as a share of the view
GAS_HU, GAS_DEPTH_SHARE, GAS_LEVEL = -850.0, 0.012, 1.2  # deep in organs where a smooth field exceeds the level
BONE_HU, MARROW_HU, BONE_SHARE = (350, 550), (150, 220), 0.012  # thickness of the hard rim, as a share of the view
NOISE_HU = (10.0, 20.0)  # standard deviation, drawn for each case


@dataclass(frozen=True)
class Anatomy:
    """Distances (H, W) in mm, positive inside; each but the first lies within one named before it."""

    skin: np.ndarray
    muscle: np.ndarray
    cavity: np.ndarray
    organs: np.ndarray
    spine: np.ndarray
    strands: np.ndarray


def make(rng: np.random.Generator, anatomy: Anatomy, spacing_mm: tuple[float, ...]) -> np.ndarray:
    """Make the image of an anatomy.

    Args:
        rng: source of randomness.
        anatomy: what the cross section shows.
        spacing_mm: of the grid, (H, W).
    Returns: (1, H, W) float32, HU.
    """
    shape = anatomy.skin.shape
    patches = {"by_hu": MUSCLE_PATCHES_HU, "length_mm": MUSCLE_PATCHES_MM}
    muscle = ct.uneven(rng, shape, rng.uniform(*MUSCLE_HU), spacing_mm=spacing_mm, **patches)
    hu = np.full(shape, ct.AIR)
    for distance_mm, tissue in (
        (anatomy.skin, rng.uniform(*FAT_HU)),
        (anatomy.muscle, muscle),
        (anatomy.cavity, rng.uniform(*VISCERAL_HU)),
        (anatomy.strands, rng.uniform(*STRAND_HU)),
    ):
        hu = ct.covered(hu, distance_mm, tissue, spacing_mm)
    hu = _with_organs(rng, hu, anatomy.organs, spacing_mm)
    hu = ct.covered(hu, anatomy.spine, rng.uniform(*BONE_HU), spacing_mm)
    hu = ct.covered(hu, anatomy.spine - BONE_SHARE * _view(hu, spacing_mm), rng.uniform(*MARROW_HU), spacing_mm)
    return ct.scanned(rng, hu, spacing_mm, noise_hu=rng.uniform(*NOISE_HU))


def _view(hu: np.ndarray, spacing_mm: tuple[float, ...]) -> float:
    return hu.shape[0] * spacing_mm[0]


def _with_organs(
    rng: np.random.Generator, hu: np.ndarray, organs: np.ndarray, spacing_mm: tuple[float, ...]
) -> np.ndarray:
    """Lay organs over the fat of the cavity, and gas into some of them."""
    length_mm = ORGAN_PATCHES_SHARE * _view(hu, spacing_mm)
    patches = ct.uneven(rng, hu.shape, 0.0, by_hu=1.0, length_mm=length_mm, spacing_mm=spacing_mm)
    filled = ct.covered(hu, organs, rng.uniform(*ORGAN_HU) + ORGAN_PATCHES_HU * patches, spacing_mm)
    deep = organs - GAS_DEPTH_SHARE * _view(hu, spacing_mm)
    return ct.covered(filled, np.minimum(deep, length_mm * (patches - GAS_LEVEL)), GAS_HU, spacing_mm)
