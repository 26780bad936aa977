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
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from target import Target

WAYS = ("group", "main", "job")


@dataclass(frozen=True)
class Kill:
    """One kill: how long after the start, or after the one before, of what, what ran then, and what was said."""

    number: int
    after_s: float
    way: str
    killed: str
    running: str
    said: str  # by this attempt until then, of kills


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


def seen(log: Path) -> str:
    """Return what an attempt said of kills so far: of the one before it, of jobs that wait, of those that were lost."""
    told = ("earlier run was killed", "waits:", "Error in rule", "Exiting because", "killed, most likely")
    lines = log.read_text(errors="replace").splitlines()
    return " | ".join(dict.fromkeys(line for line in lines if any(words in line for words in told)))


def lost_a_job(done: Sequence[Kill]) -> bool:
    """Return whether a Snakemake that fails has been given the reason."""
    return bool(done) and done[-1].way == "job"


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
    rng, victims = random.Random(seed), random.Random(seed)
    rounds, main = 0, None
    done: list[Kill] = []
    logs = record.with_suffix("")
    logs.mkdir(parents=True, exist_ok=True)
    with open(record, "w", newline="", buffering=1) as file:
        table = csv.DictWriter(file, [field.name for field in fields(Kill)])
        table.writeheader()
        while len(done) < kills:
            if main is None:
                log = logs / f"{len(done) + 1:02d}.log"
                main = target.start(log)
            wait_s, way = draw(rng, mean_s), rng.choice(WAYS)
            with suppress(subprocess.TimeoutExpired):
                main.wait(wait_s)
            struck = strike(target, main, way, victims) if main.poll() is None else None
            if struck is not None:
                done.append(Kill(len(done) + 1, round(wait_s, 2), way, *struck, seen(log)))
                table.writerow(asdict(done[-1]))
            if struck is not None and way == "job":  # Snakemake ends by itself when it misses the job, or goes on
                continue
            if main.wait() == 0:
                rounds += 1
                put_aside(target, rounds)
            elif struck is None:
                assert lost_a_job(done), log.read_text(errors="replace")[-4000:]
            main = None
    if main is not None:
        main.wait()
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
