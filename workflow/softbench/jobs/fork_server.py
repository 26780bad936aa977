"""One process imports what the jobs of a run need, and a fork of it carries out each job: a run imports torch once.

Snakemake starts every script as a process of its own, and torch, pandas and numba cost it three to four CPU-seconds,
more than many jobs compute. So a script that begins its job (`logs.job`) hands itself over before it has imported
anything of weight: it sends its path and its files to the server, waits, and ends as the fork ends. The server imports
what the script imports, once, and besides what earlier jobs loaded while they ran.

A job is carried out by its own process where that is safer: where it may use several threads (a process that holds
threads must not be forked), in another environment or container than the job that came first, where code of the suite
changed during the run, and where there is no server: in jobs of a cluster, on systems other than Linux.

Kills: the fork ends with the process that Snakemake started, and that with the fork; both with Snakemake, and the
server too. Ctrl-C reaches the fork as it reaches any job.
"""

import ast
import atexit
import gc
import json
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import types
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

VERSION = None  # where a job runs decides no number
PLACE = "SOFTBENCH_FORK_SERVER"  # in a job's environment: the server's socket
OFF = "off"  # what a person may set it to
THREADS = "OMP_NUM_THREADS"  # as Snakemake sets it for each job
WITHOUT_THREADS = {"JE_ARROW_MALLOC_CONF": "background_thread:false"}  # pyarrow would start one when imported
GPUS = ("/dev/nvidia", "/dev/kfd", "/dev/dri")
TAKEN, SENT_S = b"y", 10.0
PACKAGE = Path(__file__).parents[1]


def start() -> None:
    """Start the server of this process's jobs, where the system can; it ends with this process."""
    if os.environ.get(PLACE) == OFF or not hasattr(os, "pidfd_open"):
        return
    with suppress(OSError):  # a long TMPDIR, in which no socket has room
        folder = tempfile.mkdtemp(prefix="softbench-")  # of this user alone
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(Path(folder, "jobs")))
        listener.listen(128)
        number = listener.fileno()
        command = [sys.executable, "-P", "-m", "softbench.jobs.fork_server", str(number)]
        server = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[number])
        atexit.register(_end, server)
        listener.close()
        os.environ[PLACE] = str(Path(folder, "jobs"))


def _end(server: "subprocess.Popen[bytes]") -> None:
    if server.stdin is not None:
        server.stdin.close()  # for which it waits
    with suppress(subprocess.TimeoutExpired):
        server.wait(5)


def hand_over() -> None:
    """Let a fork of the server carry out the script of this process, and end as it ends; return where none does.

    Raises: SystemExit: with the status of the fork.
    """
    place, script = os.environ.get(PLACE, OFF), sys.modules["__main__"]
    if place == OFF or not hasattr(script, "snakemake") or "numpy" in sys.modules:
        return
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(place)
            _send(connection)
            if connection.recv(1) != TAKEN:
                return
        except OSError:
            return
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # it reaches the fork, too, which says so
        _end_as(connection.recv(4))


def _send(connection: socket.socket) -> None:
    asked = {"arguments": sys.argv, "path": sys.path, "folder": os.getcwd(), "circumstances": _circumstances()}
    body = json.dumps(asked).encode()
    socket.send_fds(connection, [len(body).to_bytes(8, "big")], [0, 1, 2])
    connection.sendall(body)


def _circumstances() -> dict[str, Any]:
    """Return what must be the same in two processes, so that one may stand for the other."""
    return {
        "environment": dict(os.environ),
        "python": sys.executable,
        "package": str(PACKAGE),
        "mounts": os.readlink("/proc/self/ns/mnt"),  # another in a container
    }


def _end_as(answer: bytes) -> None:
    """End this process as its fork ended."""
    if len(answer) < 4:
        sys.exit("The process that carried out this job is gone.")
    status = os.waitstatus_to_exitcode(int.from_bytes(answer, "big"))
    if status < 0:
        with suppress(OSError):  # SIGKILL cannot be set
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    sys.exit(status)


@dataclass(frozen=True)
class Request:
    """A script that is to be carried out, the process that waits for it, and that one's standard files."""

    connection: socket.socket
    files: list[int]
    arguments: list[str]
    path: list[str]
    folder: str
    circumstances: dict[str, Any]

    @property
    def script(self) -> Path:
        """The file that Snakemake made of the script."""
        return Path(self.arguments[0])

    @property
    def kind(self) -> str:
        """The name of the script: "train.py" of "tmp1a2b3c.train.py"."""
        return self.script.name.partition(".")[2]


def receive(connection: socket.socket) -> Request | None:
    """Return what a process asks for; None where it broke off."""
    files: list[int] = []
    connection.settimeout(SENT_S)
    try:
        head, files, _, _ = socket.recv_fds(connection, 8, 3)
        with connection.makefile("rb") as stream:
            content = json.loads(stream.read(int.from_bytes(head, "big")))
        connection.settimeout(None)
        return Request(connection, files, **content)
    except (OSError, ValueError, TypeError):
        _close([connection], files)
        return None


def _close(connections: Iterable[socket.socket], files: Iterable[int]) -> None:
    for connection in connections:
        connection.close()
    for number in files:
        os.close(number)


@dataclass(frozen=True)
class Job:
    """A fork at work: its process, the process that waits for it, and where it says at its end what it loaded."""

    process: int
    kind: str
    connection: socket.socket
    loaded: int


@dataclass
class Server:
    """What the server knows: the circumstances of the first job, what it imported, and which jobs are at work."""

    listener: socket.socket
    circumstances: dict[str, Any] = field(default_factory=dict)
    sources: dict[str, tuple[int, int]] = field(default_factory=dict)  # file of the suite -> its time and size
    loaded: dict[str, list[str]] = field(default_factory=dict)  # kind of job -> modules that it loaded at work
    at_work: dict[int, Job] = field(default_factory=dict)  # by a descriptor of the process

    def serve(self) -> tuple[Request, int] | None:
        """Fork for each request until Snakemake is gone: then return None; in a fork, its request and where it says
        what it loaded."""
        with selectors.DefaultSelector() as selector:
            selector.register(sys.stdin, selectors.EVENT_READ)
            selector.register(self.listener, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is sys.stdin:
                        return None
                    if key.fileobj is not self.listener:
                        selector.unregister(key.fd)
                        self._finish(key.fd)
                        continue
                    request = receive(self.listener.accept()[0])
                    if request is None:
                        continue
                    if (loaded := self._fork(request)) is not None:
                        return request, loaded
                    for descriptor in self.at_work.keys() - selector.get_map().keys():
                        selector.register(descriptor, selectors.EVENT_READ)

    def _fork(self, request: Request) -> int | None:
        """Let a fork carry out a request, where that is safe; return None, and in the fork where it says what it
        loaded."""
        if not self._suits(request):
            _close([request.connection], request.files)
            return None
        self._import(request)
        reading, writing = os.pipe()
        process = None
        with suppress(OSError):  # no room for one more process
            process = os.fork() if _may_fork() else None
        if process == 0:
            os.close(reading)
            self._forget_others()
            return writing
        _close([], [*request.files, writing])
        if process is None:
            _close([request.connection], [reading])
            return None
        with suppress(OSError):  # who asked is gone: the fork finds out by itself
            request.connection.sendall(TAKEN)
        self.at_work[os.pidfd_open(process)] = Job(process, request.kind, request.connection, reading)
        return None

    def _forget_others(self) -> None:
        jobs = self.at_work.items()
        _close(
            [self.listener, *(job.connection for _, job in jobs)],
            [number for at, job in jobs for number in (at, job.loaded)],
        )

    def _finish(self, descriptor: int) -> None:
        """Tell the process that waits how its fork ended, and note what that loaded."""
        job = self.at_work.pop(descriptor)
        _, status = os.waitpid(job.process, 0)
        with open(job.loaded, encoding="utf-8") as file:
            self.loaded.setdefault(job.kind, file.read().splitlines())
        with suppress(OSError):
            job.connection.sendall(status.to_bytes(4, "big"))
        _close([job.connection], [descriptor])

    def _suits(self, request: Request) -> bool:
        asked = request.circumstances
        if asked["environment"].get(THREADS) != "1":
            return False
        if not self.circumstances and asked == {**_circumstances(), "environment": asked["environment"]}:
            self.circumstances = asked
            os.environ.clear()
            os.environ.update(WITHOUT_THREADS | asked["environment"])
        return asked == self.circumstances and self.sources == _stamps(self.sources)

    def _import(self, request: Request) -> None:
        """Import what a script imports of the suite, and what the last one of its kind loaded at work."""
        known = len(sys.modules)
        sys.path[:] = request.path
        loaded: list[tuple[str, list[str]]] = [
            (name, []) for name in self.loaded.pop(request.kind, ()) if name not in sys.modules
        ]
        for module, names in [*imports(request.script), *loaded]:
            with suppress(Exception, SystemExit):  # the fork meets it, too, and says so
                __import__(module, fromlist=names)
        if len(sys.modules) > known:
            files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
            self.sources |= _stamps({file for file in files if file and Path(file).is_relative_to(PACKAGE)})
            gc.freeze()  # shared with the forks, as long as no collection looks at it


def imports(script: Path) -> list[tuple[str, list[str]]]:
    """Return the modules of the suite that a script imports, with the names that it takes from them."""
    nodes = list(ast.walk(ast.parse(script.read_bytes())))
    found = [
        (node.module or "", [alias.name for alias in node.names]) for node in nodes if isinstance(node, ast.ImportFrom)
    ]
    found += [(alias.name, []) for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    return [(module, names) for module, names in found if module.partition(".")[0] == PACKAGE.name]


def _may_fork() -> bool:
    """Return whether no module that was imported started a thread, whose locks a fork would copy, or opened a GPU,
    which a fork cannot use."""
    opened = [os.path.realpath(f"/proc/self/fd/{number}") for number in os.listdir("/proc/self/fd")]
    return len(os.listdir("/proc/self/task")) == 1 and not any(path.startswith(GPUS) for path in opened)


def _stamps(files: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Return the time and the size of files; of one that is gone, zeros."""
    stamps = {}
    for file in files:
        with suppress(OSError):
            stat = os.stat(file)
            stamps[file] = (stat.st_mtime_ns, stat.st_size)
    return stamps


def carry_out(request: Request, loaded: int) -> NoReturn:
    """Run a script as the process that handed it over would have run it, say which modules that loaded, and end."""
    for number, file in enumerate(request.files):
        os.dup2(file, number)
        os.close(file)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(request.folder)
    os.environ.pop(PLACE, None)  # it is here, and what it starts goes alone
    sys.argv[:], sys.path[:] = request.arguments, request.path
    threading.Thread(target=_end_with, args=(request.connection,), daemon=True).start()
    with suppress(OSError):
        Path("/proc/self/comm").write_text(request.kind)  # what `top` shows
    known, status = set(sys.modules), 1
    try:
        status = _run(request.script)
        names = [name for name in sys.modules if name not in known and _is_installed(name)]
        os.set_blocking(loaded, False)  # a server that does not read delays nothing
        with suppress(OSError):
            os.write(loaded, "\n".join(names).encode())
    finally:  # as Python ends, without taking apart module by module, which takes as long as many jobs
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(status)


def _run(script: Path) -> int:
    """Run a script as `__main__`; return the status that Python would end with."""
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    main.__file__ = str(script)
    try:
        exec(compile(script.read_bytes(), str(script), "exec"), main.__dict__)
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr)
        return 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


def _end_with(connection: socket.socket) -> None:
    """End this fork as soon as the process that waits for it is gone, as if that had carried out the job."""
    with suppress(OSError):
        connection.recv(1)
    os._exit(1)


def _is_installed(name: str) -> bool:
    """Return whether a module is Python's, an installed one, or the suite's: no neighbour of somebody's script."""
    origin = getattr(getattr(sys.modules[name], "__spec__", None), "origin", None) or ""
    return origin.startswith((sys.prefix, sys.base_prefix, str(PACKAGE)))


def main() -> None:
    """Serve; a kernel before Linux 5.3 lacks what this needs, and jobs then go alone."""
    os.close(os.pidfd_open(os.getpid()))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends jobs and Snakemake, and with it this
    if taken := Server(socket.socket(fileno=int(sys.argv[1]))).serve():
        carry_out(*taken)


if __name__ == "__main__":
    main()
