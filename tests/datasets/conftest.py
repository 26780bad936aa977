"""Material of the dataset tests: small folders in the layout of the Decathlon, a server, and the real data if there."""

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

SHAPE = (5, 6, 7)  # of the file, (x, y, z)


def write_volume(path: Path, array: np.ndarray, affine: np.ndarray | None = None) -> None:
    """Write an array (x, y, z) as it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(array, np.eye(4) if affine is None else affine), path)


@pytest.fixture
def write() -> Callable[..., None]:
    """The function `write_volume`."""
    return write_volume


@pytest.fixture
def msd(tmp_path: Path) -> Callable[..., Path]:
    """A function that makes a folder with so many cases in the layout of the source `hippocampus`."""

    def make(cases: int = 3, root: str = "Task04_Hippocampus") -> Path:
        folder = tmp_path / root
        for number in range(1, cases + 1):
            rng = np.random.default_rng(number)
            labels = np.zeros(SHAPE, np.uint8)
            labels[1:3, 2, 3], labels[3, 2:5, 3] = 1, 2  # 2 voxels of class 1, 3 of class 2
            name = f"hippocampus_{number:03d}.nii.gz"
            write_volume(folder / "imagesTr" / name, rng.normal(100, 20, SHAPE).astype(np.float32))
            write_volume(folder / "labelsTr" / name, labels)
            for kind in ("imagesTr", "labelsTr"):
                (folder / kind / f"._{name}").write_bytes(b"\x00\x05\x16\x07 left by macOS")
        (folder / "dataset.json").write_text("{}")
        return folder

    return make


@pytest.fixture(scope="session")
def real_hippocampus() -> Path:
    """The folder of the real data; tests that ask for it are skipped where it is absent."""
    beside = Path(__file__).parents[2] / ".." / "shared" / "data"
    folder = Path(os.environ.get("SOFTBENCH_DATA", beside)) / "msd_task04_hippocampus"
    if not folder.is_dir():
        pytest.skip(f"needs the hippocampus data in {folder} (name its parent in SOFTBENCH_DATA)")
    return folder


@dataclass
class Server:
    """A server on this machine with one file at every path; its attributes say how it behaves."""

    body: bytes = b""
    ranges: bool = True  # answers a Range with 206
    cuts: list[int] = field(default_factory=list)  # the n-th answer ends after so many bytes of its body
    states: list[int] = field(default_factory=list)  # the n-th request is answered with this HTTP state
    etag: str = '"one"'
    asked: list[str | None] = field(default_factory=list)  # header Range of each request
    address: str = ""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one GET."""
        wanted = request.headers.get("Range")
        self.asked.append(wanted)
        if self.states:
            request.send_error(self.states.pop(0))
            return
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.ranges else 0
        if start and start >= len(self.body):
            request.send_error(416)
            return
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(self.body) - 1}/{len(self.body)}")
        request.send_header("Content-Length", str(len(self.body) - start))
        request.send_header("ETag", self.etag)
        request.end_headers()
        rest = self.body[start:]
        request.wfile.write(rest[: self.cuts.pop(0)] if self.cuts else rest)
        request.close_connection = True


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A running `Server`."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    behaviour = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            behaviour.answer(self)

        def log_message(self, format: str, *args: object) -> None:
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    behaviour.address = f"http://127.0.0.1:{running.server_address[1]}"
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield behaviour
    running.shutdown()
    running.server_close()
    thread.join()
