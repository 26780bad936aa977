"""Ctrl-C ends a job with one line, whatever it computes, and the workers of its pool with it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from softbench.jobs import logs

JOB = """
import time
from pathlib import Path
from softbench.jobs import logs, progress

if __name__ == "__main__":
    with logs.job("results/logs/train.log") as log:
        open("began", "w").close()
        WAITS
"""
WAITS = {
    "in python": "time.sleep(60)",
    "in a pool": "progress.each(time.sleep, [(60,), (61,)], workers=2, what='cases', log=log)",
}


@pytest.mark.skipif(sys.platform != "linux", reason="process groups as on Linux")
@pytest.mark.parametrize("where", WAITS)
def test_interrupt_is_one_line_without_tracebacks(tmp_path: Path, where: str) -> None:
    (tmp_path / "job.py").write_text(JOB.replace("WAITS", WAITS[where]))
    process = subprocess.Popen(
        [sys.executable, "job.py"], cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while not (tmp_path / "began").exists():
        time.sleep(0.05)
    workers = 0 if where == "in python" else 2
    while len(psutil.Process(process.pid).children(recursive=True)) < workers:
        time.sleep(0.05)
    time.sleep(1.0 if workers else 0.0)  # until a worker has begun
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to every process of the group
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    line = "STOPPED by Ctrl-C: what is finished is kept, and the same command goes on from here."
    assert said.splitlines() == [f"train: {line}"]
    assert line in (tmp_path / "results/logs/train.log").read_text()


def test_handler_is_that_of_before_once_a_job_has_ended(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    with logs.job(str(tmp_path / "one.log")):
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
