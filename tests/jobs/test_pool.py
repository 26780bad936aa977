"""The loop over cases: order, the script that starts it, and what is left when it is killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from softbench import InputError
from softbench.jobs import progress

SCRIPT = """
import os, sys, time
from softbench.jobs import progress
print(os.getpid(), flush=True)
print(progress.each({function}, {items}, workers=2, what="squares", log=lambda line: None), flush=True)
"""


def start(tmp_path: Path, function: str, items: str) -> subprocess.Popen[str]:
    """Run a script without `if __name__ == "__main__"`, as those of Snakemake are."""
    (tmp_path / "script.py").write_text(SCRIPT.format(function=function, items=items))
    command = [sys.executable, str(tmp_path / "script.py")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def children_of(pid: int) -> list[int]:
    """Ids of the running children of a process."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in listed.split()]


def is_running(pid: int) -> bool:
    """Say if a process runs; one that ended and was not collected does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


@pytest.mark.parametrize("workers", [1, 2])
def test_results_are_in_the_order_of_the_items(workers: int) -> None:
    lines: list[str] = []
    results = progress.each(divmod, [(7, 2), (9, 4), (5, 5)], workers=workers, what="pairs", log=lines.append)
    assert results == [(3, 1), (2, 1), (1, 0)]
    assert lines[-1].startswith("pairs: 3 of 3 cases")


def test_no_items_give_no_results() -> None:
    assert progress.each(divmod, [], workers=2, what="pairs", log=print) == []


def test_error_of_a_case_is_passed_on() -> None:
    with pytest.raises(ZeroDivisionError):
        progress.each(divmod, [(7, 2), (1, 0)], workers=2, what="pairs", log=lambda line: None)


def test_worker_that_is_killed_is_said_to_want_memory() -> None:
    with pytest.raises(InputError, match=r"a worker of 2 was killed.*fewer cores"):
        progress.each(os._exit, [(9,), (9,)], workers=2, what="exits", log=lambda line: None)


def test_script_without_a_guard_runs_once(tmp_path: Path) -> None:
    output, _ = start(tmp_path, "pow", "[(2, 2), (3, 2)]").communicate(timeout=60)
    assert output.splitlines()[1:] == ["[4, 9]"]


def test_workers_import_for_themselves_where_none_can_do_it_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OSError("AF_UNIX path too long")

    monkeypatch.setattr(progress, "EARLY", set())
    monkeypatch.setattr(progress.forkserver, "ensure_running", fail)
    progress.import_early("softbench.arrays")
    results = progress.each(divmod, [(7, 2), (9, 4)], workers=2, what="pairs", log=lambda line: None, imported=True)
    assert results == [(3, 1), (2, 1)]


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_workers_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    parent = start(tmp_path, "time.sleep", "[(60,), (60,)]")
    deadline = time.monotonic() + 30
    while len(children_of(parent.pid)) < 3 and time.monotonic() < deadline:  # two workers and Python's own tracker
        time.sleep(0.05)
    workers = children_of(parent.pid)
    time.sleep(0.5)  # until the workers have loaded what they need
    os.kill(parent.pid, signal.SIGKILL)
    parent.communicate()
    while any(is_running(pid) for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(workers) == 3
    assert not any(is_running(pid) for pid in workers)
