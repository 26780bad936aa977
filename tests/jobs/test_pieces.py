"""A piece is done only when it is whole and its key is the job's."""

import os
import time
from pathlib import Path

import numpy as np
import pytest
from softbench.jobs import pieces


def write_number(number: int, calls: list[int]):
    def build(scratch: Path) -> dict[str, int]:
        calls.append(number)
        (scratch / "number.txt").write_text(str(number))
        return {"number": number}

    return build


def test_finished_piece_is_not_built_again(tmp_path: Path) -> None:
    calls: list[int] = []
    for _ in range(2):
        record = pieces.make(tmp_path, "a", "key", write_number(1, calls))
    assert calls == [1]
    assert record["number"] == 1


def test_another_key_builds_anew(tmp_path: Path) -> None:
    calls: list[int] = []
    pieces.make(tmp_path, "a", "old", write_number(1, calls))
    pieces.make(tmp_path, "a", "new", write_number(2, calls))
    assert calls == [1, 2]
    assert (tmp_path / "number.txt").read_text() == "2"


def test_missing_file_builds_anew(tmp_path: Path) -> None:
    calls: list[int] = []
    pieces.make(tmp_path, "a", "key", write_number(1, calls))
    (tmp_path / "number.txt").unlink()
    pieces.make(tmp_path, "a", "key", write_number(1, calls))
    assert calls == [1, 1]


HARM = {
    "cut": lambda path: path.write_bytes(path.read_bytes()[:1]),
    "empty": lambda path: path.write_bytes(b""),
    "flip": lambda path: path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:]),
    "broken_symlink": lambda path: (path.unlink(), path.symlink_to("nowhere")),
    "loop": lambda path: (path.unlink(), path.symlink_to(path.name)),
    "folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("file", ["number.txt", "a.key.json", "more/number.txt"])
@pytest.mark.parametrize("harm", HARM)
def test_damaged_file_builds_anew(file: str, harm: str, tmp_path: Path) -> None:
    calls: list[int] = []

    def build(scratch: Path) -> dict[str, int]:
        (scratch / "more").mkdir()
        (scratch / "more" / "number.txt").write_text("122")
        return write_number(121, calls)(scratch)

    pieces.make(tmp_path, "a", "key", build)
    HARM[harm](tmp_path / file)
    pieces.make(tmp_path, "a", "key", build)
    assert calls == [121, 121]
    whole = (tmp_path / "number.txt").read_text(), (tmp_path / "more" / "number.txt").read_text()
    assert whole == ("121", "122")
    pieces.make(tmp_path, "a", "key", build)
    assert calls == [121, 121]


def test_piece_of_an_earlier_version_counts_as_whole(tmp_path: Path) -> None:
    calls: list[int] = []
    record = pieces.make(tmp_path, "a", "key", write_number(1, calls))
    pieces.write_json(pieces.record_path(tmp_path, "a"), {k: v for k, v in record.items() if k != "sums"})
    pieces.make(tmp_path, "a", "key", write_number(1, calls))
    assert calls == [1]


def test_cut_weights_of_an_earlier_version_are_made_again(tmp_path: Path) -> None:
    def build(scratch: Path) -> dict[str, int]:
        np.savez(scratch / "model.npz", a=np.arange(100))
        return {}

    record = pieces.make(tmp_path, "a", "key", build)
    whole = (tmp_path / "model.npz").read_bytes()
    pieces.write_json(pieces.record_path(tmp_path, "a"), {k: v for k, v in record.items() if k != "sums"})
    (tmp_path / "model.npz").write_bytes(whole[:200])
    assert "sums" in pieces.make(tmp_path, "a", "key", build)
    assert (tmp_path / "model.npz").stat().st_size == len(whole)


def test_piece_that_fails_half_way_is_not_there(tmp_path: Path) -> None:
    def build(scratch: Path) -> dict[str, int]:
        (scratch / "number.txt").write_text("half")
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        pieces.make(tmp_path, "a", "key", build)
    assert list(tmp_path.iterdir()) == []


def test_cut_record_counts_as_none(tmp_path: Path) -> None:
    pieces.make(tmp_path, "a", "key", write_number(1, []))
    pieces.record_path(tmp_path, "a").write_text('{"key": "ke')
    assert pieces.read_record(tmp_path, "a") is None


def test_folder_in_a_piece_replaces_the_old_one(tmp_path: Path) -> None:
    def build(name: str):
        def write(scratch: Path) -> dict[str, int]:
            (scratch / "predictions").mkdir()
            (scratch / "predictions" / name).write_text(name)
            return {}

        return write

    pieces.make(tmp_path, "a", "old", build("old"))
    pieces.make(tmp_path, "a", "new", build("new"))
    assert [path.name for path in (tmp_path / "predictions").iterdir()] == ["new"]


def test_key_knows_values_not_their_order() -> None:
    assert pieces.key_of(a=1, b=[1.5, "x"]) == pieces.key_of(b=[1.5, "x"], a=1)
    assert pieces.key_of(a=1) != pieces.key_of(a=2)


def test_array_hash_sees_value_shape_and_type() -> None:
    array = np.arange(6, dtype=np.float32)
    other = array.copy()
    other[3] = 7
    hashes = {pieces.hash_array(a) for a in (array, other, array.reshape(2, 3), array.astype(np.float64))}
    assert len(hashes) == 4


def test_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    pieces.write_text(path, "old")

    def fail(part: Path) -> None:
        part.write_text("ha")
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        pieces.write_file(path, fail)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_job_left_is_swept(tmp_path: Path) -> None:
    (tmp_path / ".a.x1.part").mkdir()
    (tmp_path / ".a.x1.part" / "half.bin").write_bytes(b"half")
    for other in (".ab.x1.part", ".a.b.x1.part"):  # of other pieces, perhaps still at work
        (tmp_path / other).mkdir()
    pieces.make(tmp_path, "a", "key", write_number(1, []))
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == [".a.b.x1.part", ".ab.x1.part", "a.key.json", "number.txt"]


def test_file_that_a_killed_job_left_half_written_is_swept_when_it_is_old(tmp_path: Path) -> None:
    """A young one may be of another process, at work on the same file."""
    for name, age_s in ((".a.txt.old.part", 7200), (".a.txt.new.part", 0)):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (time.time() - age_s,) * 2)
    pieces.write_text(tmp_path / "a.txt", "a")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".a.txt.new.part", "a.txt"]
