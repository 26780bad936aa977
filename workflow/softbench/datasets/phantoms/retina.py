"""Phantom of a retina in OCT (2-D): seven layers, some a few pixels thin, pockets of fluid, and two raters.

**Anatomy.** Eight boundaries, one below the other in each column (H runs from the vitreous to the choroid); layer k
is what lies between boundary k and k + 1. The retina is tilted and bent, half of the cases show the pit of the fovea,
and in 70 % fluid lies in the middle layers and swells them. Above and below is background.

**Image.** Layers by their brightness, multiplicative speckle, shadows under vessels, patches.

**Raters** (`Rater`). Deeper layers are painted over those above, fluid over all. Rater r moves each boundary up by
`bias_mm` (and makes pockets larger by as much), and by a field of standard deviation `sigma_mm`. The labels hold both
raters; `truth` is the mean of their two probabilities.

The parameters below were set on cases of number 1000 and above, which no split holds, and before any method was
compared on them; a change of one is a new VERSION.
Source: our own construction; the layers are those of Chiu et al. 2015 (OCT-DME).
"""

from collections.abc import Sequence

import numpy as np

from softbench.datasets.case import Case
from softbench.datasets.phantoms import shapes
from softbench.datasets.phantoms.shapes import NOWHERE_MM, Draw, Layer, Rater, fraction, generator, smooth_field

VERSION = 1
TITLE = "Phantom retina, two raters"
LICENCE = "none, made by this suite"
CITATION = "SoftLabelBench, softbench/datasets/phantoms/retina.py"
ACCESS = "made"
DIMS = 2
LABEL_MAPS = 2  # of a case, one a rater
CASES = 88
MODALITIES = ("oct",)
CLASSES = ("background", "nfl", "gcl_ipl", "inl", "opl", "onl_ism", "ise", "os_rpe", "fluid")
STRUCTURES = {
    "nfl": (1,), "gcl_ipl": (2,), "inl": (3,), "opl": (4,), "onl_ism": (5,), "ise": (6,), "os_rpe": (7,), "fluid": (8,),
}  # fmt: skip

SPACING_MM = (0.004, 0.011)
SIZES = {"small": (96, 128), "tiny": (96, 32)}  # pixels; a retina is 70 of them thick
LAYERS_MM = np.array([0.032, 0.058, 0.034, 0.016, 0.076, 0.014, 0.026])  # mean thickness of layers 1 to 7
CASE_SPREAD, PLACE_SPREAD, PLACE_LENGTH_MM = 0.12, 0.15, 0.25  # log-normal, from case to case and along W
TOP_MM = (0.030, 0.070)  # depth of the first boundary in the middle of the view
TILT, BEND_PER_MM, WAVE_MM, WAVE_LENGTH_MM = 0.03, 0.03, 0.003, 0.35  # of the whole: slope, curvature, waves (sd)

FOVEA = 0.5  # share of the cases
FOVEA_HALF_WIDTH_MM, FOVEA_DEPTH = 0.30, (0.5, 0.9)  # by which share the upper layers are thinner in the pit
PITTED = np.array([1.0, 1.0, 0.8, 0.5, 0.0, 0.0, 0.0])  # how far each layer takes part
FLUID = 0.7  # share of the cases
POCKETS, POCKET_MM = (2, 5), ((0.016, 0.042), (0.06, 0.18))  # how many; semi-axes along H, W
POCKET_LAYERS = (2, 5)  # pockets lie between these boundaries (0 is the uppermost)
POCKET_ROUGH_MM, POCKET_ROUGH_LENGTH_MM = 0.002, 0.03

RATERS = (
    Rater(sigma_mm=0.0025, length_mm=0.06, bias_mm=-0.0015),
    Rater(sigma_mm=0.0035, length_mm=0.06, bias_mm=0.0020),
)
ANATOMY, IMAGE, DRAWING = 0, 1, 2  # streams of random numbers


def make(case: int, seed: int = 0, *, size: str = "small") -> Case:
    """Make one case; see `phantoms.make`. `labels` has two raters, `truth` is the mean over them."""
    shape = SIZES[size]
    position = shapes.positions(shape, SPACING_MM, (shape[0] * SPACING_MM[0] / 2, 0.0))
    boundaries, pockets = _anatomy(Draw(generator(seed, case, ANATOMY), shape, SPACING_MM), position[1][0])
    layers = _layers(position[0], boundaries, pockets)
    image = _image(Draw(generator(seed, case, IMAGE), shape, SPACING_MM), layers)
    drawing = generator(seed, case, DRAWING)
    labels = np.stack([rater.draw(drawing, layers, SPACING_MM) for rater in RATERS])
    truth = np.mean([rater.probability(layers, len(CLASSES)) for rater in RATERS], axis=0)
    return shapes.assemble(f"phantom_retina_{case:03d}", position, SPACING_MM, image, labels, truth)


def _layers(depth: np.ndarray, boundaries: np.ndarray, pockets: np.ndarray) -> list[Layer]:
    """Return what raters paint, top first: fluid, the choroid (background), then the layers from the deepest up."""
    below = depth - boundaries[:, None, :]  # (8, H, W), positive below a boundary
    return [(8, pockets), (0, below[7]), *((k + 1, below[k]) for k in reversed(range(7)))]


def _anatomy(draw: Draw, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Draw depths of the boundaries (8, W) and the distance to fluid (H, W), in mm."""
    rng = draw.rng
    thickness, sunk = _pitted(rng, w, _thickness(rng, w))
    top = rng.uniform(*TOP_MM) + TILT * rng.standard_normal() * w + BEND_PER_MM * rng.standard_normal() * w**2
    top = top + WAVE_MM * _along(rng, w, WAVE_LENGTH_MM) + sunk
    boundaries = top + np.concatenate([np.zeros((1, len(w))), np.cumsum(thickness, axis=0)])
    if rng.uniform() >= FLUID:
        return boundaries, np.full(draw.shape, NOWHERE_MM)
    return _swollen(draw, w, boundaries)


def _along(rng: np.random.Generator, w: np.ndarray, length_mm: float) -> np.ndarray:
    """Draw a smooth function of W with variance 1."""
    return smooth_field(rng, w.shape, length_mm=length_mm, spacing_mm=SPACING_MM[1:])


def _thickness(rng: np.random.Generator, w: np.ndarray) -> np.ndarray:
    """Draw the thickness (7, W) of each layer in mm."""
    uneven = np.stack([_along(rng, w, PLACE_LENGTH_MM) for _ in LAYERS_MM])
    case = rng.standard_normal((len(LAYERS_MM), 1))
    thickness: np.ndarray = LAYERS_MM[:, None] * np.exp(CASE_SPREAD * case + PLACE_SPREAD * uneven)
    return thickness


def _pitted(rng: np.random.Generator, w: np.ndarray, thickness: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Thin the upper layers in the fovea; return the thickness (7, W) and by how much the surface sinks (W,), in mm."""
    centre, depth = rng.uniform(0.6 * w[0], 0.6 * w[-1]), rng.uniform(*FOVEA_DEPTH)
    if rng.uniform() >= FOVEA:
        return thickness, np.zeros_like(w)
    lost = thickness * PITTED[:, None] * depth * np.exp(-((w - centre) ** 2) / (2 * FOVEA_HALF_WIDTH_MM**2))
    return thickness - lost, lost.sum(axis=0)


def _swollen(draw: Draw, w: np.ndarray, boundaries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Put pockets of fluid between two boundaries, and lift what lies above by half of their height."""
    rng, fluid, lifted = draw.rng, np.full(draw.shape, NOWHERE_MM), boundaries.copy()
    depth = (np.arange(draw.shape[0])[:, None] + 0.5) * SPACING_MM[0]
    for _ in range(int(rng.integers(*POCKETS))):
        tall, wide = (rng.uniform(*limits) for limits in POCKET_MM)
        centre = rng.uniform(w[0], w[-1])
        column = int(np.abs(w - centre).argmin())
        upper, lower = lifted[list(POCKET_LAYERS), column]
        place = rng.uniform(upper, lower)
        fluid = np.maximum(fluid, shapes.ellipsoid((depth, w[None]), (place, centre), (tall, wide)))
        rise = tall * np.exp(-((w - centre) ** 2) / (2 * wide**2))
        lifted[: POCKET_LAYERS[0] + 1] -= rise
    return lifted, draw.uneven(fluid, by=POCKET_ROUGH_MM, length_mm=POCKET_ROUGH_LENGTH_MM)


VITREOUS, CHOROID = 0.06, 0.45
#                        nfl   gcl_ipl inl   opl   onl   ise   os_rpe fluid
BRIGHTNESS = np.array([0.85, 0.52, 0.32, 0.50, 0.32, 0.78, 0.90, 0.06])  # of classes 1 to 8
SPREAD = 0.08  # log-normal, of each brightness from case to case
CHOROID_DECAY_MM = 0.05  # depth over which light is lost below the retina
PATCHES, PATCHES_LENGTH_MM = 0.18, 0.06  # log-normal, uneven brightness within layers
SHADOWS, SHADOW_MM, SHADOW_DEPTH, SHADOW_SOFT_MM = (0, 5), (0.02, 0.06), (0.35, 0.75), 0.011  # vessels: see _shadows
LOOKS = (3.0, 6.0)  # speckle: the intensity is multiplied by Gamma(k, 1 / k), drawn for each case
FLOOR, FLOOR_SPREAD = 0.02, 0.01  # detector noise
SCALE = 255.0  # of the stored intensities


def _image(draw: Draw, layers: Sequence[Layer]) -> np.ndarray:
    """Make the image of an anatomy, (1, H, W) float32, positive; `layers` as `_layers` returns them."""
    (_, fluid), (_, choroid), *retina = layers
    pixel_mm = SPACING_MM[0]
    bright = BRIGHTNESS * np.exp(SPREAD * draw.rng.standard_normal(len(BRIGHTNESS)))
    clean = np.full(fluid.shape, VITREOUS)
    for class_id, below in reversed(retina):
        clean += (bright[class_id - 1] - clean) * fraction(below, pixel_mm)
    clean *= np.exp(PATCHES * draw.field(PATCHES_LENGTH_MM))
    faded = CHOROID * np.exp(-np.maximum(choroid, 0) / CHOROID_DECAY_MM)
    clean += (faded - clean) * fraction(choroid, pixel_mm)
    clean += (bright[7] - clean) * fraction(fluid, pixel_mm)
    shaded = clean * _shadows(draw.rng, retina[-1][1])
    return (SCALE * _speckled(draw.rng, shaded))[None].astype(np.float32)


def _shadows(rng: np.random.Generator, surface: np.ndarray) -> np.ndarray:
    """Return the share of light that is left, (H, W): columns below vessels of the uppermost layer are darker."""
    w = (np.arange(surface.shape[1]) + 0.5) * SPACING_MM[1]
    light = np.ones_like(surface)
    for _ in range(int(rng.integers(*SHADOWS))):
        half = rng.uniform(*SHADOW_MM) / 2
        beside = np.abs(w - rng.uniform(w[0], w[-1])) - half
        column = 1 / (1 + np.exp(beside / SHADOW_SOFT_MM))
        light *= 1 - rng.uniform(*SHADOW_DEPTH) * column * fraction(surface - half, half)
    return light


def _speckled(rng: np.random.Generator, clean: np.ndarray) -> np.ndarray:
    """Multiply by gamma noise with a short correlation along W, and add the detector's floor."""
    looks = rng.uniform(*LOOKS)
    speckle = rng.gamma(looks, 1 / looks, clean.shape)
    along = (np.roll(speckle, 1, axis=1) + 2 * speckle + np.roll(speckle, -1, axis=1)) / 4
    noise = FLOOR + FLOOR_SPREAD * np.abs(rng.standard_normal(clean.shape))
    image: np.ndarray = clean * along + noise
    return image
