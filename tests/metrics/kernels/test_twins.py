"""Each compiled kernel against its twin of plain numpy or scipy, which stands beside it."""

import numpy as np
import pytest
from softbench.metrics.kernels import blocks, nearest, surface_scan, tally
from softbench.metrics.kernels.band import near_another_class, near_another_class_plain
from softbench.metrics.kernels.blocks import Column
from softbench.metrics.kernels.tally import count_steps, count_steps_plain, soft_sums, soft_sums_plain

SPACINGS = [(1.0, 1.0, 1.0), (5.0, 0.4, 0.4), (0.3, 2.0, 0.9), (0.7, 4.0)]
CEILINGS = np.append(np.arange(101) / 100, np.inf)


def random_map(shape: tuple[int, ...] = (14, 15, 16)) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of three classes, some of them exact tenths, and labels."""
    rng = np.random.default_rng(len(shape))
    p = np.moveaxis(rng.dirichlet([0.4] * 3, shape), -1, 0).astype(np.float32)
    p[:, rng.random(shape) < 0.3] = np.array([[0.7], [0.1], [0.2]], np.float32)
    return p, rng.integers(0, 3, shape).astype(np.uint8)


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("shares", [(0.02, 0.0003), (0.0005, 0.05), (0.02, 0.0)])
def test_distances(spacing: tuple[float, ...], shares: tuple[float, float]) -> None:
    rng = np.random.default_rng(0)
    shape = (17, 20, 140) if len(spacing) == 3 else (60, 260)
    start, goal = (surface_scan.list_voxels(rng.random(shape) < share) for share in shares)
    expected = nearest.distances_plain(start, goal, spacing)
    assert len(expected)
    assert nearest.distances(start, goal, spacing) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("shape", [(5, 64), (3, 4, 65)])
def test_surface_elements(shape: tuple[int, ...]) -> None:
    mask = np.random.default_rng(1).random(shape) < 0.5
    (voxels, surfels), (of_voxels, of_surfels, codes) = surface_scan.scan(mask), surface_scan.scan_plain(mask)
    margin = [1] * (mask.ndim - 1) + [0]
    assert np.array_equal(voxels.places[:, -mask.ndim :] - margin, of_voxels)
    assert np.array_equal(surfels.places[:, -mask.ndim :] - margin, of_surfels)
    assert np.array_equal(surfels.codes, codes)


@pytest.mark.parametrize("shape", [(14, 15, 16), (70, 80)])
@pytest.mark.parametrize("bins", [1, 10])
@pytest.mark.parametrize("whole", [True, False])
def test_tally(shape: tuple[int, ...], bins: int, whole: bool) -> None:
    p, y = random_map(shape)
    given = p, y, None if whole else y > 0, np.linspace(0, 1, bins + 1)[1:-1]
    found, expected = tally.tally(*given), tally.tally_plain(*given)
    for name, sums in found._asdict().items():
        assert sums == pytest.approx(getattr(expected, name), rel=1e-12), name


@pytest.mark.parametrize("bins", [1, 10, 15])
@pytest.mark.parametrize("target", [0, 1, 2])
def test_blocks_by_counting(bins: int, target: int) -> None:
    p, y = random_map()
    found = blocks.errors_by_counting(Column(p[target], y.ravel(), None, target), bins)
    assert found == pytest.approx(blocks.errors_by_sorting(p[target].ravel(), y.ravel() == target, bins), abs=1e-13)


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("reach_mm", [1.0, 3.1, 6.05])
def test_band(spacing: tuple[float, ...], reach_mm: float) -> None:
    shape = (12, 13, 40) if len(spacing) == 3 else (40, 70)
    centres = np.random.default_rng(2).random((4, len(shape))) * shape
    places = np.stack(np.indices(shape), axis=-1)
    labels = np.linalg.norm(places[..., None, :] - centres, axis=-1).argmin(axis=-1)
    steps = [int(reach_mm / step) for step in spacing]
    expected = near_another_class_plain(labels, spacing, reach_mm**2)
    assert np.array_equal(near_another_class(labels, spacing, reach_mm**2, steps), expected)
    assert near_another_class_plain(np.zeros_like(labels), spacing, reach_mm**2).sum() == 0


def test_soft_sums() -> None:
    p, _ = random_map()
    found, expected = (sums(p[0].ravel(), p[1].ravel()) for sums in (soft_sums, soft_sums_plain))
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_steps_between_thresholds(kind: type) -> None:
    rng = np.random.default_rng(3)
    p = np.concatenate([rng.random(5000), np.arange(101) / 100, [-1e-7, 1 + 1e-7]]).astype(kind)
    mask = rng.random(p.size) < 0.5
    for found, expected in zip(count_steps(p, mask, CEILINGS), count_steps_plain(p, mask, CEILINGS), strict=True):
        assert np.array_equal(found, expected)
