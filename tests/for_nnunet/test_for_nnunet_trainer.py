"""The trainer with nnU-Net's own loader, augmentation, network and checkpoints."""

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from softbench.errors import InputError
from softbench.for_nnunet.recipe import Recipe


def trainer(found: Any, recipe: Recipe | None, configuration: str = "3d_fullres", **says: Any) -> Any:
    """A trainer of nnU-Net's own (None), or of ours for targets called as the recipe."""
    import torch
    from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer
    from softbench.for_nnunet.trainer import nnUNetTrainerSoft

    kind = nnUNetTrainer
    if recipe is not None:
        content = {"target": recipe.name, "recipe": recipe.recipe, "settings": recipe.settings, "stored": recipe.stored}
        kind = type(says.pop("kind", f"nnUNetTrainerSoft_{recipe.name}"), (nnUNetTrainerSoft,), {**content, **says})
    plans = json.loads((found.folder / "nnUNetPlans.json").read_text())
    plans["continue_training"] = False
    described = json.loads((found.folder / "dataset.json").read_text())
    return kind(plans, configuration, 0, described, torch.device("cpu"))


def prepared(found: Any, recipe: Recipe, configuration: str = "3d_fullres") -> None:
    from softbench.for_nnunet.prepare import prepare

    if recipe.stored:
        prepare(found.open(configuration), recipe, recipe.name, log=lambda line: None)


def losses(found: Any, recipe: Recipe | None, configuration: str, steps: int) -> np.ndarray:
    """The losses of the first steps, from one seed."""
    from softbench.for_nnunet.trainer import set_seed

    set_seed(7)
    ours = trainer(found, recipe, configuration)
    ours.on_train_start()
    ours.on_train_epoch_start()
    return np.array([ours.train_step(next(ours.dataloader_train))["loss"] for _ in range(steps)])


@pytest.mark.parametrize("configuration", ["3d_fullres", "2d"])
def test_one_hot_gives_nnunets_first_50_losses_and_a_soft_target_changes_them(data_set, configuration: str) -> None:
    found = data_set()
    svls = Recipe.of("svls", {})
    prepared(found, svls, configuration)
    theirs = losses(found, None, configuration, 50)
    one_hot = losses(found, Recipe.of("one_hot", {}), configuration, 50)
    soft = losses(found, svls, configuration, 5)
    assert np.abs(theirs - one_hot).max() < 1e-5  # found: 2e-7
    assert np.abs(theirs[:5] - soft).min() > 0.01


@pytest.mark.parametrize("configuration", ["3d_fullres", "2d"])
def test_augmented_targets_sum_to_1_and_lie_on_the_label_map(data_set, configuration: str) -> None:
    found = data_set()
    recipe = Recipe.of("svls", {})
    prepared(found, recipe, configuration)
    ours = trainer(found, recipe, configuration)
    ours.on_train_start()
    ours.loss.train()
    dims = len(ours.configuration_manager.patch_size)
    for batch in itertools.islice(ours.dataloader_train, 8):
        assert [tuple(target.shape) for target in batch["target"]] == [(2, 3, *[16] * dims), (2, 3, *[8] * dims)]
        for target in batch["target"]:
            read = ours.loss.loss.read(target)
            assert float((read.soft.sum(dim=1) - 1).abs().max()) < 1e-6
            assert float(read.soft.min()) >= 0
            same = (read.soft.argmax(dim=1) == read.hard).float().mean()  # interpolation moves the border a little
            assert float(same) > 0.97
    assert [target.shape[1] for target in next(ours.dataloader_val)["target"]] == [1, 1]


def test_flat_patches_are_augmented_slice_by_slice(data_set) -> None:
    found = data_set()
    path = found.folder / "nnUNetPlans.json"
    plans = json.loads(path.read_text())
    plans["configurations"]["3d_fullres"]["patch_size"] = [4, 16, 16]
    path.write_text(json.dumps(plans))
    recipe = Recipe.of("svls", {})
    prepared(found, recipe)
    ours = trainer(found, recipe)
    assert ours.configure_rotation_dummyDA_mirroring_and_inital_patch_size()[1]  # nnU-Net augments slices
    ours.on_train_start()
    for batch in itertools.islice(ours.dataloader_train, 6):
        read = ours.loss.loss.read(batch["target"][0])
        assert read.soft.shape == (2, 3, 4, 16, 16)
        assert float((read.soft.sum(dim=1) - 1).abs().max()) < 1e-6
        assert float((read.soft.argmax(dim=1) == read.hard).float().mean()) > 0.95


def test_pointwise_recipes_learn_from_the_augmented_label_map(data_set) -> None:
    ours = trainer(data_set(), Recipe.of("ls", {"alpha": 0.3}))
    ours.on_train_start()
    ours.loss.train()
    target = next(ours.dataloader_train)["target"][0]
    soft = ours.loss.loss.read(target).soft
    assert sorted({round(float(value), 4) for value in soft.unique()}) == [0.1, 0.8]


@pytest.mark.parametrize("stored", [False, True])
def test_regions_and_ignored_voxels_train_as_nnunets(data_set, stored: bool) -> None:
    def hide(label: np.ndarray) -> None:
        label[:, :6] = 3

    found = data_set(
        labels={"background": 0, "whole": [1, 2], "core": 2, "ignore": 3}, order=["whole", "core"], edit=hide
    )
    recipe = Recipe.of("one_hot", {}, stored=stored)
    prepared(found, recipe)
    theirs, ours = losses(found, None, "3d_fullres", 3), losses(found, recipe, "3d_fullres", 3)
    assert np.abs(theirs - ours).max() < (0.2 if stored else 1e-4)  # stored: borders are interpolated
    again = trainer(found, recipe)
    again.on_train_start()
    again.on_validation_epoch_start()
    assert np.isfinite(again.validation_step(next(again.dataloader_val))["loss"])


def test_killed_training_is_continued(data_set) -> None:
    found = data_set()
    recipe = Recipe.of("svls", {})
    prepared(found, recipe)
    says = {"epochs": 3, "iterations": 2, "seed": 1}
    first = trainer(found, recipe, **says)
    first.save_every = 1
    end = first.on_epoch_end

    def stop() -> None:
        end()
        if first.current_epoch == 2:
            raise KeyboardInterrupt

    first.on_epoch_end = stop
    with pytest.raises(KeyboardInterrupt):
        first.run_training()
    second = trainer(found, recipe, **says)
    second.load_checkpoint(str(Path(first.output_folder) / "checkpoint_latest.pth"))
    assert second.current_epoch == 2
    second.run_training()
    assert (Path(second.output_folder) / "checkpoint_final.pth").is_file()
    assert len(second.logger.get_value("train_losses", step=None)) == 3


def test_run_that_learned_from_something_else_is_not_continued(data_set, monkeypatch: pytest.MonkeyPatch) -> None:
    found = data_set()
    recipe = Recipe.of("svls", {})
    prepared(found, recipe)
    says = {"epochs": 2, "iterations": 1}
    first = trainer(found, recipe, **says)
    first.save_every = 1
    first.run_training()
    other = trainer(found, recipe, loss_expression="ce", kind=type(first).__name__, **says)
    other.load_checkpoint(str(Path(first.output_folder) / "checkpoint_best.pth"))
    with pytest.raises(InputError, match="cannot be continued: loss was nnunet, and is ce"):
        other.run_training()


def test_seed_decides_weights_and_patches(data_set) -> None:
    found = data_set()

    def first(seed: int) -> float:
        ours = trainer(found, Recipe.of("one_hot", {}), seed=seed)
        ours.on_train_start()
        ours.on_train_epoch_start()
        return float(ours.train_step(next(ours.dataloader_train))["loss"])

    assert first(1) == first(1) != first(2)


def test_trainer_without_target_cascade_and_missing_targets_are_refused(data_set) -> None:
    import torch
    from softbench.for_nnunet import nnUNetTrainerSoft

    found = data_set()
    with pytest.raises(InputError, match="learns from no target"):
        nnUNetTrainerSoft({}, "3d_fullres", 0, {}, torch.device("cpu"))
    with pytest.raises(InputError, match=r"manifest\.json is missing"):
        trainer(found, Recipe.of("svls", {})).on_train_start()
    with pytest.raises(InputError, match="weighs classes by their frequency"):
        trainer(found, Recipe.of("one_hot", {}), loss_expression="wce")


def test_targets_of_other_settings_or_labels_are_refused(data_set) -> None:
    found = data_set()
    recipe = Recipe.of("svls", {})
    prepared(found, recipe)
    changed = Recipe("svls", {"sigma": 2.0}, stored=True)
    ours = trainer(found, changed, target="svls")
    with pytest.raises(InputError, match="made of something else: settings was"):
        ours.on_train_start()
    place = found.folder / "nnUNetPlans_3d"
    (place / "ball_0_seg.b2nd").write_bytes((place / "ball_1_seg.b2nd").read_bytes())
    with pytest.raises(InputError, match=r"label maps of 1 case \(ball_0\) were preprocessed anew"):
        trainer(found, recipe).on_train_start()


@pytest.mark.parametrize("expression", ["ce + dice", "focal(gamma=2)", "ce(hard) + 0.5*kl"])
def test_losses_of_the_suite_train(data_set, expression: str) -> None:
    found = data_set()
    recipe = Recipe.of("svls", {})
    prepared(found, recipe)
    ours = trainer(found, recipe, loss_expression=expression, iterations=3, epochs=1)
    ours.run_training()
    assert np.isfinite(ours.logger.get_value("train_losses", step=0))
