"""Superpixel-guided softening gives Eq. 1 of Li et al. on superpixels given by hand, and nothing where none crosses."""

from pathlib import Path

import numpy as np
import pytest
from softbench import InputError
from softbench.soft_labels import superpixel

MODES = ("centre", "halfshift", "inner_boundary")


def halves(shape: tuple[int, ...] = (4, 8)) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Class 1 right of the middle, and one superpixel over everything."""
    labels = np.zeros((1, *shape), np.uint8)
    labels[..., shape[-1] // 2 :] = 1
    return labels, {"segments": np.ones(shape, np.uint16)}


def mixed(labels: np.ndarray, made: dict[str, np.ndarray], **settings: object) -> np.ndarray:
    return superpixel.apply_map(labels, made, **({"classes": 2, "spacing_mm": (1,) * (labels.ndim - 1)} | settings))


@pytest.mark.parametrize(("normalise", "prefix"), [("none", "q"), ("sum", "qnorm")])
@pytest.mark.parametrize("mode", MODES)
def test_hand_made_superpixels_give_the_oracle(oracles: Path, mode: str, normalise: str, prefix: str) -> None:
    file = np.load(oracles / "labels" / "superpixel.npz")
    made = {"segments": file["superpixels"]}
    soft = mixed(file["label"][None], made, classes=3, distance=mode, normalise=normalise)
    np.testing.assert_allclose(soft, file[f"{prefix}_{mode}"], atol=1e-6)


def test_crossing_superpixels_are_the_oracles(oracles: Path) -> None:
    file = np.load(oracles / "labels" / "superpixel.npz")
    cut = superpixel.crossing(file["label"], file["superpixels"], 3)
    np.testing.assert_array_equal(np.moveaxis(cut[file["superpixels"]], -1, 0), file["region"])


def test_fade_is_the_equation_at_its_printed_values(oracles: Path) -> None:
    file = np.load(oracles / "labels" / "superpixel.npz")
    np.testing.assert_allclose(superpixel.fade(file["d"]), file["q"], atol=1e-12)


def test_two_halves_fade_with_distance_from_the_edge() -> None:
    soft = mixed(*halves())
    away = np.array([-4, -3, -2, -1, 1, 2, 3, 4])  # columns from the edge; q = (d / (1 + |d|) + 1) / 2
    expected = [0.1, 0.125, 1 / 6, 0.25, 0.75, 5 / 6, 0.875, 0.9]
    np.testing.assert_allclose(soft[1], np.broadcast_to(expected, (4, away.size)), atol=1e-6)
    np.testing.assert_allclose(soft.sum(axis=0), 1, atol=1e-6)


def test_voxels_of_one_centimetre_fade_faster_in_mm() -> None:
    labels, made = halves()
    soft = mixed(labels, made, spacing_mm=(1, 10), units="mm")
    assert soft[1, 0, 4] == pytest.approx(0.5 * (10 / 11 + 1))
    np.testing.assert_array_equal(mixed(labels, made, spacing_mm=(1, 10)), mixed(labels, made))


def test_superpixel_within_a_class_stays_one_hot() -> None:
    labels, made = halves()
    made["segments"][:, :2] = 2  # columns 0 and 1 are background alone
    soft = mixed(labels, made)
    np.testing.assert_array_equal(soft[:, :, :2], np.broadcast_to([[[1]], [[0]]], (2, 4, 2)))
    assert soft[0, 0, 2] == pytest.approx(5 / 6)


def test_single_voxel_fades_with_its_superpixel() -> None:
    labels = np.zeros((1, 3, 5), np.uint8)
    labels[0, 1, 2] = 1
    soft = mixed(labels, {"segments": np.ones((3, 5), np.uint16)})
    np.testing.assert_allclose(soft[1, 1], [1 / 6, 0.25, 0.75, 0.25, 1 / 6], atol=1e-6)


def test_superpixels_that_follow_the_label_change_nothing() -> None:
    labels, _ = halves((4, 6, 8))
    soft = mixed(labels, {"segments": labels[0] + np.uint16(1)})
    np.testing.assert_array_equal(soft[1], labels[0])


@pytest.mark.parametrize("mode", MODES)
def test_label_keeps_the_largest_probability(mode: str) -> None:
    rng = np.random.default_rng(3)
    labels = rng.integers(0, 4, (1, 9, 10, 11))
    made = {"segments": rng.integers(1, 8, (9, 10, 11)).astype(np.uint16)}
    for normalise in ("sum", "none"):
        soft = mixed(labels, made, classes=5, distance=mode, normalise=normalise)
        own = np.take_along_axis(soft, labels, axis=0)[0]
        others = soft.copy()
        np.put_along_axis(others, labels, -1, axis=0)
        assert (own > others.max(axis=0)).all()
        assert (soft[4] == 0).all()  # absent


def test_inner_boundary_sums_to_three_quarters_at_an_edge() -> None:
    soft = mixed(*halves(), distance="inner_boundary", normalise="none")
    np.testing.assert_allclose(soft[:, 0, 4].sum(), 0.5 + 0.25)  # q(0) of its own class, q(-1) of the other
    assert not superpixel.is_normalised(normalise="none")


def test_number_of_superpixels_does_not_change_a_label_of_one_class() -> None:
    image = np.random.default_rng(0).normal(size=(1, 8, 9, 10)).astype(np.float32)
    labels = np.full((1, 8, 9, 10), 2)
    soft = superpixel.soften(labels, image, (1, 1, 1), classes=4, count=12)
    assert (soft[2] == 1).all()


def test_map_holds_small_whole_numbers_from_one() -> None:
    image = np.random.default_rng(0).normal(size=(2, 8, 9, 10)).astype(np.float32)
    labels = np.zeros((1, 8, 9, 10), np.uint8)
    made = superpixel.make_map(labels, image, (1, 1, 1), classes=2, case="a", count=12, compactness=0.1)
    assert made["segments"].dtype == np.uint16
    np.testing.assert_array_equal(np.unique(made["segments"]), np.arange(1, made["segments"].max() + 1))


def test_map_says_how_many_superpixels_were_found_and_how_much_they_soften() -> None:
    labels, made = halves((4, 8))
    made["segments"][:, :2] = 2  # of 8 voxels and one class; the other superpixel holds both
    facts = superpixel.map_facts(labels, made, classes=2, count=3, compactness=0.1)
    expected = {"superpixels_asked": 3, "superpixels_found": 2, "superpixels_off": 0, "cut_share": 24 / 32}
    assert facts == expected
    assert (mixed(labels, made).max(axis=0) < 1).mean() == facts["cut_share"]


@pytest.mark.parametrize(
    ("asked", "off", "why"), [(2, 0, ""), (6, 0, ""), (7, 1, "larger `compactness`"), (1, 1, "whole voxels apart")]
)
def test_number_beyond_a_factor_of_two_is_told(asked: int, off: int, why: str) -> None:
    labels, made = halves((4, 8))
    made["segments"][:, :2], made["segments"][:, 6:] = 2, 3
    facts = superpixel.map_facts(labels, made, classes=2, count=asked, compactness=0.1)  # three are there
    assert facts["superpixels_off"] == off
    told = superpixel.doubt(facts)
    assert (told is None) == (off == 0)
    assert why in (told or "")


def test_softening_follows_the_edge_that_the_image_shows() -> None:
    labels, _ = halves((12, 24))
    image = np.zeros((1, 12, 24), np.float32)
    image[..., 12:] = 1  # the image has the label's edge, so no superpixel crosses it
    agree = superpixel.soften(labels, image, (1, 1), classes=2, count=12, compactness=0.01)
    shifted = superpixel.soften(labels, np.roll(image, 3, axis=-1), (1, 1), classes=2, count=12, compactness=0.01)
    np.testing.assert_array_equal(agree[1], labels[0])
    assert (shifted[1, :, 12:15] < 1).all()
    assert (shifted[1, :, 15:21] == 1).all()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"distance": "edge"}, "inner_boundary"),
        ({"units": "cm"}, "voxel"),
        ({"normalise": "max"}, "none"),
        ({"count": 0}, "at least 1"),
        ({"compactness": 0.0}, "positive"),
    ],
)
def test_unusable_setting_is_named(wrong: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        superpixel.soften(np.zeros((1, 4, 8), int), np.ones((1, 4, 8)), (1, 1), classes=2, **wrong)


@pytest.mark.parametrize("kind", [bool, np.int8, np.uint64])
def test_type_of_the_label_map_does_not_matter(kind: type) -> None:
    labels, made = halves()
    np.testing.assert_array_equal(mixed(labels.astype(kind), made), mixed(labels, made))


def test_map_of_another_grid_is_refused() -> None:
    labels, _ = halves()
    with pytest.raises(InputError, match="one grid"):
        mixed(labels, {"segments": np.ones((4, 7), np.uint16)})
