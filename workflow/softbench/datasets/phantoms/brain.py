r"""Phantom of a brain tumour in four MRI contrasts: a nested tumour whose true class probabilities are known.

**Anatomy.** An ellipsoid of white matter with a folded grey rim and ventricles; in it three nested surfaces, each given
by a distance s in mm (positive inside): whole tumour >= tumour core >= necrotic core at every voxel. About 20 % of the
cases have no enhancing rim, about 15 % no necrosis. The field of view lies somewhere around the tumour.

**Image.** The anatomy alone decides it: partial volume of 2 mm voxels, oedema that fades outwards, contrast that
varies from case to case, other bright spots that are no tumour, a bias field, Rician noise, zero outside the brain.

**Rater.** The rater draws all surfaces moved by one smooth Gaussian field n of variance 1: level k is where
:math:`s_k + \sigma n > 0`. So the probability of level k is exactly :math:`\Phi(s_k / \sigma)`, and `truth` holds
their differences. It is the probability over raters of this anatomy; an image shows less than the anatomy.

The tissues' mean intensities and the noise were changed until a small network, trained on one-hot labels of these cases
for 30 CPU-seconds, neither missed the tumour nor segmented it almost perfectly. The parameters below were fixed then,
before any soft label was trained on them; a change of one is a new VERSION.
Source: our own construction, after the conventions of BraTS (its label 4 is class 3 here).
"""

import numpy as np

from softbench.datasets.case import Case
from softbench.datasets.phantoms import shapes
from softbench.datasets.phantoms.shapes import NOWHERE_MM, Draw, Grids, exceedance, fraction, generator

VERSION = 1
TITLE = "Phantom brain tumour"
LICENCE = "none, made by this suite"
CITATION = "SoftLabelBench, softbench/datasets/phantoms/brain.py"
ACCESS = "made"
MODALITIES = ("flair", "t1", "t1ce", "t2")
CLASSES = ("background", "necrotic_core", "oedema", "enhancing")
STRUCTURES = {"WT": (1, 2, 3), "TC": (1, 3), "ET": (3,)}
DIMS = 3
LABEL_MAPS = 1  # of a case, one a rater
CASES = 88

SPACING_MM = (2.0, 2.0, 2.0)
SIZES = {"small": (40, 48, 48), "tiny": (24, 32, 32)}  # voxels
BRAIN_MM = (58.0, 78.0, 66.0)  # semi-axes along D, H, W
DEPTH = (0.15, 0.75)  # tumour centre, as a share of the way from the brain's centre to its surface
VIEW_SHIFT = 0.15  # of the field of view against the tumour, at most, as a share of its length

RADIUS_MM, RADIUS_SPREAD, RADIUS_RANGE_MM = 18.0, 0.30, (10.0, 28.0)  # whole tumour: median, log-normal spread, limits
STRETCH = 0.15  # log-normal spread of the three axes
CORE_SHARE = (0.55, 0.85)  # radius of the tumour core over that of the whole tumour
CORE_SHIFT = 0.15  # of the core's centre, standard deviation, in radii of the whole tumour
ROUGHNESS, ROUGHNESS_LENGTH = 0.16, 0.6  # of each surface: standard deviation and correlation length, in its radii
RIM_MM, RIM_SPREAD, RIM_LENGTH_MM, RIM_LEAST_MM = (3.0, 7.0), 0.35, 8.0, 0.5  # enhancing rim around the necrosis
NO_RIM, NO_NECROSIS = 0.20, 0.15  # shares of the cases

RATER_MM = 1.0  # sigma: by how much a rater moves a surface, standard deviation
RATER_LENGTH_MM = 6.0  # correlation length of the rater's field
TUMOUR, IMAGE, RATER = 0, 1, 2  # streams of random numbers


def make(case: int, seed: int = 0, *, size: str = "small") -> Case:
    """Make one case; see `phantoms.make`. `labels` has one rater, `truth` sums to 1 over the four classes."""
    shape = SIZES[size]
    position, surfaces = _tumour(Draw(generator(seed, case, TUMOUR), shape, SPACING_MM))
    brain_mm = (1 - np.sqrt(sum((p / a) ** 2 for p, a in zip(position, BRAIN_MM, strict=True)))) * min(BRAIN_MM)
    inside = np.where(brain_mm > 0, surfaces, NOWHERE_MM)  # nobody draws outside a skull-stripped brain
    image = _image(Draw(generator(seed, case, IMAGE), shape, SPACING_MM), brain_mm, position, surfaces)
    rater = Draw(generator(seed, case, RATER), shape, SPACING_MM).field(RATER_LENGTH_MM)
    labels = _classes(inside + RATER_MM * rater > 0)[None]
    return shapes.assemble(f"phantom_brain_{case:03d}", position, SPACING_MM, image, labels, _truth(inside))


def _tumour(draw: Draw) -> tuple[Grids, np.ndarray]:
    """Draw the positions of the voxels in mm, and the distances (3, D, H, W) in mm to the three surfaces."""
    rng = draw.rng
    centre = shapes.direction(rng) * rng.uniform(*DEPTH) * BRAIN_MM
    extent = np.multiply(draw.shape, SPACING_MM)
    middle = centre + rng.uniform(-VIEW_SHIFT, VIEW_SHIFT, 3) * extent
    position = shapes.positions(draw.shape, SPACING_MM, middle)
    radius = shapes.spread(rng, RADIUS_MM, RADIUS_SPREAD, *RADIUS_RANGE_MM)
    stretch = np.exp(STRETCH * rng.standard_normal(3))
    whole = _surface(draw, position, centre, stretch, radius)
    core_centre = centre + CORE_SHIFT * radius * rng.standard_normal(3)
    core = np.minimum(_surface(draw, position, core_centre, stretch, radius * rng.uniform(*CORE_SHARE)), whole)
    return position, np.stack([whole, core, _necrosis(draw, core)])


def _surface(draw: Draw, position: Grids, centre: np.ndarray, stretch: np.ndarray, radius: float) -> np.ndarray:
    """Return the distance (mm, positive inside) to a rough ellipsoid."""
    away = np.sqrt(sum(((p - c) / s) ** 2 for p, c, s in zip(position, centre, stretch, strict=True)))
    distance: np.ndarray = radius * (1 + ROUGHNESS * draw.field(ROUGHNESS_LENGTH * radius)) - away
    return distance


def _necrosis(draw: Draw, core: np.ndarray) -> np.ndarray:
    """Return the distance to the necrotic core: all of the core (no rim), nowhere, or the core less an uneven rim."""
    kind = draw.rng.uniform()
    if kind < NO_RIM:
        return core
    if kind < NO_RIM + NO_NECROSIS:
        return np.full_like(core, NOWHERE_MM)
    unevenness = draw.uneven(1, by=RIM_SPREAD, length_mm=RIM_LENGTH_MM)
    return core - np.maximum(draw.rng.uniform(*RIM_MM) * unevenness, RIM_LEAST_MM)


def _classes(levels: np.ndarray) -> np.ndarray:
    """Turn nested levels (whole tumour, core, necrosis), (3, ...) bool, into class ids."""
    whole, core, necrosis = levels
    ids: np.ndarray = np.select([necrosis, core, whole], [1, 3, 2], 0).astype(np.uint8)
    return ids


def _truth(surfaces: np.ndarray) -> np.ndarray:
    """Return the probability of each class, (4, D, H, W): differences of the levels' probabilities."""
    whole, core, necrosis = exceedance(surfaces, RATER_MM)
    return np.stack([1 - whole, necrosis, whole - core, core - necrosis])


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


def _image(draw: Draw, brain_mm: np.ndarray, position: Grids, surfaces: np.ndarray) -> np.ndarray:
    """Make the images of an anatomy, (4, D, H, W) float32, exactly 0 outside the brain and positive inside.

    Args:
        draw: randomness, and the grid, whose spacing is the same along all axes.
        brain_mm: (D, H, W), distance to the brain's surface, positive inside.
        position: of the voxels from the brain's centre in mm, three grids that broadcast to (D, H, W).
        surfaces: (3, D, H, W), distances to whole tumour, tumour core and necrosis in mm.
    """
    clean = _with_tumour(draw, _healthy(draw, brain_mm, position), surfaces)
    scales = np.exp(draw.rng.uniform(np.log(SCALE[0]), np.log(SCALE[1]), len(clean)))
    channels = [_acquired(draw, channel) * scale for channel, scale in zip(clean, scales, strict=True)]
    return np.where(brain_mm > 0, channels, 0).astype(np.float32)


def _healthy(draw: Draw, brain_mm: np.ndarray, position: Grids) -> np.ndarray:
    """Return the intensities (4, D, H, W) of the brain without tumour."""
    cortex_mm = CORTEX_MM + FOLDING_MM * draw.field(FOLDING_LENGTH_MM) - brain_mm
    ventricles_mm = _ventricles(position) + VENTRICLE_ROUGHNESS * min(VENTRICLE_MM) * draw.field(FOLDING_LENGTH_MM)
    tissue = _spread(draw.rng, WHITE) * np.ones_like(brain_mm)
    for mean, distance_mm in ((GREY, cortex_mm), (LESION, _spots(draw)), (VESSEL, _spots(draw))):
        tissue = draw.covered(tissue, distance_mm, _spread(draw.rng, mean))
    return draw.covered(tissue, ventricles_mm, _spread(draw.rng, FLUID))


def _ventricles(position: Grids) -> np.ndarray:
    """Return the distance (mm, positive inside) to two ellipsoids beside the middle of the brain."""
    d, h, w = position
    a, b, c = VENTRICLE_MM
    away = np.sqrt((d / a) ** 2 + (h / b) ** 2 + ((np.abs(w) - VENTRICLE_OFFSET_MM) / c) ** 2)
    distance: np.ndarray = (1 - away) * min(VENTRICLE_MM)
    return distance


def _spots(draw: Draw) -> np.ndarray:
    """Return the distance to bright spots: some cases have many, some none."""
    return SPOT_SHARPNESS_MM * (draw.field(SPOT_LENGTH_MM) - draw.rng.uniform(*SPOT_LEVEL))


def _with_tumour(draw: Draw, healthy: np.ndarray, surfaces: np.ndarray) -> np.ndarray:
    """Lay oedema, enhancing tumour and necrosis over the healthy tissue, each with its share of a voxel."""
    whole, core, necrosis = surfaces
    stand_out = np.exp(CONTRAST_SPREAD * draw.rng.standard_normal())
    depth = np.clip(FADE_START + whole / draw.rng.uniform(*FADE_MM), 0, 1)
    tissue = healthy
    for mean, distance_mm, density in ((OEDEMA, whole, depth), (ENHANCING, core, 1.0), (NECROSIS, necrosis, 1.0)):
        patches = np.clip(np.exp(PATCHES * draw.field(PATCHES_LENGTH_MM)), 0, 2) * stand_out
        colour = np.maximum((_spread(draw.rng, mean) - _column(WHITE)) * patches + _column(WHITE), 0)
        tissue = tissue + (colour - tissue) * (fraction(distance_mm, SPACING_MM[0]) * density)
    return tissue


def _acquired(draw: Draw, channel: np.ndarray) -> np.ndarray:
    """Add fine structure, the bias field and Rician noise to one contrast."""
    structured = channel * draw.uneven(1, by=TEXTURE, length_mm=TEXTURE_LENGTH_MM)
    structured = structured * np.exp(BIAS * draw.field(BIAS_LENGTH_MM))
    noise = draw.rng.uniform(*NOISE)
    real = structured + noise * draw.rng.standard_normal(channel.shape)
    magnitude: np.ndarray = np.hypot(real, noise * draw.rng.standard_normal(channel.shape))
    return magnitude


def _spread(rng: np.random.Generator, mean: np.ndarray) -> np.ndarray:
    """Draw this case's mean of a tissue in each contrast, (4, 1, 1, 1)."""
    return _column(mean * (1 + TISSUE_SPREAD * rng.standard_normal(len(mean))))


def _column(values: np.ndarray) -> np.ndarray:
    return values[:, None, None, None]
