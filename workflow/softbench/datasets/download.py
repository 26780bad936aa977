"""One file from a server: resumed where it broke off, tried again when the line fails, and never half taken for whole.

Only the standard library is used.
"""

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from softbench.datasets import archives
from softbench.datasets.part import Part
from softbench.errors import InputError
from softbench.progress import Log, Progress

VERSION = 1
CHUNK = 1 << 20  # bytes
TIMEOUT_S = 60.0  # without a byte
ATTEMPTS = 6  # in a row that bring nothing new
PAUSE_S = 1.0  # before the second attempt; doubles with each further one
PASSING = (408, 425, 429, 500, 502, 503, 504)  # HTTP states that may be gone in a while


class _BrokenError(Exception):
    """The line failed; another attempt may bring the rest."""


def download(url: str, target: Path, *, log: Log = print, attempts: int = ATTEMPTS, pause_s: float = PAUSE_S) -> Path:
    """Bring the whole file of a URL to `target.part`, and return that path; the caller verifies and renames it.

    Args:
        url: http or https.
        target: the final name.
        log: takes progress lines.
        attempts: how many in a row may bring no byte before it gives up.
        pause_s: before the second of these; doubles each time.
    Raises: InputError: if the server refuses, sends a web page or a Git LFS pointer, or cannot be reached.
    """
    part = Part.of(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    failed = 0
    while True:
        before = part.size
        try:
            _attempt(url, part, log)
            return part.path
        except _BrokenError as error:
            failed = 1 if part.size > before else failed + 1
            if failed >= attempts:
                raise InputError(f"{url} could not be downloaded: {error} (tried {failed} times).") from error
            log(f"{target.name}: {error}; trying again from {part.size / 1e6:.1f} MB on")
            time.sleep(pause_s * 2 ** (failed - 1))


def _attempt(url: str, part: Part, log: Log) -> None:
    """Ask for what is missing and append it; raise `_BrokenError` if the line fails before the end."""
    version = part.version()
    if version is None:
        part.clear()
    request = urllib.request.Request(url, headers={"User-Agent": "softbench", "Accept-Encoding": "identity"})
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
        _receive(url, response, part, version, log)


def _refused(url: str, error: urllib.error.HTTPError, part: Part, version: Mapping[str, Any] | None) -> None:
    """Raise what an HTTP error means; return if it means that the part is whole."""
    if error.code == 416 and version is not None:
        if part.size == version["size"]:
            return
        part.clear()
        raise _BrokenError("the file on the server is another one than before") from error
    if error.code in PASSING:
        raise _BrokenError(f"the server answers {error.code} {error.reason}") from error
    raise InputError(f"{url}: the server answers {error.code} {error.reason}.") from error


def _receive(url: str, response: Any, part: Part, version: Mapping[str, Any] | None, log: Log) -> None:
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
    progress = Progress(log, part.path.stem, size, "MB", scale=1e6, skipped=start)
    with open(part.path, "ab" if start else "wb") as file:
        done = start
        for block in _blocks(response):
            if done == 0:
                _require_archive(url, block, part)
            file.write(block)
            done += len(block)
            progress.at(done)
    if size is not None and done != size:
        raise _BrokenError(f"the connection closed after {done} of {size} bytes")


def _blocks(response: Any) -> Iterator[bytes]:
    """Yield what arrives; a failure of the line is `_BrokenError`, one of the disk passes through elsewhere."""
    try:
        while block := response.read(CHUNK):
            yield block
    except (OSError, http.client.HTTPException) as error:
        raise _BrokenError(f"the connection failed ({error})") from error


def _offer(response: Any) -> tuple[int, dict[str, Any]]:
    """Return where the answer starts, and which version of the file it is of: whole size, ETag and date."""
    headers, start = response.headers, 0
    length = headers.get("Content-Length")
    size = int(length) if length is not None else None
    if response.status == 206:  # Content-Range: bytes 100-199/200
        span, _, whole = headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
        start, size = int(span.split("-")[0] or 0), int(whole) if whole.isdigit() else None
    return start, {"size": size, "etag": headers.get("ETag"), "date": headers.get("Last-Modified")}


def _require_archive(url: str, block: bytes, part: Part) -> None:
    try:
        archives.require_archive_bytes(block[: archives.HEAD_BYTES], url)
    except InputError:
        part.clear()
        raise
