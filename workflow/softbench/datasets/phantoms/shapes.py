r"""What the phantoms share: distances to simple bodies, smooth random fields, raters, and CT as a scanner shows it.

Distances are in mm, positive inside. Raters paint structures one over another. A structure is a *layer*: a class id and
a distance s. The layers of a case are listed top first, and the rater moves each by a smooth Gaussian field of its own,
n, of variance 1: layer k is painted where :math:`s_k + b + \sigma n_k > 0`, and hides those below. With
:math:`\Phi_k = \Phi((s_k + b) / \sigma)` the topmost layer is k with probability

.. math:: P_k = \Phi_k \prod_{j < k} (1 - \Phi_j)

exactly and at every voxel, for the fields of different layers are independent; what is left is background.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from softbench.datasets.case import Case

VERSION = 1
NOWHERE_MM = -1000.0  # distance of a structure that does not exist: its probability is exactly 0
Grids = Sequence[np.ndarray]  # one array an axis; together they broadcast to the shape of the image
Vector = Sequence[float] | np.ndarray  # one number an axis


def positions(shape: Sequence[int], spacing_mm: Vector, middle_mm: Vector) -> list[np.ndarray]:
    """Return the positions of the voxel centres in mm, a thin grid an axis; the view's centre lies at `middle_mm`."""
    steps = [(np.arange(n) - (n - 1) / 2) * d + m for n, d, m in zip(shape, spacing_mm, middle_mm, strict=True)]
    return list(np.meshgrid(*steps, indexing="ij", sparse=True))


def affine(position: Grids, spacing_mm: Sequence[float]) -> np.ndarray:
    """Return array index (d, h, w, 1) or (h, w, 1) to mm; world axes are x, y, z: the array's, reversed."""
    dims = len(spacing_mm)
    matrix = np.eye(dims + 1)
    matrix[:dims, :dims] = np.diag(spacing_mm)[::-1]
    matrix[:dims, dims] = [grid.flat[0] for grid in reversed(position)]
    return matrix


def assemble(
    case: str, position: Grids, spacing_mm: tuple[float, ...], image: np.ndarray, labels: np.ndarray, truth: np.ndarray
) -> Case:
    """Return a case from its id, image (M, ...), labels (R, ...) and truth (C, ...), at the place of its view."""
    return Case(case, image, labels, spacing_mm, affine(position, spacing_mm), truth.astype(np.float32))


def ellipsoid(position: Grids, centre_mm: Vector, semi_axes_mm: Vector) -> np.ndarray:
    r"""Return the distance to an ellipsoid (ellipse in 2-D): exact for a ball, of first order at the surface else.

    .. math:: s = k_0 (1 - k_0) / k_1, \quad k_0 = |x / a|, \quad k_1 = |x / a^2|
    """
    away = [p - c for p, c in zip(position, centre_mm, strict=True)]
    once = np.sqrt(sum((p / a) ** 2 for p, a in zip(away, semi_axes_mm, strict=True)))
    twice = np.sqrt(sum((p / a**2) ** 2 for p, a in zip(away, semi_axes_mm, strict=True)))
    length = np.divide(once, twice, out=np.full_like(once, min(semi_axes_mm)), where=twice > 0)
    distance: np.ndarray = (1 - once) * length
    return distance


def tube(position: Grids, start_mm: np.ndarray, end_mm: np.ndarray, radius_mm: float) -> np.ndarray:
    """Return the distance to a straight tube with round ends."""
    axis = end_mm - start_mm
    away = [p - s for p, s in zip(position, start_mm, strict=True)]
    along = np.clip(sum(p * a for p, a in zip(away, axis, strict=True)) / (axis @ axis), 0, 1)
    distance: np.ndarray = radius_mm - np.sqrt(sum((p - along * a) ** 2 for p, a in zip(away, axis, strict=True)))
    return distance


def direction(rng: np.random.Generator) -> np.ndarray:
    """Draw a unit vector (3,), all directions alike."""
    vector = rng.standard_normal(3)
    unit: np.ndarray = vector / np.linalg.norm(vector)
    return unit


def spread(rng: np.random.Generator, median: float, log_sd: float, low: float, high: float) -> float:
    """Draw a length: log-normal, held within limits."""
    return float(np.clip(median * np.exp(log_sd * rng.standard_normal()), low, high))


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


Layer = tuple[int, np.ndarray]  # class id (0 is background), distance (D, H, W) or (H, W) in mm


@dataclass(frozen=True)
class Rater:
    """One way to draw.

    Attributes:
        sigma_mm: by how much a surface is moved, standard deviation.
        length_mm: correlation length of that movement.
        bias_mm: by how much every layer is drawn too large (too small where negative).
    """

    sigma_mm: float
    length_mm: float
    bias_mm: float = 0.0

    def draw(self, rng: np.random.Generator, layers: Sequence[Layer], spacing_mm: tuple[float, ...]) -> np.ndarray:
        """Return one label map (D, H, W) or (H, W), uint8."""
        labels = np.zeros(layers[0][1].shape, np.uint8)
        for class_id, distance_mm in reversed(layers):  # the lowest layer first, so that those above hide it
            moved = smooth_field(rng, labels.shape, length_mm=self.length_mm, spacing_mm=spacing_mm)
            labels[distance_mm + self.bias_mm + self.sigma_mm * moved > 0] = class_id
        return labels

    def probability(self, layers: Sequence[Layer], classes: int) -> np.ndarray:
        """Return the probability of each class over all such drawings, (C, D, H, W) float64, summing to 1 over C."""
        chances = np.zeros((classes, *layers[0][1].shape))
        unpainted = np.ones(layers[0][1].shape)
        for class_id, distance_mm in layers:
            inside = exceedance(distance_mm + self.bias_mm, self.sigma_mm)
            chances[class_id] += unpainted * inside
            unpainted = unpainted * (1 - inside)
        chances[0] += unpainted
        return chances


FAT, MUSCLE, AIR = -100.0, 55.0, -1000.0  # HU
GRAIN_VOXELS = 0.6  # correlation length of the noise, in voxels of the finest axis
WHITE_SHARE = 0.4  # of the noise variance that has no correlation
TEXTURE_HU, TEXTURE_LENGTH_MM = 6.0, 6.0  # fine structure of all tissues: standard deviation, correlation length


@dataclass(frozen=True)
class Draw:
    """Random numbers of one purpose, and the grid on which what is drawn lies.

    Attributes:
        rng: source of randomness; each call of a method takes the next numbers of it.
        shape: (D, H, W) or (H, W).
        spacing_mm: of the grid, one number an axis.
    """

    rng: np.random.Generator
    shape: tuple[int, ...]
    spacing_mm: tuple[float, ...]

    def field(self, length_mm: float) -> np.ndarray:
        """Draw a smooth field of variance 1; see `smooth_field`."""
        return smooth_field(self.rng, self.shape, length_mm=length_mm, spacing_mm=self.spacing_mm)

    def uneven(self, mean: float | np.ndarray, *, by: float, length_mm: float) -> np.ndarray:
        """Return values (HU of a tissue, mm of a distance) that vary from place to place, by a standard deviation."""
        result: np.ndarray = mean + by * self.field(length_mm)
        return result

    def covered(self, below: np.ndarray, distance_mm: np.ndarray, hu: float | np.ndarray) -> np.ndarray:
        """Lay a tissue of these HU over another, with its share of each voxel; the voxel's mean edge is the blur."""
        mixed: np.ndarray = below + (hu - below) * fraction(distance_mm, float(np.mean(self.spacing_mm)))
        return mixed

    def scanned(self, hu: np.ndarray, *, noise_hu: float) -> np.ndarray:
        """Add fine structure and noise (standard deviation `noise_hu`); return one channel, (1, ...) float32."""
        textured = self.uneven(0.0, by=TEXTURE_HU, length_mm=TEXTURE_LENGTH_MM) + hu
        grain = self.field(GRAIN_VOXELS * min(self.spacing_mm))
        white = self.rng.standard_normal(self.shape)
        noise = np.sqrt(1 - WHITE_SHARE) * grain + np.sqrt(WHITE_SHARE) * white
        return np.maximum(textured + noise_hu * noise, AIR - 24)[None].astype(np.float32)  # scanners clip at -1024
