"""Smooth random fields and probabilities of surfaces, shared by the phantoms."""

import numpy as np
from scipy.special import ndtr

VERSION = 1


def generator(seed: int, case: int, stream: int) -> np.random.Generator:
    """Return the random numbers of one purpose (`stream`) of one case; other purposes and cases do not disturb them."""
    return np.random.Generator(np.random.Philox(np.random.SeedSequence((seed, case, stream))))


def smooth_field(
    rng: np.random.Generator, shape: tuple[int, ...], *, length_mm: float, spacing_mm: tuple[float, ...]
) -> np.ndarray:
    r"""Draw a Gaussian field with mean 0 and variance 1 at every voxel.

    .. math:: corr(n(x), n(y)) = \exp(-|x - y|^2 / 2 L^2)

    White noise is filtered in the Fourier domain by a kernel whose mean power is exactly 1, so the variance is exact
    and the same everywhere; opposite faces of the grid are neighbours.

    Args:
        rng: source of randomness.
        shape: (D, H, W) or (H, W).
        length_mm: correlation length L.
        spacing_mm: of the grid, one number an axis.
    Returns: float64 of `shape`.
    """
    # the power spectrum of exp(-r^2 / 2 L^2) is exp(-(2 pi f L)^2 / 2); its square root filters the noise
    axes = [np.fft.fftfreq(n, d) for n, d in zip(shape, spacing_mm, strict=True)]
    frequency = sum(np.meshgrid(*[f**2 for f in axes], indexing="ij", sparse=True))
    kernel = np.exp(-((np.pi * length_mm) ** 2) * frequency)
    kernel /= np.sqrt(np.mean(kernel**2))
    half = kernel[..., : shape[-1] // 2 + 1]
    field: np.ndarray = np.fft.irfftn(np.fft.rfftn(rng.standard_normal(shape)) * half, s=shape, axes=range(len(shape)))
    return field


def fraction(distance_mm: np.ndarray, voxel_mm: float) -> np.ndarray:
    """Return the share of a voxel that lies inside a flat surface at this signed distance (mm, positive inside)."""
    share: np.ndarray = np.clip(distance_mm / voxel_mm + 0.5, 0, 1)
    return share


def exceedance(distance_mm: np.ndarray, sigma_mm: float) -> np.ndarray:
    r"""Return the probability that a rater counts a voxel as inside: :math:`\Phi(s / \sigma)`.

    The rater sees s + sigma n > 0, with n of variance 1: exact at every voxel, whatever the correlation of n.
    """
    probability: np.ndarray = ndtr(distance_mm / sigma_mm)
    return probability
