"""A job that makes a piece for each of several methods: what it lists, what it keeps when one fails, how it is read."""

import errno
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from softbench import InputError
from softbench.jobs import pieces


def maker(value: int) -> pieces.Maker:
    def make(record: Path, tell: Callable[[str], None]) -> None:
        tell(f"{value} is written")
        pieces.write_json(record, {"value": value})

    return make


def failing(error: BaseException) -> pieces.Maker:
    def make(record: Path, tell: Callable[[str], None]) -> None:
        raise error

    return make


def made(folder: Path, **makers: pieces.Maker) -> tuple[Path, list[str]]:
    said: list[str] = []
    pieces.make_each(folder / "joint.json", "record.json", makers, said.append)
    return folder / "joint.json", said


def values(paths: list[Path], methods: list[str] | None = None) -> list[int]:
    return [piece.content["value"] for piece in pieces.read_joint(paths, methods)]


def test_manifest_lists_path_and_hash_of_each_method_in_order(tmp_path: Path) -> None:
    joint, said = made(tmp_path, b=maker(2), a=maker(1))
    assert said == ["b: 2 is written", "a: 1 is written"]
    first, second = json.loads(joint.read_text())["pieces"]
    assert first == {
        "method": "b", "path": "b/record.json", "hash": pieces.hash_file(tmp_path / "b" / "record.json"),
    }  # fmt: skip
    assert second["method"] == "a"
    before = joint.read_bytes()
    assert made(tmp_path, b=maker(2), a=maker(1))[0].read_bytes() == before


def test_reader_takes_records_and_lists_of_them_each_once(tmp_path: Path) -> None:
    joint, _ = made(tmp_path, b=maker(2), a=maker(1))
    alone = tmp_path / "alone.json"
    pieces.write_json(alone, {"value": 3})
    assert values([alone, joint, joint, alone]) == [3, 2, 1]
    assert values([alone, joint], ["a"]) == [3, 1]
    listed = [piece.listed for piece in pieces.read_joint([alone, joint])]
    assert listed == [alone, joint, joint]


def test_record_that_changed_since_it_was_listed_is_refused(tmp_path: Path) -> None:
    joint, _ = made(tmp_path, a=maker(1))
    pieces.write_json(tmp_path / "a" / "record.json", {"value": 4})
    with pytest.raises(InputError, match=rf"a/record\.json is not the record that .*Delete it: `rm \S+ {joint}`, then"):
        values([joint])


def test_record_that_is_missing_names_the_manifest_to_delete(tmp_path: Path) -> None:
    joint, _ = made(tmp_path, a=maker(1))
    (tmp_path / "a" / "record.json").unlink()
    with pytest.raises(InputError, match=rf"a/record\.json is missing\. Delete what lists it: `rm {joint}`"):
        values([joint])


def test_others_are_made_before_a_failing_one_stops_the_job(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"2 of 4 methods failed\. b: no data\. d: no weights\. The others"):
        made(tmp_path, a=maker(1), b=failing(InputError("no data.")), c=maker(3), d=failing(InputError("no weights.")))
    assert not (tmp_path / "joint.json").exists()
    assert values([tmp_path / name / "record.json" for name in "ac"]) == [1, 3]


def test_fault_that_nobody_foresaw_keeps_its_traceback(tmp_path: Path) -> None:
    with pytest.raises(ExceptionGroup, match=r"1 of 2 methods failed\. a: 5\.") as found:
        made(tmp_path, a=failing(KeyError(5)), c=maker(3))
    assert [type(error) for error in found.value.exceptions] == [KeyError]
    assert (tmp_path / "c" / "record.json").exists()


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full", "x"), KeyboardInterrupt(), SystemExit(1)])
def test_full_disk_and_the_end_of_a_process_stop_at_once(tmp_path: Path, error: BaseException) -> None:
    with pytest.raises(type(error)):
        made(tmp_path, a=failing(error), b=maker(2))
    assert not (tmp_path / "b").exists()
