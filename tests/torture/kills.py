"""Kill Snakemake, or its jobs, at random times, and give the same command again, until it has ended undisturbed.

    python tests/torture/kills.py --folder CLONE --kills 50 --seed 1 --mean 40 --record kills.csv -- --cores 2

Three ways, drawn with the times: `group`, Snakemake with all its jobs; `main`, Snakemake alone, so that its jobs live
on for a moment while the next one starts; `job`, one of its processes, be it a job or a worker of a job.
When the command ends before all kills are spent, its results are put aside, and it starts from nothing.
"""

import argparse
import csv
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import psutil

WAYS = ("group", "main", "job")
SCRIPT = re.compile(r"/\.snakemake/scripts/tmp\w+\.(\w+)\.py")  # a job's process names the script of its rule


@dataclass(frozen=True)
class Kill:
    """What one attempt met: when it was killed, what was killed, what ran then, and what was said after it."""

    number: int
    after_s: float
    way: str
    killed: str
    running: str
    said: str  # of the kill before, of a wait, of the job that was lost


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


def strike(target: Target, main: subprocess.Popen[bytes], way: str, rng: random.Random) -> tuple[str, str] | None:
    """Kill in one way; return what was killed, and what was running; None if Snakemake ended before it had a job."""
    running = target.processes(main)
    jobs = ", ".join(sorted(name for name in running.values() if not name.startswith("of "))) or "no job"
    while way == "job" and not running:
        if main.poll() is not None:
            return None
        time.sleep(0.05)
        running = target.processes(main)
    if way == "job":
        pid = rng.choice(sorted(running))
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return running[pid], jobs
    if way == "group":
        os.killpg(main.pid, signal.SIGKILL)
    else:
        main.kill()
    return "snakemake", jobs


def attempt(
    target: Target, number: int, wait_s: float, way: str, rng: random.Random, log: Path
) -> tuple[Kill | None, int]:
    """Give the command once; kill after a while. Returns what was done (None: it had ended before), and its exit."""
    main = target.start(log)
    with suppress(subprocess.TimeoutExpired):
        return None, main.wait(wait_s)
    struck = strike(target, main, way, rng)
    code = main.wait()
    if struck is None:
        return None, code
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    told = [line for line in lines if "earlier run was killed" in line or "waits:" in line]
    failed = [line for line in lines if line.startswith("Error") or "Exiting because" in line] if way == "job" else []
    return Kill(number, round(wait_s, 2), way, *struck, " | ".join(told + failed[-2:])), code


def draw(rng: random.Random, mean_s: float) -> float:
    """Return when to kill: a third within the first seconds, where Snakemake itself starts."""
    return rng.uniform(0.5, 12.0) if rng.random() < 0.3 else 4.0 + rng.expovariate(1 / mean_s)


def put_aside(target: Target, number: int) -> None:
    """Rename results that are whole, and forget what Snakemake knows of them."""
    (target.folder / "results").rename(target.folder / f"results-{number}")
    (target.folder / ".snakemake").rename(target.folder / f".snakemake-{number}")


def torture(target: Target, *, kills: int, seed: int, mean_s: float, record: Path) -> list[Kill]:
    """Spend all kills, then let the command end; return them.

    Raises: AssertionError: if an attempt ended by itself in another way than by success.
    """
    rng, done, rounds = random.Random(seed), [], 0
    logs = record.with_suffix("")
    logs.mkdir(parents=True, exist_ok=True)
    with open(record, "w", newline="", buffering=1) as file:
        table = csv.DictWriter(file, [field.name for field in fields(Kill)])
        table.writeheader()
        while len(done) < kills:
            number, log = len(done) + 1, logs / f"{len(done) + 1:02d}.log"
            kill, code = attempt(target, number, draw(rng, mean_s), rng.choice(WAYS), rng, log)
            if kill is not None:
                done.append(kill)
                table.writerow(asdict(kill))
                continue
            assert code == 0, log.read_text(errors="replace")[-4000:]
            rounds += 1
            put_aside(target, rounds)
    main = target.start(log := logs / "last.log")
    assert main.wait() == 0, log.read_text(errors="replace")[-4000:]
    return done


def main(arguments: Sequence[str] | None = None) -> None:
    """Read the command line, and torture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mean", type=float, default=40.0, help="seconds between two kills")
    parser.add_argument("--record", type=Path, default=Path("kills.csv"))
    parser.add_argument("snakemake", nargs="*", help="after --: arguments of Snakemake")
    given = parser.parse_args(arguments)
    target = Target(given.folder.resolve(), tuple(given.snakemake))
    torture(target, kills=given.kills, seed=given.seed, mean_s=given.mean, record=given.record)


if __name__ == "__main__":
    main()
