"""Material of the dataset tests: small folders in the layout of the Decathlon, a server, and the real data if there."""

import hashlib
import io
import json
import os
import threading
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import nibabel as nib
import numpy as np
import pytest
from softbench import datasets
from softbench.datasets.case import Archive
from softbench.datasets.fetch import fetch

SHAPE = (5, 6, 7)  # of the file, (x, y, z)
BODY = bytes(range(256)) * 40  # 10240 bytes: the file of `source`
WAYS_OUT = r".*Try again, give a `mirror`, or download it by hand and name its folder: .*'folders=\{made: PATH\}'"


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
    """A server on this machine; its attributes say how it behaves.

    Those that end in `_of` hold for one path (with its query); the others for all.
    """

    body: bytes | None = None  # at every path that `files` lacks; None is 404
    files: dict[str, bytes] = field(default_factory=dict)  # path -> what lies there
    ranges: bool = True  # answers a Range with 206
    cuts: list[int] = field(default_factory=list)  # the n-th answer ends after so many bytes of its body
    states: list[int] = field(default_factory=list)  # the n-th request is answered with this HTTP state
    etag: str = '"one"'
    retry_after: str | None = None  # header of a refusal
    states_of: dict[str, list[int]] = field(default_factory=dict)
    cuts_of: dict[str, list[int]] = field(default_factory=dict)
    lengths_of: dict[str, int | None] = field(default_factory=dict)  # a wrong Content-Length, or none
    redirects: dict[str, str] = field(default_factory=dict)  # path -> address
    block_s: float = 0  # pause after each kilobyte
    asked: list[str | None] = field(default_factory=list)  # header Range of each request
    paths: list[str] = field(default_factory=list)  # of each request
    headers: list[dict[str, str]] = field(default_factory=list)  # of each request
    most_at_once: int = 0  # requests
    sent: int = 0  # bytes of bodies
    address: str = ""
    head: int = 200  # answers HEAD as GET, without the body; another state refuses it
    more: dict[str, dict[str, str]] = field(default_factory=dict)  # path -> further headers of its answer
    asked_with: list[str] = field(default_factory=list)  # method of each request
    _open: set[BaseHTTPRequestHandler] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one GET."""
        with self._lock:
            self._open.add(request)
            self.most_at_once = max(self.most_at_once, len(self._open))
        try:
            self._answer(request, request.headers.get("Range"))
        except (BrokenPipeError, ConnectionResetError):
            pass  # who asked was killed
        finally:
            self._open.discard(request)
            request.close_connection = True

    def _answer(self, request: BaseHTTPRequestHandler, wanted: str | None) -> None:
        path = request.path
        self.asked_with.append(request.command)
        self.asked.append(wanted)
        self.paths.append(path)
        self.headers.append(dict(request.headers))
        states = self.states_of.get(path) or self.states
        body = self.files.get(path, self.body)
        if path in self.redirects:
            request.send_response(302)
            request.send_header("Location", self.redirects[path])
            self._send_more(request)
            request.end_headers()
            return
        if request.command == "HEAD" and self.head != 200:
            self._refuse(request, self.head)
            return
        if states or body is None:
            self._refuse(request, states.pop(0) if states else 404)
            return
        first, _, last = (wanted or "").removeprefix("bytes=").partition("-")
        start = int(first) if wanted and self.ranges else 0
        if last and self.ranges:
            self._send_span(request, body, start, int(last))
            return
        if start and start >= len(body):
            request.send_error(416)
            return
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        length = self.lengths_of.get(path, len(body) - start)
        if length is not None:
            request.send_header("Content-Length", str(length))
        request.send_header("ETag", self.etag)
        self._send_more(request)
        request.end_headers()
        if request.command == "HEAD":
            return
        cuts = self.cuts_of.get(path) or self.cuts
        rest = body[start:]
        self._send(request, rest[: cuts.pop(0)] if cuts else rest)

    def _send_more(self, request: BaseHTTPRequestHandler) -> None:
        for name, value in self.more.get(request.path, {}).items():
            request.send_header(name, value)

    def _send_span(self, request: BaseHTTPRequestHandler, body: bytes, start: int, last: int) -> None:
        """Answer with the bytes from `start` to `last`, both included."""
        part = body[start : last + 1]
        request.send_response(206)
        request.send_header("Content-Range", f"bytes {start}-{start + len(part) - 1}/{len(body)}")
        request.send_header("Content-Length", str(len(part)))
        self._send_more(request)
        request.end_headers()
        self._send(request, part)

    def _refuse(self, request: BaseHTTPRequestHandler, state: int) -> None:
        request.send_response(state)
        if self.retry_after is not None:
            request.send_header("Retry-After", self.retry_after)
        request.end_headers()

    def _send(self, request: BaseHTTPRequestHandler, data: bytes) -> None:
        step = 1024 if self.block_s else max(1, len(data))
        for begin in range(0, len(data), step):
            time.sleep(self.block_s)
            if begin + step >= len(data):
                self._open.discard(request)  # who asked may ask for the next file as soon as this one is there
            request.wfile.write(data[begin : begin + step])
            self.sent += len(data[begin : begin + step])


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A running `Server`."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    behaviour = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            behaviour.answer(self)

        def do_HEAD(self) -> None:
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


def zip_of(files: dict[str, bytes]) -> bytes:
    """Pack files by name."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name, data in files.items():
            file.writestr(name, data)
    return packed.getvalue()


@pytest.fixture
def pack() -> Callable[[dict[str, bytes]], bytes]:
    """The function `zip_of`."""
    return zip_of


@pytest.fixture
def publish(server: Server, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ModuleType]:
    """A function that makes `datasets.source` answer with a source of these attributes, whatever its name.

    Each `*.txt` among its files is a case.
    """

    def make(access: str = "open", **attributes: Any) -> ModuleType:
        source = ModuleType("made_for_a_test")
        facts = {"VERSION": 1, "TITLE": "Made", "LICENCE": "CC0", "CITATION": "nobody", "LAYOUT": "*.txt"}
        vars(source).update(facts, ACCESS=access, find_cases=lambda folder: sorted(folder.rglob("*.txt")))
        vars(source).update(attributes)
        monkeypatch.setattr(datasets, "source", lambda name: source)
        return source

    return make


@pytest.fixture
def source(server: Server, publish: Callable[..., ModuleType]) -> ModuleType:
    """A source of one file."""
    server.files = {"/a.txt": BODY}
    return publish(ARCHIVES=(Archive(f"{server.address}/a.txt", "a.txt", unpack=False),))


@pytest.fixture
def get(tmp_path: Path) -> Callable[..., list[str]]:
    """A function that fetches the source of `publish` into `tmp_path/out` without pauses; returns the log's lines."""

    def run(**options: Any) -> list[str]:
        lines: list[str] = []
        try:
            fetch.fetch("made", tmp_path / "out", log=lines.append, pause_s=0, **options)
        finally:
            run.lines = lines  # type: ignore[attr-defined]
        return lines

    return run


@pytest.fixture
def files(tmp_path: Path) -> Callable[[], dict[str, bytes]]:
    """A function that returns what `get` brought, by path, after a check that the manifest lists it."""

    def read() -> dict[str, bytes]:
        folder = tmp_path / "out" / "files"
        found = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        listed = json.loads((tmp_path / "out" / "manifest.json").read_text())["files"]
        assert listed == {
            name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in found.items()
        }
        return found

    return read


@pytest.fixture
def scores_after_one_step(tmp_path: Path) -> Callable[..., Any]:
    """A function that trains a network for one step on a prepared dataset: does the whole path run?"""
    import pandas as pd
    import torch
    from softbench.datasets import splits
    from softbench.soft_labels.produce import produce
    from softbench.training.batch import Batch, Run, run_batch

    def train(
        data: Path,
        cases: Iterable[tuple[str, str]],
        crop: Sequence[int],
        raters: str = "first",
        recipe: str = "one_hot",
    ) -> Any:
        """Train on the first two cases (id, patient), validate on the third, and return the scores of the fourth."""
        produce(recipe, data, tmp_path / "soft", settings={}, version={}, log=lambda line: None)
        parts = ("train", "train", "val", "test")
        rows = [(*case, part) for case, part in zip(cases, parts, strict=True)]
        run = Run.of(
            {
                "names": dict.fromkeys(("experiment", "dataset", "split", "network", "method"), "tiny"),
                "network": {"name": "compact_unet", "widths": [4, 8]},
                "loss": "ce",
                "protocol": {"steps": 1, "batch": 2, "patch_size": list(crop), "learning_rate": 0.01},
                "scoring": {"tolerances_mm": [2.0]},
                "versions": {"training": {}, "scoring": {}},
                "raters": raters,
            }
        )
        split = pd.DataFrame(rows, columns=list(splits.COLUMNS))
        batch = Batch(run, data, tmp_path / "soft", split, torch.device("cpu"), lambda line: None)
        run_batch(batch, [0], tmp_path, tmp_path / "batch-0.json")
        scores = pd.read_parquet(tmp_path / "seed-0" / "scores.parquet")
        return scores[scores["case"] == rows[-1][0]]

    return train
