"""Raster scans until nothing changes give the minimum over all paths: Dijkstra's on the graph of neighbours."""

import itertools

import numpy as np
import pytest
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra
from softbench.soft_labels import geodesic


def exact(channels: np.ndarray, mask: np.ndarray, spacing_mm: tuple[float, ...], cost: str, gamma: float) -> np.ndarray:
    """Distances by Dijkstra in float64; channels (M, ...), all neighbours of the 3^n grid."""
    ids = np.arange(mask.size).reshape(mask.shape)
    edges = []
    for step in itertools.product((-1, 0, 1), repeat=mask.ndim):
        if step > (0,) * mask.ndim:
            near = tuple(slice(max(0, -s), n - max(0, s)) for s, n in zip(step, mask.shape, strict=True))
            far = tuple(slice(max(0, s), n - max(0, -s)) for s, n in zip(step, mask.shape, strict=True))
            mm = np.linalg.norm(np.multiply(step, spacing_mm))
            change = np.linalg.norm(channels[(slice(None), *near)] - channels[(slice(None), *far)], axis=0)
            costs = np.hypot(mm, gamma * change) if cost == "eq4" else mm * (change + 1e-5)
            edges.append((ids[near].ravel(), ids[far].ravel(), costs.ravel()))
    start, end, costs = (np.concatenate(part) for part in zip(*edges, strict=True))
    graph = coo_matrix((costs, (start, end)), shape=(mask.size, mask.size)).tocsr()
    found = dijkstra(graph, directed=False, indices=np.flatnonzero(mask), min_only=True)
    return found.reshape(mask.shape)


@pytest.mark.parametrize("cost", geodesic.COSTS)
@pytest.mark.parametrize(
    ("shape", "spacing"), [((11, 13, 12), (2.5, 0.8, 1.3)), ((17, 23), (0.7, 1.9))], ids=["3-D", "2-D"]
)
@pytest.mark.parametrize("channels", [1, 3])
def test_until_nothing_changes_is_dijkstras_distance(
    shape: tuple[int, ...], spacing: tuple[float, ...], channels: int, cost: str
) -> None:
    rng = np.random.default_rng(5)
    image = rng.normal(size=(channels, *shape)).astype(np.float32)
    masks = rng.random((2, *shape)) < 0.004
    masks[:, *(0 for _ in shape)] = True
    found = geodesic.distances(image, masks, spacing, iterations=None, cost=cost, gamma=1.5)
    for mask, one in zip(masks, found, strict=True):
        np.testing.assert_allclose(one, exact(image.astype(float), mask, spacing, cost, 1.5), rtol=1e-5)


def labyrinth(turns: int) -> np.ndarray:
    """Walls of 1000 across a plane, open at alternate ends: a way that runs against the scan again and again."""
    image = np.zeros((2 * turns + 1, 9), np.float32)
    image[1::2] = 1000
    image[1::4, -1] = 0
    image[3::4, 0] = 0
    return image


def test_labyrinth_takes_as_many_iterations_as_it_takes() -> None:
    image = labyrinth(12)
    seeds = np.zeros(image.shape, bool)
    seeds[-1, 0] = True
    expected = exact(image[None].astype(float), seeds, (1, 1), "geodistk", 1.0)
    converged = geodesic.distance(image, seeds, (1, 1), iterations=None)
    np.testing.assert_allclose(converged, expected, rtol=1e-5)
    assert expected[0, 0] < 0.01  # all the way round, never over a wall


def test_four_iterations_fall_short_and_never_undercut() -> None:
    rng = np.random.default_rng(6)
    image = (100 * rng.normal(size=(20, 24, 22))).astype(np.float32)
    seeds = np.zeros(image.shape, bool)
    seeds[10, 12, 11] = True
    four = geodesic.distance(image, seeds, (1, 1, 1))
    converged = geodesic.distance(image, seeds, (1, 1, 1), iterations=None)
    assert (four >= converged).all()
    assert (four > 1.001 * converged).any()


def test_more_iterations_than_needed_change_nothing() -> None:
    rng = np.random.default_rng(7)
    image, masks = rng.normal(size=(9, 10, 11)).astype(np.float32), rng.random((3, 9, 10, 11)) < 0.01
    converged = geodesic.distances(image, masks, (1, 2, 1), iterations=None)
    np.testing.assert_array_equal(geodesic.distances(image, masks, (1, 2, 1), iterations=500), converged)
