"""What Snakemake would do for some targets: its own dry run, read from what it prints."""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from softbench.errors import InputError

JOB = re.compile(r"^(?:local)?(?:rule|checkpoint) (\w+):$")
COMPLAINT = re.compile(r"^\w*(Exception|Error)\b")
OUTPUT = re.compile(r"^    output: (.+)$")


@dataclass(frozen=True)
class Job:
    """A job to be done: its rule, and the files that it writes; a target has none."""

    rule: str
    outputs: tuple[str, ...] = ()


def jobs(targets: Sequence[str], passed: Sequence[str] = ()) -> list[Job]:
    """Return the jobs that are still to be done; none where everything is there.

    Args:
        targets: as given to Snakemake.
        passed: further arguments for it: --config, --configfile, --profile.
    Raises: InputError: with Snakemake's own message, where it would not start.
    """
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--nocolor", *targets, *passed]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InputError(f"snakemake cannot plan this:\n{complaint(done.stdout + done.stderr)}")
    return parse(done.stdout + done.stderr)


def complaint(text: str) -> str:
    """Return what a failed dry run says, without what it says of itself."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("Using ")]
    first = next((index for index, line in enumerate(lines) if COMPLAINT.match(line)), 0)
    return "\n".join(lines[first:])


def parse(text: str) -> list[Job]:
    """Return the jobs that a dry run names."""
    found: list[Job] = []
    for line in text.splitlines():
        if begun := JOB.match(line):
            found.append(Job(begun[1]))
        elif found and (written := OUTPUT.match(line)):
            found[-1] = Job(found[-1].rule, tuple(written[1].split(", ")))
    return found


def by_rule(jobs: Sequence[Job]) -> dict[str, int]:
    """Return how many jobs each rule has, most first."""
    return dict(Counter(job.rule for job in jobs).most_common())
