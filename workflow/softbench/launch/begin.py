"""What a run looks at before its first job: may it write, is it alone, are times in order, is anything forgotten."""

from collections.abc import Sequence
from pathlib import Path

from softbench import storage
from softbench.launch import arrival, clock, lock


def run(results: Path, workflow: Path, arguments: Sequence[str]) -> list[str]:
    """Take the folder for this run, and mend what kills, clocks and copies left; return what there is to tell.

    Args:
        results: the folder of results.
        workflow: the folder of rules, scripts, splits and package.
        arguments: of the call of Snakemake.
    Raises: InputError: if nothing can be written, another run is at work there, or the clock is wrong.
    """
    storage.require_writable(results, lock.RUN.parent)
    clock.require_after(workflow)
    told = []
    if lock.take(arguments):
        told.append("An earlier run was killed; its lock is gone, and its finished pieces are kept.")
    if moved := clock.settle(results, arrival.lists(results)):
        told.append(f"The clock was set back: the times of {moved} files lay in the future; they are now, in order.")
    if jobs := arrival.look_again(results):
        told.append(f"Snakemake does not remember the settings of {jobs} jobs: they look at their pieces again.")
    return told
