"""Targets on the grid of nnU-Net's preprocessed cases."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from softbench import soft_labels
from softbench.errors import InputError
from softbench.for_nnunet.recipe import Recipe

STEP = 1 / 65535  # of what is stored


def made(data_set: Any, recipe: Recipe, name: str = "mine") -> Path:
    from softbench.for_nnunet.prepare import prepare

    return prepare(data_set, recipe, name, log=lambda line: None)


def read(folder: Path, case: str, *, normalised: bool = True) -> np.ndarray:
    from softbench.for_nnunet import targets

    return targets.decode(np.asarray(targets.read(folder, case)[:]), normalised=normalised)


def linear(values: np.ndarray, axis: int, length: int) -> np.ndarray:
    """Resample along an axis: voxels of one extent, centres in their middle, linear between, constant beyond."""
    old = values.shape[axis]
    at = (np.arange(length) + 0.5) * old / length - 0.5
    return np.apply_along_axis(lambda line: np.interp(at, np.arange(old), line), axis, values)


def test_target_is_the_recipes_where_nothing_is_resampled(data_set) -> None:
    found = data_set()
    folder = made(found.open(), Recipe.of("svls", {"sigma": 0.7}))
    for case, (_, label) in found.given.items():
        soft = soft_labels.svls.soften(label[None], None, (1.0, 1.0, 1.0), classes=3, sigma=0.7)
        expected = soft[:, 2:, 2:, 2:]  # nnU-Net crops the rim, where the image is 0
        assert np.abs(read(folder, case) - expected).max() <= STEP


def test_probabilities_are_transposed_cropped_and_resampled(data_set) -> None:
    found = data_set(spacing=(2.0, 1.0, 1.0), wanted=(1.0, 1.5, 1.0), transpose=(1, 0, 2))
    opened = found.open()
    folder = made(opened, Recipe.of("one_hot", {}, stored=True))
    for case, (_, label) in found.given.items():
        expected = soft_labels.one_hot.soften(label[None], None, (2.0, 1.0, 1.0), classes=3)
        expected = expected.transpose(0, 2, 1, 3)[:, 2:, 2:, 2:]
        segmentation = opened.segmentation(case)[0]
        for axis, length in enumerate(segmentation.shape, start=1):
            expected = linear(expected, axis, length)
        soft = read(folder, case)
        assert np.abs(soft - expected).max() < 1e-4
        assert np.abs(soft.sum(axis=0) - 1).max() < 1e-6
        sure = np.abs(soft - 0.5).min(axis=0) > 0.02
        assert np.array_equal(soft.argmax(axis=0)[sure], np.maximum(segmentation, 0)[sure])


def test_slices_of_the_2d_configuration_keep_their_distance(data_set) -> None:
    found = data_set(spacing=(2.0, 1.0, 1.0), wanted=(1.0, 0.5, 0.5))
    opened = found.open("2d")
    soft = read(made(opened, Recipe.of("svls", {})), "ball_0")
    assert soft.shape == (3, 16, 36, 40) == (3, *opened.segmentation("ball_0").shape[1:])


def test_recipe_sees_the_image_before_normalisation(data_set) -> None:
    found = data_set()
    recipe = Recipe.of("geols", {"variant": "paper"})
    soft = read(made(found.open(), recipe), "ball_1")
    image, label = found.given["ball_1"]
    expected = soft_labels.geols.soften(label[None], image[None], (1.0, 1.0, 1.0), classes=3, **recipe.settings)
    assert np.abs(soft - expected[:, 2:, 2:, 2:]).max() <= STEP


def test_classes_that_do_not_sum_to_1_are_kept(data_set) -> None:
    found = data_set()
    recipe = Recipe.of("geols", {})
    assert not recipe.is_normalised
    soft = read(made(found.open(), recipe), "ball_1", normalised=False)
    image, label = found.given["ball_1"]
    expected = soft_labels.geols.soften(label[None], image[None], (1.0, 1.0, 1.0), classes=3)
    assert np.abs(soft - expected[:, 2:, 2:, 2:]).max() <= STEP
    assert expected.sum(axis=0).max() > 1.01


def test_ignored_voxels_take_the_nearest_label(data_set) -> None:
    def hide(label: np.ndarray) -> None:
        label[:, :4] = 3

    found = data_set(labels={"background": 0, "ball": 1, "core": 2, "ignore": 3}, edit=hide)
    soft = read(made(found.open(), Recipe.of("one_hot", {}, stored=True)), "ball_0")
    assert soft.shape[0] == 3
    assert np.array_equal(soft[:, :, 0], soft[:, :, 2])


def test_other_settings_under_a_name_are_refused(data_set) -> None:
    opened = data_set().open()
    folder = made(opened, Recipe.of("svls", {}))
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(InputError, match=r"made of something else: settings was \{'sigma': 1\.0\}, and is .*2"):
        made(opened, Recipe.of("svls", {"sigma": 2}))
    with pytest.raises(InputError, match="recipe was svls, and is blur"):
        made(opened, Recipe.of("blur", {}))
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("what", ["plans", "version"])
def test_other_plans_and_versions_are_refused(data_set, monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    found = data_set()
    made(found.open(), Recipe.of("svls", {}))
    if what == "plans":
        path = found.folder / "nnUNetPlans.json"
        plans = json.loads(path.read_text())
        plans["configurations"]["3d_fullres"]["spacing"] = [1.0, 1.0, 1.1]
        path.write_text(json.dumps(plans))
    else:
        monkeypatch.setattr("softbench.for_nnunet.recipe.versions", lambda recipe: {"soft_labels/svls.py": 99})
    with pytest.raises(InputError, match=r"made of something else: .*(plans_hash|versions) was"):
        made(found.open(), Recipe.of("svls", {}))


def test_batch_and_patch_of_the_plans_do_not_matter(data_set) -> None:
    found = data_set()
    folder = made(found.open(), Recipe.of("svls", {}))
    path = found.folder / "nnUNetPlans.json"
    plans = json.loads(path.read_text())
    plans["configurations"]["3d_fullres"] |= {"batch_size": 4, "patch_size": [8, 8, 8]}
    path.write_text(json.dumps(plans))
    before = (folder / "manifest.json").read_bytes()
    made(found.open(), Recipe.of("svls", {}))
    assert (folder / "manifest.json").read_bytes() == before


def test_stopped_call_goes_on_and_a_changed_label_map_is_made_again(data_set, monkeypatch: pytest.MonkeyPatch) -> None:
    from softbench.for_nnunet import prepare

    found, softened = data_set(), []
    soften = prepare.soften

    def count(opened: Any, recipe: Recipe, case: str, images: tuple[str, ...]) -> np.ndarray:
        if case == "ball_2" and len(softened) == 2:
            raise KeyboardInterrupt
        softened.append(case)
        return soften(opened, recipe, case, images)

    monkeypatch.setattr(prepare, "soften", count)
    with pytest.raises(KeyboardInterrupt):
        made(found.open(), Recipe.of("svls", {}))
    softened.append("stopped")
    folder = made(found.open(), Recipe.of("svls", {}))
    assert softened == ["ball_0", "ball_1", "stopped", "ball_2", "ball_3"]
    given = found.folder / "gt_segmentations" / "ball_1.nii.gz"
    given.write_bytes((given.parent / "ball_3.nii.gz").read_bytes())
    made(found.open(), Recipe.of("svls", {}))
    assert softened[5:] == ["ball_1"]
    assert not list(folder.glob(".*"))


def test_cascade_and_missing_parts_are_refused(data_set, monkeypatch: pytest.MonkeyPatch) -> None:
    from softbench.for_nnunet import data_set as room

    found = data_set()
    with pytest.raises(InputError, match="second stage of a cascade"):
        found.open("3d_cascade_fullres")
    with pytest.raises(InputError, match="no configuration '4d'; it has 3d_fullres, 2d and 3d_cascade_fullres"):
        found.open("4d")
    assert room.find("900", "nnUNetPlans", "2d").folder == found.folder
    with pytest.raises(InputError, match="'901' names no data set of nnU-Net"):
        room.find("901", "nnUNetPlans", "2d")
    monkeypatch.delenv("nnUNet_preprocessed")
    with pytest.raises(InputError, match="nnUNet_preprocessed is not set"):
        room.find("900", "nnUNetPlans", "2d")


def test_image_is_asked_for_only_by_recipes_that_read_it(data_set) -> None:
    from softbench.for_nnunet.data_set import DataSet, Place

    found = data_set()
    bare = DataSet(Place(found.folder, "nnUNetPlans", "3d_fullres"))
    made(bare, Recipe.of("svls", {}))
    with pytest.raises(InputError, match="the variable nnUNet_raw is not set"):
        made(bare, Recipe.of("geols", {}), "other")


def test_label_of_another_shape_or_class_is_refused(data_set) -> None:
    import SimpleITK

    found = data_set()
    path = str(found.folder / "gt_segmentations" / "ball_2.nii.gz")
    label = found.given["ball_2"][1]
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(label[:-1]), path)
    with pytest.raises(InputError, match=r"case ball_2: the label map is \(17, 20, 22\), but was \(18, 20, 22\)"):
        made(found.open(), Recipe.of("svls", {}))
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(label + 1), path)
    with pytest.raises(InputError, match="case ball_2: the label map holds the ids 1 to 3"):
        made(found.open(), Recipe.of("svls", {}))
