"""From a folder to a source: what dataset.json and the headers say is what the files say; bad folders are refused."""

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from softbench import InputError
from softbench.tools.new import make_dataset

MODULE = "workflow/softbench/datasets/sources/mine.py"


def constants(place: Path) -> dict[str, object]:
    """The literals that the module assigns."""
    tree = ast.parse((place / MODULE).read_text())
    assigned = [node for node in tree.body if isinstance(node, ast.Assign)]
    return {ast.unparse(n.targets[0]): ast.literal_eval(n.value) for n in assigned if not _named(n.value)}


def _named(value: ast.expr) -> bool:
    return any(isinstance(node, ast.Name | ast.Attribute) for node in ast.walk(value))


def config(place: Path) -> dict:
    return yaml.safe_load((place / "mine.yaml").read_text())


def test_channels_and_classes_are_those_of_dataset_json(nnunet_folder: Callable, place: Path) -> None:
    make_dataset("mine", nnunet_folder(), place)
    found = constants(place)
    assert found["MODALITIES"] == ("t2", "adc_map")
    assert found["CLASSES"] == ("background", "zone_a", "zone_b")
    assert found["STRUCTURES"] == {"zone_a": (1,), "zone_b": (2,)}
    assert not {"LABEL_IDS", "IGNORED"} & set(found)


def test_regions_gaps_and_ignored_ids_are_kept(nnunet_folder: Callable, place: Path) -> None:
    labels = {"background": 0, "whole": [1, 2, 4], "core": [2, 4], "rim": 1, "ignore": 5}
    make_dataset("mine", nnunet_folder(labels=labels), place)
    found = constants(place)
    assert found["CLASSES"] == ("background", "rim", "label_2", "label_4")
    assert found["LABEL_IDS"] == {0: 0, 1: 1, 2: 2, 4: 3}
    assert found["STRUCTURES"] == {"rim": (1,), "label_2": (2,), "label_4": (3,), "whole": (1, 2, 3), "core": (2, 3)}
    assert found["IGNORED"] == (5,)
    assert config(place)["tables"]["mine"]["composites"] == {"average": ["whole", "core"]}


def test_the_decathlons_way_of_writing_dataset_json_is_read(nnunet_folder: Callable, place: Path) -> None:
    facts = {"channel_names": None, "modality": {"0": "CT"}, "labels": {"0": "background", "1": "a", "2": "b"}}
    make_dataset("mine", nnunet_folder(**facts), place)
    assert constants(place)["CLASSES"] == ("background", "a", "b")
    assert config(place)["datasets"]["mine"]["window"] == {"percentiles": [0.5, 99.5]}


def test_spacings_that_differ_ask_for_their_median_and_crops_fit_in(nnunet_folder: Callable, place: Path) -> None:
    make_dataset("mine", nnunet_folder(), place)
    written = config(place)
    assert written["datasets"]["mine"]["spacing_mm"] == [3.0, 1.0, 1.0]
    assert written["protocols"]["mine"]["patch_size"] == [16, 24, 24]  # 17 x 25 x 26 voxels, down to a multiple of 8


def test_files_are_formatted_as_the_rest(nnunet_folder: Callable, place: Path, root: Path) -> None:
    make_dataset("mine", nnunet_folder(one_file=True, name="A long name " * 12), place)
    shutil.copy(root / "pyproject.toml", place)
    for command in (["ruff", "check"], ["ruff", "format", "--check"]):
        done = subprocess.run([sys.executable, "-m", *command, "."], cwd=place, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout


def test_tests_of_the_source_pass(nnunet_folder: Callable, place: Path, root: Path) -> None:
    make_dataset("mine", nnunet_folder(), place)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(root / "workflow", place / "workflow", dirs_exist_ok=True, ignore=ignored)
    for path in ("pyproject.toml", "tests/conftest.py", "tests/small_table.py", "tests/datasets/conftest.py"):
        shutil.copy(root / path, place / path)
    paths = {"PYTHONPATH": str(place / "workflow")}
    call = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "tests/datasets/test_mine.py"]
    done = subprocess.run(call, cwd=place, env={**os.environ, **paths}, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("...")


def test_cases_that_lack_a_file_are_named_at_once(nnunet_folder: Callable, place: Path) -> None:
    folder = nnunet_folder()
    (folder / "labelsTr" / "p1_a.nii.gz").unlink()
    assert "1 more cannot be used, and the run will stop at them: p1_a has no label map" in make_dataset(
        "mine", folder, place
    )


@pytest.mark.parametrize(
    ("name", "facts", "problem"),
    [
        ("Mine", {}, "NAME=Mine cannot be a name"),
        ("hippocampus", {}, "NAME=hippocampus is the name of datasets.hippocampus"),
        ("train", {}, "NAME=train is the name of a rule"),
        ("mine", {"labels": None}, "dataset.json lacks labels"),
        ("mine", {"channel_names": None}, "dataset.json lacks channel_names"),
        ("mine", {"labels": {"background": 0, "a": "one"}}, "Write it like"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_written(
    nnunet_folder: Callable, place: Path, name: str, facts: dict, problem: str
) -> None:
    with pytest.raises(InputError, match=problem):
        make_dataset(name, nnunet_folder(**facts), place)
    assert {path.name for path in place.iterdir()} == {"config.yaml", "config"}


def test_nothing_is_overwritten(nnunet_folder: Callable, place: Path) -> None:
    folder = nnunet_folder()
    make_dataset("mine", folder, place)
    with pytest.raises(InputError, match=r"mine\.py.* there already\. Take another NAME"):
        make_dataset("mine", folder, place)


def test_folder_without_dataset_json_is_told_what_to_write(tmp_path: Path, place: Path) -> None:
    with pytest.raises(InputError, match=r'dataset\.json cannot be read .*"channel_names"'):
        make_dataset("mine", tmp_path, place)


def test_folder_of_other_formats_is_told_so(nnunet_folder: Callable, place: Path) -> None:
    folder = nnunet_folder()
    for file in folder.glob("*Tr/*.nii.gz"):
        file.rename(file.with_name(file.name.replace(".nii.gz", ".mha")))
    with pytest.raises(InputError, match=r"no case with an image and a label map.* must be written as NIfTI first"):
        make_dataset("mine", folder, place)
