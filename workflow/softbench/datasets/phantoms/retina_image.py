"""The OCT of the phantom retina: brightness, shadows and speckle. Parameters are frozen with those of `retina`."""

from collections.abc import Sequence

import numpy as np

from softbench.datasets.phantoms.fields import fraction, smooth_field
from softbench.datasets.phantoms.rater import Layer

VERSION = 1
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


def make(rng: np.random.Generator, layers: Sequence[Layer], spacing_mm: tuple[float, ...]) -> np.ndarray:
    """Make the image of an anatomy.

    Args:
        rng: source of randomness.
        layers: fluid, choroid, layers 7 to 1, each with its distance (H, W) in mm; see `retina`.
        spacing_mm: of the grid, (H, W).
    Returns: (1, H, W) float32, positive.
    """
    (_, fluid), (_, choroid), *retina = layers
    bright = BRIGHTNESS * np.exp(SPREAD * rng.standard_normal(len(BRIGHTNESS)))
    clean = np.full(fluid.shape, VITREOUS)
    for class_id, below in reversed(retina):
        clean += (bright[class_id - 1] - clean) * fraction(below, spacing_mm[0])
    patches = smooth_field(rng, clean.shape, length_mm=PATCHES_LENGTH_MM, spacing_mm=spacing_mm)
    clean *= np.exp(PATCHES * patches)
    faded = CHOROID * np.exp(-np.maximum(choroid, 0) / CHOROID_DECAY_MM)
    clean += (faded - clean) * fraction(choroid, spacing_mm[0])
    clean += (bright[7] - clean) * fraction(fluid, spacing_mm[0])
    shaded = clean * _shadows(rng, retina[-1][1], spacing_mm)
    return (SCALE * _speckled(rng, shaded))[None].astype(np.float32)


def _shadows(rng: np.random.Generator, surface: np.ndarray, spacing_mm: tuple[float, ...]) -> np.ndarray:
    """Return the share of light that is left, (H, W): columns below vessels of the uppermost layer are darker."""
    w = (np.arange(surface.shape[1]) + 0.5) * spacing_mm[1]
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
