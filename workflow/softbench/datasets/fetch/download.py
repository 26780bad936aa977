"""Files from a server: each resumed where it broke off and tried again when the line fails; a few at a time.

Only the standard library is used; docs/decisions.md says which others were tried.
"""

import http.client
import json
import os
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from softbench.datasets.fetch import archives
from softbench.errors import InputError
from softbench.jobs import pieces
from softbench.jobs.progress import Log, Progress, duration

VERSION = 1
CHUNK = 1 << 16  # bytes, at most: what has arrived is written at once, so that a kill loses little
TIMEOUT_S = 60.0  # without a byte
ATTEMPTS = 6  # in a row that bring nothing new
PAUSE_S = 1.0  # before the second attempt; doubles with each further one
LONGEST_PAUSE_S = 300.0  # even if the server asks for more
DOWNLOADS = 4  # at once; SOFTBENCH_DOWNLOADS overrides it
FAILURES = 4  # files that may fail before no further one is begun: most likely the line is down
EVERY_S = 5.0  # between progress lines
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


Meter = Callable[[float], None]  # is told how many bytes of a file are there; may raise to end the download
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
    meter = make_meter or (lambda name, size, skipped: Progress(log, name, size, "MB", scale=1e6, skipped=skipped).at)
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
            meter(done)
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


class StoppedError(Exception):
    """The fetch ends for another reason than this download."""


def downloads() -> int:
    """Return how many downloads may run at once; raise `InputError` if SOFTBENCH_DOWNLOADS is no number from 1 on."""
    text = os.environ.get("SOFTBENCH_DOWNLOADS", str(DOWNLOADS))
    if not text.isdigit() or int(text) < 1:
        raise InputError(f"SOFTBENCH_DOWNLOADS must be a whole number from 1 on, but is {text!r}.")
    return int(text)


class Transfer:
    """What is known of all files of a fetch together; its methods may be called from several threads.

    Attributes:
        what: first words of each line.
        files: how many there are.
        done: how many of them are there; begins with those of an earlier run.
    """

    def __init__(self, what: str, files: int, done: int, log: Log) -> None:
        self.what, self.files, self.done = what, files, done
        self._log, self._lock, self._stop = log, threading.Lock(), threading.Event()
        self._missing = files - done
        self._start = self._last = time.monotonic()
        self._sizes: dict[str, int] = {}  # of the files that were begun and whose size is known
        self._bytes: dict[str, float] = {}
        self._skipped: dict[str, int] = {}

    def meter(self, name: str, size: int | None, skipped: int) -> Meter:
        """Begin a file (again); return what is told how many of its bytes are there."""
        with self._lock:
            if size is not None:
                self._sizes[name] = size
            self._skipped[name] = skipped
            self._bytes[name] = skipped
        return partial(self.at, name)

    def at(self, name: str, done: float) -> None:
        """Say that so many bytes of a file are there; raise `StoppedError` if all is to end."""
        self._require_going()
        with self._lock:
            self._bytes[name] = done
            self._say()

    def finish(self) -> None:
        """Say that one more file is there."""
        with self._lock:
            self.done += 1
            self._say(at_once=self.done == self.files)

    def wait(self, seconds: float) -> None:
        """Sleep; raise `StoppedError` if all is to end."""
        self._stop.wait(seconds)
        self._require_going()

    def stop(self) -> None:
        """End all downloads at their next block."""
        self._stop.set()

    def _require_going(self) -> None:
        if self._stop.is_set():
            raise StoppedError

    def _say(self, at_once: bool = False) -> None:
        now = time.monotonic()
        if at_once or now - self._last >= EVERY_S:
            self._last = now
            self._log(self.line(now - self._start))

    def line(self, elapsed_s: float) -> str:
        """Return the line after so many seconds; sizes that no server has told yet count as the mean of the others."""
        arrived = sum(self._bytes.values())
        unknown = self._missing - len(self._sizes)
        known = sum(self._sizes.values())
        total = known + unknown * known / len(self._sizes) if self._sizes else None
        text = f"{self.what}: {self.done} of {self.files} files"
        if not self._bytes:  # from a mirror on this machine
            return text
        text += f", {arrived / 1e9:.2f}"
        if total is not None:
            text += f" of {'about ' if unknown else ''}{total / 1e9:.2f}"
        if self.done == self.files:
            return f"{text} GB, {duration(elapsed_s)}"
        came = arrived - sum(self._skipped.values())
        pace = came / elapsed_s if elapsed_s > 0 else 0
        return f"{text} GB, about {duration((total - arrived) / pace)} left" if total and pace > 0 else f"{text} GB"


def bring_each(names: Sequence[str], bring: Callable[[str], None], moving: Transfer) -> dict[str, InputError]:
    """Call `bring` for every name, a few at once; return those that failed, with their errors.

    After `FAILURES` failures no further one is begun. Any other exception, and a keyboard interrupt, ends all.
    """
    failed: dict[str, InputError] = {}

    def attempt(name: str) -> None:
        if len(failed) >= FAILURES:
            return
        try:
            bring(name)
        except InputError as error:
            failed[name] = error

    with ThreadPoolExecutor(downloads()) as executor:
        futures = [executor.submit(attempt, name) for name in names]
        try:
            for future in as_completed(futures):
                future.result()
        except BaseException:
            moving.stop()
            executor.shutdown(cancel_futures=True)
            raise
    return failed
