"""The four MRI contrasts of the phantom brain: from an anatomy to intensities as a scanner would show it.

Parameters are frozen with those of `brain`. Intensities are in units of white matter (1.0) until the last step, which
gives each contrast an arbitrary scale, as scanners do.
"""

from collections.abc import Callable

import numpy as np

from softbench.datasets.phantoms.fields import fraction, smooth_field

VERSION = 1

# mean intensity over that of white matter:  flair   t1    t1ce  t2
WHITE = np.array([1.00, 1.00, 1.00, 1.00])
GREY = np.array([1.15, 0.78, 0.80, 1.25])
FLUID = np.array([0.35, 0.35, 0.35, 1.90])
NECROSIS = np.array([0.95, 0.55, 0.58, 1.75])
OEDEMA = np.array([1.55, 0.82, 0.83, 1.60])
ENHANCING = np.array([1.35, 0.80, 1.45, 1.40])
LESION = np.array([1.40, 0.92, 0.92, 1.40])  # bright spots of white matter that are no tumour
VESSEL = np.array([0.95, 0.95, 1.40, 0.95])  # enhancing spots that are no tumour

TISSUE_SPREAD = 0.05  # of the mean of each tissue and contrast from case to case, standard deviation
CONTRAST_SPREAD = 0.12  # log-normal, of how far all tumour tissues stand out from white matter
FADE_MM = (2.0, 7.0)  # depth over which oedema reaches its full contrast; drawn for each case
FADE_START = 0.40  # share of the contrast at the very border

CORTEX_MM, FOLDING_MM, FOLDING_LENGTH_MM = 7.0, 7.0, 7.0  # grey rim: mean depth, spread, correlation length
VENTRICLE_MM, VENTRICLE_OFFSET_MM = (9.0, 24.0, 6.0), 11.0  # semi-axes along D, H, W; left and right of the middle
VENTRICLE_ROUGHNESS = 0.2  # standard deviation, in semi-axes
SPOT_LENGTH_MM, SPOT_LEVEL = 6.0, (2.1, 3.0)  # lesions and vessels: where a smooth field exceeds this level
SPOT_SHARPNESS_MM = 4.0  # distance in mm that one unit of that field stands for

TEXTURE, TEXTURE_LENGTH_MM = 0.05, 4.0  # fine structure of all tissues: standard deviation, correlation length
PATCHES, PATCHES_LENGTH_MM = 0.25, 6.0  # uneven enhancement and oedema: standard deviation of the log contrast
BIAS, BIAS_LENGTH_MM = 0.10, 45.0  # log-normal bias field
NOISE = (0.04, 0.10)  # standard deviation of each channel of the Rician noise; drawn for each case and contrast
SCALE = (150.0, 900.0)  # of the stored intensities; log-uniform


Field = Callable[[float], np.ndarray]  # correlation length in mm -> a smooth field of variance 1 on the grid


def make(
    rng: np.random.Generator,
    brain_mm: np.ndarray,
    position: list[np.ndarray],
    surfaces: np.ndarray,
    spacing_mm: tuple[float, ...],
) -> np.ndarray:
    """Make the images of an anatomy.

    Args:
        rng: source of randomness.
        brain_mm: (D, H, W), distance to the brain's surface, positive inside.
        position: of the voxels from the brain's centre in mm, three grids that broadcast to (D, H, W).
        surfaces: (3, D, H, W), distances to whole tumour, tumour core and necrosis in mm.
        spacing_mm: of the grid, the same along all axes.
    Returns: (4, D, H, W) float32, exactly 0 outside the brain and positive inside.
    """

    def field(length_mm: float) -> np.ndarray:
        return smooth_field(rng, brain_mm.shape, length_mm=length_mm, spacing_mm=spacing_mm)

    voxel_mm = spacing_mm[0]
    clean = _healthy(rng, field, brain_mm, position, voxel_mm)
    clean = _with_tumour(rng, field, clean, surfaces, voxel_mm)
    scales = np.exp(rng.uniform(np.log(SCALE[0]), np.log(SCALE[1]), len(clean)))
    channels = [_acquired(rng, field, channel) * scale for channel, scale in zip(clean, scales, strict=True)]
    return np.where(brain_mm > 0, channels, 0).astype(np.float32)


def _healthy(
    rng: np.random.Generator, field: Field, brain_mm: np.ndarray, position: list[np.ndarray], voxel_mm: float
) -> np.ndarray:
    """Return the intensities (4, D, H, W) of the brain without tumour."""
    cortex_mm = CORTEX_MM + FOLDING_MM * field(FOLDING_LENGTH_MM) - brain_mm
    ventricles_mm = _ventricles(position) + VENTRICLE_ROUGHNESS * min(VENTRICLE_MM) * field(FOLDING_LENGTH_MM)
    tissue = _spread(rng, WHITE) * np.ones_like(brain_mm)
    for mean, distance_mm in ((GREY, cortex_mm), (LESION, _spots(rng, field)), (VESSEL, _spots(rng, field))):
        tissue = _cover(tissue, _spread(rng, mean), fraction(distance_mm, voxel_mm))
    return _cover(tissue, _spread(rng, FLUID), fraction(ventricles_mm, voxel_mm))


def _ventricles(position: list[np.ndarray]) -> np.ndarray:
    """Return the distance (mm, positive inside) to two ellipsoids beside the middle of the brain."""
    d, h, w = position
    a, b, c = VENTRICLE_MM
    away = np.sqrt((d / a) ** 2 + (h / b) ** 2 + ((np.abs(w) - VENTRICLE_OFFSET_MM) / c) ** 2)
    distance: np.ndarray = (1 - away) * min(VENTRICLE_MM)
    return distance


def _spots(rng: np.random.Generator, field: Field) -> np.ndarray:
    """Return the distance to bright spots: some cases have many, some none."""
    return SPOT_SHARPNESS_MM * (field(SPOT_LENGTH_MM) - rng.uniform(*SPOT_LEVEL))


def _with_tumour(
    rng: np.random.Generator, field: Field, healthy: np.ndarray, surfaces: np.ndarray, voxel_mm: float
) -> np.ndarray:
    """Lay oedema, enhancing tumour and necrosis over the healthy tissue, each with its share of a voxel."""
    whole, core, necrosis = surfaces
    stand_out = np.exp(CONTRAST_SPREAD * rng.standard_normal())
    depth = np.clip(FADE_START + whole / rng.uniform(*FADE_MM), 0, 1)
    tissue = healthy
    for mean, distance_mm, density in ((OEDEMA, whole, depth), (ENHANCING, core, 1.0), (NECROSIS, necrosis, 1.0)):
        patches = np.clip(np.exp(PATCHES * field(PATCHES_LENGTH_MM)), 0, 2) * stand_out
        colour = (_spread(rng, mean) - _column(WHITE)) * patches + _column(WHITE)
        tissue = _cover(tissue, np.maximum(colour, 0), fraction(distance_mm, voxel_mm) * density)
    return tissue


def _acquired(rng: np.random.Generator, field: Field, channel: np.ndarray) -> np.ndarray:
    """Add fine structure, the bias field and Rician noise to one contrast."""
    structured = channel * (1 + TEXTURE * field(TEXTURE_LENGTH_MM)) * np.exp(BIAS * field(BIAS_LENGTH_MM))
    noise = rng.uniform(*NOISE)
    real = structured + noise * rng.standard_normal(channel.shape)
    magnitude: np.ndarray = np.hypot(real, noise * rng.standard_normal(channel.shape))
    return magnitude


def _cover(below: np.ndarray, above: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Mix two tissues by the share of the upper one in each voxel."""
    mixed: np.ndarray = below + (above - below) * share
    return mixed


def _spread(rng: np.random.Generator, mean: np.ndarray) -> np.ndarray:
    """Draw this case's mean of a tissue in each contrast, (4, 1, 1, 1)."""
    return _column(mean * (1 + TISSUE_SPREAD * rng.standard_normal(len(mean))))


def _column(values: np.ndarray) -> np.ndarray:
    return values[:, None, None, None]
