"""Labels kept soft through resampling: shares of classes, from geometry, and where they go."""

import numpy as np
import pytest
from softbench import InputError, arrays
from softbench.datasets.case import Volumes
from softbench.datasets.prepare.grid import crop, resample
from softbench.resolution import mean
from softbench.store import ONE


def picture(*raters: list[int], spacing_mm: float = 1.0, valid: list[bool] | None = None) -> Volumes:
    """A picture of two equal rows, so that only W matters; one row of class ids a rater."""
    labels = np.array([[row, row] for row in raters], np.uint8)
    mask = None if valid is None else np.array([valid, valid])
    return Volumes(labels[:1].astype(np.float32), labels, (1.0, spacing_mm), np.eye(3), valid=mask)


def noise(classes: int = 4, raters: int = 2) -> Volumes:
    """Each voxel of a class by chance."""
    labels = np.random.default_rng(0).integers(0, classes, (raters, 6, 7, 8)).astype(np.uint8)
    return Volumes(labels[:1].astype(np.float32), labels, (3.0, 1.0, 1.25), np.eye(4))


def row_of(volumes: Volumes, class_id: int, rater: int = 0) -> list[int]:
    """The stored integers of a class along W."""
    assert volumes.shares is not None
    return [int(code) for code in volumes.shares[rater, class_id, 0]]


def test_step_edge_on_voxels_of_half_the_size() -> None:
    """New centres lie at -0.25, 0.25, 0.75, 1.25, 1.75, ... old voxels; the edge rises from 0 at 1 to 1 at 2."""
    out = resample(picture([0, 0, 1, 1]), (1.0, 0.5), labels="soft", classes=2)
    assert row_of(out, 1) == [0, 0, 0, round(0.25 * ONE), round(0.75 * ONE), ONE, ONE, ONE]
    assert row_of(out, 0) == [ONE - code for code in row_of(out, 1)]
    assert out.labels[0, 0].tolist() == [0, 0, 0, 0, 1, 1, 1, 1]


def test_slice_of_three_millimetres_is_shared_in_thirds() -> None:
    """New centres lie a third of an old voxel apart: between old centres 0 and 1 at 1/3 and 2/3; 65535 / 3 = 21845."""
    out = resample(picture([2, 1], spacing_mm=3.0), (1.0, 1.0), labels="soft", classes=3)
    assert row_of(out, 1) == [0, 0, 21845, 43690, ONE, ONE]
    assert row_of(out, 2) == [ONE, ONE, 43690, 21845, 0, 0]
    assert row_of(out, 0) == [0] * 6


def test_corner_is_the_product_of_its_edges() -> None:
    """At a quarter of a voxel from the last centre of the box along both axes: 0.75 * 0.75 = 0.5625."""
    labels = np.zeros((1, 4, 4), np.uint8)
    labels[0, :2, :2] = 1
    out = resample(Volumes(labels * 1.0, labels, (1.0, 1.0), np.eye(3)), (0.5, 0.5), labels="soft", classes=2)
    assert out.shares is not None
    assert out.shares[0, 1, 3, 3] == round(0.5625 * ONE)
    assert out.shares[0, 1, 3, 4] == round(0.75 * 0.25 * ONE)


def test_tie_belongs_to_the_lower_class_in_label_and_in_shares() -> None:
    """Voxels twice as wide have their centres at 0.5, 2.5 and 4.5: the middle one halves the edge from 2 to 1."""
    out = resample(picture([2, 2, 2, 1, 1, 1]), (1.0, 2.0), labels="soft", classes=3)
    assert out.labels[0, 0].tolist() == [2, 1, 1]
    assert (row_of(out, 1), row_of(out, 2)) == ([0, 32768, ONE], [ONE, 32767, 0])


def test_each_rater_has_shares_of_its_own() -> None:
    out = resample(picture([0, 1], [1, 1]), (1.0, 0.5), labels="soft", classes=2)
    assert row_of(out, 1, rater=0) == [0, round(0.25 * ONE), round(0.75 * ONE), ONE]
    assert row_of(out, 1, rater=1) == [ONE] * 4


def test_share_is_the_mean_over_a_larger_voxel() -> None:
    """Five voxels become two of length 2 around 1 and 3: each holds half of a voxel, a whole one, and half of one."""
    out = resample(picture([1, 0, 2, 2, 1]), (1.0, 2.0), labels="soft", classes=3)
    quarter = round(0.25 * ONE)
    assert row_of(out, 0) == [ONE // 2, 0]  # 65535 is odd: the last of it goes to the label below
    assert row_of(out, 1) == [quarter, quarter]
    assert row_of(out, 2) == [quarter, ONE - quarter]
    assert out.labels[0, 0].tolist() == [0, 2]


@pytest.mark.parametrize("factor", [2, 3])
def test_whole_windows_have_the_window_means_of_epd(factor: int) -> None:
    labels = np.random.default_rng(0).integers(0, 3, (1, 6, 12, 6)).astype(np.uint8)
    before = Volumes(labels[:1] * 1.0, labels, (1.0, 1.0, 1.0), np.eye(4))
    out = resample(before, (factor,) * 3, labels="soft", classes=3)
    assert out.shares is not None
    np.testing.assert_allclose(out.shares[0] / ONE, mean(arrays.one_hot(labels[0], 3), factor), atol=1.5 / ONE)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (3.0, 0.5, 0.5)])
def test_where_voxels_shrink_labels_are_those_of_linear(spacing: tuple[float, ...]) -> None:
    soft, linear = (resample(noise(), spacing, labels=how, classes=4) for how in ("soft", "linear"))
    np.testing.assert_array_equal(soft.labels, linear.labels)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (3.0, 2.5, 2.5), (1.3, 0.7, 3.0)])
def test_label_has_the_largest_share_and_images_are_as_ever(spacing: tuple[float, ...]) -> None:
    soft, linear = (resample(noise(), spacing, labels=how, classes=4) for how in ("soft", "linear"))
    np.testing.assert_array_equal(soft.channels, linear.channels)
    assert soft.shares is not None
    assert (soft.shares.dtype, soft.shares.shape) == (np.uint16, (2, 4, *soft.shape))
    np.testing.assert_array_equal(soft.shares.argmax(axis=1), soft.labels)
    assert (soft.shares.sum(axis=1, dtype=np.int64) == ONE).all()


@pytest.mark.parametrize("how", ["nearest", "linear"])
def test_other_interpolations_keep_no_shares(how: str) -> None:
    assert resample(noise(), (1.0, 1.0, 1.0), labels=how, classes=4).shares is None
    assert resample(noise(), None, labels=how, classes=4).shares is None


@pytest.mark.parametrize("spacing", [None, (3.0, 1.0, 1.25)])
def test_same_spacing_gives_one_hot_shares(spacing: tuple[float, ...] | None) -> None:
    before = noise()
    after = resample(before, spacing, labels="soft", classes=5)
    expected = np.stack([arrays.one_hot(rater, 5) for rater in before.labels]) * ONE
    np.testing.assert_array_equal(after.shares, expected)
    np.testing.assert_array_equal(after.labels, before.labels)


def test_class_that_is_absent_has_a_share_of_nothing() -> None:
    out = resample(picture([0, 1]), (1.0, 0.5), labels="soft", classes=6)
    assert out.shares is not None
    assert out.shares.shape == (1, 6, 2, 4)
    assert not out.shares[:, 2:].any()


def test_number_of_classes_is_needed_and_must_hold_all_labels() -> None:
    with pytest.raises(InputError, match="needs `classes`"):
        resample(picture([0, 1]), None, labels="soft")
    with pytest.raises(InputError, match=r"class ids 0 to 1, but holds \{2: 2\}"):
        resample(picture([0, 2]), (1.0, 0.5), labels="soft", classes=2)


def test_background_does_not_seep_in_from_where_nobody_looked() -> None:
    """Old voxels 2 and 3 were not labelled, which stands as 0: at 1.25 the only voxel known, of weight 0.75, is 1.

    At 1.75 and beyond the nearest old voxel is not valid, so neither is the new one; it is the one-hot of its label.
    """
    before = picture([1, 1, 0, 0], valid=[True, True, False, False])
    out = resample(before, (1.0, 0.5), labels="soft", classes=2)
    assert out.valid is not None
    assert out.valid[0].tolist() == [True] * 4 + [False] * 4
    assert row_of(out, 1) == [ONE] * 4 + [0] * 4
    assert out.labels[0, 0].tolist() == [1] * 4 + [0] * 4


def test_shares_beside_the_unknown_are_those_of_the_known() -> None:
    """At (0.25, 0.75) of a square of voxels the weights are 9, 3, 3, 1 sixteenths; without the one of 1, 3 of 15 are 1.

    Rows are [0, 2] and [1, unknown], new centres a quarter of a voxel from the corner that holds 0.
    """
    labels = np.array([[[0, 2], [1, 0]]], np.uint8)
    valid = np.array([[True, True], [True, False]])
    before = Volumes(labels * 1.0, labels, (1.0, 1.0), np.eye(3), valid=valid)
    out = resample(before, (0.5, 0.5), labels="soft", classes=3)
    assert out.shares is not None
    assert out.shares[0, :, 1, 1].tolist() == [9 * ONE // 15, 3 * ONE // 15, 3 * ONE // 15]


@pytest.mark.parametrize("at", ["centre", "foreground"])
def test_crop_and_padding_take_shares_along(at: str) -> None:
    """Cut along D and W, padded along H: one-hot shares stay those of the labels, and background where padded."""
    out = crop(resample(noise(), None, labels="soft", classes=4), (4, 11, 5), at=at)
    assert out.shares is not None
    expected = np.stack([arrays.one_hot(rater, 4) for rater in out.labels]) * ONE
    np.testing.assert_array_equal(out.shares, expected)
    assert (out.shares.dtype, out.shares.shape) == (np.uint16, (2, 4, 4, 11, 5))
    assert (out.shares[:, 0, :, :2] == ONE).all()
    assert (out.shares[:, 0, :, 9:] == ONE).all()


def test_crop_keeps_the_shares_of_each_place() -> None:
    """Half voxels have the shares 0, 1/4, 3/4, 1 of class 1 along W; the middle two stay."""
    out = crop(resample(picture([0, 1]), (1.0, 0.5), labels="soft", classes=2), (2, 2))
    assert row_of(out, 1) == [round(0.25 * ONE), round(0.75 * ONE)]
