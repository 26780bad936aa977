"""clDice of lines and tubes whose skeletons are known, and against skeletons of the whole grid."""

import math

import numpy as np
import pytest
from scipy import ndimage
from skimage.morphology import skeletonize
from softbench.errors import InputError
from softbench.metrics.centreline import centreline_dice


def line(start: int, stop: int, row: int = 5, shape: tuple[int, ...] = (11, 30)) -> np.ndarray:
    """A line one voxel wide, which is its own skeleton; in the middle slice where there are some."""
    mask = np.zeros(shape, bool)
    mask[..., row, start:stop] = True
    if len(shape) == 3:
        mask[np.arange(shape[0]) != shape[0] // 2] = False
    return mask


@pytest.mark.parametrize("shape", [(11, 30), (5, 11, 30)])
def test_lines_that_share_a_part(shape: tuple[int, ...]) -> None:
    # 12 of 16 voxels of the first are in the second, 12 of 20 of the second in the first
    found = centreline_dice(line(2, 18, shape=shape), line(6, 26, shape=shape))
    assert found == pytest.approx(2 * 0.75 * 0.6 / (0.75 + 0.6))


@pytest.mark.parametrize("shape", [(11, 30), (5, 11, 30)])
def test_width_costs_nothing(shape: tuple[int, ...]) -> None:
    thin = line(4, 26, shape=shape)
    thick = ndimage.binary_dilation(thin)
    assert centreline_dice(thick, thin) == centreline_dice(thin, thick) == 1


def test_lines_apart_score_zero() -> None:
    assert centreline_dice(line(2, 18, 3), line(2, 18, 7)) == 0


@pytest.mark.parametrize("shape", [(50, 60), (14, 40, 40)])
def test_is_what_skeletons_of_the_padded_grid_give(shape: tuple[int, ...]) -> None:
    noise = [ndimage.gaussian_filter(np.random.default_rng(seed).random(shape), 1.5) for seed in range(2)]
    first, second = (np.pad(mix > np.quantile(mix, 0.8), 4) for mix in (noise[0], 0.7 * noise[0] + 0.3 * noise[1]))
    shares = [np.mean(b[np.asarray(skeletonize(a), bool)]) for a, b in ((first, second), (second, first))]
    found = centreline_dice(first, second)
    assert found == pytest.approx(2 * shares[0] * shares[1] / sum(shares))
    assert found == pytest.approx(
        centreline_dice(first[(slice(4, -4),) * first.ndim], second[(slice(4, -4),) * first.ndim])
    )
    assert 0.2 < found < 1


def test_single_voxel_and_small_cube_are_found() -> None:
    for size in (1, 2):
        mask = np.zeros((6, 6, 6), bool)
        mask[2 : 2 + size, 2 : 2 + size, 2 : 2 + size] = True
        assert centreline_dice(mask, mask) == 1


def test_empty_masks() -> None:
    nothing, something = np.zeros((11, 30), bool), line(2, 9)
    assert math.isnan(centreline_dice(nothing, nothing))
    assert centreline_dice(nothing, something) == centreline_dice(something, nothing) == 0


def test_shapes_must_agree() -> None:
    with pytest.raises(InputError, match="one grid"):
        centreline_dice(np.zeros((4, 4), bool), np.zeros((4, 5), bool))
