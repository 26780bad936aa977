"""Regions of interest: the band against its definition, voxel by voxel."""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt
from softbench import InputError
from softbench.metrics import regions


def band_by_definition(reference, reach_mm, spacing_mm):
    """Distance transform to every other class, class by class, on the whole volume.

    The limit is inclusive beyond rounding: hypot(6 x 0.4, 2 x 0.9) is 3, but 3.0000000000000004 in floating point.
    """
    band = np.zeros(reference.shape, bool)
    for class_id in np.unique(reference):
        here = reference == class_id
        if not here.all():
            band |= here & (distance_transform_edt(here, spacing_mm) <= reach_mm + 1e-9)
    return band


def test_foreground_is_where_the_reference_is_not_zero():
    reference = np.array([[0, 1], [2, 0]])
    assert (regions.mask(reference, "foreground") == (reference > 0)).all()
    assert regions.mask(reference, "all").all()


def test_band_reaches_equally_far_on_both_sides():
    reference = np.repeat([0, 1], 10)[None]
    band = regions.mask(reference, "band", band_mm=3.0, spacing_mm=(1.0, 1.0))
    # the voxels 9 and 10 touch across the border; 3 mm apart are 9 and 12, and 7 and 10
    assert np.flatnonzero(band[0]).tolist() == [7, 8, 9, 10, 11, 12]


def test_band_is_never_narrower_than_the_largest_spacing():
    reference = np.zeros((6, 4, 4), int)
    reference[3:] = 1
    assert regions.effective_band_mm(3.0, (5.0, 1, 1)) == 5.0
    band = regions.mask(reference, "band", band_mm=3.0, spacing_mm=(5.0, 1, 1))
    assert band.all(axis=(1, 2)).tolist() == [False, False, True, True, False, False]


def test_band_includes_its_limit_where_steps_do_not_add_up_exactly():
    reference = np.repeat([0, 1], 10)[None]
    assert regions.mask(reference, "band", band_mm=2.4, spacing_mm=(0.8, 0.8)).sum() == 6  # three voxels a side


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (3.0, 0.8, 1.25), (0.4, 2.2, 0.9)])
@pytest.mark.parametrize("seed", range(3))
def test_band_equals_the_distance_transform(spacing, seed):
    rng = np.random.default_rng(seed)
    reference = np.zeros((12, 20, 16), np.uint8)
    for class_id in (1, 2, 3, 1):
        start = [int(rng.integers(0, n - 4)) for n in reference.shape]
        reference[tuple(slice(a, a + int(rng.integers(1, 7))) for a in start)] = class_id
    found = regions.mask(reference, "band", band_mm=3.0, spacing_mm=spacing)
    assert (found == band_by_definition(reference, regions.effective_band_mm(3.0, spacing), spacing)).all()
    assert 0 < found.sum() < found.size


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.int64, bool])
@pytest.mark.parametrize(
    ("shape", "spacing"), [((7, 9, 40), (2.0, 1.0, 0.3)), ((30, 25), (0.9, 1.3)), ((1, 8, 8), (5, 1, 1))]
)
def test_band_of_noise_equals_the_distance_transform(shape, spacing, kind):
    reference = (np.random.default_rng(0).random(shape) > 0.97).astype(kind)
    found = regions.mask(reference, "band", band_mm=2.0, spacing_mm=spacing)
    assert (found == band_by_definition(reference, regions.effective_band_mm(2.0, spacing), spacing)).all()


def test_band_knows_large_and_negative_ids_apart():
    reference = np.array([[1, 1, 1, 1, 257, 257, -255, -255]])
    band = regions.mask(reference, "band", band_mm=1.0, spacing_mm=(1.0, 1.0))
    assert np.flatnonzero(band[0]).tolist() == [3, 4, 5, 6]


def test_masked_and_whole_volumes_have_the_same_band_where_nothing_is_masked_near_it():
    reference = np.zeros((12, 14, 20), np.uint8)
    reference[4:8, 5:9, 6:10] = 2
    valid = np.ones(reference.shape, bool)
    valid[..., -1] = False
    whole = regions.mask(reference, "band", spacing_mm=(1, 1, 1))
    assert (regions.mask(reference, "band", spacing_mm=(1, 1, 1), valid=valid) == whole).all()


def test_reference_of_one_class_has_no_band():
    assert not regions.mask(np.ones((4, 4), int), "band", spacing_mm=(1, 1)).any()


def test_no_border_runs_along_invalid_voxels():
    reference = np.array([[0] * 8 + [7] * 8])
    valid = reference == 0
    assert not regions.mask(reference, "band", spacing_mm=(1, 1), valid=valid).any()
    assert (regions.mask(reference, "all", valid=valid) == valid).all()
    assert not regions.mask(reference, "foreground", valid=valid).any()


def test_band_holds_valid_voxels_only():
    reference = np.repeat([0, 1], 10)[None]
    valid = np.ones(reference.shape, bool)
    valid[0, [8, 11]] = False
    band = regions.mask(reference, "band", spacing_mm=(1, 1), valid=valid)
    assert np.flatnonzero(band[0]).tolist() == [7, 9, 10, 12]


def test_unknown_region_lists_the_known_ones():
    with pytest.raises(InputError, match="all, foreground, band"):
        regions.mask(np.zeros((2, 2), int), "border")


def test_band_without_spacing_says_what_is_missing():
    with pytest.raises(InputError, match="needs `spacing_mm`"):
        regions.mask(np.zeros((2, 2), int), "band")
