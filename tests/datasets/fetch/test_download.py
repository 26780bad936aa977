"""One file over a line that breaks, from a server that may lie: it is resumed, and never glued from two versions."""

import json
from pathlib import Path
from typing import Any

import pytest
from softbench import InputError
from softbench.datasets.fetch.download import download

from tests.datasets.conftest import BODY


@pytest.fixture
def publisher(server: Any) -> Any:
    """A server with BODY."""
    server.body = BODY
    return server


def get(server: Any, folder: Path) -> bytes:
    """Download without waiting between attempts; return what came."""
    return download(f"{server.address}/a.tar", folder / "a.tar", log=lambda line: None, pause_s=0).read_bytes()


def left_by_a_killed_run(folder: Path, data: bytes, size: int = len(BODY), etag: str = '"one"') -> None:
    """Put a part there, and what was remembered of its version."""
    (folder / "a.tar.part").write_bytes(data)
    (folder / "a.tar.part.json").write_text(json.dumps({"size": size, "etag": etag, "date": None}))


def test_whole_file_comes_at_once(publisher: Any, tmp_path: Path) -> None:
    assert get(publisher, tmp_path) == BODY
    assert publisher.asked == [None]
    assert not (tmp_path / "a.tar").exists()  # the final name is given after the checksum only


def test_cut_connection_is_resumed_where_it_broke(publisher: Any, tmp_path: Path) -> None:
    publisher.cuts = [5000, 3000]
    assert get(publisher, tmp_path) == BODY
    assert publisher.asked == [None, "bytes=5000-", "bytes=8000-"]


def test_part_of_a_killed_run_is_resumed(publisher: Any, tmp_path: Path) -> None:
    left_by_a_killed_run(tmp_path, BODY[:4000])
    assert get(publisher, tmp_path) == BODY
    assert publisher.asked == ["bytes=4000-"]


def test_part_that_is_whole_is_not_loaded_again(publisher: Any, tmp_path: Path) -> None:
    left_by_a_killed_run(tmp_path, BODY)
    publisher.cuts = [0]
    assert get(publisher, tmp_path) == BODY
    assert publisher.asked == ["bytes=10240-"]


def test_part_without_memory_is_not_trusted(publisher: Any, tmp_path: Path) -> None:
    (tmp_path / "a.tar.part").write_bytes(b"unknown")
    assert get(publisher, tmp_path) == BODY
    assert publisher.asked == [None]


def test_server_without_ranges_starts_afresh(publisher: Any, tmp_path: Path) -> None:
    publisher.cuts, publisher.ranges = [5000], False
    assert get(publisher, tmp_path) == BODY
    assert publisher.asked == [None, "bytes=5000-"]


@pytest.mark.parametrize(("size", "etag"), [(len(BODY), '"old"'), (9000, '"one"')])
def test_file_that_changed_on_the_server_is_not_glued_together(
    size: int, etag: str, publisher: Any, tmp_path: Path
) -> None:
    left_by_a_killed_run(tmp_path, b"other" * 100, size, etag)
    assert get(publisher, tmp_path) == BODY
    assert publisher.asked == ["bytes=500-", None]


def test_part_longer_than_the_file_is_thrown_away(publisher: Any, tmp_path: Path) -> None:
    left_by_a_killed_run(tmp_path, b"other" * 3000, 20000)
    assert get(publisher, tmp_path) == BODY
    assert publisher.asked == ["bytes=15000-", None]


def test_busy_server_is_asked_again(publisher: Any, tmp_path: Path) -> None:
    publisher.states = [503, 429]
    assert get(publisher, tmp_path) == BODY
    assert len(publisher.asked) == 3


@pytest.mark.parametrize(("wanted", "pauses"), [("7", [7, 7]), ("0", [1, 2]), ("soon", [1, 2]), ("9999", [300, 300])])
def test_pause_that_the_server_asks_for_is_kept(
    wanted: str, pauses: list[float], publisher: Any, tmp_path: Path
) -> None:
    publisher.states, publisher.retry_after = [429, 503], wanted
    waited: list[float] = []
    download(f"{publisher.address}/a.tar", tmp_path / "a.tar", wait=waited.append, log=lambda line: None, pause_s=1)
    assert waited == pauses


def test_line_that_never_gets_further_is_given_up(publisher: Any, tmp_path: Path) -> None:
    publisher.ranges, publisher.cuts = False, [5000, 6000, *[5500, 6000] * 20]
    with pytest.raises(InputError, match=r"\(tried 6 times\)"):
        get(publisher, tmp_path)
    assert len(publisher.asked) == 7  # the second got further than the first; five more did not


def test_headers_are_sent_along(publisher: Any, tmp_path: Path) -> None:
    download(f"{publisher.address}/a.tar", tmp_path / "a.tar", headers={"X-Who": "me"}, log=lambda line: None)
    assert publisher.headers[0]["X-Who"] == "me"


def test_text_may_start_like_a_page(publisher: Any, tmp_path: Path) -> None:
    publisher.body = b'<?xml version="1.0"?><LidcReadMessage/>'
    part = download(f"{publisher.address}/a.xml", tmp_path / "a.xml", log=lambda line: None)
    assert part.read_bytes() == publisher.body


def test_line_that_brings_nothing_is_given_up(publisher: Any, tmp_path: Path) -> None:
    publisher.cuts = [5000, *[0] * 20]
    with pytest.raises(InputError, match=r"closed after 5000 of 10240 bytes \(tried 6 times\)"):
        get(publisher, tmp_path)
    assert len(publisher.asked) == 6  # one with bytes, then five without: the first failure counts
    publisher.cuts = []
    assert get(publisher, tmp_path) == BODY  # what came is kept for the next run
    assert publisher.asked[-1] == "bytes=5000-"


def test_nobody_listening_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"the connection failed .*\(tried 2 times\)"):
        download("http://127.0.0.1:9/a.tar", tmp_path / "a.tar", log=lambda line: None, attempts=2, pause_s=0)


@pytest.mark.parametrize("state", [401, 403, 404, 410])
def test_refusal_is_not_asked_again(state: int, publisher: Any, tmp_path: Path) -> None:
    publisher.states = [state]
    with pytest.raises(InputError, match=f"the server answers {state}"):
        get(publisher, tmp_path)
    assert len(publisher.asked) == 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<!DOCTYPE html><title>Log in</title>", "is a web page, not an archive"),
        (b"\n <html><body>moved</body></html>", "is a web page, not an archive"),
        (b"\xef\xbb\xbf<html><body>moved</body></html>", "is a web page, not an archive"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "is a Git LFS pointer"),
    ],
)
def test_what_is_no_archive_is_told_apart_and_not_kept(
    body: bytes, reason: str, publisher: Any, tmp_path: Path
) -> None:
    publisher.body = body
    with pytest.raises(InputError, match=reason):
        get(publisher, tmp_path)
    assert list(tmp_path.iterdir()) == []
