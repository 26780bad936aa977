"""A small dataset, and recipes made from the template and from its text changed."""

import importlib.util
import shutil
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from softbench.datasets.prepare import prepare
from softbench.tools.new import make_method

MODULE = Path("workflow/softbench/soft_labels/mine.py")


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two prepared cases of a 3-D and of a 2-D phantom."""
    folder = tmp_path_factory.mktemp("data")
    for name, size in (("phantom_brain", "tiny"), ("phantom_retina", "tiny")):
        prepare.run(name, None, folder / name, versions={}, settings={"size": size, "cases": 2}, log=lambda line: None)
    return {"3-D": folder / "phantom_brain", "2-D": folder / "phantom_retina"}


@pytest.fixture
def place(tmp_path: Path, root: Path) -> Path:
    """A folder that stands in for the repository: with its config alone."""
    folder = tmp_path / "repository"
    folder.mkdir()
    shutil.copy(root / "config.yaml", folder)
    shutil.copytree(root / "config", folder / "config")
    return folder


@pytest.fixture
def changed(place: Path) -> Callable[..., ModuleType]:
    """The module of the template with a text in it replaced."""

    def make(old: str = "", new: str = "", form: str = "labels") -> ModuleType:
        make_method("mine", form, place)
        text = (place / MODULE).read_text()
        assert old in text
        (place / MODULE).write_text(text.replace(old, new))
        spec = importlib.util.spec_from_file_location("mine", place / MODULE)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return make
