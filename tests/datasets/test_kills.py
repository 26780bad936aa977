"""Download and preparation killed at 20 random times: a rerun ends with the files of a run that nobody disturbed.

Python takes seconds to start, so each run is a fork of one process that has imported all it needs. It leads a process
group of its own, with two workers, and the whole group is killed by SIGKILL.
"""

import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

import numpy as np
import pytest
from softbench import images
from softbench.datasets import phantoms

NAME = "Task04_Hippocampus"
CASES = 8
KILLS = 10  # in each of the two phases
SCRIPT = """
import multiprocessing, os, signal, sys, traceback
from pathlib import Path
import pyarrow.parquet
from softbench.jobs import progress
from softbench.datasets.fetch import fetch
from softbench.datasets.prepare import prepare
from softbench.datasets.sources import hippocampus
from softbench.datasets.case import Archive

context = multiprocessing.get_context
progress.multiprocessing.get_context = lambda method: context("fork")  # workers begin with what is imported, too


def run(address, output, steps):
    quiet = lambda line: None
    hippocampus.ARCHIVES = (Archive(f"{address}/Task04_Hippocampus.tar", "Task04_Hippocampus.tar"),)
    fetch.fetch("hippocampus", output / "raw", log=quiet, pause_s=0)
    print("fetched", steps(), flush=True)
    files = fetch.location(output / "raw", None)
    settings = {"spacing_mm": [2, 1, 1]}
    prepare.run("hippocampus", files, output / "data", versions={}, settings=settings, workers=2, log=quiet)


def kill_at(who, last):
    \"\"\"Kill the group when its first process, or a worker, changes files for the n-th time; count these steps.\"\"\"
    steps, group = 0, os.getpid()

    def hook(event, arguments):
        nonlocal steps
        changes = event in ("os.rename", "os.mkdir", "os.remove", "os.rmdir")
        changes |= event == "open" and bool(arguments[2] & (os.O_WRONLY | os.O_RDWR))
        if changes and (os.getpid() == group) == (who == "first"):
            steps += 1
            if steps == last:
                os.killpg(0, signal.SIGKILL)

    sys.addaudithook(hook)
    return lambda: steps


for line in sys.stdin:
    child = os.fork()
    if child == 0:
        os.setsid()
        print("group", os.getpid(), flush=True)
        address, output, who, last = line.split()
        steps = kill_at(who, int(last))
        try:
            run(address, Path(output), steps)
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        print("steps", steps(), flush=True)
        os._exit(0)
    print("exit", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@dataclass
class Warm:
    """The process that runs are forked from; `lines` is what they say."""

    process: "subprocess.Popen[str]"
    lines: "Queue[str]"
    address: str
    steps: tuple[int, int] = (0, 0)  # that the last run to its end had done after the download, and in the end

    def start(self, output: Path, who: str = "first", last: int = 0) -> int:
        """Begin a run; return its process group. At step `last` it kills itself, at step 0 never."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{self.address} {output} {who} {last}\n")
        self.process.stdin.flush()
        return int(self.hear("group").split()[1])

    def hear(self, *words: str) -> str:
        """Return the next line; it must begin with one of these words."""
        line = self.lines.get(timeout=60)
        assert line.startswith(words), line
        return line

    def run(self, output: Path) -> tuple[float, float]:
        """Run to the end; return how many seconds the download and the preparation took."""
        self.start(output)
        start = time.monotonic()
        after_download = int(self.hear("fetched").split()[1])
        middle = time.monotonic()
        self.steps = after_download, int(self.hear("steps").split()[1])
        self.hear("exit 0")
        return middle - start, time.monotonic() - middle

    def run_and_kill(self, output: Path, *, fetched: bool, after_s: float) -> bool:
        """Kill a run so long after its start, or after its download; return whether it was still going."""
        group = self.start(output)
        if fetched:
            self.hear("fetched")
        time.sleep(after_s)
        with suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
        return self.end() == -signal.SIGKILL

    def end(self) -> int:
        """Return the state in which a run ended."""
        while not (line := self.hear("fetched", "steps", "exit")).startswith("exit"):
            pass
        return int(line.split()[1])


@pytest.fixture
def warm(server: Any, tmp_path: Path) -> Iterator[Warm]:
    """The process, and a server that sends an archive of phantoms, a kilobyte at a time."""
    server.files = {f"/{NAME}.tar": archive(tmp_path / "phantoms")}
    server.block_s = 0.001
    process = subprocess.Popen([sys.executable, "-c", SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    lines: Queue[str] = Queue()
    assert process.stdin is not None
    assert process.stdout is not None
    stdout = process.stdout
    reader = Thread(target=lambda: [lines.put(line.strip()) for line in stdout])
    reader.start()
    yield Warm(process, lines, server.address)
    process.stdin.close()
    process.wait()
    reader.join()


def archive(folder: Path) -> bytes:
    """Phantoms in the layout of the Decathlon's hippocampus, packed as it is."""
    for number in range(CASES):
        case = phantoms.make("phantom_kidney", number, size="tiny")  # it has three classes, too
        for kind, array in (("imagesTr", case.images[0]), ("labelsTr", case.labels[0])):
            images.write(folder / kind / f"hippocampus_{number + 1:03d}.nii.gz", array, case.affine)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.add(folder, NAME)
    return packed.getvalue()


def tree(folder: Path) -> dict[str, str]:
    """The sha256 of every file and the name of every folder, by path; records of downloads without their times."""
    found = {}
    for path in sorted(folder.rglob("*")):
        data = b"folder" if path.is_dir() else path.read_bytes()
        if path.parent.name == "items" and path.is_file():
            record = json.loads(data)
            for facts in record["files"].values():
                facts.pop("stamp", None)
            data = json.dumps(record).encode()
        found[path.relative_to(folder).as_posix()] = hashlib.sha256(data).hexdigest()
    return found


def require_finished(folder: Path) -> dict[str, str]:
    """Return the files of a run that nobody disturbed, after a check that they are all."""
    files = tree(folder)
    assert {"raw/manifest.json", "raw/checksums.csv", "data/manifest.json", "data/cases.parquet"} <= files.keys()
    assert len([name for name in files if name.endswith("images.npy")]) == CASES
    assert not [name for name in files if name.endswith((".part", ".tmp")) or "/." in name]
    return files


def test_rerun_after_each_of_twenty_kills_gives_the_undisturbed_files(warm: Warm, tmp_path: Path) -> None:
    durations = warm.run(tmp_path / "undisturbed")
    wanted = require_finished(tmp_path / "undisturbed")
    rng, output, states = np.random.default_rng(0), tmp_path / "killed", set()
    for kill in range(2 * KILLS):
        fetched, share = kill % 2 == 1, (kill // 2 + rng.uniform()) / KILLS  # spread over each phase
        while not warm.run_and_kill(output, fetched=fetched, after_s=share * durations[fetched]):
            shutil.rmtree(output)  # it came to its end, faster than the undisturbed run
            share *= 0.8
        states.add(repr(tree(output)))
        warm.run(output)
        assert tree(output) == wanted, f"killed after {share:.0%} of the {('download', 'preparation')[fetched]}"
        shutil.rmtree(output)
    assert len(states) >= KILLS  # it was killed in many states


def test_rerun_after_several_kills_in_a_row_gives_the_undisturbed_files(warm: Warm, tmp_path: Path) -> None:
    durations = warm.run(tmp_path / "undisturbed")
    kills = [
        warm.run_and_kill(tmp_path / "killed", fetched=fetched, after_s=0.2 * durations[fetched])
        for fetched in (False, False, False, True, True)
    ]
    assert sum(kills) > 2
    warm.run(tmp_path / "killed")
    assert tree(tmp_path / "killed") == require_finished(tmp_path / "undisturbed")


PHASES = ("download", "preparation", "worker")


@pytest.mark.parametrize("phase", PHASES)
def test_rerun_after_a_kill_at_a_chosen_step_gives_the_undisturbed_files(
    phase: str, warm: Warm, server: Any, tmp_path: Path
) -> None:
    """Random times rarely hit the moments around a rename: here a process kills its group when it changes a file."""
    server.block_s = 0
    warm.run(tmp_path / "undisturbed")
    wanted, output = require_finished(tmp_path / "undisturbed"), tmp_path / "killed"
    middle, end = warm.steps
    steps = {"download": range(1, middle + 1), "preparation": range(middle + 1, end + 1), "worker": range(1, 25)}[phase]
    for step in np.random.default_rng(0).choice(steps, 6, replace=False):
        warm.start(output, "worker" if phase == "worker" else "first", step)
        assert warm.end() == -signal.SIGKILL
        warm.run(output)
        assert tree(output) == wanted, f"killed at step {step} of {steps}"
        shutil.rmtree(output)
