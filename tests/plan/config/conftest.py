"""A folder with files of config, read as the suite reads it."""

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from softbench.plan.config import Config, read


@pytest.fixture
def configured(tmp_path: Path) -> Callable[..., Config]:
    """Write files of config below a folder and read them; `config.yaml` is empty where it is left out."""

    def make(files: dict[str, str], configfiles: tuple = (), assignments: tuple = ()) -> Config:
        for name, text in {"config.yaml": "", **files}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(textwrap.dedent(text), encoding="utf-8")
        return read(tmp_path, configfiles, assignments)

    return make
