"""Gzip files in large steps: the same bytes and the same refusals as Python's gzip."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from softbench import gunzip
from softbench.gunzip import GzipStream

NOISE = np.random.default_rng(0).integers(0, 9, 300_000).astype(np.uint8).tobytes()
WHOLE = {
    "one member": gzip.compress(NOISE),
    "nothing in it": gzip.compress(b""),
    "several members": gzip.compress(NOISE[:1000]) + gzip.compress(b"") + gzip.compress(NOISE[1000:]),
    "padded with zeros": gzip.compress(NOISE[:7]) + bytes(5000) + gzip.compress(NOISE) + bytes(3),
    "much of one byte": gzip.compress(bytes(20_000_000)),
}
BAD = {
    "cut short": (gzip.compress(NOISE)[:-3000], EOFError, "ended before"),
    "without its checksum": (gzip.compress(NOISE)[:-8], EOFError, "ended before"),
    "another checksum": (gzip.compress(NOISE)[:-8] + bytes(8), gzip.BadGzipFile, "CRC check failed"),
    "something behind it": (gzip.compress(NOISE) + b"more", gzip.BadGzipFile, "Not a gzipped file"),
    "no gzip": (NOISE, gzip.BadGzipFile, "Not a gzipped file"),
}


@pytest.mark.parametrize("step", [97, 1 << 18])
@pytest.mark.parametrize("name", WHOLE)
def test_bytes_are_those_of_gzip(name: str, step: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gunzip, "STEP", step)
    path = tmp_path / "file.gz"
    path.write_bytes(WHOLE[name])
    with GzipStream(path) as stream:
        assert stream.read() == gzip.decompress(WHOLE[name])
        assert stream.read(1) == b""


@pytest.mark.parametrize("name", BAD)
def test_damage_is_refused(name: str, tmp_path: Path) -> None:
    content, error, said = BAD[name]
    path = tmp_path / "file.gz"
    path.write_bytes(content)
    with GzipStream(path) as stream, pytest.raises(error, match=said):
        stream.read()


def test_places_are_found_forwards_and_backwards(tmp_path: Path) -> None:
    path = tmp_path / "file.gz"
    path.write_bytes(gzip.compress(NOISE))
    with GzipStream(path) as stream:
        for place in (100_000, 7, 299_990):
            assert stream.seek(place) == stream.tell() == place
            assert stream.read(10) == NOISE[place : place + 10]
        assert stream.seek(-1000, 1) == 299_000
        assert stream.seek(10**9) == len(NOISE)
