"""`snakemake fetch`: the files of what `run:` needs, and nothing else."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def clone(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the workflow."""
    folder = tmp_path_factory.mktemp("fetch")
    for part in ("workflow", "envs", "config"):
        shutil.copytree(root / part, folder / part)
    for part in ("Snakefile", "config.yaml"):
        shutil.copy(root / part, folder / part)
    return folder


def run(clone: Path, *arguments: str) -> tuple[int, str]:
    """Return the state and the output of `snakemake fetch`."""
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "fetch", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(clone / "workflow")}
    done = subprocess.run(command, cwd=clone, env=environment, text=True, capture_output=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_phantoms_need_nothing(clone: Path) -> None:
    state, text = run(clone)
    assert state == 0, text
    assert "nothing to fetch: the tables in `run:` need phantoms only." in text
    assert not (clone / "results" / "raw").exists()


def test_source_of_a_wanted_table_is_fetched(clone: Path, tmp_path: Path) -> None:
    state, text = run(clone, "--config", "run=[demo_brain,hippocampus]", f"mirror={tmp_path}")
    assert state == 1, text
    assert f"the mirror {tmp_path} holds no Task04_Hippocampus.tar" in text
    assert "rule prepare" not in text
