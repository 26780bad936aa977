"""Jobs take turns on one output, and end with the Snakemake that started them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from softbench.jobs import logs

JOB = """
import sys, time
from softbench.jobs import logs
with logs.job(sys.argv[1]) as log:
    log("at work")
    time.sleep(float(sys.argv[2]))
"""
SNAKEMAKE = """
import subprocess, sys
from softbench.jobs import logs
logs.sign()
subprocess.run([sys.executable, *sys.argv[1:]])
"""


def until(ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def said(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def test_job_ends_with_its_snakemake(tmp_path: Path) -> None:
    log = tmp_path / "job.log"
    snakemake = subprocess.Popen([sys.executable, "-c", SNAKEMAKE, "-c", JOB, str(log), "100"], start_new_session=True)
    until(lambda: "at work" in said(log))
    snakemake.kill()
    snakemake.wait()
    until(lambda: "STOPPED: Snakemake has ended" in said(log))
    with logs.alone(log, print):  # waits for the last breath, and has it then
        pass


def test_job_whose_snakemake_cannot_be_seen_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of another host or container a process number says nothing."""
    monkeypatch.setenv(logs.STARTER, "elsewhere pid:[1] 1")
    assert not logs.starter_is_gone()
    monkeypatch.delenv(logs.STARTER)
    assert not logs.starter_is_gone()


def test_same_job_of_another_run_waits_for_its_turn(tmp_path: Path) -> None:
    log = tmp_path / "job.log"
    first = subprocess.Popen([sys.executable, "-c", JOB, str(log), "100"])
    until(lambda: "at work" in said(log))
    second = subprocess.Popen([sys.executable, "-c", JOB, str(log), "0"], stderr=subprocess.PIPE, text=True)
    assert second.stderr is not None
    assert "waits: a job of an earlier run is still at work" in second.stderr.readline()
    os.kill(first.pid, signal.SIGSTOP)  # not even a job that hangs is overtaken
    time.sleep(0.1)
    assert second.poll() is None
    first.kill()
    first.wait()
    assert "at work" in second.communicate(timeout=60)[1]
    assert second.returncode == 0
