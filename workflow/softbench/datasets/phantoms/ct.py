"""CT as the phantoms show it: tissues laid over one another in Hounsfield units, then noise as a scanner makes it."""

import numpy as np

from softbench.datasets.phantoms.fields import fraction, smooth_field

VERSION = 1
FAT, MUSCLE, AIR = -100.0, 55.0, -1000.0  # HU
GRAIN_VOXELS = 0.6  # correlation length of the noise, in voxels of the finest axis
WHITE_SHARE = 0.4  # of the noise variance that has no correlation
TEXTURE_HU, TEXTURE_LENGTH_MM = 6.0, 6.0  # fine structure of all tissues: standard deviation, correlation length


def covered(
    below: np.ndarray, distance_mm: np.ndarray, hu: float | np.ndarray, spacing_mm: tuple[float, ...]
) -> np.ndarray:
    """Lay a tissue of these HU over another, with its share of each voxel; the voxel's mean edge is the blur."""
    mixed: np.ndarray = below + (hu - below) * fraction(distance_mm, float(np.mean(spacing_mm)))
    return mixed


def uneven(
    rng: np.random.Generator, shape: tuple[int, ...], hu: float, *, by_hu: float, length_mm: float,
    spacing_mm: tuple[float, ...],
) -> np.ndarray:  # fmt: skip
    """Return a tissue whose HU vary from place to place: mean `hu`, standard deviation `by_hu`."""
    patches = smooth_field(rng, shape, length_mm=length_mm, spacing_mm=spacing_mm)
    tissue: np.ndarray = hu + by_hu * patches
    return tissue


def scanned(rng: np.random.Generator, hu: np.ndarray, spacing_mm: tuple[float, ...], *, noise_hu: float) -> np.ndarray:
    """Add fine structure and noise (standard deviation `noise_hu`); return one channel, (1, ...) float32."""
    textured = uneven(rng, hu.shape, 0.0, by_hu=TEXTURE_HU, length_mm=TEXTURE_LENGTH_MM, spacing_mm=spacing_mm) + hu
    grain = smooth_field(rng, hu.shape, length_mm=GRAIN_VOXELS * min(spacing_mm), spacing_mm=spacing_mm)
    white = rng.standard_normal(hu.shape)
    noise = np.sqrt(1 - WHITE_SHARE) * grain + np.sqrt(WHITE_SHARE) * white
    return np.maximum(textured + noise_hu * noise, AIR - 24)[None].astype(np.float32)  # scanners clip at -1024
