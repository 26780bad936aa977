"""Bad servers: told with the file and the ways out; once the server is sound again, the next fetch brings the file."""

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from softbench import InputError
from softbench.datasets.case import Archive
from softbench.datasets.fetch import download

from tests.datasets.conftest import BODY, WAYS_OUT

Publish = Callable[..., ModuleType]
Get = Callable[..., list[str]]
OK = b"HTTP/1.1 200 OK\r\n"


REFUSALS: dict[str, tuple[dict[str, Any], str]] = {  # how the server behaves, what is said
    "no login": ({"states": [401]}, "the server answers 401 Unauthorized"),
    "forbidden": ({"states": [403]}, "the server answers 403 Forbidden"),
    "gone": ({"files": {}}, "the server answers 404 Not Found"),
    "broken for ever": ({"states": [500] * 6}, r"the server answers 500 Internal Server Error \(tried 6 times\)"),
    "busy for ever": ({"states": [503] * 6}, r"the server answers 503 Service Unavailable \(tried 6 times\)"),
    "cut for ever": ({"cuts": [5000] + [0] * 5}, r"the connection closed after 5000 of 10240 bytes \(tried 6 times\)"),
    "says more than comes": ({"lengths_of": {"/a.txt": 20480}}, r"closed after 10240 of 20480 bytes \(tried 6 times\)"),
    "redirects to itself": ({"redirects": {"/a.txt": "/a.txt"}}, "the server answers 302 .*infinite loop"),
    "redirects to a file": (
        {"redirects": {"/a.txt": "file:///etc/passwd"}},
        "302 .*file:///etc/passwd' is not allowed",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_server_that_does_not_give_the_file_is_told_with_the_ways_out(
    name: str, source: ModuleType, get: Get, server: Any, tmp_path: Path
) -> None:
    behaviour, message = REFUSALS[name]
    server.ranges = name != "says more than comes"
    vars(server).update(behaviour)
    with pytest.raises(InputError, match=rf"(?s)/a\.txt.*{message}{WAYS_OUT}"):
        get()
    assert not (tmp_path / "out" / "files" / "a.txt").exists()
    vars(server).update(states=[], cuts=[], lengths_of={}, redirects={}, files={"/a.txt": BODY}, ranges=True)
    get()
    assert (tmp_path / "out" / "files" / "a.txt").read_bytes() == BODY


PASSING: dict[str, dict[str, Any]] = {
    "broken once": {"states": [500]},
    "busy twice": {"states": [429, 503]},
    "cut three times": {"cuts": [5000, 2000, 1]},
    "cut, and has no ranges": {"cuts": [5000], "ranges": False},
    "tells no length": {"lengths_of": {"/a.txt": None}},
    "slow": {"block_s": 0.01},
    "moved": {"redirects": {"/a.txt": "/b.txt"}, "files": {"/b.txt": BODY}},
}


@pytest.mark.parametrize("name", PASSING)
def test_server_that_stumbles_gives_the_file_all_the_same(
    name: str, source: ModuleType, get: Get, server: Any, tmp_path: Path
) -> None:
    vars(server).update(PASSING[name])
    get()
    assert (tmp_path / "out" / "files" / "a.txt").read_bytes() == BODY


Say = Callable[..., str]


@pytest.fixture
def say() -> Iterator[Say]:
    """A function that makes a server which sends these bytes, whatever it is asked, and then hangs up (or waits)."""
    listening = socket.create_server(("127.0.0.1", 0))
    waiting: list[socket.socket] = []

    def start(answer: bytes, hang_up: bool = True) -> str:
        def serve() -> None:
            while True:
                try:
                    caller, _ = listening.accept()
                    caller.recv(65536)
                    caller.sendall(answer)
                except OSError:
                    return
                waiting.append(caller)
                if hang_up:
                    caller.close()

        threading.Thread(target=serve, daemon=True).start()
        return f"http://127.0.0.1:{listening.getsockname()[1]}"

    yield start
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    for caller in waiting:
        caller.close()


ANSWERS: dict[str, tuple[bytes, str]] = {
    "no HTTP": (b"ready\r\n\r\n", r"the connection failed \(ready"),
    "nothing": (b"", r"the connection failed \(Remote end closed connection without response\)"),
    "part of chunks": (OK + b"Transfer-Encoding: chunked\r\n\r\n10\r\nabc", r"the connection failed \(IncompleteRead"),
    "a negative length": (OK + b"Content-Length: -5\r\n\r\nabc", "the server says '-5' where a number of bytes"),
    "letters for a length": (OK + b"Content-Length: many\r\n\r\nabc", "the server says 'many' where a number of bytes"),
    "a range that is none": (
        b"HTTP/1.1 206 Partial Content\r\nContent-Length: 3\r\nContent-Range: bytes x-y/z\r\n\r\nabc",
        "the server says 'x' where a number of bytes",
    ),
    "a part that nobody asked for": (
        b"HTTP/1.1 206 Partial Content\r\nContent-Length: 3\r\nContent-Range: bytes 5-7/8\r\n\r\nabc",
        "the file on the server is another one than before",
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_answer_that_makes_no_sense_is_given_up(
    name: str, say: Say, publish: Publish, get: Get, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    answer, message = ANSWERS[name]
    publish(ARCHIVES=(Archive(f"{say(answer)}/a.txt", "a.txt", unpack=False),))
    with pytest.raises(
        InputError, match=rf"(?s)/a\.txt could not be downloaded: {message}.*\(tried 6 times\).{WAYS_OUT}"
    ):
        get()
    assert not (tmp_path / "out" / "files").exists()


@pytest.mark.parametrize("answer", [b"", OK + b"Content-Length: 9\r\n\r\nabc"], ids=["from the start", "after a while"])
def test_server_that_falls_silent_is_given_up(
    answer: bytes, say: Say, publish: Publish, get: Get, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(download, "TIMEOUT_S", 0.05)
    publish(ARCHIVES=(Archive(f"{say(answer, hang_up=False)}/a.txt", "a.txt", unpack=False),))
    with pytest.raises(
        InputError, match=rf"(?s)/a\.txt .*the connection failed \(.*timed out.*\(tried 6 times\).{WAYS_OUT}"
    ):
        get()
