"""Files of trainer classes. Needs no nnU-Net."""

import ast
from pathlib import Path

import pytest
from softbench.errors import InputError
from softbench.for_nnunet import trainers
from softbench.for_nnunet.recipe import Recipe
from softbench.for_nnunet.trainers import Trainer


def says(path: Path) -> dict:
    """What the class of a file says."""
    (kind,) = [node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)]
    assert kind.name == path.stem
    return {ast.unparse(n.targets[0]): ast.literal_eval(n.value) for n in kind.body if isinstance(n, ast.Assign)}


def test_class_says_what_it_learns_from(tmp_path: Path) -> None:
    recipe = Recipe.of("svls", {"sigma": 2})
    path = trainers.write(Trainer("mine", recipe, "ce + dice", 2, 5, 1), tmp_path)
    assert path.name == "nnUNetTrainerSoft_mine_ce_dice_2epochs_5iterations_seed1.py"
    assert says(path) == {
        "target": "mine",
        "recipe": "svls",
        "settings": {"sigma": 2},
        "stored": True,
        "loss_expression": "ce + dice",
        "epochs": 2,
        "iterations": 5,
        "seed": 1,
    }


def test_each_choice_has_a_name_of_its_own() -> None:
    recipe = Recipe.of("svls", {})
    chosen = [
        Trainer("svls", recipe), Trainer("svls", recipe, seed=0), Trainer("svls", recipe, "ce"),
        Trainer("svls", recipe, epochs=2), Trainer("svls", recipe, iterations=2), Trainer("svls_sigma2", recipe),
    ]  # fmt: skip
    names = [trainer.name for trainer in chosen]
    assert len(set(names)) == len(names)
    assert not any("__" in name for name in names)  # nnU-Net splits the names of its folders there


def test_other_content_under_a_name_is_refused(tmp_path: Path) -> None:
    path = trainers.write(Trainer("mine", Recipe.of("svls", {})), tmp_path)
    assert trainers.write(Trainer("mine", Recipe.of("svls", {})), tmp_path) == path
    with pytest.raises(InputError, match="says something else than is asked for now"):
        trainers.write(Trainer("mine", Recipe.of("svls", {"sigma": 2})), tmp_path)
    with pytest.raises(InputError, match="longer than 120 letters"):
        trainers.write(Trainer("n" * 110, Recipe.of("svls", {})), tmp_path)


def test_folder_is_the_first_that_nnunet_searches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("nnUNet_extTrainer", raising=False)
    assert trainers.folder_for(tmp_path) == (tmp_path / "softbench_trainers", False)
    monkeypatch.setenv("nnUNet_extTrainer", f"{tmp_path / 'a'}:{tmp_path / 'b'}")
    assert trainers.folder_for(tmp_path) == (tmp_path / "a", True)
