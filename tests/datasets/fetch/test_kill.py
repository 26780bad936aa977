"""A fetch that is killed at any moment goes on, and ends with the files of one that nobody disturbed."""

import hashlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SCRIPT = """
import sys
from pathlib import Path
from softbench import datasets
from softbench.datasets.fetch import fetch
from softbench.datasets.sources import hippocampus
from softbench.datasets.case import Archive

address, output = sys.argv[1], Path(sys.argv[2])
hippocampus.find_cases = lambda folder: sorted(folder.rglob("*.txt"))
hippocampus.ARCHIVES = tuple(
    [Archive(f"{address}/{n}.txt", f"{n}.txt", unpack=False, path=f"single/{n}.txt") for n in range(12)]
    + [Archive(f"{address}/{n}.zip", f"{n}.zip", into=f"packed/{n}") for n in range(3)]
)
fetch.fetch("hippocampus", output, log=lambda line: print(line, flush=True), pause_s=0)
"""


def command(server: Any, output: Path) -> list[str]:
    return [sys.executable, "-c", SCRIPT, server.address, str(output)]


def tree(folder: Path) -> dict[str, str]:
    """The sha256 of every file, by path, apart from records with times."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.parent.name != "items"
    }


@pytest.fixture
def slow(server: Any, pack: Callable[..., bytes]) -> Any:
    """A server of 12 single files and 3 archives, about 20 kB each, a kilobyte at a time."""
    data = {n: bytes([n]) * 20_000 for n in range(12)}
    server.files = {f"/{n}.txt": data[n] for n in data}
    for n in range(3):
        server.files[f"/{n}.zip"] = pack({f"{m}.txt": data[m][: 1000 * n + 500] for m in range(8)})
    server.block_s = 0.004
    return server


def test_killed_fetch_goes_on_and_ends_with_the_same_files(slow: Any, tmp_path: Path) -> None:
    subprocess.run(command(slow, tmp_path / "undisturbed"), check=True, capture_output=True)
    whole = (tmp_path / "killed").rglob
    for more in (0, 1, 40_000, 40_000, 60_000):  # 240 kB in all, so each is killed on its way
        moment = slow.sent + more
        process = subprocess.Popen(command(slow, tmp_path / "killed"), stdout=subprocess.DEVNULL)
        while slow.sent < moment or (more == 60_000 and not list(whole("single/*.txt"))):
            assert process.poll() is None
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        assert not (tmp_path / "killed" / "manifest.json").exists()
    before = len(slow.paths)
    subprocess.run(command(slow, tmp_path / "killed"), check=True, capture_output=True)
    assert len(slow.paths) - before < 15  # of 15 files some were whole
    assert tree(tmp_path / "killed") == tree(tmp_path / "undisturbed")
