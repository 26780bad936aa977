"""Superpixels are those of scikit-image on stretched channels with a relative spacing, voxel by voxel."""

import numpy as np
import pytest
from scipy import ndimage
from skimage.segmentation import slic as peer
from softbench import InputError
from softbench.soft_labels import superpixel
from softbench.soft_labels.superpixel import relative


def noise(channels: int, shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Smooth hills with grain, each channel on a scale of its own."""
    rng = np.random.default_rng(seed)
    hills = [
        ndimage.gaussian_filter(rng.normal(size=shape), 2) + 0.02 * rng.normal(size=shape) for _ in range(channels)
    ]
    return np.stack([10.0**m * hill for m, hill in enumerate(hills)]).astype(np.float32)


def of_scikit_image(image: np.ndarray, spacing: tuple[float, ...], count: int, compactness: float) -> np.ndarray:
    return peer(
        superpixel.stretch(image), n_segments=count, compactness=compactness, max_num_iter=10,
        spacing=relative(spacing), convert2lab=False, enforce_connectivity=True, start_label=1, channel_axis=0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("channels", "shape", "spacing", "count", "compactness"),
    [
        (4, (20, 24, 28), (1, 1, 1), 60, 0.1),
        (2, (20, 24, 28), (3.0, 0.8, 1.25), 60, 0.1),
        (1, (8, 40, 50), (5, 1, 1), 200, 0.3),
        (3, (16, 40, 40), (1, 1, 1), 100, 0.001),  # ragged: clusters empty, pieces are cut and joined
        (1, (17, 19, 23), (1, 1, 1), 40, 10.0),  # boxes: ties between centres
        (1, (40, 50), (1, 1), 50, 0.1),
        (3, (40, 50), (0.5, 2.0), 50, 0.01),  # three channels are no RGB
        (1, (60, 90), (0.00387, 0.01133), 100, 0.1),  # of OCT
        (3, (12, 60, 60), (3.0, 0.958, 0.958), 100, 0.1),  # of MRBrainS18
        (2, (8, 10, 9), (1, 1, 1), 2000, 0.1),  # more segments than voxels
        (1, (12, 12, 12), (1, 1, 1), 1, 0.1),
    ],
)
def test_segments_are_those_of_scikit_image(channels, shape, spacing, count, compactness) -> None:
    image = noise(channels, shape)
    found = superpixel.segments(image, spacing, count=count, compactness=compactness)
    np.testing.assert_array_equal(found, of_scikit_image(image, spacing, count, compactness))
    assert found.dtype == np.int32


OCT_MM = (0.00387, 0.01133)
FACTORS = (1000, 1 / 1000, 1024, 25.4, 0.1, 1e-6, np.pi)


@pytest.mark.parametrize("factor", FACTORS)
@pytest.mark.parametrize(
    ("shape", "spacing"),
    [((60, 90), OCT_MM), ((14, 40, 40), (3.0, 0.958, 0.958)), ((16, 20, 24), (1, 1, 1)), ((9, 30, 8), (5, 0.7, 1.3))],
)
def test_unit_of_length_changes_no_segment(shape, spacing, factor: float) -> None:
    image = noise(2, shape)
    scaled = [step * factor for step in spacing]
    one, other = (superpixel.segments(image, s, count=60, compactness=0.1) for s in (spacing, scaled))
    np.testing.assert_array_equal(one, other)


def test_relative_spacing_is_the_same_number_in_every_unit() -> None:
    rng = np.random.default_rng(0)
    for spacing in np.round(rng.uniform(0.001, 6, (2000, 3)), 3):
        expected = relative(spacing)
        assert min(expected) == 1
        np.testing.assert_allclose(expected, spacing / min(spacing), rtol=5e-6)
        assert all(relative(spacing * factor) == expected for factor in FACTORS)
    assert {relative((0.32 * factor, 0.395 * factor)) for factor in FACTORS} == {(1, 1.23438)}  # 1.234375: a tie


def test_relative_spacing_forgives_the_rounding_of_files() -> None:
    stored = [np.float32(3.0), np.float32(0.958), np.float32(0.958)]  # as NIfTI keeps them, in mm and in micrometres
    finer = [np.float32(1000 * step) for step in (3.0, 0.958, 0.958)]
    assert relative([float(s) for s in stored]) == relative([float(s) for s in finer]) == (3.13152, 1, 1)


def layers(noise: float) -> np.ndarray:
    """A B-scan of 384 x 768 pixels: eight wavy layers of other brightness, and noise of this standard deviation."""
    rng, across = np.random.default_rng(0), np.linspace(0, 2 * np.pi, 768)
    tops = np.array([140, 160, 185, 200, 212, 245, 255]) + 12 * np.sin(across + 1)[:, None]
    layer = (np.arange(384)[:, None, None] >= tops).sum(axis=-1)
    bright = np.array([0.06, 0.85, 0.52, 0.32, 0.50, 0.32, 0.78, 0.45])
    return (bright[layer] + noise * rng.standard_normal(layer.shape))[None].astype(np.float32)


@pytest.mark.parametrize("count", [500, 3500])
@pytest.mark.parametrize("grain", [0.02, 0.08, 0.2])
def test_as_many_superpixels_as_asked_for_on_the_fine_grid_of_oct(grain: float, count: int) -> None:
    given = {"count": count, "compactness": superpixel.SETTINGS["compactness"]}
    found = superpixel.segments(layers(grain), OCT_MM, **given).max()
    assert 0.6 * count <= found <= 1.4 * count


@pytest.mark.parametrize("count", [500, 3500])
def test_as_many_superpixels_as_asked_for_on_thick_slices(count: int) -> None:
    image = noise(3, (48, 120, 120))
    given = {"count": count, "compactness": superpixel.SETTINGS["compactness"]}
    assert 0.6 * count <= superpixel.segments(image, (3.0, 0.958, 0.958), **given).max() <= 1.4 * count


def test_image_with_an_empty_outside_gives_those_of_scikit_image() -> None:
    image = noise(2, (24, 30, 30))
    image[:, :, :8] = 0
    image[:, :, :, 20:] = 0  # plateaus: many equal distances
    found = superpixel.segments(image, (1, 1, 1), count=80, compactness=0.1)
    np.testing.assert_array_equal(found, of_scikit_image(image, (1, 1, 1), 80, 0.1))


def test_constant_image_gives_those_of_scikit_image() -> None:
    image = np.full((2, 10, 12, 14), 7, np.float32)
    found = superpixel.segments(image, (1, 1, 1), count=20, compactness=0.1)
    np.testing.assert_array_equal(found, of_scikit_image(image, (1, 1, 1), 20, 0.1))


def test_scale_of_a_channel_changes_nothing() -> None:
    image = noise(2, (14, 16, 18))
    scaled = image * np.array([4, 0.5], np.float32)[:, None, None, None]  # powers of two round alike
    one, other = (superpixel.segments(i, (1, 1, 1), count=30, compactness=0.1) for i in (image, scaled))
    np.testing.assert_array_equal(one, other)


def test_constant_channel_counts_nothing() -> None:
    image = noise(1, (14, 16, 18))
    more = np.concatenate([image, np.full_like(image, 5)])
    one, other = (superpixel.segments(i, (1, 1, 1), count=30, compactness=0.1) for i in (image, more))
    np.testing.assert_array_equal(one, other)


def test_segments_do_not_cross_a_strong_edge() -> None:
    image = np.zeros((1, 20, 40), np.float32)
    image[..., 17:] = 1
    found = superpixel.segments(image, (1, 1), count=32, compactness=0.01)
    assert not set(found[:, :17].ravel()) & set(found[:, 17:].ravel())


def test_image_with_nan_is_refused() -> None:
    image = noise(1, (8, 9))
    image[0, 0, 0] = np.nan
    with pytest.raises(InputError, match="NaN"):
        superpixel.segments(image, (1, 1), count=4, compactness=0.1)
