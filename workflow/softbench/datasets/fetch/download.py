"""One file from a server: resumed where it broke off, tried again when the line fails, and never half taken for whole.

Only the standard library is used.
"""

import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from softbench.datasets.fetch import archives
from softbench.errors import InputError
from softbench.jobs import pieces
from softbench.jobs.progress import Log, Progress

VERSION = 1
CHUNK = 1 << 16  # bytes, at most: what has arrived is written at once, so that a kill loses little
TIMEOUT_S = 60.0  # without a byte
ATTEMPTS = 6  # in a row that bring nothing new
PAUSE_S = 1.0  # before the second attempt; doubles with each further one
LONGEST_PAUSE_S = 300.0  # even if the server asks for more
PASSING = (408, 425, 429, 500, 502, 503, 504)  # HTTP states that may be gone in a while


@dataclass(frozen=True)
class Part:
    """The bytes of a download so far, in `path`."""

    path: Path

    @classmethod
    def of(cls, target: Path) -> "Part":
        """Return the part of a file that will be called `target`."""
        return cls(target.with_name(target.name + ".part"))

    @property
    def size(self) -> int:
        """Bytes so far; 0 where there is none."""
        return self.path.stat().st_size if self.path.exists() else 0

    @property
    def _memory(self) -> Path:
        return self.path.with_name(self.path.name + ".json")

    def version(self) -> dict[str, Any] | None:
        """Return what was remembered of the version, or None where nothing readable is."""
        try:
            version: dict[str, Any] = json.loads(self._memory.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return version

    def remember(self, version: Mapping[str, Any]) -> None:
        """Write down which version of the file the bytes belong to: its whole size, ETag and date."""
        pieces.write_json(self._memory, dict(version))

    def clear(self) -> None:
        """Throw away what came so far."""
        self.path.unlink(missing_ok=True)
        self._memory.unlink(missing_ok=True)


class Meter(Protocol):
    """Is told how many bytes of a file are there."""

    def at(self, done: float) -> None:
        """Say that so many bytes are there; may raise to end the download."""


MakeMeter = Callable[[str, int | None, int], Meter]  # of a file's name, its size if known, bytes of an earlier run


class _BrokenError(Exception):
    """The line failed; another attempt may bring the rest, after the pause that the server asks for."""

    def __init__(self, reason: str, pause_s: float = 0) -> None:
        super().__init__(reason)
        self.pause_s = pause_s


class RefusedError(InputError):
    """The server answers that it has no such file, or not for this asker; `state` is its HTTP state."""

    def __init__(self, message: str, state: int) -> None:
        super().__init__(message)
        self.state = state


def download(
    url: str,
    target: Path,
    *,
    headers: Mapping[str, str] | None = None,
    check: Callable[[bytes, str, str], None] = archives.require_archive_bytes,
    make_meter: MakeMeter | None = None,
    wait: Callable[[float], Any] = time.sleep,
    log: Log = print,
    attempts: int = ATTEMPTS,
    pause_s: float = PAUSE_S,
) -> Path:
    """Bring the whole file of a URL to `target.part`, and return that path; the caller verifies and renames it.

    Args:
        url: http or https.
        target: the final name.
        headers: sent to the host of the URL alone, not to one that it redirects to.
        check: raises `InputError` if the first bytes, from this place, under this name, are not what is wanted.
        make_meter: makes what is told of the progress; by default progress lines of this file.
        wait: sleeps so many seconds.
        log: takes lines about failures, and progress.
        attempts: how many in a row may bring no byte beyond the best so far before it gives up.
        pause_s: before the second of these; doubles each time. A longer one that the server asks for is kept.
    Raises: InputError: if the server refuses, sends a web page or a Git LFS pointer, or cannot be reached.
    """
    part = Part.of(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    meter = make_meter or (lambda name, size, skipped: Progress(log, name, size, "MB", scale=1e6, skipped=skipped))
    failed, best = 0, part.size
    while True:
        try:
            _attempt(url, part, headers or {}, check, meter)
            return part.path
        except _BrokenError as error:
            failed = 1 if part.size > best else failed + 1
            best = max(best, part.size)
            if failed >= attempts:
                raise InputError(f"{url} could not be downloaded: {error} (tried {failed} times).") from error
            log(f"{target.name}: {error}; trying again from {part.size / 1e6:.1f} MB on")
            wait(min(max(pause_s * 2 ** (failed - 1), error.pause_s), LONGEST_PAUSE_S))


def _attempt(
    url: str,
    part: Part,
    headers: Mapping[str, str],
    check: Callable[[bytes, str, str], None],
    meter: MakeMeter,
) -> None:
    """Ask for what is missing and append it; raise `_BrokenError` if the line fails before the end."""
    version = part.version()
    if version is None:
        part.clear()
    request = urllib.request.Request(url, headers={"User-Agent": "softbench", "Accept-Encoding": "identity"})
    for name, value in headers.items():
        request.add_unredirected_header(name, value)
    if part.size:
        request.add_header("Range", f"bytes={part.size}-")
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        _refused(url, error, part, version)
        return
    except (OSError, http.client.HTTPException) as error:
        raise _BrokenError(f"the connection failed ({error})") from error
    with response:
        _receive(url, response, part, version, check, meter)


def _refused(url: str, error: urllib.error.HTTPError, part: Part, version: Mapping[str, Any] | None) -> None:
    """Raise what an HTTP error means; return if it means that the part is whole."""
    if error.code == 416 and version is not None:
        if part.size == version["size"]:
            return
        part.clear()
        raise _BrokenError("the file on the server is another one than before") from error
    if error.code in PASSING:
        wanted = error.headers.get("Retry-After", "")
        pause_s = float(wanted) if wanted.isdigit() else 0.0
        raise _BrokenError(f"the server answers {error.code} {error.reason}", pause_s) from error
    raise RefusedError(f"{url}: the server answers {error.code} {error.reason}.", error.code) from error


def _receive(
    url: str,
    response: Any,
    part: Part,
    version: Mapping[str, Any] | None,
    check: Callable[[bytes, str, str], None],
    make_meter: MakeMeter,
) -> None:
    start, offered = _offer(response)
    if start and (start != part.size or offered != version):
        part.clear()
        raise _BrokenError("the file on the server is another one than before")
    if not start:
        part.clear()
        part.remember(offered)
    size = offered["size"]
    if size is not None:
        archives.require_space(part.path.parent, size - start, part.path.stem)
    meter = make_meter(part.path.stem, size, start)
    with open(part.path, "ab" if start else "wb") as file:
        done = start
        for block in _blocks(response):
            if done == 0:
                _check_start(url, block, part, check)
            file.write(block)
            file.flush()
            done += len(block)
            meter.at(done)
    if size is not None and done != size:
        raise _BrokenError(f"the connection closed after {done} of {size} bytes")


def _blocks(response: Any) -> Iterator[bytes]:
    """Yield what arrives; a failure of the line is `_BrokenError`, one of the disk passes through elsewhere."""
    try:
        block = response.read(archives.HEAD_BYTES)
        while block:
            yield block
            block = response.read1(CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise _BrokenError(f"the connection failed ({error})") from error


def _offer(response: Any) -> tuple[int, dict[str, Any]]:
    """Return where the answer starts, and which version of the file it is of: whole size, ETag and date."""
    headers, start = response.headers, 0
    size = _number(headers.get("Content-Length"))
    if response.status == 206:  # Content-Range: bytes 100-199/200
        span, _, whole = headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
        start, size = _number(span.split("-")[0]) or 0, _number(whole)
    return start, {"size": size, "etag": headers.get("ETag"), "date": headers.get("Last-Modified")}


def _number(text: str | None) -> int | None:
    """Return a number of a header, None where it tells none; raise `_BrokenError` if it makes no sense."""
    if text in (None, "", "*"):
        return None
    if not str(text).isdigit():
        raise _BrokenError(f"the server says {text!r} where a number of bytes belongs")
    return int(str(text))


def _check_start(url: str, block: bytes, part: Part, check: Callable[[bytes, str, str], None]) -> None:
    try:
        check(block[: archives.HEAD_BYTES], url, part.path.stem)
    except InputError:
        part.clear()
        raise
