"""GeoLS is the authors' where it says so; each reading and each setting does what its name says."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from softbench import InputError
from softbench.soft_labels import geodesic, geols, geols_map, maps

SHAPE, SPACING, CLASSES = (9, 11, 10), (2.0, 1.0, 1.5), 4  # class 3 is absent
CHANGED = {
    "alpha": 0.3, "variant": "paper", "seeds": "erosion", "cost": "eq4", "decay": "unit",
    "background": "normalise_rest", "normalise": "sum", "channels": "joint", "iterations": None,
}  # fmt: skip
PAPER = {"cost": "eq4", "decay": "unit", "background": "seeded", "normalise": "sum"}


@pytest.fixture
def labels() -> np.ndarray:
    found = np.zeros((1, *SHAPE), np.uint8)
    found[:, 2:7, 2:9, 2:8] = 1
    found[:, 3:6, 4:7, 3:6] = 2
    return found


@pytest.fixture
def image(labels: np.ndarray) -> np.ndarray:
    return (np.random.default_rng(1).normal(size=(2, *SHAPE)) + 2 * labels).astype(np.float32)


def soften(labels: np.ndarray, image: np.ndarray, **settings: Any) -> np.ndarray:
    soft: np.ndarray = geols.soften(labels, image, SPACING, classes=CLASSES, **settings)
    return soft


@pytest.mark.parametrize("engine", geodesic.ENGINES)
def test_four_channels_are_the_authors(oracles: Path, engine: str) -> None:
    file = np.load(oracles / "labels" / "geols_brats_toy.npz")
    soft = geols.soften(file["label"][None], file["image"], (1, 1, 1), classes=4, engine=engine)
    np.testing.assert_allclose(soft, file["soft_alpha0p1"], atol=1e-5)
    only_maps = geols.soften(file["label"][None], file["image"], (1, 1, 1), classes=4, engine=engine, alpha=1.0)
    np.testing.assert_allclose(only_maps, file["maps_avg"], atol=1e-5)


@pytest.mark.parametrize("engine", geodesic.ENGINES)
def test_spacing_and_absent_classes_are_the_authors(oracles: Path, engine: str) -> None:
    file = np.load(oracles / "labels" / "geols_flare_toy.npz")
    given = {"image": file["image"][None], "spacing_mm": file["spacing_zyx"], "engine": engine}
    soft = geols.soften(file["label"][None], classes=5, **given)
    np.testing.assert_allclose(soft, file["soft_alpha0p1"], atol=1e-5)
    empty = geols.soften(np.zeros_like(file["label"])[None], classes=4, alpha=1.0, **given)
    np.testing.assert_array_equal(empty, file["maps_empty_label"])


def test_sum_follows_the_number_of_present_classes(oracles: Path) -> None:
    file = np.load(oracles / "labels" / "geols_brats_toy.npz")
    close = geols.soften(file["label"][None], file["image"], (1, 1, 1), classes=4, alpha=1.0)
    assert set(np.unique(file["label"])) == {0, 1, 2, 3}
    expected = 1 + (3 - 1) * close[1:].mean(axis=0)  # 1 - m for the background, and K m for K = 3 classes
    np.testing.assert_allclose(close.sum(axis=0), expected, atol=1e-5)


@pytest.mark.parametrize(("factor", "offset"), [(7.0, 0.0), (1.0, 100.0), (30.0, -500.0)])
def test_code_variant_does_not_see_the_linear_scale_of_an_image(labels, image, factor: float, offset: float) -> None:
    other = soften(labels, factor * image + offset, alpha=1.0)
    np.testing.assert_allclose(soften(labels, image, alpha=1.0), other, atol=5e-4)  # the floor of 1e-5 is not scaled


def test_paper_variant_sees_the_scale_of_an_image(labels, image) -> None:
    small, large = (soften(labels, factor * image, variant="paper", alpha=1.0) for factor in (0.01, 10))
    assert np.abs(small - large).max() > 0.1


def test_paper_variant_is_its_four_readings(labels, image) -> None:
    np.testing.assert_array_equal(soften(labels, image, variant="paper"), soften(labels, image, **PAPER))


def test_code_variant_is_the_default(labels, image) -> None:
    code = {"cost": "geodistk", "decay": "inv_mean", "background": "one_minus_mean", "normalise": "none"}
    np.testing.assert_array_equal(soften(labels, image), soften(labels, image, variant="paper", **code))


def test_paper_variant_on_raw_intensities_is_one_hot_away_from_seeds(labels, image) -> None:
    soft = soften(labels, 1e5 * image, variant="paper", alpha=0.5)
    made = geols.make_map(labels, 1e5 * image, SPACING, classes=CLASSES, **geols.map_settings(variant="paper"))
    away = (made["distances"][:, made["present"]] > 110).all(axis=(0, 1))  # exp(-110) is 0 in float32
    one_hot = (np.arange(CLASSES)[:, None, None, None] == labels[0]).astype(np.float32)
    assert away.any()
    np.testing.assert_allclose(soft[:, away], one_hot[:, away], atol=1e-6)


def test_absent_class_is_zero_everywhere(labels, image) -> None:
    for variant in geols.VARIANTS:
        assert (soften(labels, image, variant=variant)[3] == 0).all()


@pytest.mark.parametrize("settings", [{}, {"variant": "paper"}, {"background": "normalise_rest"}])
def test_empty_label_stays_background(labels, image, settings: dict) -> None:
    soft = soften(np.zeros_like(labels), image, **settings)
    np.testing.assert_allclose(soft[0], 1, atol=1e-6)
    assert (soft[1:] == 0).all()


@pytest.mark.parametrize("background", geols_map.BACKGROUNDS)
def test_label_without_background_is_softened_too(labels, image, background: str) -> None:
    soft = soften(np.maximum(labels, 1), image, background=background, normalise="sum")
    np.testing.assert_allclose(soft.sum(axis=0), 1, atol=1e-5)


def test_class_that_is_an_even_cube_spreads(image) -> None:
    labels = np.zeros((1, *SHAPE), np.uint8)
    labels[:, 2:6, 2:6, 2:6] = 1  # Lee's skeleton of it is empty
    assert soften(labels, image, alpha=1.0)[1].max() > 0.99


@pytest.mark.parametrize("background", geols_map.BACKGROUNDS)
@pytest.mark.parametrize("normalise", ["none", "sum"])
@pytest.mark.parametrize("variant", ["code", "paper"])
def test_sums_are_one_exactly_where_it_says_so(labels, image, variant: str, background: str, normalise: str) -> None:
    how = {"variant": variant, "background": background, "normalise": normalise}
    soft = soften(labels, image, alpha=0.5, **how)
    assert soft.min() >= 0
    assert soft.max() <= 1 + 1e-6
    assert (np.abs(soft.sum(axis=0) - 1).max() < 1e-5) == geols.is_normalised(**how)


def test_defaults_say_what_is_normalised() -> None:
    assert not geols.is_normalised(**geols.SETTINGS)
    assert geols.is_normalised(variant="paper")
    assert not geols.is_normalised(variant="paper", normalise="none")


@pytest.mark.parametrize("name", CHANGED)
def test_every_setting_matters(labels, image, name: str) -> None:
    other = soften(labels, image, **{name: CHANGED[name]})
    assert np.abs(other - soften(labels, image)).max() > 1e-3


def test_engine_and_unused_seed_settings_do_not_matter(labels, image) -> None:
    base = soften(labels, image)
    for same in ({"engine": "geodistk"}, {"count": 3}, {"seed": 1}, {"case": "other"}, {"background_seeds": True}):
        np.testing.assert_allclose(soften(labels, image, **same), base, atol=1e-6)


@pytest.mark.parametrize("changed", [{"count": 3}, {"seed": 1}, {"case": "other"}])
def test_random_seeds_follow_their_key(labels, image, changed: dict) -> None:
    base = {"seeds": "random", "count": 5, "seed": 0, "case": "one", "alpha": 1.0}
    first = soften(labels, image, **base)
    np.testing.assert_array_equal(soften(labels, image, **base), first)
    assert np.abs(soften(labels, image, **(base | changed)) - first).max() > 0.01


def test_joint_distance_over_equal_channels_is_that_of_one(labels, image) -> None:
    four = np.repeat(image[:1], 4, axis=0)  # the L2 norm over four equal channels is twice the difference
    joint = soften(labels, four, channels="joint", alpha=1.0)
    np.testing.assert_allclose(joint, soften(labels, image[:1], alpha=1.0), atol=1e-4)


def test_averaged_maps_are_the_mean_of_each_channel(labels, image) -> None:
    each = [soften(labels, image[m : m + 1], alpha=1.0) for m in range(2)]
    np.testing.assert_allclose(soften(labels, image, alpha=1.0), np.mean(each, axis=0), atol=1e-6)


def test_inverse_mean_decay_gives_its_equation() -> None:
    found = geols_map.decayed(np.array([0, 1, 2, 3], np.float32), "inv_mean")  # mean 1.5
    plain = np.exp(-np.arange(4) / 1.5)
    np.testing.assert_allclose(found, (plain - plain[3]) / (1 - plain[3]), atol=1e-6)


def test_unit_decay_gives_its_equation() -> None:
    found = geols_map.decayed(np.array([0, 1, 2], np.float32), "unit")
    np.testing.assert_allclose(found, (np.exp([0, -1, -2]) - np.exp(-2)) / (1 - np.exp(-2)), atol=1e-6)


@pytest.mark.parametrize("decay", geols_map.DECAYS)
@pytest.mark.parametrize("value", [0, 2])
def test_equal_distances_are_close_everywhere(decay: str, value: float) -> None:
    assert (geols_map.decayed(np.full((2, 3), value, np.float32), decay) == 1).all()


def test_backgrounds_give_their_arithmetic() -> None:
    far = 200.0  # exp(-200) is 0 in float32: closeness is 1 or 0 but for 2 = exp(-ln 2)
    two = float(np.log(2))
    distances = np.array([[0, far, far], [0, 0, far], [0, two, far]], np.float32)
    present = np.array([True, True, True])
    expected = {
        "one_minus_mean": [1 - 1, 1 - (1 + 0.5) / 2, 1],
        "seeded": [1, 0, 0],
        "normalise_rest": [0, 0, 1],  # nothing is left of 1 where the foreground is 2 and 1.5
    }
    for background, values in expected.items():
        found = geols_map.maps(distances, present, decay="unit", background=background)
        np.testing.assert_allclose(found[0], values, atol=1e-6)
    np.testing.assert_allclose(found[:, 1], [0, 1 / 1.5, 0.5 / 1.5], atol=1e-6)


def test_where_nothing_is_close_the_label_stays() -> None:
    target = np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)
    close = np.array([[0.0, 0.6], [0.0, 0.2]], np.float32)
    np.testing.assert_allclose(geols_map.distribution(close, target), [[1, 0.75], [0, 0.25]], atol=1e-6)


@pytest.mark.parametrize("alpha", [0.0, 0.05, 0.1, 0.3, 1.0])
@pytest.mark.parametrize("rest", [{}, {"decay": "unit"}, {"normalise": "sum"}, {"background": "normalise_rest"}])
def test_one_map_serves_every_alpha_and_mixture(labels, image, alpha: float, rest: dict) -> None:
    made = geols.make_map(labels, image, SPACING, classes=CLASSES)
    mixed = geols.apply_map(labels, made, classes=CLASSES, spacing_mm=SPACING, alpha=alpha, **rest)
    np.testing.assert_array_equal(mixed, soften(labels, image, alpha=alpha, **rest))


def test_map_settings_are_equal_where_a_map_can_be_shared() -> None:
    base = geols.map_settings()
    assert set(base) == set(geols.MAP_SETTINGS)
    for same in (
        {"alpha": 0.3},
        {"decay": "unit"},
        {"normalise": "sum"},
        {"background": "normalise_rest"},
        {"seed": 3},
    ):
        assert geols.map_settings(**same) == base
    assert geols.map_settings(variant="paper") == base | {"cost": "eq4", "background_seeds": True}
    assert geols.map_settings(seeds="random", seed=3) == base | {"seeds": "random", "seed": 3}


def test_map_of_the_paper_gives_the_paper(labels, image) -> None:
    made = geols.make_map(labels, image, SPACING, classes=CLASSES, cost="eq4", background_seeds=True)
    found = geols.apply_map(labels, made, classes=CLASSES, variant="paper")
    np.testing.assert_array_equal(found, soften(labels, image, variant="paper"))


def test_map_survives_storage(labels, image, tmp_path: Path) -> None:
    made = geols.make_map(labels, image, SPACING, classes=CLASSES)
    np.savez_compressed(tmp_path / "map.npz", **maps.pack(made))
    with np.load(tmp_path / "map.npz", allow_pickle=False) as file:
        read = maps.unpack(dict(file))
    stored = geols.apply_map(labels, read, classes=CLASSES, alpha=1.0)
    np.testing.assert_allclose(stored, soften(labels, image, alpha=1.0), atol=1e-4)  # floats keep 16 bits


def test_map_marks_what_is_absent_and_has_a_volume_a_channel(labels, image) -> None:
    made = geols.make_map(labels, image, SPACING, classes=CLASSES)
    assert made["present"].tolist() == [False, True, True, False]
    assert made["distances"].shape == (2, CLASSES, *SHAPE)
    assert (made["distances"][:, [0, 3]] == 0).all()
    joint = geols.make_map(labels, image, SPACING, classes=CLASSES, channels="joint", background_seeds=True)
    assert joint["distances"].shape == (1, CLASSES, *SHAPE)
    assert joint["present"].tolist() == [True, True, True, False]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"alpha": 1.5}, "`alpha`"),
        ({"variant": "thesis"}, "`variant` must be one of code, paper"),
        ({"seeds": "centre"}, "`seeds` must be one of skeleton, erosion, random"),
        ({"cost": "eq5"}, "`cost`"),
        ({"decay": "linear"}, "`decay`"),
        ({"background": "rest"}, "`background`"),
        ({"normalise": "softmax"}, "`normalise`"),
        ({"channels": "first"}, "`channels` must be one of mean_maps, joint"),
        ({"iterations": 0}, "`iterations`"),
        ({"engine": "fastgeodis"}, "`engine`"),
        ({"variant": "paper", "engine": "geodistk"}, "Use engine: own"),
        ({"background": "seeded", "background_seeds": False}, "background_seeds: true"),
    ],
)
def test_unknown_settings_are_refused(labels, image, settings: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        soften(labels, image, **settings)


def test_settings_are_checked_where_there_is_nothing_to_measure(labels, image) -> None:
    for wrong in ({"engine": "fast"}, {"seeds": "centre"}):
        with pytest.raises(InputError, match="must be one of"):
            soften(np.zeros_like(labels), image, **wrong)


def test_map_that_does_not_fit_is_refused(labels, image) -> None:
    made = geols.make_map(labels, image, SPACING, classes=CLASSES)
    with pytest.raises(InputError, match="cost: eq4"):
        geols.apply_map(labels, made, classes=CLASSES, variant="paper")
    with pytest.raises(InputError, match="background_seeds: true"):
        geols.apply_map(labels, made, classes=CLASSES, background="seeded")
    with pytest.raises(InputError, match="Make the map of these labels"):
        geols.apply_map(np.where(labels == 2, 3, labels), made, classes=CLASSES)
    with pytest.raises(InputError, match="one grid"):
        geols.apply_map(labels[:, 1:], made, classes=CLASSES)
