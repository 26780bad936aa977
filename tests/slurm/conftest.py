"""A Slurm of one node, and copies of the workflow that run on it."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "scontrol")
PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"
PARTS = ("Snakefile", "config.yaml", "config", "workflow", "envs", "profiles", "slurm", "tests/slurm/cluster.yaml")
CONFIG = ("--configfile", "tests/slurm/cluster.yaml", "--slurm-init-seconds-before-status-checks", "3")
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Cluster:
    """A Slurm whose daemons, state and GPUs lie in one folder."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        """Return what programs need to find it."""
        plain = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        bins = f"{self.folder / 'bin'}:{Path(sys.executable).parent}:{PATH}"
        return {**plain, "SLURM_CONF": str(self.folder / "slurm.conf"), "PATH": bins}

    def call(self, *command: str) -> str:
        """Return what a command of Slurm prints."""
        said = subprocess.run(command, env=self.environment, check=True, capture_output=True, text=True, timeout=60)
        return said.stdout


@dataclass(frozen=True)
class Campaign:
    """A copy of the workflow without results, run by the command of the README from a machine with one core."""

    path: Path
    cluster: Cluster

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `snakemake --cores all --profile slurm`; jobs inherit nothing of its one core."""
        command = ["snakemake", "--cores", "all", "--profile", "slurm", *arguments, *CONFIG]
        return subprocess.Popen(
            ["taskset", "-c", str(min(os.sched_getaffinity(0))), *command],
            cwd=self.path,
            env={**self.cluster.environment, "PYTHONPATH": str(self.path / "workflow")},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=_heed_interrupts,
        )

    def run(self, *arguments: str, fails: bool = False) -> str:
        """Run to the end; return what was printed. A run that hangs fails."""
        process = self.start(*arguments)
        try:
            said, _ = process.communicate(timeout=900)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        assert (process.returncode != 0) == fails, said
        return said

    def replace(self, file: str, old: str, new: str) -> None:
        """Change a text in a file of the copy."""
        text = (self.path / file).read_text()
        assert old in text
        (self.path / file).write_text(text.replace(old, new))

    def jobs(self, rule: str = "") -> list[dict[str, str]]:
        """Return Slurm's records of the jobs of this copy, oldest first; `rule` begins their comment."""
        lines = self.cluster.call("scontrol", "-o", "show", "job").splitlines()
        records = [dict(re.findall(r"(\S+?)=(\S*)", line)) for line in lines]
        mine = [one for one in records if one.get("WorkDir") == str(self.path)]
        return [one for one in mine if one["Comment"].startswith(f"rule_{rule}")]

    def queue(self) -> list[dict[str, str]]:
        """Return the jobs that wait or run."""
        return [one for one in self.jobs() if one["JobState"] in {"PENDING", "RUNNING", "COMPLETING"}]

    def wait_until(self, ready: Callable[[], bool], seconds: float = 180) -> None:
        """Wait; a test that waits in vain fails."""
        deadline = time.monotonic() + seconds
        while not ready():
            assert time.monotonic() < deadline, f"waited {seconds} s in vain"
            time.sleep(0.2)

    def scores(self, method: str) -> pd.DataFrame:
        """Return the scores of a run."""
        return pd.read_parquet(self.path / f"results/runs/tiny/tiny_unet/{method}/seed-0/scores.parquet")


def _heed_interrupts() -> None:
    """Undo what a shell does to programs in its background, tests among them: they ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A running Slurm with one GPU that is none, or a skip with the reason."""
    missing = [program for program in PROGRAMS if shutil.which(program, path=PATH) is None]
    if missing:
        pytest.skip(f"needs Slurm: no {', '.join(missing)} (Debian: slurmctld slurmd slurm-client munge)")
    if os.getuid() != 0:
        pytest.skip("needs root: Slurm's daemons start the jobs of others")
    folder = tmp_path_factory.mktemp("slurm")
    try:
        started = subprocess.run([HERE / "start.sh", folder, "32", "1"], capture_output=True, text=True, timeout=90)
        if started.returncode != 0:
            pytest.skip(f"Slurm does not start here: {started.stderr.strip()[-300:]}")
        yield Cluster(folder)
    finally:
        subprocess.run([HERE / "stop.sh", folder], timeout=90, check=False, capture_output=True)


@pytest.fixture(scope="session")
def make_campaign(root: Path, cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Campaign]:
    def make(name: str) -> Campaign:
        folder = tmp_path_factory.mktemp(name)
        for part in PARTS:
            source, target = root / part, folder / part
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
        return Campaign(folder, cluster)

    return make
