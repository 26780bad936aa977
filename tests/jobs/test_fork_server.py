"""Forks of one process carry out the jobs of a run, and each behaves as a job that is a process of its own."""

import ast
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from softbench.jobs import fork_server

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux 5.3")

SNAKEMAKE = """
import os, subprocess, sys
from softbench.jobs import fork_server, logs
logs.sign()
fork_server.start()
for line in sys.stdin:  # a call of a script: its path, and variables that are set for it
    script, *variables = line.split()
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    given = dict(word.split("=") for word in variables)
    ended = subprocess.run([sys.executable, script], env={**os.environ, **threads, **given})
    print("ended", ended.returncode, flush=True)
"""
HEAD = """
import os, sys
from softbench.jobs import logs
snakemake = "what Snakemake writes before a script"
with logs.job("job.log") as log:
    print("numpy" in sys.modules, os.getppid(), flush=True)
    from softbench import arrays
"""


class Run:
    """A process that starts jobs as Snakemake does, in a folder with their scripts."""

    def __init__(self, folder: Path, package: Path | None = None) -> None:
        environment = dict(os.environ)
        if package:
            environment["PYTHONPATH"] = str(package)
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, "-c", SNAKEMAKE],
            cwd=folder, env=environment, text=True, start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def begin(self, body: str, *variables: str, kind: str = "train") -> None:
        """Let it start a job whose script does this."""
        script = self.folder / f"tmp{time.monotonic_ns()}.{kind}.py"
        script.write_text(HEAD + "".join(f"    {line}\n" for line in body.splitlines()))
        assert self.process.stdin is not None
        print(script, *variables, file=self.process.stdin, flush=True)

    def job(self, body: str, *variables: str, kind: str = "train") -> tuple[bool, int, list[str]]:
        """Return whether numpy was there when a job began, its status, and what it printed besides."""
        self.begin(body, *variables, kind=kind)
        lines = [self.line()]
        while not re.fullmatch(r"ended -?\d+", lines[-1]):
            lines.append(self.line())
        return lines[0].startswith("True "), int(lines[-1].split()[1]), lines[1:-1]

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().rstrip("\n")

    def server(self) -> psutil.Process:
        """Return the process that forks."""
        (server,) = (
            one for one in psutil.Process(self.process.pid).children() if "softbench.jobs.fork_server" in one.cmdline()
        )
        return server


@contextmanager
def started(folder: Path, package: Path | None = None) -> Iterator[Run]:
    run = Run(folder, package)
    yield run
    run.process.kill()
    run.process.communicate()


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with started(tmp_path) as run:
        yield run


def until(ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not ready():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_jobs_are_forks_that_find_the_imports_of_their_scripts(run: Run) -> None:
    body = "print(json.dumps([sys.argv, __name__, __file__, os.getcwd(), os.getppid()]))"
    for _ in range(2):
        was_there, status, (printed,) = run.job(f"import json\n{body}")
        arguments, name, file, folder, parent = json.loads(printed)
        assert (was_there, status, name, folder) == (True, 0, "__main__", str(run.folder))
        assert arguments == [file]
        assert Path(file).parent == run.folder
        assert parent == run.server().pid


@pytest.mark.parametrize(
    "script", sorted((fork_server.PACKAGE.parent / "scripts").glob("*.py")), ids=lambda path: path.stem
)
def test_scripts_of_the_suite_import_it_below_the_start_of_their_job(script: Path) -> None:
    """What stands above is imported once more in the process that hands the job over."""
    above = ast.parse(script.read_text()).body
    modules = {node.module for node in above if isinstance(node, ast.ImportFrom)}
    assert modules <= {"pathlib", "softbench.jobs"}
    assert "from softbench.jobs import logs\n" in script.read_text()


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ("pass", 0, ""),
        ("sys.exit(3)", 3, ""),
        ("sys.exit('not today')", 1, "not today"),
        ("raise RuntimeError('a fault')", 1, "RuntimeError: a fault"),
        ("from softbench.errors import InputError; raise InputError('bad input')", 1, "ERROR: bad input"),
        ("os.kill(os.getpid(), 9)", -signal.SIGKILL, ""),
        ("import atexit; atexit.register(print, 'at the end')", 0, "at the end"),
    ],
)
def test_job_ends_as_its_fork_ends(run: Run, body: str, status: int, said: str) -> None:
    was_there, ended, lines = run.job(body)
    assert (was_there, ended) == (True, status)
    assert said in "\n".join(lines)


def test_what_a_job_loads_at_work_is_there_for_the_next_of_its_kind(run: Run) -> None:
    (run.folder / "neighbour.py").touch()
    body = "print('colorsys' in sys.modules, 'neighbour' in sys.modules)\nimport colorsys, neighbour"
    assert run.job(body)[2] == ["False False"]
    assert run.job(body, kind="table")[2] == ["False False"]
    assert run.job(body)[2] == ["True False"]  # a neighbour of somebody's script may be another one next time


@pytest.mark.parametrize("variable", ["OMP_NUM_THREADS=2", "MPLBACKEND=svg", f"{fork_server.PLACE}=off"])
def test_jobs_of_several_threads_and_of_other_environments_go_alone(run: Run, variable: str) -> None:
    assert run.job("pass")[0]
    assert run.job("pass", variable) == (False, 0, [])
    assert run.job("pass")[0]


@pytest.fixture
def own_arrays(tmp_path: Path) -> Path:
    """The module `arrays` of a copy of the package."""
    package = tmp_path / "lib" / "softbench"
    package.mkdir(parents=True)
    (package / "jobs").symlink_to(fork_server.PACKAGE / "jobs")
    for name in ("__init__.py", "errors.py", "arrays.py", "checks.py"):
        (package / name).write_bytes((fork_server.PACKAGE / name).read_bytes())
    return package / "arrays.py"


def test_changed_code_is_never_carried_out_from_memory(own_arrays: Path, tmp_path: Path) -> None:
    with started(tmp_path, own_arrays.parents[1]) as run:
        body = "print(arrays.__doc__ is None)"
        assert run.job(body)[::2] == (True, ["False"])
        own_arrays.write_text("")
        assert run.job(body)[::2] == (False, ["True"])


def test_process_with_threads_is_not_forked(own_arrays: Path, tmp_path: Path) -> None:
    begun = "import numpy, threading, time\nthreading.Thread(target=time.sleep, args=(100,), daemon=True).start()\n"
    own_arrays.write_text(begun)
    with started(tmp_path, own_arrays.parents[1]) as run:
        assert run.job("pass")[:2] == (False, 0)
        assert run.job("pass")[:2] == (False, 0)


def test_process_that_opened_a_gpu_is_not_forked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "listdir", lambda folder: ["1"] if folder.endswith("task") else ["0", "7"])
    opened = {"/proc/self/fd/0": "/dev/null", "/proc/self/fd/7": "/dev/null"}
    monkeypatch.setattr(os.path, "realpath", opened.get)
    assert fork_server._may_fork()
    opened["/proc/self/fd/7"] = "/dev/nvidiactl"
    assert not fork_server._may_fork()


def test_fork_ends_with_the_process_that_snakemake_started(run: Run) -> None:
    run.begin("open('began', 'w').close(); import time; time.sleep(100)")
    until((run.folder / "began").exists)
    (fork,) = run.server().children()
    (job,) = (one for one in psutil.Process(run.process.pid).children() if one != run.server())
    job.kill()
    until(lambda: not fork.is_running() or fork.status() == psutil.STATUS_ZOMBIE)
    assert run.line().startswith("True ")
    assert run.line() == f"ended {-signal.SIGKILL}"
    assert run.job("pass")[0]  # the server goes on


def test_all_end_with_snakemake(run: Run) -> None:
    run.begin("open('began', 'w').close(); import time; time.sleep(100)")
    until((run.folder / "began").exists)
    below = psutil.Process(run.process.pid).children(recursive=True)
    assert len(below) == 3  # the server, the job, and the fork
    run.process.kill()
    assert psutil.wait_procs(below, timeout=60)[1] == []
    assert "STOPPED: Snakemake has ended" in (run.folder / "job.log").read_text()


def test_killed_server_ends_its_jobs_and_the_next_goes_alone(run: Run) -> None:
    run.begin("open('began', 'w').close(); import time; time.sleep(100)")
    until((run.folder / "began").exists)
    run.server().kill()
    lines = [run.line()]
    while not lines[-1].startswith("ended "):
        lines.append(run.line())
    assert lines[-1] == "ended 1"
    assert run.job("pass")[:2] == (False, 0)


def test_interrupt_is_one_line(run: Run) -> None:
    run.begin("open('began', 'w').close(); import time; time.sleep(100)")
    until((run.folder / "began").exists)
    os.killpg(run.process.pid, signal.SIGINT)  # as a terminal does: to every process of the group
    printed, _ = run.process.communicate(timeout=60)
    assert (run.folder / "job.log").read_text().count("STOPPED by Ctrl-C") == 1
    assert printed.count("STOPPED by Ctrl-C") == 1


def test_jobs_of_a_snakemake_below_another_go_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    from softbench.jobs import logs

    monkeypatch.setenv(logs.STARTER, "")
    monkeypatch.setenv(fork_server.PLACE, "/tmp/of-the-one-above")
    logs.sign()
    assert fork_server.PLACE not in os.environ
