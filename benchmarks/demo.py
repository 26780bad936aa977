"""What installation, the demo and other whole runs take in a fresh clone: time on the clock, CPU time, first table.

Usage: python benchmarks/demo.py [--against COMMIT] [--rounds N] [--targets NAME ...] [--folder FOLDER] [--keep]
           (in the project's folder, with .venv active; needs network or wheels, as `make setup` does)
Clones the commit that is checked out, and COMMIT if one is given, into a scratch folder, which is deleted at the end;
then `make setup`, `make demo` and `make demo-all`, each side in turn. With `--targets`, these are made in one run after
`make setup` in place of the demo. CPU seconds are those of the command with all processes that it started. A COMMIT
without `make demo-all` is one whose demo made all; its demo is what ours of both is compared with.
On two cores five minutes of setup and runs for us, 17 more for the commit 9ba6e70; `--rounds` N times as many.
`--tiny`: a dry run of one job in a clone, without installation.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import options
from rows import Peer, Rows

ROOT = Path(__file__).parents[1]
DRY = [sys.executable, "-m", "snakemake", "-n", "--quiet", "all", "--cores", "1"]
ONE_JOB = "results/data/phantom_body/manifest.json"
FIRST = "results/tables/*.md"
LOOK_S = 0.5  # between two looks for the first table
CLOCK = ", time on the clock"


@dataclass(frozen=True)
class Took:
    """What a command took, seconds: on the clock, of CPUs, and until the first table; None where it made none."""

    clock_s: float
    cpu_s: float
    first_s: float | None = None


def main() -> None:
    """Clone, let both sides take turns, and add their rows."""
    chosen = arguments()
    rows = Rows("demo", chosen, "snakemake", "torch")
    with tempfile.TemporaryDirectory(dir=chosen.folder) as scratch:
        commits = {"ours": "HEAD"} | ({"theirs": chosen.against} if chosen.against else {})
        rounds: dict[str, list[dict[str, Took]]] = {side: [] for side in commits}
        for number in range(chosen.rounds):
            for side, commit in commits.items():
                clone = cloned(Path(scratch, f"{side}-{number}"), commit)
                rounds[side].append(run(clone, chosen))
                print(f"{side} ({commit}), round {number + 1}: {said(rounds[side][-1])}", flush=True)
        name = peer_name(chosen.against, Path(scratch, "theirs-0")) if chosen.against else ""
    for what in rounds["ours"][0]:
        ours, theirs = ([one[what] for one in rounds.get(side, [])] for side in ("ours", "theirs"))
        add(rows, what, ours, theirs, name)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = options.parser(__doc__, keeps=True)
    parser.add_argument("--against", metavar="COMMIT", help="another commit, which is measured in turn")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--targets", nargs="+", default=[], help="targets in place of the demo, made in one run")
    parser.add_argument("--folder", type=Path, help="where clones are made; default: the system's scratch folder")
    return parser.parse_args()


def cloned(folder: Path, commit: str) -> Path:
    """Clone this project at a commit."""
    subprocess.run(["git", "clone", "--quiet", "--no-checkout", str(ROOT), str(folder)], check=True)
    where = subprocess.run(["git", "rev-parse", commit], cwd=ROOT, check=True, capture_output=True, text=True)
    subprocess.run(["git", "checkout", "--quiet", "--detach", where.stdout.strip()], cwd=folder, check=True)
    return folder


def run(clone: Path, chosen: argparse.Namespace) -> dict[str, Took]:
    """Return what each command took in a clone, by the words of its rows."""
    if chosen.tiny:
        return {"a dry run of one job": timed([*DRY, ONE_JOB], clone)}
    found = {"make setup": timed(["make", "setup"], clone)}
    if chosen.targets:
        command = [".venv/bin/snakemake", "--cores", "all", *chosen.targets]
        return found | {f"run of {', '.join(chosen.targets)}": timed(command, clone)}
    found["make demo"] = demo = timed(["make", "demo"], clone)
    if has_more(clone):
        more = timed(["make", "demo-all"], clone)
        found["make demo and make demo-all"] = Took(demo.clock_s + more.clock_s, demo.cpu_s + more.cpu_s)
    else:
        found["make demo and make demo-all"] = Took(demo.clock_s, demo.cpu_s)
    return found


def timed(command: list[str], clone: Path) -> Took:
    """Run a command in a clone and measure it; what it prints is shown where it fails.

    Raises: SystemExit: if it fails.
    """
    ours = ("PYTHONPATH", "VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE")
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    first_s = None
    with tempfile.TemporaryFile("w+") as output:
        start, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        process = subprocess.Popen(command, cwd=clone, env=environment, stdout=output, stderr=subprocess.STDOUT)
        while process.poll() is None:
            time.sleep(LOOK_S)
            if first_s is None and any(clone.glob(FIRST)):
                first_s = time.monotonic() - start
        clock_s, after = time.monotonic() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        if process.returncode:
            output.seek(0)
            raise SystemExit(f"{' '.join(command)} failed in {clone}:\n{output.read()[-2000:]}")
    return Took(clock_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, first_s)


def said(found: dict[str, Took]) -> str:
    """Return what the commands of a round took, in a line."""
    return "; ".join(f"{what} {took.clock_s:.0f} s, {took.cpu_s:.0f} CPU s" for what, took in found.items())


def has_more(clone: Path) -> bool:
    """Return whether the demo of a commit leaves tables to `make demo-all`."""
    return "\ndemo-all:" in (clone / "Makefile").read_text(encoding="utf-8")


def peer_name(commit: str, clone: Path) -> str:
    """Return the name of the other side, which says where its demo makes more than ours."""
    return f"commit {commit[:7]}" + ("" if has_more(clone) else ", whose demo makes all tables")


def add(rows: Rows, what: str, ours: list[Took], theirs: list[Took], name: str) -> None:
    """Add the rows of a command; `name` is that of the other side."""

    def beside(figures: list[float | None]) -> Peer | None:
        known = [figure for figure in figures if figure is not None]
        return Peer(name, known) if known else None

    rows.add(what, [took.cpu_s for took in ours], beside([took.cpu_s for took in theirs]))
    rows.add(f"{what}{CLOCK}", [took.clock_s for took in ours], beside([took.clock_s for took in theirs]), unit="s")
    first = [took.first_s for took in ours if took.first_s is not None]
    if first:
        rows.add(f"first table of {what}", first, beside([took.first_s for took in theirs]), unit="s")


if __name__ == "__main__":
    main()
