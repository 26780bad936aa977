"""The CT of the phantom kidney: from an anatomy to Hounsfield units. Parameters are frozen with those of `kidney`."""

import numpy as np

from softbench.datasets.phantoms import ct, shapes
from softbench.datasets.phantoms.shapes import Grids

VERSION = 1
KIDNEY_HU, TUMOUR_HU, ORGAN_HU, BOWEL_HU, VESSEL_HU = (150, 200), (40, 100), (90, 140), (35, 100), (130, 200)
NECROSIS_HU, CYST_HU = 25.0, 12.0
MEDULLA_DROP_HU, CORTEX_MM = 25.0, 5.0  # the inner kidney is darker than its rim of this thickness
PATCHES_HU, PATCHES_LENGTH_MM = 14.0, 6.0  # uneven tumour and organs: standard deviation, correlation length
NECROSIS_DEPTH_MM = (5.0, 14.0)  # inside the tumour's surface; small tumours have none

GAP_MM = (-1.0, 4.0)  # of fat between kidney and neighbours; they touch where it is negative
ROUGH_MM, ROUGH_LENGTH_MM = 3.0, 14.0  # of the neighbours' surfaces
MUSCLE_PLACE_MM = -24.0  # of the muscle's face behind the kidney, along H
ORGAN_CENTRE_MM, ORGAN_MM = (22.0, 22.0, 36.0), (38.0, 30.0, 26.0)  # liver or spleen: above, in front, outside
BOWEL_CENTRE_MM, BOWEL_MM = (-20.0, 32.0, -6.0), (30.0, 15.0, 18.0)
PLACE_SPREAD_MM = 6.0  # of the neighbours' centres, standard deviation
VESSEL_MM = (2.5, 5.0)  # radius of the vessels towards the spine
CYST_SHARE, CYST_MM = 0.4, (3.0, 6.0)  # of the cases; radius
NOISE_HU = (12.0, 25.0)  # standard deviation, drawn for each case


def make(
    rng: np.random.Generator,
    position: Grids,
    side: int,
    kidney: np.ndarray,
    tumour: np.ndarray,
    spacing_mm: tuple[float, ...],
) -> np.ndarray:
    """Make the image of an anatomy.

    Args:
        rng: source of randomness.
        position: of the voxels from the kidney's centre in mm, three grids that broadcast to (D, H, W).
        side: +1 right, -1 left; the spine lies towards -side along W.
        kidney, tumour: (D, H, W), distances in mm, positive inside.
        spacing_mm: of the grid.
    Returns: (1, D, H, W) float32, HU.
    """
    seen = (position[0], position[1], side * position[2])  # the third axis runs away from the spine
    hu = _neighbours(rng, seen, np.maximum(kidney, tumour), spacing_mm)
    cortex = rng.uniform(*KIDNEY_HU)
    hu = ct.covered(hu, kidney, cortex, spacing_mm)
    hu = ct.covered(hu, kidney - CORTEX_MM, cortex - MEDULLA_DROP_HU, spacing_mm)
    hu = ct.covered(hu, _cyst(rng, seen, kidney), CYST_HU, spacing_mm)
    patches = _patchy(rng, kidney.shape, TUMOUR_HU, spacing_mm)
    hu = ct.covered(hu, tumour, patches, spacing_mm)
    hu = ct.covered(hu, tumour - rng.uniform(*NECROSIS_DEPTH_MM), NECROSIS_HU, spacing_mm)
    return ct.scanned(rng, hu, spacing_mm, noise_hu=rng.uniform(*NOISE_HU))


def _neighbours(rng: np.random.Generator, seen: Grids, inner: np.ndarray, spacing_mm: tuple[float, ...]) -> np.ndarray:
    """Return the HU (D, H, W) of all that is neither kidney nor tumour: fat, and what lies in it."""
    hu = np.full(inner.shape, ct.FAT)
    vessel = shapes.tube(seen, np.array([0, 0, -6.0]), np.array([4.0, 6.0, -80.0]), rng.uniform(*VESSEL_MM))
    hu = ct.covered(hu, vessel, rng.uniform(*VESSEL_HU), spacing_mm)
    muscle = MUSCLE_PLACE_MM + PLACE_SPREAD_MM * rng.standard_normal() - seen[1] - 0.25 * seen[2]
    bodies = [(muscle + np.zeros(inner.shape), (ct.MUSCLE, ct.MUSCLE + 15))]
    bodies += [(_body(rng, seen, ORGAN_CENTRE_MM, ORGAN_MM), ORGAN_HU)]
    bodies += [(_body(rng, seen, BOWEL_CENTRE_MM, BOWEL_MM), BOWEL_HU)]
    for body, limits in bodies:
        rough = shapes.roughened(rng, body, by_mm=ROUGH_MM, length_mm=ROUGH_LENGTH_MM, spacing_mm=spacing_mm)
        room = np.minimum(rough, -inner - rng.uniform(*GAP_MM))
        hu = ct.covered(hu, room, _patchy(rng, inner.shape, limits, spacing_mm), spacing_mm)
    return hu


def _body(rng: np.random.Generator, seen: Grids, centre: tuple[float, ...], semi_axes: tuple[float, ...]) -> np.ndarray:
    return shapes.ellipsoid(seen, np.array(centre) + PLACE_SPREAD_MM * rng.standard_normal(3), semi_axes)


def _patchy(
    rng: np.random.Generator, shape: tuple[int, ...], limits: tuple[float, float], spacing_mm: tuple[float, ...]
) -> np.ndarray:
    mean = rng.uniform(*limits)
    return ct.uneven(rng, shape, mean, by_hu=PATCHES_HU, length_mm=PATCHES_LENGTH_MM, spacing_mm=spacing_mm)


def _cyst(rng: np.random.Generator, seen: Grids, kidney: np.ndarray) -> np.ndarray:
    """Return the distance to a cyst inside the kidney, or to nothing."""
    centre = shapes.direction(rng) * (20.0, 10.0, 8.0)
    radius = rng.uniform(*CYST_MM)
    if rng.uniform() >= CYST_SHARE:
        return np.full(kidney.shape, shapes.NOWHERE_MM)
    return np.minimum(shapes.ellipsoid(seen, centre, (radius,) * 3), kidney)
