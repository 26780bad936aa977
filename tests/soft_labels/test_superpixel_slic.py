"""Our SLIC gives the segments of scikit-image, voxel by voxel, run live."""

import numpy as np
import pytest
from scipy import ndimage
from skimage.segmentation import slic as peer
from softbench import InputError
from softbench.soft_labels import slic, slic_clusters, slic_connect, superpixel


def noise(channels: int, shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Smooth hills with grain, each channel on a scale of its own."""
    rng = np.random.default_rng(seed)
    hills = [
        ndimage.gaussian_filter(rng.normal(size=shape), 2) + 0.02 * rng.normal(size=shape) for _ in range(channels)
    ]
    return np.stack([10.0**m * hill for m, hill in enumerate(hills)]).astype(np.float32)


def of_scikit_image(image: np.ndarray, spacing: tuple[float, ...], count: int, compactness: float) -> np.ndarray:
    return peer(
        slic.stretch(image), n_segments=count, compactness=compactness, max_num_iter=10, spacing=spacing,
        convert2lab=False, enforce_connectivity=True, start_label=1, channel_axis=0,
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
        (2, (8, 10, 9), (1, 1, 1), 2000, 0.1),  # more segments than voxels
        (1, (12, 12, 12), (1, 1, 1), 1, 0.1),
    ],
)
def test_segments_are_those_of_scikit_image(channels, shape, spacing, count, compactness) -> None:
    image = noise(channels, shape)
    own = superpixel.segments(image, spacing, count=count, compactness=compactness)
    np.testing.assert_array_equal(own, of_scikit_image(image, spacing, count, compactness))
    assert own.dtype == np.int32


def test_image_with_an_empty_outside_gives_those_of_scikit_image() -> None:
    image = noise(2, (24, 30, 30))
    image[:, :, :8] = 0
    image[:, :, :, 20:] = 0  # plateaus: many equal distances
    own = slic.superpixels(image, (1, 1, 1), count=80, compactness=0.1)
    np.testing.assert_array_equal(own, of_scikit_image(image, (1, 1, 1), 80, 0.1))


def test_constant_image_gives_those_of_scikit_image() -> None:
    image = np.full((2, 10, 12, 14), 7, np.float32)
    own = slic.superpixels(image, (1, 1, 1), count=20, compactness=0.1)
    np.testing.assert_array_equal(own, of_scikit_image(image, (1, 1, 1), 20, 0.1))


def test_scale_of_a_channel_changes_nothing() -> None:
    image = noise(2, (14, 16, 18))
    scaled = image * np.array([4, 0.5], np.float32)[:, None, None, None]  # powers of two round alike
    one, other = (slic.superpixels(i, (1, 1, 1), count=30, compactness=0.1) for i in (image, scaled))
    np.testing.assert_array_equal(one, other)


def test_constant_channel_counts_nothing() -> None:
    image = noise(1, (14, 16, 18))
    more = np.concatenate([image, np.full_like(image, 5)])
    one, other = (slic.superpixels(i, (1, 1, 1), count=30, compactness=0.1) for i in (image, more))
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("guess", [0, 1])
def test_first_of_two_equally_near_centres_wins_whatever_was_guessed(guess: int) -> None:
    features = np.zeros((1, 1, 3, 1), np.float32)
    centres = np.array([[0, 0, 0, 0], [0, 0, 2, 0]], np.float32)  # at both ends of three voxels
    metric = slic_clusters.Metric(np.ones(3, np.float32), np.full(3, 4, np.float32), np.float32(1))
    owners = slic_clusters.cluster(features, centres, np.full((1, 1, 3), guess, np.int32), metric, rounds=1)
    np.testing.assert_array_equal(owners[0, 0], [0, 0, 1])


def test_segments_do_not_cross_a_strong_edge() -> None:
    image = np.zeros((1, 20, 40), np.float32)
    image[..., 17:] = 1
    found = slic.superpixels(image, (1, 1), count=32, compactness=0.01)
    assert not set(found[:, :17].ravel()) & set(found[:, 17:].ravel())


def test_small_piece_joins_its_neighbour_and_a_large_one_is_cut() -> None:
    owners = np.zeros((1, 1, 10), np.int32)
    owners[..., 4] = 1  # four voxels, then one alone, then five
    joined = slic_connect.connect(owners, 2, 100)[0, 0]
    np.testing.assert_array_equal(joined, [1, 1, 1, 1, 1, 2, 2, 2, 2, 2])
    cut = slic_connect.connect(np.zeros((1, 1, 10), np.int32), 1, 4)[0, 0]
    np.testing.assert_array_equal(cut, [1, 1, 1, 1, 2, 2, 2, 2, 3, 3])


def test_image_with_nan_is_refused() -> None:
    image = noise(1, (8, 9))
    image[0, 0, 0] = np.nan
    with pytest.raises(InputError, match="NaN"):
        superpixel.segments(image, (1, 1), count=4, compactness=0.1)
