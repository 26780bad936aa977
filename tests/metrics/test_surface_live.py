"""medpy, MONAI and SimpleITK on the same masks, live: random shapes, random spacings, 3-D and 2-D."""

import numpy as np
import pytest
import SimpleITK
import torch
from medpy.metric import binary as medpy
from monai import metrics as monai
from scipy.ndimage import gaussian_filter
from scipy.spatial import KDTree
from softbench import metrics
from softbench.metrics import surface

SHAPES = [(7, 18, 23), (12, 9, 70), (14, 14, 14), (21, 66), (30, 40)]


def pair(seed: int, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, tuple[float, ...]]:
    """Two related blobs, with specks that only one of them has, and a spacing of 0.3 to 5 mm."""
    rng = np.random.default_rng(seed)
    field = gaussian_filter(rng.normal(size=shape), 2)
    fields = [field + 0.6 * gaussian_filter(rng.normal(size=shape), 1.5) for _ in range(2)]
    prediction, reference = ((f > np.quantile(f, 0.75)) | (rng.random(shape) > 0.998) for f in fields)
    return prediction, reference, tuple(np.exp(rng.uniform(np.log(0.3), np.log(5), len(shape))).tolist())


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(3))
def test_masks_measure_as_in_medpy(seed, shape):
    prediction, reference, spacing = pair(seed, shape)
    found = metrics.binary(prediction, reference, spacing)
    overlaps = {"dsc": medpy.dc, "iou": medpy.jc, "precision": medpy.precision, "sensitivity": medpy.recall}
    for key, measure in {**overlaps, "specificity": medpy.specificity}.items():
        assert found[key] == pytest.approx(measure(prediction, reference), abs=1e-12), key
    for key, measure in {"hd95_pooled": medpy.hd95, "asd": medpy.asd, "assd": medpy.assd}.items():
        assert found[key] == pytest.approx(measure(prediction, reference, spacing), abs=1e-12), key


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(3))
def test_surfaces_measure_as_in_monai(seed, shape):
    prediction, reference, spacing = pair(seed, shape)
    found = metrics.binary(prediction, reference, spacing, tolerance_mm=1.7)
    masks = [torch.from_numpy(mask)[None, None].float() for mask in (prediction, reference)]
    settings = {"include_background": True, "spacing": spacing}
    expected = {
        "hd95": monai.compute_hausdorff_distance(*masks, percentile=95, **settings),
        "asd": monai.compute_average_surface_distance(*masks, **settings),
        "assd": monai.compute_average_surface_distance(*masks, symmetric=True, **settings),
        "nsd_voxel": monai.compute_surface_dice(*masks, [1.7], **settings),
        "nsd": monai.compute_surface_dice(*masks, [1.7], use_subvoxels=True, **settings),
    }
    assert {key: found[key] for key in expected} == pytest.approx(
        {key: float(value) for key, value in expected.items()}, rel=1e-5
    )


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("slice_axis", [0, 1, 2])
def test_in_plane_distance_is_that_of_mrbrains_evaluation(seed, slice_axis):
    prediction, reference, spacing = pair(seed, (7, 18, 23))
    order = (slice_axis, *(axis for axis in range(3) if axis != slice_axis))
    points = [
        edge_points(mask.transpose(order), tuple(spacing[axis] for axis in order)) for mask in (prediction, reference)
    ]
    expected = max(np.percentile(KDTree(b).query(a)[0], 95) for a, b in (points, points[::-1]))
    found = surface.hd95_in_plane(prediction, reference, spacing, slice_axis=slice_axis)
    assert found == pytest.approx(expected, abs=1e-9)


def edge_points(mask: np.ndarray, spacing: tuple[float, ...]) -> np.ndarray:
    """The physical places of a mask's voxels that SimpleITK erodes in its slices: lines of the official script."""
    image = SimpleITK.GetImageFromArray(mask.astype(np.uint8))
    image.SetSpacing(spacing[::-1])
    edge = SimpleITK.GetArrayFromImage(SimpleITK.Subtract(image, SimpleITK.BinaryErode(image, (1, 1, 0))))
    return np.array([image.TransformIndexToPhysicalPoint(place[::-1].tolist()) for place in np.argwhere(edge)])
