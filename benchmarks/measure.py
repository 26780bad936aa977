"""What benchmarks share: a made case of full size, CPU seconds, and two calls that take turns."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from rows import Peer, Rows
from scipy import ndimage

SHAPE, CLASSES, SPACING_MM = (128, 192, 192), 4, (1.0, 1.0, 1.0)
TINY = (32, 48, 48)  # of `--tiny`; multiples of 8, as SHAPE has
GAIN = np.array([[0, 0.3, 0.6, 0.9], [0, -0.2, -0.4, 0.5], [0, 0.1, -0.2, 1.2], [0, 0.2, 0.8, 0.4]], np.float32)


def cpu_s(action: Callable[[], Any]) -> tuple[float, Any]:
    """Return the CPU seconds that a call takes, and what it returns."""
    start = time.process_time()
    result = action()
    return time.process_time() - start, result


def repeated(action: Callable[[], Any], repeats: int) -> tuple[list[float], Any]:
    """Return the CPU seconds of calls, after one that is not counted, and the result."""
    result = action()
    return [cpu_s(action)[0] for _ in range(repeats)], result


def compare(
    rows: Rows, what: str, own: Callable[[], Any], peer: Callable[[], Any], peer_name: str, repeats: int = 3
) -> None:
    """Add the CPU seconds of two calls that take turns; the largest difference of their results ends the line."""
    ours, theirs = [], []
    for _ in range(repeats):
        own_s, found = cpu_s(own)
        peer_s, expected = cpu_s(peer)
        ours.append(own_s)
        theirs.append(peer_s)
    worst = float(np.abs(np.asarray(found, np.float64) - np.asarray(expected, np.float64)).max())
    rows.add(what, ours, Peer(peer_name, theirs), more=f", largest difference {worst:.1e}")


def make_case(shape: tuple[int, ...] = SHAPE) -> tuple[np.ndarray, np.ndarray]:
    """Make nested classes in an ellipsoid of tissue, with nothing around it: labels (1, ...), image (4, ...)."""
    rng = np.random.default_rng(0)
    axes = np.meshgrid(*[np.linspace(-1, 1, n, dtype=np.float32) for n in shape], indexing="ij")
    brain = sum((a / r) ** 2 for a, r in zip(axes, (0.85, 0.85, 0.75), strict=True)) < 1
    far = sum(((a - c) / r) ** 2 for a, c, r in zip(axes, (0.1, 0.2, -0.2), (0.4, 0.35, 0.35), strict=True))
    far = far + 0.15 * hills(rng, shape, 6)
    labels = (np.select([far < 0.2, far < 0.45, far < 1], [1, 3, 2], 0) * brain).astype(np.uint8)
    tissue = 1 + 0.2 * hills(rng, shape, 4)
    grain = 0.1 * rng.standard_normal((len(GAIN), *shape), np.float32)
    return labels[None], ((tissue + GAIN[:, labels] + grain) * brain).astype(np.float32)


def hills(rng: np.random.Generator, shape: tuple[int, ...], width: float) -> np.ndarray:
    """Return smooth noise of standard deviation 1."""
    field: np.ndarray = ndimage.gaussian_filter(rng.standard_normal(shape, np.float32), width)
    return field / field.std()
