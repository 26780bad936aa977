"""SoftLabel and SoftLabeld give what recipes give, in MONAI's pipelines."""

import pickle

import numpy as np
import pytest
import torch
from monai.data import DataLoader, Dataset, MetaTensor
from monai.transforms import Compose, EnsureChannelFirstd, RandFlipd, Spacingd
from softbench import soft_labels
from softbench.errors import InputError
from softbench.for_monai import SoftLabel, SoftLabeld

SPACING = {2: (0.8, 1.2), 3: (2.0, 0.8, 1.2)}
NAMES = soft_labels.names()
OWN = [name for name in NAMES if not hasattr(soft_labels.recipe(name), "SWAPS")]
OF_LABELS = [name for name in OWN if not soft_labels.recipe(name).NEEDS_IMAGE]
OF_IMAGE = [name for name in OWN if soft_labels.recipe(name).NEEDS_IMAGE]


def label_maps(dims: int, raters: int = 1) -> np.ndarray:
    shape = (9, 12, 14)[-dims:]
    labels = np.zeros((raters, *shape), np.uint8)
    for rater in range(raters):
        labels[(rater, *(slice(2, 7 + rater) for _ in shape))] = 1
        labels[(rater, *(slice(3, 5) for _ in shape))] = 2
    return labels


def picture(dims: int) -> np.ndarray:
    noise = np.random.default_rng(0).normal(size=(2, *label_maps(dims).shape[1:]))
    return (100 * label_maps(dims) + 5 * noise).astype(np.float32)


def affine(dims: int) -> torch.Tensor:
    """An affine with this spacing that is turned about the last axis."""
    matrix = torch.eye(4, dtype=torch.float64)
    turn = torch.tensor([[0.6, -0.8, 0.0], [0.8, 0.6, 0.0], [0.0, 0.0, 1.0]], dtype=torch.float64)
    matrix[:3, :3] = turn @ torch.diag(torch.tensor([*SPACING[dims], 1.0][:3], dtype=torch.float64))
    matrix[:3, 3] = torch.tensor([10.0, -20.0, 5.0])
    return matrix


def meta(array: np.ndarray) -> MetaTensor:
    return MetaTensor(torch.from_numpy(array.astype(np.float32)), affine=affine(array.ndim - 1))


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("name", OF_LABELS + OF_IMAGE)
def test_equals_the_recipe(name: str, dims: int) -> None:
    module = soft_labels.recipe(name)
    labels = label_maps(dims, 3 if module.RATERS == "many" else 1)
    image = picture(dims) if module.NEEDS_IMAGE else None
    want = module.soften(labels, image, SPACING[dims], classes=3)
    soften = SoftLabeld("label", name, classes=3, image_key="image" if module.NEEDS_IMAGE else None)
    case = {"label": meta(labels), "image": meta(picture(dims))}
    soft = pickle.loads(pickle.dumps(soften))(case)["label_soft"]
    np.testing.assert_array_equal(soft.numpy(), want)
    assert soft.dtype == torch.float32
    assert isinstance(soft, MetaTensor)
    if name != "epd":
        torch.testing.assert_close(soft.affine, affine(dims))
    np.testing.assert_array_equal(case["label"].numpy(), labels)  # as it was


def test_settings_reach_the_recipe_and_spacing_may_be_given() -> None:
    labels = label_maps(3)
    want = soft_labels.distance.soften(labels, None, (1.0, 2.0, 3.0), classes=3, width_mm=2.5)
    soften = SoftLabel("distance", classes=3, spacing_mm=(1.0, 2.0, 3.0), width_mm=2.5)
    np.testing.assert_array_equal(soften(labels).numpy(), want)
    np.testing.assert_array_equal(soften(meta(labels)).numpy(), want)
    assert not isinstance(soften(labels), MetaTensor)


def test_teacher_is_handed_over() -> None:
    labels = label_maps(2)
    teacher = np.full((3, *labels.shape[1:]), 1 / 3, np.float32)
    want = soft_labels.distilled.soften(labels, None, SPACING[2], classes=3, share=0.5, teacher=teacher)
    soften = SoftLabeld("label", "distilled", classes=3, teacher_key="teacher", share=0.5)
    np.testing.assert_array_equal(soften({"label": meta(labels), "teacher": teacher})["label_soft"].numpy(), want)


def test_voxels_without_a_label_take_the_nearest() -> None:
    labels, valid = label_maps(2), np.ones((1, 12, 14), bool)
    valid[0, :, 10:] = False
    spoilt = np.where(valid, labels, 2)
    want = SoftLabel("svls", classes=3)(meta(labels))  # nothing but background lies beyond
    soft = SoftLabel("svls", classes=3)(meta(spoilt), valid=torch.from_numpy(valid))
    np.testing.assert_array_equal(soft.numpy(), want.numpy())


def test_coarser_grid_has_the_affine_of_its_voxels() -> None:
    soft = SoftLabel("epd", classes=3, factor=[1, 2, 2])(meta(label_maps(3)))
    assert soft.shape == (3, 9, 6, 7)
    centre = affine(3) @ torch.tensor([4.0, 2.5, 4.5, 1.0], dtype=torch.float64)  # between voxels 2, 3 and 4, 5
    torch.testing.assert_close(soft.affine @ torch.tensor([4.0, 1.0, 2.0, 1.0], dtype=torch.float64), centre)


def test_pipeline_with_workers_sees_the_spacing_of_resampled_labels() -> None:
    labels = label_maps(3)
    steps = Compose(
        [
            EnsureChannelFirstd("label", channel_dim="no_channel"),
            Spacingd("label", pixdim=(1.0, 1.0, 1.0), mode="nearest"),
            SoftLabeld("label", "distance", classes=3),
            RandFlipd(["label", "label_soft"], prob=1.0, spatial_axis=0),
        ]
    )
    start = torch.diag(torch.tensor([*SPACING[3], 1.0], dtype=torch.float64))
    case = {"label": MetaTensor(torch.from_numpy(labels[0].astype(np.float32)), affine=start)}
    batch = next(iter(DataLoader(Dataset([case, case], steps), batch_size=2, num_workers=1)))
    hard = batch["label"][0].numpy()[:, ::-1].astype(np.uint8)
    want = soft_labels.distance.soften(hard, None, (1.0, 1.0, 1.0), classes=3)[:, ::-1]
    np.testing.assert_allclose(batch["label_soft"][0].numpy(), want, atol=1e-6)
    assert batch["label_soft"].shape == (2, 3, *hard.shape[1:])


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(OWN)))
def test_control_of_another_case_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="of another case"):
        SoftLabel(name, classes=3)


def test_errors_name_recipe_and_setting() -> None:
    with pytest.raises(InputError, match="no recipe 'svsl'"):
        SoftLabel("svsl", classes=3)
    with pytest.raises(InputError, match=r"'svls' has no setting 'sigmas'; its settings: sigma\. Did you mean 'sigma'"):
        SoftLabel("svls", classes=3, sigmas=1.0)
    with pytest.raises(InputError, match=r"soft label ls \(alpha=2\): `alpha` must lie in \[0, 1\]"):
        SoftLabel("ls", classes=3, alpha=2)(meta(label_maps(2)))
    with pytest.raises(InputError, match="`image_key`"):
        SoftLabeld("label", "geols", classes=3)
    with pytest.raises(InputError, match="Put it before the transform that normalises"):
        SoftLabel("geols", classes=3, intensities="prepared")
    with pytest.raises(InputError, match="carry no affine"):
        SoftLabel("svls", classes=3)(torch.zeros(1, 4, 4))
    with pytest.raises(InputError, match=r"holds 0\.5.*nearest"):
        SoftLabel("svls", classes=3, spacing_mm=(1, 1))(torch.full((1, 4, 4), 0.5))
    with pytest.raises(InputError, match="takes no `teacher`"):
        SoftLabel("svls", classes=3)(meta(label_maps(2)), teacher=np.zeros(3))
    with pytest.raises(InputError, match="no 'mask', the `valid_key`"):
        SoftLabeld("label", "svls", classes=3, valid_key="mask")({"label": meta(label_maps(2))})
