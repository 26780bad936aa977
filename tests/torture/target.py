"""A folder in which Snakemake is called again and again, and the processes that it starts."""

import os
import re
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

SCRIPT = re.compile(r"/\.snakemake/scripts/tmp\w+\.(\w+)\.py")  # a job's process names the script of its rule


@dataclass(frozen=True)
class Target:
    """A folder with a copy of the workflow, and the call that is given in it again and again."""

    folder: Path
    arguments: tuple[str, ...]

    def start(self, log: Path) -> subprocess.Popen[bytes]:
        """Start Snakemake as the leader of a group of its own; its output goes to a file."""
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPATH"] = str(self.folder / "workflow")
        with open(log, "wb") as file:
            return subprocess.Popen(
                [sys.executable, "-m", "snakemake", *self.arguments],
                cwd=self.folder,
                env=environment,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def processes(self, main: subprocess.Popen[bytes]) -> dict[int, str]:
        """Return the processes below Snakemake: the script of a job, or `of <script>` for a worker of it."""
        with suppress(psutil.NoSuchProcess):
            return {one.pid: named(one) for one in psutil.Process(main.pid).children(recursive=True)}
        return {}


def named(process: psutil.Process) -> str:
    """Name a process by its script, or by that of the nearest job above it."""
    with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
        if found := SCRIPT.search(" ".join(process.cmdline())):
            return found[1]
        for parent in process.parents():
            if found := SCRIPT.search(" ".join(parent.cmdline())):
                return f"of {found[1]}"
    return "starting"
