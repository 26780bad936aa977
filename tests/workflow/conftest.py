"""A copy of the workflow that a test may run, change and kill."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nibabel as nib
import numpy as np
import pandas as pd
import pytest


@dataclass(frozen=True)
class Clone:
    """A fresh copy of Snakefile, config and workflow, without results."""

    path: Path

    def command(self, *arguments: str, cores: int = 2, config: str = "tests/workflow/tiny.yaml") -> list[str]:
        """Return the call of Snakemake."""
        return [sys.executable, "-m", "snakemake", "--cores", str(cores), *arguments, "--configfile", config]

    def start(self, *arguments: str, **options: object) -> subprocess.Popen[str]:
        """Start Snakemake in a process group of its own."""
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPATH"] = str(self.path / "workflow")
        return subprocess.Popen(
            self.command(*arguments, **options),  # type: ignore[arg-type]
            cwd=self.path,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def run(self, *arguments: str, fails: bool = False, within_s: float = 600, **options: object) -> str:
        """Run Snakemake to its end; return what it printed."""
        process = self.start(*arguments, **options)
        text, _ = process.communicate(timeout=within_s)
        assert (process.returncode != 0) == fails, text
        return text

    def jobs(self, *arguments: str, **options: object) -> dict[str, int]:
        """Return the jobs that a dry run names, with their number."""
        text = self.run("-n", *arguments, **options)
        return {
            name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", text, re.MULTILINE) if name != "total"
        }

    def kill_when(self, ready: Callable[[], bool], *arguments: str, **options: object) -> None:
        """Start Snakemake and SIGKILL it with all its jobs as soon as `ready`."""
        process = self.start(*arguments, **options)
        deadline = time.monotonic() + 300
        while not ready():
            assert process.poll() is None, process.communicate()[0]
            assert time.monotonic() < deadline, "nothing to kill within 300 s"
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()

    def replace(self, file: str, old: str, new: str) -> None:
        """Change a text in a file of the copy."""
        text = (self.path / file).read_text()
        assert old in text
        (self.path / file).write_text(text.replace(old, new))

    def raise_version(self, module: str) -> None:
        """Raise the VERSION of a module of the copy by one."""
        path = self.path / "workflow" / "softbench" / module
        raised, count = re.subn(
            r"^VERSION = (\d+)", lambda m: f"VERSION = {int(m[1]) + 1}", path.read_text(), flags=re.M
        )
        assert count == 1
        path.write_text(raised)

    def scores(self, experiment: str = "tiny") -> pd.DataFrame:
        """Return all scores of an experiment, in a fixed order."""
        files = sorted((self.path / "results" / "runs" / experiment).rglob("seed-*/scores.parquet"))
        return pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)


@pytest.fixture(scope="session")
def make_clone(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Clone]:
    def make(name: str) -> Clone:
        folder = tmp_path_factory.mktemp(name)
        for part in (
            "Snakefile",
            "config.yaml",
            "config",
            "workflow",
            "envs",
            "profiles",
            "slurm",
            "tests/workflow/tiny.yaml",
        ):
            source, target = root / part, folder / part
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
        return Clone(folder)

    return make


@pytest.fixture
def msd_folder(tmp_path: Path) -> Path:
    """A dozen made cases in the layout of MSD Task04."""
    folder = tmp_path / "Task04_Hippocampus"
    for part in ("imagesTr", "labelsTr"):
        (folder / part).mkdir(parents=True)
    for number in range(1, 13):
        rng = np.random.default_rng(number)
        label = np.zeros((17, 26, 25), np.uint8)
        start = rng.integers(3, 6, 3)
        label[start[0] : start[0] + 8, start[1] : start[1] + 7, start[2] : start[2] + 9] = 1
        label[start[0] : start[0] + 8, start[1] + 7 : start[1] + 14, start[2] : start[2] + 9] = 2
        image = (1000 * (label > 0) + rng.normal(0, 200, label.shape)).astype(np.float32)
        name = f"hippocampus_{number:03d}.nii.gz"
        nib.save(nib.Nifti1Image(image, np.eye(4)), folder / "imagesTr" / name)
        nib.save(nib.Nifti1Image(label, np.eye(4)), folder / "labelsTr" / name)
    return folder


def write_split(clone: Clone, patients: dict[int, str] | None = None) -> None:
    """Write the split `tiny` of hippocampus: 7 / 2 / 3 cases."""
    rows = ["case,patient,part"]
    for number in range(1, 13):
        case = f"hippocampus_{number:03d}"
        part = "train" if number <= 7 else "val" if number <= 9 else "test"
        rows.append(f"{case},{(patients or {}).get(number, case)},{part}")
    path = clone.path / "workflow" / "splits" / "hippocampus" / "tiny.csv"
    path.write_text("\n".join(rows) + "\n")


@pytest.fixture
def folder_clone(make_clone: Callable[[str], Clone]) -> Clone:
    """A copy with a split for the made cases."""
    clone = make_clone("folder")
    write_split(clone)
    return clone
