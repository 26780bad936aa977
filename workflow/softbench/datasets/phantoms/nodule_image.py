"""The CT of the phantom nodule: lung, vessels and a nodule in HU. Parameters are frozen with those of `nodule`."""

import numpy as np

from softbench.datasets.phantoms import ct, shapes
from softbench.datasets.phantoms.fields import fraction, smooth_field
from softbench.datasets.phantoms.shapes import Grids

VERSION = 1
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


def make(
    rng: np.random.Generator, position: Grids, nodule: np.ndarray, radius: float, spacing_mm: tuple[float, ...]
) -> np.ndarray:
    """Make the image of an anatomy.

    Args:
        rng: source of randomness.
        position: of the voxels from the nodule's centre in mm, three grids that broadcast to (D, H, W).
        nodule: (D, H, W), distance to its surface in mm, positive inside.
        radius: of the nodule in mm.
        spacing_mm: of the grid.
    Returns: (1, D, H, W) float32, HU.
    """
    shape = nodule.shape
    lung = rng.uniform(*LUNG_HU)
    hu = ct.uneven(rng, shape, lung, by_hu=LUNG_PATCHES_HU, length_mm=LUNG_PATCHES_MM, spacing_mm=spacing_mm)
    for vessel in _vessels(rng, position):
        hu = ct.covered(hu, vessel, rng.uniform(*VESSEL_HU), spacing_mm)
    hu = ct.covered(hu, _wall(rng, position, radius) + np.zeros(shape), WALL_HU, spacing_mm)
    hu = _with_nodule(rng, hu, nodule + _spikes(rng, nodule, spacing_mm), radius, spacing_mm)
    return ct.scanned(rng, hu, spacing_mm, noise_hu=rng.uniform(*NOISE_HU))


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
        return np.full(1, shapes.NOWHERE_MM)
    distance: np.ndarray = sum(p * o for p, o in zip(position, outwards, strict=True)) - place
    return distance


def _spikes(rng: np.random.Generator, nodule: np.ndarray, spacing_mm: tuple[float, ...]) -> np.ndarray:
    """Return by how many mm spicules push the visible border outwards: nothing within, less with distance."""
    field = smooth_field(rng, nodule.shape, length_mm=SPIKE_LENGTH_MM, spacing_mm=spacing_mm)
    reach = np.exp(-np.maximum(-nodule, 0) / SPIKE_REACH_MM)
    spikes: np.ndarray = rng.uniform(*SPIKES) * np.maximum(field - SPIKE_LEVEL, 0) * reach
    return spikes


def _with_nodule(
    rng: np.random.Generator, hu: np.ndarray, border: np.ndarray, radius: float, spacing_mm: tuple[float, ...]
) -> np.ndarray:
    """Lay the nodule over lung, wall and vessels, which stay visible under ground glass."""

    def tissue(limits: tuple[float, float]) -> np.ndarray:
        mean = rng.uniform(*limits)
        return ct.uneven(rng, border.shape, mean, by_hu=PATCHES_HU, length_mm=PATCHES_MM, spacing_mm=spacing_mm)

    solid, glass, depth, fade = tissue(SOLID_HU), tissue(GLASS_HU), rng.uniform(*CORE_DEPTH), rng.uniform(*FADE_MM)
    if rng.uniform() >= PART_SOLID:
        return ct.covered(hu, border, solid, spacing_mm)
    halo = hu + (np.maximum(glass, hu) - hu) * fraction(border, fade)
    return ct.covered(halo, border - depth * radius, solid, spacing_mm)
