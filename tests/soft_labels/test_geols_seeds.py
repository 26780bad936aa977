"""Seeds lie in their mask, are never empty where it is not, and random ones have a key."""

import numpy as np
import pytest
from scipy import ndimage
from skimage.morphology import ball, skeletonize
from softbench import InputError
from softbench.soft_labels import seeds


def cube(side: int, size: int = 12) -> np.ndarray:
    mask = np.zeros((size,) * 3, bool)
    mask[2 : 2 + side, 2 : 2 + side, 2 : 2 + side] = True
    return mask


def drawn(mask: np.ndarray, **changed: object) -> list[int]:
    key = {"count": 5, "case": "case_1", "class_id": 1, "seed": 0} | changed
    return np.flatnonzero(seeds.choose(mask, "random", **key)).tolist()


@pytest.mark.parametrize("kind", seeds.KINDS)
@pytest.mark.parametrize("side", [1, 2, 3, 4, 6, 8])
def test_seeds_of_a_cube_lie_in_it_and_are_not_empty(kind: str, side: int) -> None:
    mask = cube(side)
    found = seeds.choose(mask, kind)
    assert found.dtype == bool
    assert found.any()
    assert not (found & ~mask).any()


@pytest.mark.parametrize("kind", seeds.KINDS)
def test_an_empty_mask_has_no_seeds(kind: str) -> None:
    assert not seeds.choose(np.zeros((4, 5), bool), kind).any()


def test_even_cube_without_a_skeleton_takes_its_core() -> None:
    mask = cube(6)
    assert not skeletonize(mask).any()
    core = np.pad(np.ones((4, 4, 4), bool), ((3, 5),) * 3)
    np.testing.assert_array_equal(seeds.choose(mask, "skeleton"), core)


def test_eroded_cube_is_two_voxels_smaller() -> None:
    np.testing.assert_array_equal(seeds.choose(cube(5), "erosion"), np.pad(np.ones((3, 3, 3), bool), ((3, 6),) * 3))


def test_a_pair_of_voxels_outlives_erosion() -> None:
    mask = np.zeros((3, 4), bool)
    mask[1, 1:3] = True
    np.testing.assert_array_equal(seeds.choose(mask, "erosion"), mask)


@pytest.mark.parametrize("shape", [(14, 15, 16), (30, 31)], ids=["3-D", "2-D"])
def test_seeds_do_not_depend_on_what_lies_around_the_mask(shape: tuple[int, ...]) -> None:
    mask = ndimage.gaussian_filter(np.random.default_rng(0).normal(size=shape), 2) > 0  # touches the array's faces
    np.testing.assert_array_equal(seeds.choose(mask, "skeleton"), skeletonize(mask) > 0)
    element = ball(1) if len(shape) == 3 else ball(1)[1]
    np.testing.assert_array_equal(seeds.choose(mask, "erosion"), ndimage.binary_erosion(mask, element))
    wide = np.pad(mask, 3)
    inner = tuple(slice(3, -3) for _ in shape)
    for kind in ("skeleton", "erosion"):
        np.testing.assert_array_equal(seeds.choose(wide, kind)[inner], seeds.choose(mask, kind))


@pytest.mark.parametrize("count", [3, 5, 7])
def test_random_seeds_are_as_many_as_asked_for(count: int) -> None:
    assert len(drawn(cube(5), count=count)) == count


def test_a_small_mask_gives_all_its_voxels() -> None:
    assert seeds.choose(cube(1), "random", count=7).sum() == 1
    np.testing.assert_array_equal(seeds.choose(cube(2), "random", count=8), cube(2))


def test_random_seeds_are_fixed_by_their_key_and_change_with_each_part_of_it() -> None:
    mask = cube(8)
    base = drawn(mask)
    assert drawn(mask) == base
    others = [drawn(mask, case="case_2"), drawn(mask, class_id=2), drawn(mask, seed=1)]
    assert len({tuple(one) for one in [base, *others]}) == 4
    assert not set(drawn(mask, count=3)) <= set(base)  # random-3 is a draw of its own


def test_random_seeds_are_uniform_over_the_mask() -> None:
    mask = cube(2)
    counts = sum(seeds.choose(mask, "random", count=2, seed=s).astype(int) for s in range(400))[mask]
    assert counts.sum() == 800
    assert np.abs(counts - 100).max() < 5 * np.sqrt(400 * 0.25 * 0.75)  # binomial, 400 draws of 2 of 8


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        ("middle", {}, "`seeds` must be one of skeleton, erosion, random"),
        ("random", {"count": 0}, "`count`"),
        ("random", {"seed": -1}, "`seed`"),
    ],
)
def test_unknown_seeds_are_refused(kind: str, settings: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        seeds.choose(cube(3), kind, **settings)
