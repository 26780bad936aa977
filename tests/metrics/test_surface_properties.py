"""What must hold for any masks: symmetry, mirrors, units, shifts. Masks are drawn by hypothesis."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from softbench.metrics import binary, surface

SYMMETRIC = ("dsc", "iou", "accuracy", "vs", "hd95", "hd95_pooled", "assd", "masd", "nsd", "nsd_voxel")
IN_MM = ("hd95", "hd95_pooled", "asd", "assd", "masd")
SHARES = ("nsd", "nsd_voxel", "sd_svls")
quick = settings(max_examples=60, deadline=None, derandomize=True)
lengths = st.floats(0.2, 6)


@st.composite
def masks(draw):
    """Two masks of one shape, 2-D or 3-D, sparse to full or empty, and a spacing."""
    dims = draw(st.sampled_from([2, 3]))
    shape = (*(draw(st.integers(1, 9)) for _ in range(dims - 1)), draw(st.sampled_from([1, 5, 12, 63, 64, 66])))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    pair = [rng.random(shape) < draw(st.sampled_from([0.0, 0.02, 0.3, 0.8, 1.0])) for _ in range(2)]
    return *pair, tuple(draw(lengths) for _ in range(dims))


@quick
@given(masks())
def test_prediction_and_reference_may_change_places(drawn):
    prediction, reference, spacing = drawn
    found, swapped = binary(prediction, reference, spacing), binary(reference, prediction, spacing)
    for key in SYMMETRIC:
        assert found[key] == pytest.approx(swapped[key], abs=1e-12, nan_ok=True), key
    assert found["sensitivity"] == pytest.approx(swapped["precision"], nan_ok=True)


@quick
@given(masks(), st.integers(0, 2))
def test_a_mirror_changes_nothing(drawn, axis):
    prediction, reference, spacing = drawn
    axis %= prediction.ndim
    mirrored = binary(np.flip(prediction, axis), np.flip(reference, axis), spacing)
    assert mirrored == pytest.approx(binary(prediction, reference, spacing), abs=1e-9, nan_ok=True)


@quick
@given(masks(), lengths, st.floats(0.5, 8))
def test_millimetres_scale_with_the_spacing_and_shares_with_nothing(drawn, factor, tolerance):
    prediction, reference, spacing = drawn
    found = binary(prediction, reference, spacing, tolerance)
    scaled = binary(prediction, reference, [factor * step for step in spacing], factor * tolerance)
    for key in IN_MM:
        assert scaled[key] == pytest.approx(factor * found[key], rel=1e-9, nan_ok=True), key
    for key in SHARES:
        assert scaled[key] == pytest.approx(found[key], abs=1e-9, nan_ok=True), key


@quick
@given(masks())
def test_a_mask_is_nowhere_from_itself(drawn):
    prediction, _, spacing = drawn
    found = binary(prediction, prediction, spacing)
    expected = (0, 1, 1) if prediction.any() else (math.nan, math.nan, 0)
    for key in IN_MM:
        assert found[key] == pytest.approx(expected[0], nan_ok=True)
    assert (found["nsd"], found["sd_svls"]) == pytest.approx(expected[1:], nan_ok=True)


@quick
@given(masks())
def test_bounds_hold(drawn):
    prediction, reference, spacing = drawn
    found = binary(prediction, reference, spacing)
    diagonal = float(np.linalg.norm(np.multiply(prediction.shape, spacing)))
    if prediction.any() and reference.any():
        assert all(0 <= found[key] <= diagonal for key in IN_MM)
        assert found["iou"] <= found["dsc"] <= 1
        assert found["dsc"] == pytest.approx(2 * found["iou"] / (1 + found["iou"]))


@quick
@given(st.integers(1, 20), st.integers(0, 2), st.tuples(lengths, lengths, lengths))
def test_a_shifted_cube_is_as_far_as_it_was_shifted(steps, axis, spacing):
    cube = np.zeros((34, 34, 34), bool)
    cube[2:12, 2:12, 2:12] = True
    found = binary(np.roll(cube, steps, axis), cube, spacing, tolerance_mm=steps * spacing[axis])
    # the face that moved away has 100 of 10^3 - 8^3 = 488 surface voxels: more than 5 %, and none is further. A voxel
    # of it may be nearer to the side faces only where it lies inside the other cube, and that one is behind it
    assert found["hd95"] == found["hd95_pooled"] == pytest.approx(steps * spacing[axis])
    assert found["nsd"] == found["nsd_voxel"] == found["sd_svls"] == 1
    if steps * spacing[axis] > 1e-6:
        assert binary(np.roll(cube, steps, axis), cube, spacing, 0.99 * steps * spacing[axis])["nsd_voxel"] < 1


@quick
@given(st.integers(0, 10**6))
def test_a_far_false_positive_makes_nothing_better(seed):
    rng = np.random.default_rng(seed)
    prediction, reference = rng.random((2, 8, 9, 40)) < 0.3
    prediction[..., 20:] = reference[..., 20:] = False
    with_speck = prediction.copy()
    with_speck[4, 4, 38] = True  # at least 19 mm from the reference
    before, after = (binary(mask, reference, (1, 1, 1)) for mask in (prediction, with_speck))
    for key in ("dsc", "iou", "accuracy", "precision", "specificity", "nsd", "nsd_voxel", "sd_svls"):
        assert after[key] <= before[key], key
    assert after["asd"] > before["asd"]
    assert after["assd"] > before["assd"]
    assert after["sensitivity"] == before["sensitivity"]


@quick
@given(masks(), st.integers(0, 2))
def test_in_plane_distance_is_symmetric_and_scales(drawn, axis):
    prediction, reference, spacing = drawn
    axis = axis if prediction.ndim == 3 else 0
    found = surface.hd95_in_plane(prediction, reference, spacing, slice_axis=axis)
    assert surface.hd95_in_plane(reference, prediction, spacing, slice_axis=axis) == pytest.approx(found, nan_ok=True)
    doubled = surface.hd95_in_plane(prediction, reference, [2 * step for step in spacing], slice_axis=axis)
    assert doubled == pytest.approx(2 * found, nan_ok=True)
