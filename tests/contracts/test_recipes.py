"""The contract of a recipe, run on every recipe found: a new one is tested by being there."""

import numpy as np
import pytest
import torch
from softbench import InputError, soft_labels

CLASSES = 4
KEPT = {"blur": 0.05, "distance": 0.3}  # what is left of a single voxel where it is less than half: it is blurred away
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


def grid_of(recipe, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the grid of a soft label: that of its labels, but for a recipe with a `grid` of its own."""
    return recipe.grid(shape, **recipe.SETTINGS) if hasattr(recipe, "grid") else tuple(shape)


def keeps_the_grid(recipe) -> None:
    if hasattr(recipe, "grid"):
        pytest.skip("has a coarser grid")


def soften(recipe, labels, image, spacing, **settings):
    return recipe.soften(labels, image, spacing, classes=CLASSES, **settings)


def test_constants_are_there(recipe) -> None:
    assert recipe.VERSION >= 1
    assert recipe.RATERS in ("one", "many")
    assert recipe.KIND in ("computed", "mapped", "stored")
    assert isinstance(recipe.NEEDS_IMAGE, bool)
    assert isinstance(recipe.is_normalised(**recipe.SETTINGS), bool)


def test_shape_type_and_range(recipe, case) -> None:
    labels, image, spacing = case
    soft = soften(recipe, labels, image, spacing)
    assert soft.shape == (CLASSES, *grid_of(recipe, labels.shape[1:]))
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
    keeps_the_grid(recipe)
    labels, image, spacing = case
    single = np.zeros_like(labels)
    centre = (0, *(4 for _ in spacing))
    single[centre] = 1
    soft = soften(recipe, single, image, spacing)
    assert soft[(1, *centre[1:])] >= min(0.5, KEPT.get(recipe.__name__.rpartition(".")[2], 0.5)) - 1e-6


def test_tensor_gives_what_array_gives(recipe, case) -> None:
    labels, image, spacing = case
    soft = soften(recipe, torch.from_numpy(labels), torch.from_numpy(image), spacing)
    assert isinstance(soft, torch.Tensor)
    np.testing.assert_allclose(soft.numpy(), soften(recipe, labels, image, spacing), atol=1e-6)


def test_flips_commute_with_softening_of_labels_alone(recipe, case) -> None:
    if recipe.NEEDS_IMAGE:
        pytest.skip("a raster scan has a direction")
    keeps_the_grid(recipe)
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


def test_mapped_recipe_is_its_map_and_its_mixture(recipe, case) -> None:
    if recipe.KIND != "mapped":
        pytest.skip("makes no map")
    labels, image, spacing = case
    of_map = {name: recipe.SETTINGS[name] for name in recipe.MAP_SETTINGS}
    rest = {name: value for name, value in recipe.SETTINGS.items() if name not in of_map}
    arrays = recipe.make_map(labels, image, spacing, classes=CLASSES, case="", **of_map)
    mixed = recipe.apply_map(labels, arrays, spacing_mm=spacing, classes=CLASSES, **rest)
    np.testing.assert_array_equal(mixed, soften(recipe, labels, image, spacing))


@pytest.mark.parametrize("shape", [(1, 6, 7), (6, 1, 7), (2, 2, 2), (4, 4, 4)])
def test_thin_and_small_grids_work(recipe, shape: tuple[int, ...]) -> None:
    labels = np.zeros((1, *shape), np.uint8)
    labels[(0, *(slice(0, -(-n // 2)) for n in shape))] = 1
    image = np.random.default_rng(0).normal(size=(1, *shape)).astype(np.float32)
    soft = soften(recipe, labels, image, (1.0, 1.0, 1.0))
    assert soft.shape == (CLASSES, *grid_of(recipe, shape))
    assert np.isfinite(soft).all()
    assert soft.min() >= 0


def test_one_class_only_keeps_it(recipe, case) -> None:
    labels, image, spacing = case
    soft = soften(recipe, np.full_like(labels, 2), image, spacing)
    assert (soft.argmax(axis=0) == 2).all()


def test_quarter_turns_commute_with_softening_of_labels_alone(recipe, case) -> None:
    if recipe.NEEDS_IMAGE:
        pytest.skip("a raster scan has a direction")
    keeps_the_grid(recipe)
    labels, image, spacing = case
    even = (1.0,) * len(spacing)
    turned = soften(recipe, np.rot90(labels, axes=(-2, -1)).copy(), None, even)
    np.testing.assert_allclose(turned, np.rot90(soften(recipe, labels, image, even), axes=(-2, -1)), atol=1e-6)


def test_number_of_raters_is_respected(recipe, case) -> None:
    labels, image, spacing = case
    stack = np.concatenate([labels, np.roll(labels, 1, axis=-1)])
    if recipe.RATERS == "many":
        both = soften(recipe, stack, image, spacing)
        each = [soften(recipe, stack[r : r + 1], image, spacing) for r in (0, 1)]
        np.testing.assert_allclose(both, np.mean(each, axis=0), atol=1e-6)
    else:
        with pytest.raises(InputError, match="one rater"):
            soften(recipe, stack, image, spacing)


def test_unknown_setting_is_refused(recipe, case) -> None:
    labels, image, spacing = case
    with pytest.raises(TypeError, match="no_such_setting"):
        soften(recipe, labels, image, spacing, no_such_setting=1)


def test_batch_gives_what_its_members_give(recipe, case) -> None:
    if recipe.KIND != "computed":
        pytest.skip("made once for the data set, not in the loader")
    labels, image, spacing = case
    batch = np.stack([labels, np.roll(labels, 2, axis=-1)])
    soft = recipe.soften_batch(batch, np.stack([image, image]), spacing, classes=CLASSES)
    for one, expected in zip(soft, batch, strict=True):
        np.testing.assert_allclose(one, soften(recipe, expected, image, spacing), atol=1e-6)
    tensors = recipe.soften_batch(torch.from_numpy(batch), None, spacing, classes=CLASSES)
    np.testing.assert_allclose(tensors.numpy(), soft, atol=1e-6)
