"""A node's own copy of a dataset is whole or not used, made once, and never that of other data."""

import errno
import shutil
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
from softbench import datasets
from softbench.datasets.folder import local_copy
from softbench.datasets.prepare import prepare

Usage = namedtuple("Usage", "total used free")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("prepared") / "phantom"
    settings = {"size": "tiny", "cases": 2}
    prepare.run("phantom_brain", None, path, versions={}, settings=settings, workers=1, log=lambda line: None)
    return path


@pytest.fixture
def said() -> list[str]:
    return []


def test_copy_holds_the_same_cases(folder, said, tmp_path: Path) -> None:
    copy = local_copy(folder, str(tmp_path), said.append)
    assert tmp_path in copy.parents
    case = next(iter(datasets.open(folder).cases["case"]))
    np.testing.assert_array_equal(datasets.open(copy).load(case).images, datasets.open(folder).load(case).images)


def test_without_scratch_nothing_is_copied(folder, said) -> None:
    assert local_copy(folder, None, said.append) == folder
    assert said == []


def test_copy_is_made_once(folder, said, tmp_path: Path) -> None:
    first = local_copy(folder, str(tmp_path), said.append)
    made = (first / "manifest.json").stat().st_ino
    assert local_copy(folder, str(tmp_path), said.append) == first
    assert (first / "manifest.json").stat().st_ino == made
    assert "reading the copy" in said[-1]


def test_variables_are_those_of_the_node(folder, said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NODE_DISK", str(tmp_path))
    assert tmp_path in local_copy(folder, "$NODE_DISK/data", said.append).parents


def test_copy_that_a_clean_up_thinned_out_is_made_again(folder, said, tmp_path: Path) -> None:
    copy = local_copy(folder, str(tmp_path), said.append)
    next(copy.rglob("images.npy")).unlink()
    again = local_copy(folder, str(tmp_path), said.append)
    assert len(list(again.rglob("images.npy"))) == 2


def test_changed_data_have_another_copy(folder, said, tmp_path: Path) -> None:
    changed = shutil.copytree(folder, tmp_path / "changed")
    (changed / "manifest.json").write_text((folder / "manifest.json").read_text() + "\n")
    place = str(tmp_path / "scratch")
    assert local_copy(folder, place, said.append) != local_copy(changed, place, said.append)


def test_full_scratch_is_left_alone(folder, said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10, 9, 1))
    assert local_copy(folder, str(tmp_path), said.append) == folder
    assert "GB are free" in said[-1]


def test_disk_that_fills_up_while_copying_leaves_no_half_copy(
    folder, said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def copytree(source: Path, target: Path) -> None:
        target.mkdir()
        shutil.copy(source / "manifest.json", target)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copytree", copytree)
    assert local_copy(folder, str(tmp_path), said.append) == folder
    assert "No space left" in said[-1]
    assert not list(tmp_path.rglob("manifest.json"))


def test_scratch_that_is_not_there_is_said_and_not_needed(folder, said, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    assert local_copy(folder, str(tmp_path / "file" / "scratch"), said.append) == folder
    assert "cannot be used" in said[-1]
