"""Slurm jobs that an earlier run of this folder left: they go on after its Snakemake was killed.

Snakemake cancels its jobs at Ctrl-C only. Killed in another way it leaves them, and its next call knows nothing of
them: it would submit the same work again, and two jobs would write the same files.
"""

import os
import subprocess
from pathlib import Path

from softbench.errors import InputError

OWN_JOB = os.environ.get("SLURM_JOB_ID")  # read early: Snakemake's Slurm plugin deletes it when run inside a job
SECONDS = 30.0  # for squeue; a controller that does not answer stops nobody here


def require_none_left(folder: Path) -> None:
    """Raise unless no Slurm job of an earlier run of this folder is in the queue.

    Raises: InputError: with the ids, how to wait and how to cancel.
    """
    jobs = jobs_of(folder)
    if jobs:
        raise InputError(
            f"{len(jobs)} Slurm jobs of an earlier run of this folder are still in the queue, and would write the same "
            f"files. Wait until `squeue --me` no longer shows them, or cancel them; what is finished is kept: "
            f"scancel {' '.join(jobs)}"
        )


def jobs_of(folder: Path) -> list[str]:
    """Return the ids of this user's Slurm jobs that Snakemake submitted from a folder; none where there is no Slurm."""
    command = ["squeue", "--me", "--noheader", "--format=%F\t%k\t%Z"]  # job, comment, folder; an array is one job
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return []
    rows = [line.split("\t") for line in found.stdout.splitlines() if found.returncode == 0]
    ours = [job for job, comment, where in rows if comment.startswith("rule_") and Path(where) == folder.resolve()]
    return [job for job in dict.fromkeys(ours) if job != OWN_JOB]
