"""Surface distances against geometry, and live against medpy."""

import math

import numpy as np
import pytest
from medpy.metric import binary as medpy
from scipy.ndimage import gaussian_filter
from softbench import metrics

DISTANCES = ("hd95", "hd95_pooled", "asd", "assd", "masd")


def block(shape, *, start, stop) -> np.ndarray:
    """A box of True voxels."""
    mask = np.zeros(shape, bool)
    mask[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))] = True
    return mask


def blobs(seed: int, shape=(14, 18, 16)) -> np.ndarray:
    """Random smooth blobs, some of which touch the array's edge."""
    return gaussian_filter(np.random.default_rng(seed).normal(size=shape), 1.5) > 0.03


def test_two_voxels_lie_as_far_apart_as_their_centres():
    first, second = block((9, 9, 9), start=(1, 2, 3), stop=(2, 3, 4)), block((9, 9, 9), start=(3, 5, 3), stop=(4, 6, 4))
    found = metrics.binary(first, second, (3.0, 0.8, 1.25))
    expected = math.hypot(2 * 3.0, 3 * 0.8)
    assert [found[key] for key in DISTANCES] == pytest.approx([expected] * 5, abs=1e-12)


def test_shifted_cube_is_one_voxel_away():
    first = block((12, 12, 12), start=(3, 3, 3), stop=(8, 8, 8))
    found = metrics.binary(np.roll(first, 1, axis=2), first, (1, 1, 1))
    # of the 5^3 - 3^3 = 98 surface voxels, only the far face (25) and the middle 3 x 3 of the near one are not on
    # the other cube's surface; each is 1 mm away from it
    assert found["hd95"] == found["hd95_pooled"] == 1
    assert found["asd"] == found["assd"] == found["masd"] == pytest.approx((25 + 9) / 98)


def test_distance_across_slices_counts_slice_thickness():
    first = block((12, 12, 12), start=(3, 3, 3), stop=(8, 8, 8))
    found = metrics.binary(np.roll(first, 1, axis=0), first, (5.0, 1, 1))
    assert found["hd95"] == 5.0  # 25 of 98 voxels: well above the 95th percentile
    assert metrics.binary(np.roll(first, 1, axis=2), first, (5.0, 1, 1))["hd95"] == 1.0


def test_directed_distance_is_blind_to_what_was_missed():
    found_one = block((5, 5, 40), start=(2, 2, 2), stop=(3, 3, 3))
    both = found_one | block((5, 5, 40), start=(2, 2, 32), stop=(3, 3, 33))
    found = metrics.binary(found_one, both, (1, 1, 1))
    assert found["asd"] == 0
    assert found["assd"] == pytest.approx((0 + 0 + 30) / 3)  # three surface voxels in all, one 30 mm away
    assert found["masd"] == pytest.approx((0 + 15) / 2)
    assert found["sd_svls"] == 1
    assert found["nsd"] == pytest.approx(2 / 3)  # three equal little surfaces, one of them missed


def test_hd95_is_the_larger_of_two_percentiles_and_not_the_pooled_one():
    line = block((1, 200), start=(0, 0), stop=(1, 100))[0][None]
    longer = line.copy()
    longer[0, 110] = True  # 1 of 101 reference voxels, 11 mm away: above no 95th percentile
    assert metrics.binary(line, longer, (1, 1))["hd95"] == 0
    prediction, reference = block((1, 60), start=(0, 0), stop=(1, 10)), block((1, 60), start=(0, 0), stop=(1, 50))
    found = metrics.binary(prediction, reference, (1, 1))
    # reference voxels at 0 (ten times), then 1 .. 40 mm; the prediction's all at 0
    to_prediction = [0] * 10 + list(range(1, 41))
    assert found["hd95"] == pytest.approx(np.percentile(to_prediction, 95))
    assert found["hd95_pooled"] == pytest.approx(np.percentile(to_prediction + [0] * 10, 95))


@pytest.mark.parametrize("empty", ["prediction", "reference"])
def test_distance_to_nothing_is_infinite(empty):
    masks = [np.zeros((6, 6, 6), bool), block((6, 6, 6), start=(1, 1, 1), stop=(4, 4, 4))]
    prediction, reference = masks if empty == "prediction" else masks[::-1]
    found = metrics.binary(prediction, reference, (1, 1, 1))
    assert [found[key] for key in DISTANCES] == [math.inf] * 5
    assert found["sd_svls"] == 0


def test_tolerance_is_inclusive_where_steps_do_not_add_up_exactly():
    first = block((3, 3, 12), start=(1, 1, 2), stop=(2, 2, 3))
    second = block((3, 3, 12), start=(1, 1, 5), stop=(2, 2, 6))
    assert 3 * 0.8 > 2.4  # in floating point
    found = metrics.binary(first, second, (1, 1, 0.8), tolerance_mm=2.4)
    assert found["nsd"] == found["nsd_voxel"] == found["sd_svls"] == 1
    assert metrics.binary(first, second, (1, 1, 0.8), tolerance_mm=2.39)["nsd_voxel"] == 0


def test_array_edge_is_surface():
    full = np.ones((5, 6, 7), bool)
    hollow = full.copy()
    hollow[1:-1, 1:-1, 1:-1] = False
    # the full volume's surface is its outer layer; the hollow one's has the same outer layer and nothing else
    found = metrics.binary(hollow, full, (1, 1, 1))
    assert [found[key] for key in DISTANCES] == [0] * 5


@pytest.mark.parametrize("seed", range(6))
def test_distances_equal_medpy(seed):
    prediction, reference = blobs(seed), blobs(100 + seed)
    spacing = (2.5, 0.7, 1.1)
    found = metrics.binary(prediction, reference, spacing)
    assert found["asd"] == pytest.approx(medpy.asd(prediction, reference, spacing), abs=1e-9)
    assert found["assd"] == pytest.approx(medpy.assd(prediction, reference, spacing), abs=1e-9)
    assert found["hd95_pooled"] == pytest.approx(medpy.hd95(prediction, reference, spacing), abs=1e-9)
    assert found["dsc"] == pytest.approx(medpy.dc(prediction, reference), abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_distances_equal_medpy_in_2d(seed):
    prediction, reference = blobs(seed, (30, 40)), blobs(50 + seed, (30, 40))
    found = metrics.binary(prediction, reference, (0.5, 1.5))
    assert found["assd"] == pytest.approx(medpy.assd(prediction, reference, (0.5, 1.5)), abs=1e-9)
    assert found["hd95_pooled"] == pytest.approx(medpy.hd95(prediction, reference, (0.5, 1.5)), abs=1e-9)


def test_measures_do_not_change_when_the_world_is_turned():
    prediction, reference, spacing = blobs(1), blobs(2), (2.0, 0.7, 1.3)
    found = metrics.binary(prediction, reference, spacing)
    turned = metrics.binary(
        prediction.transpose(2, 0, 1)[::-1], reference.transpose(2, 0, 1)[::-1], (spacing[2], spacing[0], spacing[1])
    )
    assert turned == pytest.approx(found, abs=1e-12)
