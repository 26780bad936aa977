"""The contract of a recipe, run on every recipe found: a new one is tested by being there."""

import numpy as np
import pytest
import torch
from softbench import InputError, soft_labels

CLASSES = 4
SPACING = {3: (3.0, 0.8, 1.25), 2: (0.8, 1.25)}


@pytest.fixture(params=soft_labels.names())
def recipe(request: pytest.FixtureRequest):
    return soft_labels.recipe(request.param)


@pytest.fixture(params=[2, 3], ids=["2-D", "3-D"])
def case(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray, tuple[float, ...]]:
    """Labels (1, ...) with classes 1 and 2 (3 is absent), an image (2, ...), and a spacing."""
    shape = (8, 10, 9)[-request.param :]
    labels = np.zeros((1, *shape), np.uint8)
    middle = tuple(slice(2, 6) for _ in shape)
    labels[(0, *middle)] = 1
    labels[(0, *(slice(3, 5) for _ in shape))] = 2
    image = np.random.default_rng(1).normal(size=(2, *shape)).astype(np.float32) + labels
    return labels, image, SPACING[request.param]


def soften(recipe, labels, image, spacing, **settings):
    return recipe.soften(labels, image, spacing, classes=CLASSES, **settings)


def test_constants_are_there(recipe) -> None:
    assert recipe.VERSION >= 1
    assert recipe.RATERS in ("one", "many")
    assert recipe.KIND in ("computed", "stored")
    assert isinstance(recipe.NEEDS_IMAGE, bool)
    assert isinstance(recipe.is_normalised(**recipe.SETTINGS), bool)


def test_shape_type_and_range(recipe, case) -> None:
    labels, image, spacing = case
    soft = soften(recipe, labels, image, spacing)
    assert soft.shape == (CLASSES, *labels.shape[1:])
    assert soft.dtype == np.float32
    assert np.isfinite(soft).all()
    assert soft.min() >= 0
    assert soft.max() <= 1 + 1e-6


def test_classes_sum_to_one_where_it_says_so(recipe, case) -> None:
    labels, image, spacing = case
    error = np.abs(soften(recipe, labels, image, spacing).sum(axis=0) - 1).max()
    assert (error <= 1e-5) or not recipe.is_normalised(**recipe.SETTINGS)


def test_defaults_are_those_of_settings(recipe, case) -> None:
    labels, image, spacing = case
    default = soften(recipe, labels, image, spacing)
    np.testing.assert_array_equal(default, soften(recipe, labels, image, spacing, **recipe.SETTINGS))


def test_same_input_gives_same_output_and_stays_as_it_was(recipe, case) -> None:
    labels, image, spacing = case
    before = labels.copy(), image.copy()
    first = soften(recipe, labels, image, spacing)
    np.testing.assert_array_equal(first, soften(recipe, labels, image, spacing))
    np.testing.assert_array_equal(labels, before[0])
    np.testing.assert_array_equal(image, before[1])


def test_all_background_stays_background(recipe, case) -> None:
    labels, image, spacing = case
    soft = soften(recipe, np.zeros_like(labels), image, spacing)
    assert (soft.argmax(axis=0) == 0).all()


def test_one_voxel_object_is_kept(recipe, case) -> None:
    labels, image, spacing = case
    single = np.zeros_like(labels)
    centre = (0, *(4 for _ in spacing))
    single[centre] = 1
    soft = soften(recipe, single, image, spacing)
    assert soft[(1, *centre[1:])] >= 0.5 - 1e-6


def test_tensor_gives_what_array_gives(recipe, case) -> None:
    labels, image, spacing = case
    soft = soften(recipe, torch.from_numpy(labels), torch.from_numpy(image), spacing)
    assert isinstance(soft, torch.Tensor)
    np.testing.assert_allclose(soft.numpy(), soften(recipe, labels, image, spacing), atol=1e-6)


def test_flips_commute_with_softening_of_labels_alone(recipe, case) -> None:
    if recipe.NEEDS_IMAGE:
        pytest.skip("a raster scan has a direction")
    labels, image, spacing = case
    flipped = soften(recipe, np.flip(labels, axis=-1).copy(), None, spacing)
    np.testing.assert_allclose(flipped, np.flip(soften(recipe, labels, image, spacing), axis=-1), atol=1e-6)


def test_unknown_class_is_named_with_its_count(recipe, case) -> None:
    labels, image, spacing = case
    wrong = labels.copy()
    wrong.flat[:3] = 9
    with pytest.raises(InputError, match=r"\{9: 3\}"):
        soften(recipe, wrong, image, spacing)


def test_float_labels_are_refused(recipe, case) -> None:
    labels, image, spacing = case
    with pytest.raises(InputError, match="integers"):
        soften(recipe, labels.astype(np.float32), image, spacing)


def test_wrong_spacing_is_refused(recipe, case) -> None:
    labels, image, spacing = case
    for bad in (spacing[:-1], (0.0, *spacing[1:])):
        with pytest.raises(InputError, match="spacing_mm"):
            soften(recipe, labels, image, bad)


def test_missing_rater_axis_is_refused(recipe, case) -> None:
    labels, image, spacing = case
    with pytest.raises(InputError, match="labels"):
        soften(recipe, labels[0, 0] if labels.ndim == 3 else labels[0, 0, 0], image, spacing)


def test_image_is_checked_where_it_is_needed(recipe, case) -> None:
    if not recipe.NEEDS_IMAGE:
        pytest.skip("looks at labels alone")
    labels, image, spacing = case
    damaged = image.copy()
    damaged.flat[0] = np.nan
    for bad, message in ((None, "is None"), (image[:, 1:], "one grid"), (damaged, "NaN")):
        with pytest.raises(InputError, match=message):
            soften(recipe, labels, bad, spacing)
