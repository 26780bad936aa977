"""Lesion-wise scores: blocks whose components, sizes and overlaps can be counted, and a plain walk over lesions."""

import math

import numpy as np
import pytest
from scipy import ndimage
from softbench import metrics
from softbench.errors import InputError
from softbench.metrics.lesions import GLIOMA, Lesions, Matching, match_lesions

MM = (1.0, 1.0, 1.0)
SHAPE = (20, 40, 40)


def blocks(*boxes: tuple[slice, slice, slice], shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    mask = np.zeros(shape, bool)
    for box in boxes:
        mask[box] = True
    return mask


def cube(d: int, h: int, w: int, size: int = 4) -> tuple[slice, slice, slice]:
    return slice(d, d + size), slice(h, h + size), slice(w, w + size)


FIRST, SECOND, THIRD = cube(2, 2, 2), cube(2, 20, 20), cube(12, 30, 4)


def test_found_half_found_missed_and_made_up() -> None:
    half = (SECOND[0], SECOND[1], slice(20, 22))
    found = match_lesions(blocks(FIRST, half, cube(14, 2, 34)), blocks(FIRST, SECOND, THIRD), MM)
    assert sorted(found.dsc) == [0, pytest.approx(2 * 32 / (64 + 32)), 1]
    assert found.false_positives == 1
    assert found.mean_dsc == pytest.approx((1 + 2 / 3) / (3 + 1))
    assert found.mean_hd95_mm == pytest.approx((0 + 2 + 374 + 374) / 4)  # the half leaves two voxels' depth
    assert (found.recall, found.precision, found.f1) == (2 / 3, 2 / 3, pytest.approx(4 / (4 + 1 + 1)))


def test_parts_that_touch_after_three_dilations_are_one_lesion() -> None:
    near, far = cube(2, 2, 12), cube(2, 2, 13)  # six voxels between them, which three dilations fill; or seven
    assert len(match_lesions(blocks(FIRST), blocks(FIRST, near), MM).dsc) == 1
    assert len(match_lesions(blocks(FIRST), blocks(FIRST, far), MM).dsc) == 2


def test_corner_neighbours_are_one_component() -> None:
    made_up = blocks(THIRD)
    made_up[16, 34, 8] = True  # touches the cube's corner
    assert match_lesions(made_up, blocks(FIRST), MM).false_positives == 1
    made_up[16, 34, 8], made_up[17, 35, 9] = False, True
    assert match_lesions(made_up, blocks(FIRST), MM).false_positives == 2


def test_small_lesion_does_not_count_and_what_touches_it_is_not_false() -> None:
    small = blocks(cube(2, 2, 2, 3), SECOND)  # 27 mm³ of at most 50
    for prediction, false in ((blocks(cube(2, 2, 2, 3)), 0), (blocks(cube(2, 2, 7)), 0), (blocks(THIRD), 1)):
        found = match_lesions(prediction, small, MM)
        assert (len(found.dsc), found.false_positives) == (1, false)
    assert len(match_lesions(small, small, (1.0, 1.0, 2.0)).dsc) == 2  # 54 mm³


def test_size_of_exactly_fifty_does_not_count() -> None:
    fifty = blocks((slice(0, 2), slice(0, 5), slice(0, 5)))
    assert len(match_lesions(fifty, fifty, MM).dsc) == 0
    assert len(match_lesions(fifty, fifty, (1.0, 1.0, 1.001)).dsc) == 1


def test_touching_the_dilation_is_a_hit_without_overlap() -> None:
    found = match_lesions(blocks(cube(2, 2, 8)), blocks(FIRST), MM)
    assert (found.dsc.tolist(), found.hit.tolist(), found.false_positives) == ([0], [True], 0)
    assert found.mean_hd95_mm == 6  # the cube moved by its size and a gap of two


def test_component_across_two_lesions_counts_whole_for_both() -> None:
    bar = (FIRST[0], FIRST[1], slice(2, 30))
    other = cube(2, 2, 26)
    found = match_lesions(blocks(bar), blocks(FIRST, other), MM)
    assert found.dsc == pytest.approx([2 * 64 / (64 + 16 * 28)] * 2)


def test_nothing_left_is_unknown() -> None:
    nothing = blocks()
    empty = match_lesions(nothing, nothing, MM)
    assert all(map(math.isnan, (empty.mean_dsc, empty.mean_hd95_mm, empty.recall, empty.precision, empty.f1)))
    missed = match_lesions(nothing, blocks(FIRST), MM)
    assert (missed.mean_dsc, missed.mean_hd95_mm, missed.recall, missed.f1) == (0, GLIOMA.miss_mm, 0, 0)
    assert math.isnan(missed.precision)
    made_up = match_lesions(blocks(FIRST), nothing, MM)
    assert (made_up.mean_dsc, made_up.mean_hd95_mm, made_up.precision, made_up.f1) == (0, GLIOMA.miss_mm, 0, 0)
    assert math.isnan(made_up.recall)


def test_two_dimensions_have_eight_neighbours_and_areas() -> None:
    reference = np.zeros((30, 30), bool)
    reference[2:10, 2:10] = True
    prediction = reference.copy()
    prediction[10, 10] = True  # by its corner
    found = match_lesions(prediction, reference, (1.0, 1.0))
    assert found.dsc == pytest.approx([2 * 64 / (64 + 65)])
    assert found.false_positives == 0
    assert len(match_lesions(prediction, reference, (0.5, 0.5)).dsc) == 0  # 16 mm²


def walk(prediction: np.ndarray, reference: np.ndarray, spacing: tuple[float, ...]) -> Lesions:
    """The challenge's way: lesion by lesion on the whole grid."""
    around, reach = np.ones((3, 3, 3)), ndimage.generate_binary_structure(3, 2)
    components, number = ndimage.label(prediction, around)
    zones, lesions = ndimage.label(ndimage.binary_dilation(reference, reach, iterations=3), around)
    touched: set[int] = set()
    rows = []
    for lesion in range(1, lesions + 1):
        mask = reference & (zones == lesion)
        hits = set(np.unique(components[ndimage.binary_dilation(mask, reach, iterations=3)])) - {0}
        touched |= hits
        if mask.sum() * np.prod(spacing) > 50:
            scores = metrics.binary(np.isin(components, list(hits)), mask, spacing)
            rows.append((scores["dsc"], scores["hd95"] if hits else GLIOMA.miss_mm, bool(hits)))
    dsc, distances, hit = (np.array(column) for column in zip(*rows, strict=True))
    return Lesions(dsc, distances, hit, number - len(touched))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_is_what_a_walk_over_the_lesions_gives(seed: int) -> None:
    noise = [ndimage.gaussian_filter(np.random.default_rng(seed + 9 * k).random((24, 50, 60)), 2) for k in range(2)]
    reference = noise[0] > np.quantile(noise[0], 0.97)
    mixed = 0.6 * noise[0] + 0.4 * noise[1]
    prediction = mixed > np.quantile(mixed, 0.97)
    spacing = (3.0, 1.0, 1.5)
    found, expected = (match(prediction, reference, spacing) for match in (match_lesions, walk))
    assert len(found.dsc) > 3
    assert found.dsc == pytest.approx(expected.dsc)
    assert found.hd95_mm == pytest.approx(expected.hd95_mm)
    assert np.array_equal(found.hit, expected.hit)
    assert found.false_positives == expected.false_positives > 0


def test_shapes_must_agree() -> None:
    with pytest.raises(InputError, match="one grid"):
        match_lesions(blocks(), blocks()[1:], MM)


@pytest.mark.parametrize(
    "wrong", [{"dilations": -1}, {"dilations": 1.5}, {"ignored_mm3": float("nan")}, {"miss_mm": float("nan")}]
)
def test_wrong_matching_is_refused(wrong: dict) -> None:
    with pytest.raises(InputError, match=f"`{next(iter(wrong))}` must be"):
        Matching(**wrong)


def test_matching_of_another_disease() -> None:
    """Of metastases as BraTS has it: dilated once, those above 2 mm³ count; the distance of a miss is free."""
    far = cube(9, 2, 2)  # three voxels from the first: one lesion with it after three dilations, not after one
    reference = blocks(FIRST, far)
    as_glioma, once = (match_lesions(blocks(), reference, MM, matching=m) for m in (GLIOMA, Matching(1, 2.0, 100.0)))
    assert len(once.dsc) == 2
    assert len(as_glioma.dsc) == 1
    assert once.mean_hd95_mm == 100
    assert match_lesions(blocks(FIRST), blocks(), MM, matching=Matching(miss_mm=50)).mean_hd95_mm == 50
    touching = match_lesions(blocks(FIRST), blocks(FIRST), MM, matching=Matching(dilations=0))
    assert touching.mean_dsc == 1
