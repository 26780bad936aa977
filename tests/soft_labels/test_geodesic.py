"""Geodesic distance is GeodisTK's where it says so, and what the geometry of an image gives."""

from pathlib import Path

import GeodisTK
import numpy as np
import pytest
from softbench import InputError
from softbench.soft_labels import geodesic

SPACING = (2.5, 0.8, 1.3)


def volume(*shape: int, scale: float = 100) -> np.ndarray:
    return (scale * np.random.default_rng(3).normal(size=shape)).astype(np.float32)


def dots(classes: int, *shape: int) -> np.ndarray:
    """Three seeds for each class."""
    masks = np.zeros((classes, int(np.prod(shape))), bool)
    places = np.random.default_rng(4).choice(masks.shape[1], (classes, 3), replace=False)
    np.put_along_axis(masks, places, True, axis=1)
    return masks.reshape(classes, *shape)


@pytest.mark.parametrize("iterations", [1, 2, 4])
@pytest.mark.parametrize("shape", [(9, 14, 11), (1, 12, 13), (8, 1, 9), (7, 6, 1), (2, 2, 2)])
def test_own_engine_gives_geodistks_distances(shape: tuple[int, ...], iterations: int) -> None:
    image, masks = volume(*shape), dots(2, *shape)
    found = geodesic.distances(image, masks, SPACING, iterations=iterations)
    for mask, one in zip(masks, found, strict=True):
        expected = GeodisTK.geodesic3d_raster_scan(image, mask.astype(np.uint8), list(SPACING), 1.0, iterations)
        np.testing.assert_allclose(one, expected, rtol=1e-6)


@pytest.mark.parametrize("image", [volume(3, 6, 9, 8), volume(3, 11, 12)], ids=["3-D", "2-D"])
def test_engines_agree_on_joint_channels(image: np.ndarray) -> None:
    masks, spacing = dots(3, *image.shape[1:]), SPACING[: image.ndim - 1]
    own = geodesic.distances(image, masks, spacing)
    np.testing.assert_allclose(own, geodesic.distances(image, masks, spacing, engine="geodistk"), rtol=1e-6)


@pytest.mark.parametrize("scale", [1e-3, 1e4])
def test_engines_agree_on_every_scale_of_intensities(scale: float) -> None:
    image, masks = volume(8, 9, 10, scale=scale), dots(1, 8, 9, 10)
    own = geodesic.distances(image, masks, SPACING)
    np.testing.assert_allclose(own, geodesic.distances(image, masks, SPACING, engine="geodistk"), rtol=1e-6)


@pytest.mark.parametrize("engine", geodesic.ENGINES)
def test_distances_are_those_of_the_authors(oracles: Path, engine: str) -> None:
    file = np.load(oracles / "labels" / "geols_brats_toy.npz")
    for channel, expected in zip(file["image"], file["D_raw"], strict=True):
        found = geodesic.distances(channel, file["seeds"][1:], (1, 1, 1), engine=engine)
        np.testing.assert_allclose(found, expected[1:], rtol=1e-6)


@pytest.mark.parametrize("classes", [1, 2, 4, 5, 9])
def test_classes_together_are_as_each_alone(classes: int) -> None:
    image, masks = volume(6, 8, 9), dots(classes, 6, 8, 9)
    together = geodesic.distances(image, masks, SPACING)
    alone = [geodesic.distance(image, mask, SPACING) for mask in masks]
    np.testing.assert_array_equal(together, alone)


def test_flat_image_costs_its_floor_for_each_mm() -> None:
    seeds = np.zeros((1, 1, 6), bool)
    seeds[0, 0, 0] = True
    found = geodesic.distance(np.full((1, 1, 6), 7.0), seeds, (1, 1, 2))
    np.testing.assert_allclose(found[0, 0], 2 * 1e-5 * np.arange(6), rtol=1e-6)


def test_edge_costs_its_height_times_its_width() -> None:
    image = np.array([[0, 0, 50, 50]], np.float32)
    seeds = np.array([[1, 0, 0, 0]])
    found = geodesic.distance(image, seeds, (1, 3))
    np.testing.assert_allclose(found, [[0, 3e-5, 150 + 6e-5, 150 + 9e-5]], rtol=1e-6)


def test_eq4_in_a_flat_image_is_the_walk_over_the_grid() -> None:
    seeds = np.zeros((4, 5), bool)
    seeds[0, 0] = True
    found = geodesic.distance(np.zeros((4, 5)), seeds, (3, 4), cost="eq4")
    h, w = np.indices((4, 5))
    walk = 5 * np.minimum(h, w) + 3 * np.maximum(h - w, 0) + 4 * np.maximum(w - h, 0)  # diagonals are 3-4-5 triangles
    np.testing.assert_allclose(found, walk, rtol=1e-6)


def test_eq4_adds_intensity_at_a_right_angle() -> None:
    image, seeds = np.array([[0.0, 2.0]]), np.array([[1, 0]])
    assert geodesic.distance(image, seeds, (1, 3), cost="eq4", gamma=2.0)[0, 1] == pytest.approx(5)  # 3, 2 x 2, 5
    assert geodesic.distance(image, seeds, (1, 3), cost="eq4", gamma=0.0)[0, 1] == pytest.approx(3)


def test_way_around_a_wall_is_shorter_than_over_it() -> None:
    image = np.zeros((3, 3), np.float32)
    image[:2, 1] = 1000  # a wall with a gap in the last row
    seeds = np.zeros((3, 3), bool)
    seeds[0, 0] = True
    found = geodesic.distance(image, seeds, (1, 1))
    assert found[0, 2] == pytest.approx((2 + 2 * np.sqrt(2)) * 1e-5, rel=1e-5)  # down, two diagonals, up


@pytest.mark.parametrize("engine", geodesic.ENGINES)
def test_without_a_seed_everything_is_far(engine: str) -> None:
    masks = dots(2, 4, 5, 6)
    masks[1] = False
    found = geodesic.distances(volume(4, 5, 6), masks, SPACING, engine=engine)
    assert found[0].max() < 1e9
    assert (found[1] == np.float32(1e10)).all()


def test_no_class_gives_no_distance() -> None:
    assert geodesic.distances(volume(3, 4, 5), np.zeros((0, 3, 4, 5), bool), SPACING).shape == (0, 3, 4, 5)


def test_inputs_may_be_read_only_and_stay_as_they_were() -> None:
    image, masks = volume(5, 6, 7), dots(2, 5, 6, 7)
    before = image.copy(), masks.copy()
    for array in (image, masks):
        array.flags.writeable = False
    found = geodesic.distances(image, masks, SPACING)
    assert found.dtype == np.float32
    assert found.flags.c_contiguous
    np.testing.assert_array_equal(image, before[0])
    np.testing.assert_array_equal(masks, before[1])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"engine": "fast"}, "`engine` must be one of own, geodistk"),
        ({"cost": "eq5"}, "`cost` must be one of geodistk, eq4"),
        ({"iterations": 0}, "`iterations` must be a whole number of at least 1, or None, but is 0"),
        ({"iterations": 2.5}, "`iterations`"),
        ({"gamma": -1.0}, "`gamma`"),
        ({"engine": "geodistk", "cost": "eq4"}, "Use engine: own"),
        ({"engine": "geodistk", "iterations": None}, "Use engine: own"),
    ],
)
def test_settings_that_cannot_be_had_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        geodesic.distance(volume(3, 4, 5), dots(1, 3, 4, 5)[0], SPACING, **settings)


def test_seeds_on_another_grid_are_refused() -> None:
    with pytest.raises(InputError, match=r"one grid.*\(3, 4, 5\).*\(3, 4, 6\)"):
        geodesic.distance(volume(3, 4, 5), dots(1, 3, 4, 6)[0], SPACING)


def test_image_that_is_not_finite_is_refused() -> None:
    image = volume(3, 4, 5)
    image[0, 0, 0] = np.inf
    with pytest.raises(InputError, match="1 value"):
        geodesic.distance(image, dots(1, 3, 4, 5)[0], SPACING)
