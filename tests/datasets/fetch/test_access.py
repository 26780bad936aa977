"""Data that a person must get: the steps are told, files put there by hand are taken, and a token stays a secret."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from softbench import InputError
from softbench.datasets.case import Archive

Publish = Callable[..., ModuleType]
Get = Callable[..., list[str]]
Files = Callable[[], dict[str, bytes]]
STEPS = ("Ask for the data at example.org.", "Unpack MICCAI.zip.")
SECRET = "eyJ0eXAi.secret-token_123"


@pytest.fixture
def manual(publish: Publish) -> ModuleType:
    """A source that only a person can get."""
    return publish("manual", STEPS=STEPS)


@pytest.fixture
def token(publish: Publish, server: Any, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A source that is downloaded with a token, which is set."""
    monkeypatch.setenv("MADE_TOKEN", SECRET)
    server.files = {"/a.txt": b"a", "/b.txt": b"b"}
    archives = tuple(Archive(server.address + path, path[1:], unpack=False) for path in server.files)
    return publish("token", STEPS=STEPS, TOKEN="MADE_TOKEN", ARCHIVES=archives)


def test_manual_steps_are_numbered_and_end_with_the_folder(manual: ModuleType, get: Get, tmp_path: Path) -> None:
    folder = tmp_path / "out" / "files"
    with pytest.raises(InputError) as caught:
        get()
    assert str(caught.value) == (
        "Made needs a person to get it:\n"
        "  1. Ask for the data at example.org.\n"
        "  2. Unpack MICCAI.zip.\n"
        f"  3. Put the files into {folder}, or name their folder: see below.\n"
        f"Looked at is {folder}, or the folder in --config 'folders={{made: PATH}}'.\n"
        "Expected in it: *.txt.\n"
        "Licence: CC0"
    )


@pytest.mark.parametrize("place", ["files", "folder"])
def test_files_got_by_hand_are_taken(place: str, manual: ModuleType, get: Get, tmp_path: Path) -> None:
    folder = tmp_path / "out" / "files" if place == "files" else tmp_path / "mine"
    folder.mkdir(parents=True)
    (folder / "a.txt").write_text("a")
    get(folder=None if place == "files" else folder)
    assert (tmp_path / "out" / "manifest.json").exists()


def test_archives_got_by_hand_may_lie_in_a_mirror(
    manual: ModuleType, get: Get, files: Files, pack: Callable[..., bytes], tmp_path: Path
) -> None:
    manual.ARCHIVES = (Archive("", "MICCAI.zip"),)
    (tmp_path / "mirror").mkdir()
    with pytest.raises(InputError, match=r"(?s)holds no MICCAI\.zip.*1\. Ask for the data"):
        get(mirror=tmp_path / "mirror")
    (tmp_path / "mirror" / "MICCAI.zip").write_bytes(pack({"a.txt": b"a"}))
    get(mirror=tmp_path / "mirror")
    assert files() == {"a.txt": b"a"}
    get()  # and what is there needs no mirror
    assert files() == {"a.txt": b"a"}


def test_no_download_is_tried_without_a_token(
    token: ModuleType, get: Get, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MADE_TOKEN")
    with pytest.raises(InputError, match=r"(?s)1\. Ask for the data.*in the environment variable MADE_TOKEN"):
        get()
    assert server.paths == []


def test_token_is_sent_and_never_shown(token: ModuleType, get: Get, files: Files, server: Any, tmp_path: Path) -> None:
    server.states_of["/a.txt"] = [503]
    lines = get()
    assert files() == {"a.txt": b"a", "b.txt": b"b"}
    assert {headers["Authorization"] for headers in server.headers} == {f"Bearer {SECRET}"}
    assert len(lines) > 1
    written = [path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert not any(SECRET in line for line in lines)
    assert not any(SECRET.encode() in data for data in written)


def test_what_is_there_needs_no_token(
    token: ModuleType, get: Get, server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    get()
    asked = len(server.asked)
    monkeypatch.delenv("MADE_TOKEN")
    get()
    assert len(server.asked) == asked > 0


def test_refused_token_stops_with_the_steps_and_stays_secret(token: ModuleType, get: Get, server: Any) -> None:
    server.states = [403, 403]
    with pytest.raises(InputError, match=r"(?s)a\.txt: .* 403 .*1\. Ask for the data") as caught:
        get()
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None  # nor in what led to it


def test_server_that_repeats_the_token_does_not_make_it_known(token: ModuleType, get: Get, server: Any) -> None:
    server.files = dict.fromkeys(server.files, f'{{"denied": "{SECRET}"}}'.encode())
    token.ARCHIVES = tuple(Archive(one.url, f"{one.name}.nii", unpack=False) for one in token.ARCHIVES)
    with pytest.raises(InputError, match=r'is a JSON message of the server.*: {"denied": "\*\*\*"}') as caught:
        get()
    assert SECRET not in str(caught.value)


def test_token_is_not_sent_to_where_the_publisher_redirects(
    token: ModuleType, get: Get, files: Files, server: Any
) -> None:
    server.files["/store/a"] = b"a"
    server.redirects["/a.txt"] = server.address.replace("127.0.0.1", "localhost") + "/store/a"
    get()
    sent = dict(zip(server.paths, ("Authorization" in headers for headers in server.headers), strict=True))
    assert sent == {"/a.txt": True, "/b.txt": True, "/store/a": False}
    assert files() == {"a.txt": b"a", "b.txt": b"b"}


def test_token_is_not_sent_to_a_mirror(token: ModuleType, get: Get, server: Any) -> None:
    get(mirror=server.address)
    assert not any("Authorization" in headers for headers in server.headers)


def test_token_does_not_travel_unencrypted(token: ModuleType, get: Get) -> None:
    token.ARCHIVES = (Archive("http://example.org/a.txt", "a.txt", unpack=False),)
    with pytest.raises(InputError, match=r"http://example\.org/a\.txt is no https address: the token in MADE_TOKEN"):
        get()


@pytest.mark.parametrize("text", ["two words", "line\nbreak", "ümlaut", "zero\x7f"])
def test_text_that_is_no_token_is_not_repeated(
    text: str, token: ModuleType, get: Get, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MADE_TOKEN", text)
    with pytest.raises(InputError, match="MADE_TOKEN holds characters that no token has") as caught:
        get()
    assert text not in str(caught.value)
