"""Resampling, cropping and windows: what happens to places, values and labels, from geometry."""

import numpy as np
import pytest
from softbench import InputError
from softbench.datasets.case import Volumes
from softbench.datasets.prepare.grid import crop, resample
from softbench.datasets.prepare.intensities import channel_names, window


def made(shape=(6, 8, 10), spacing=(2.0, 1.0, 1.0)) -> Volumes:
    """A ramp along W whose value is the world position (mm) of the voxel's centre, and a box of class 1."""
    affine = np.eye(len(shape) + 1)
    affine[:-1, :-1] = np.diag(spacing)
    affine[:-1, -1] = 100.0
    ramp = np.broadcast_to(100 + np.arange(shape[-1]) * spacing[-1], shape).astype(np.float32)
    labels = np.zeros(shape, np.uint8)
    labels[tuple(slice(n // 4, n // 2) for n in shape)] = 1
    return Volumes(ramp[None], labels[None], spacing, affine, "LPS", labels < 9)


def world(volumes: Volumes, index) -> np.ndarray:
    """World position of a voxel's centre."""
    return (volumes.affine @ np.append(index, 1.0))[:-1]


@pytest.mark.parametrize("spacing", [(2.0, 1.0, 0.5), (1.0, 2.0, 2.0), (3.0, 0.8, 1.25)])
def test_interpolated_ramp_still_tells_its_place(spacing) -> None:
    out = resample(made(), spacing)
    assert out.spacing_mm == spacing
    inner = out.channels[0, 0, 0, 2:-2]  # the outermost may lie beyond the last old centre
    places = [world(out, (0, 0, w))[-1] for w in range(2, out.shape[-1] - 2)]
    np.testing.assert_allclose(inner, places, rtol=1e-6)


def test_faces_of_the_volume_stay() -> None:
    before, after = made(), resample(made(), (1.0, 2.0, 0.5))
    assert after.shape == (12, 4, 20)  # 12, 8 and 10 mm at the new spacing
    for volumes in (before, after):
        step = np.array(volumes.spacing_mm)
        np.testing.assert_allclose(world(volumes, np.zeros(3)) - step / 2, 100 - np.array([1.0, 0.5, 0.5]))
        np.testing.assert_allclose(world(volumes, np.array(volumes.shape) - 1) + step / 2, [111.0, 107.5, 109.5])


def test_box_keeps_its_volume_in_mm() -> None:
    before, after = made((8, 8, 8), (2.0, 1.0, 1.0)), resample(made((8, 8, 8), (2.0, 1.0, 1.0)), (1.0, 0.5, 0.5))
    assert after.labels.sum() * 0.25 == before.labels.sum() * 2  # all faces of the box lie on both grids


def test_labels_interpolated_are_the_nearest_where_voxels_get_smaller_by_an_odd_number() -> None:
    small = made((6, 6, 6), (3.0, 3.0, 3.0))
    nearest, linear = (resample(small, (1.0, 1.0, 1.0), labels=how) for how in ("nearest", "linear"))
    assert (nearest.labels == 1).sum() == (small.labels == 1).sum() * 27
    assert (linear.labels != nearest.labels).mean() < 0.05  # corners alone are rounded off
    assert linear.labels.sum() < nearest.labels.sum()


def test_same_spacing_changes_nothing() -> None:
    volumes = made()
    assert resample(volumes, volumes.spacing_mm) is volumes


@pytest.mark.parametrize(("edge", "same", "other"), [(1.0, 0.9e-4, 1.1e-4), (0.01, 0.9e-5, 1.1e-5)])
def test_spacing_is_the_same_up_to_a_part_of_a_small_voxel(edge: float, same: float, other: float) -> None:
    """For voxels of 0.01 mm, 1e-4 mm are a hundredth: of 1000 slices ten would be missing."""
    volumes = made((1, 1, 1000), (edge,) * 3)
    assert resample(volumes, (edge,) * 2 + (edge - same,)) is volumes
    assert resample(volumes, (edge,) * 2 + (edge - other,)) is not volumes


def test_picture_is_resampled_like_a_volume() -> None:
    out = resample(made((8, 10), (1.0, 1.0)), (0.5, 0.5))
    assert out.shape == (16, 20)
    assert out.valid is not None
    assert out.valid.all()
    assert out.affine.shape == (3, 3)


@pytest.mark.parametrize(("spacing", "message"), [((1.0, 1.0), "3 positive"), ((0.0, 1.0, 1.0), "3 positive")])
def test_impossible_spacing_is_refused(spacing, message: str) -> None:
    with pytest.raises(InputError, match=message):
        resample(made(), spacing)


@pytest.mark.parametrize("at", ["centre", "foreground"])
def test_crop_keeps_places(at: str) -> None:
    volumes = made()
    out = crop(volumes, (4, 12, 5), at=at)
    assert out.shape == (4, 12, 5)
    inside = out.channels[0] == np.array([world(out, (0, 0, w))[-1] for w in range(5)], np.float32)
    assert inside[:, 2:10].all()  # H is padded by two on each side
    assert (out.channels[0][:, :2] == volumes.channels.min()).all()


def test_centre_crop_takes_the_middle() -> None:
    out = crop(made(), (2, 4, 4))
    np.testing.assert_allclose(world(out, (0, 0, 0)), 100 + np.array([2 * 2.0, 2, 3]))  # (6-2)/2, (8-4)/2, (10-4)/2


def test_foreground_crop_follows_the_labels_and_stays_inside() -> None:
    volumes = made()
    labels = np.zeros_like(volumes.labels)
    labels[0, 5, 0, 9] = 1  # in a corner
    corner = Volumes(volumes.channels, labels, volumes.spacing_mm, volumes.affine)
    out = crop(corner, (2, 4, 4), at="foreground")
    assert out.labels.sum() == 1
    np.testing.assert_allclose(world(out, (0, 0, 0)), 100 + np.array([4 * 2.0, 0, 6]))


def test_foreground_crop_without_labels_is_the_centre_crop() -> None:
    volumes = made()
    empty = Volumes(volumes.channels, np.zeros_like(volumes.labels), volumes.spacing_mm, volumes.affine)
    np.testing.assert_array_equal(crop(empty, (2, 4, 4), at="foreground").affine, crop(empty, (2, 4, 4)).affine)


def test_odd_padding_has_the_extra_voxel_at_the_end() -> None:
    out = crop(made((2, 4, 4)), (5, 4, 4))
    assert [bool(out.channels[0, d].std()) for d in range(5)] == [False, True, True, False, False]


@pytest.mark.parametrize("size", [(4, 4), (4, 4, 0), (4, 4, 2.5)])
def test_crop_size_that_does_not_fit_is_refused(size) -> None:
    with pytest.raises(InputError, match=r"crop\.size"):
        crop(made(), size)


def test_window_of_units_clips() -> None:
    found = window(np.array([[[-500.0, 0.0, 900.0]]], np.float32), {"hu": [-100, 200]})
    assert found.tolist() == [[[-100.0, 0.0, 200.0]]]


def test_window_of_percentiles_looks_at_each_channel() -> None:
    ramp = np.arange(101, dtype=np.float32).reshape(1, 101)
    found = window(np.stack([ramp, 10 * ramp]), {"percentiles": [0.5, 95]})
    assert [(c.min(), c.max()) for c in found] == [(0.5, 95.0), (5.0, 950.0)]


def test_several_windows_make_channels_in_the_unit_range() -> None:
    settings = {"windows_hu": [[-190, -30], [-30, 150]]}
    found = window(np.array([[[-300.0, -110.0, 60.0]]], np.float32), settings)
    assert found.tolist() == [[[0.0, 0.5, 1.0]], [[0.0, 0.0, 0.5]]]
    assert channel_names(settings, ("ct",)) == ("ct -190 to -30 HU", "ct -30 to 150 HU")


@pytest.mark.parametrize(
    "settings",
    [{"hu": [3, 3]}, {"percentiles": [-1, 50]}, {"percentiles": [5, 200]}, {"gamma": [1, 2]}, {"hu": [0, 1], "x": 1}],
)
def test_impossible_window_is_refused(settings) -> None:
    with pytest.raises(InputError, match="window"):
        window(np.zeros((1, 2, 2), np.float32), settings)


def test_several_windows_of_several_channels_are_refused() -> None:
    with pytest.raises(InputError, match="one channel"):
        window(np.zeros((2, 2, 2), np.float32), {"windows_hu": [[0, 1]]})
