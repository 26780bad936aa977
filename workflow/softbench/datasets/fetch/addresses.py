"""What a server says of an address, without the download: does it answer, with how many bytes, with which checksum?

It is asked with HEAD; a server that refuses HEAD, or whose answer looks like a page, is asked for the first bytes of
the file (GET with a Range). Proxies of the environment are used, as in a download. At most two requests run at a time
on one host, and a host that does not answer is asked no further.
"""

import base64
import binascii
import http.client
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlparse

from softbench.datasets.fetch import archives
from softbench.errors import InputError

VERSION = None  # asks, and brings no data
TIMEOUT_S = 20.0  # without an answer
AT_ONCE = 2  # requests to one host
SILENT = 2  # addresses of a host that may stay without an answer before no further one is asked
SMALL = 2048  # bytes: a file as small as this may be a pointer or a message
HEX = {"md5": 32, "sha256": 64}
LOGIN = re.compile(r"(log|sign)[-_]?in\b|/auth\b|\bsso\b|\boauth|saml|/accounts?/|\bshibboleth", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """What a server says of an address.

    state: of HTTP; 0 where there was no answer at all. reason: the state in words, or why there was no answer.
    size: bytes, None where the server does not say. hashes: algorithm -> hexadecimal digest, of those that the server
    gives. place: the address in the end, after redirects. kind: Content-Type. head: the first bytes, where they were
    asked for. asked: whether it was asked; else `reason` says why not.
    """

    state: int
    reason: str
    size: int | None = None
    hashes: Mapping[str, str] = field(default_factory=dict)
    place: str = ""
    kind: str = ""
    head: bytes | None = None
    asked: bool = True

    @property
    def is_page(self) -> bool:
        """Whether what it sends is a web page."""
        return self.kind.split(";")[0].strip().lower() in ("text/html", "application/xhtml+xml")


def ask(url: str, *, headers: Mapping[str, str] | None = None, name: str = "", timeout_s: float = TIMEOUT_S) -> Answer:
    """Ask a server about an address.

    Args:
        url: http or https.
        headers: for the host of the URL alone, not for one that it redirects to.
        name: of the file; one that is a text anyway may start like a page.
        timeout_s: without a byte.
    """
    answer = _request("HEAD", url, headers or {}, timeout_s)
    if not answer.state or answer.state == 429:
        return answer
    refused = answer.state >= 400
    small = answer.size is not None and answer.size < SMALL and not name.lower().endswith(archives.TEXTS)
    if not refused and not small and not answer.is_page:
        return answer
    second = _request("GET", url, headers or {}, timeout_s)
    return second if refused or second.state else answer


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows with the method that was asked with, and keeps the headers of each station."""

    def __init__(self) -> None:
        self.stations: list[Any] = []

    def redirect_request(
        self, request: urllib.request.Request, stream: Any, code: int, message: str, headers: Any, place: str
    ) -> urllib.request.Request | None:
        self.stations.append(headers)
        following = super().redirect_request(request, stream, code, message, headers, place)
        if following is not None:
            following.method = request.get_method()
        return following


def _request(method: str, url: str, headers: Mapping[str, str], timeout_s: float) -> Answer:
    """Ask once; of a GET the first bytes are read, and no more."""
    redirects = _Redirects()
    try:
        request = _prepare(method, url, headers)
        with urllib.request.build_opener(redirects).open(request, timeout=timeout_s) as response:
            head = response.read(archives.HEAD_BYTES) if method == "GET" else None
            return _read(response, redirects.stations, head)
    except urllib.error.HTTPError as error:
        with error:
            place = error.geturl() or url
            return Answer(error.code, error.reason or http.client.responses.get(error.code, ""), place=place)
    except (OSError, http.client.HTTPException, ValueError) as error:
        cause = getattr(error, "reason", error)
        if isinstance(cause, TimeoutError):
            return Answer(0, f"no answer within {timeout_s:g} s")
        return Answer(0, f"no answer ({str(cause) or type(cause).__name__})")


def _prepare(method: str, url: str, headers: Mapping[str, str]) -> urllib.request.Request:
    plain = {"User-Agent": "softbench", "Accept-Encoding": "identity"}
    request = urllib.request.Request(url, method=method, headers=plain)
    for name, value in headers.items():
        request.add_unredirected_header(name, value)
    if method == "GET":
        request.add_header("Range", f"bytes=0-{archives.HEAD_BYTES - 1}")
    return request


def _read(response: Any, stations: Sequence[Any], head: bytes | None) -> Answer:
    every = [*stations, response.headers]
    linked = next((headers["X-Linked-Size"] for headers in every if headers["X-Linked-Size"]), None)  # Hugging Face
    whole = response.headers.get("Content-Range", "").rpartition("/")[2] if response.status == 206 else None
    text = linked or (whole if whole is not None else response.headers.get("Content-Length"))
    hashes: dict[str, str] = {}
    for headers in every:
        hashes |= _hashes(headers)
    return Answer(
        response.status,
        response.reason or "",
        int(text) if text and text.isdigit() else None,
        hashes,
        response.geturl(),
        response.headers.get("Content-Type", ""),
        head,
    )


def _hashes(headers: Any) -> dict[str, str]:
    """Return the checksums in the headers of an answer; an ETag is one only where a server is known to mean it so."""
    etag = (headers.get("ETag") or "").removeprefix("W/").strip('"')
    linked = (headers.get("X-Linked-ETag") or "").strip('"')  # of Hugging Face: the sha256 of a large file
    found = {"md5": headers.get("Content-MD5") or "", "sha256": linked}
    servers = " ".join(headers.get_all("Server") or ()).lower()
    if "amazons3" in servers and not headers.get("x-amz-server-side-encryption-aws-kms-key-id"):
        found["md5"] = found["md5"] or etag  # of a file that was uploaded in one part
    if etag.startswith("md5:"):  # Zenodo
        found["md5"] = etag.removeprefix("md5:")
    for part in (headers.get("x-goog-hash") or "").split(","):
        algorithm, _, value = part.strip().partition("=")
        found |= {algorithm: value} if algorithm == "md5" else {}
    return {name: digest for name, value in found.items() if (digest := _hexadecimal(value, HEX[name]))}


def _hexadecimal(value: str, digits: int) -> str:
    """Return a digest in hexadecimal, whether it came so or as base64; "" where it is none of this length."""
    if re.fullmatch(rf"[0-9a-fA-F]{{{digits}}}", value):
        return value.lower()
    try:
        decoded = base64.b64decode(value, validate=True).hex()
    except (binascii.Error, ValueError):
        return ""
    return decoded if len(decoded) == digits else ""


def find_fault(answer: Answer, name: str) -> str:
    """Return what is wrong with an answer for a file of this name; "" where nothing is."""
    if not answer.asked or not answer.state:
        return answer.reason
    if answer.state in (401, 403):
        return f"it asks for a login or refuses ({answer.state} {answer.reason})"
    if answer.state >= 400:
        later = "; try again later" if answer.state == 429 or answer.state >= 500 else ""
        return f"the server answers {answer.state} {answer.reason}{later}"
    if answer.head is not None:
        try:
            archives.require_archive_bytes(answer.head, "it", name)
        except InputError as error:
            return _login(answer) or str(error).removeprefix("it ").rstrip(".")
    is_text = name.lower().endswith(archives.TEXTS)
    return _login(answer) or ("it sends a web page, not the file" if answer.is_page and not is_text else "")


def _login(answer: Answer) -> str:
    if answer.is_page and LOGIN.search(urlparse(answer.place).path + "?" + urlparse(answer.place).netloc):
        return f"it leads to a login page, {answer.place}"
    return ""


class Hosts:
    """Asks many addresses: two at a time of one host, and none more of a host that does not answer."""

    def __init__(self, timeout_s: float = TIMEOUT_S) -> None:
        self._timeout_s = timeout_s
        self._pools: dict[str, ThreadPoolExecutor] = {}
        self._silent: dict[str, int] = {}
        self._stopped: dict[str, str] = {}
        self._asked: dict[str, Future[Answer]] = {}
        self._lock = threading.Lock()

    @classmethod
    @contextmanager
    def open(cls, timeout_s: float = TIMEOUT_S) -> Iterator["Hosts"]:
        """Yield one, and end its threads."""
        hosts = cls(timeout_s)
        try:
            yield hosts
        finally:
            for pool in hosts._pools.values():
                pool.shutdown(cancel_futures=True)

    def ask(self, url: str, *, headers: Mapping[str, str] | None = None, name: str = "") -> "Future[Answer]":
        """Return what will hold the answer; the same address is asked once."""
        if url not in self._asked:
            host = urlparse(url).netloc
            pool = self._pools.setdefault(host, ThreadPoolExecutor(AT_ONCE))
            self._asked[url] = pool.submit(self._ask, host, url, headers, name)
        return self._asked[url]

    def _ask(self, host: str, url: str, headers: Mapping[str, str] | None, name: str) -> Answer:
        if host in self._stopped:
            return Answer(0, f"not asked: {self._stopped[host]}", asked=False)
        answer = ask(url, headers=headers, name=name, timeout_s=self._timeout_s)
        with self._lock:
            self._silent[host] = self._silent.get(host, 0) + 1 if not answer.state else 0
            if answer.state == 429:
                self._stopped[host] = f"{host} asks for fewer requests; try again later"
            elif self._silent[host] >= SILENT:
                self._stopped[host] = f"{host} does not answer"
        return answer
