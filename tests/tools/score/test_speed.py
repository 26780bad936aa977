"""What makes `softbench score` fast: each reference is read once, and no more workers than memory has room for."""

from pathlib import Path

from softbench.jobs import available
from softbench.tools.score import cost, volumes


def test_reference_is_read_once_for_all_methods(fill, call, monkeypatch):
    read, original = [], volumes.label_map
    monkeypatch.setattr(volumes, "label_map", lambda path, *how: read.append(path.parent.name) or original(path, *how))
    folders = [f"m{number}={fill(f'm{number}', 'probabilities', seed=number)}" for number in range(3)]
    called = call("--predictions", *folders, "--references", fill("r"), "--structures", "whole=1,2", "core=2")
    assert called.code == 0, called.err
    assert read == ["r", "r"]  # of two cases


def test_workers_are_as_many_as_the_memory_has_room_for(fill, call, monkeypatch):
    fill("r")
    need = 9 * 12 * 14 * 20 * 3
    monkeypatch.setattr(available, "available_bytes", lambda: int(need * 1.5 / 0.8))
    called = call("--predictions", fill("m", "probabilities"), "--references", fill("r"), "--cores", "2")
    assert called.code == 0, called.err
    assert "1 case at a time, not 2: a case takes up to 0.00 GiB of memory" in called.err


def test_two_workers_score_as_one_does(fill, call, scores, tmp_path: Path):
    given = ("--predictions", fill("m", "probabilities"), "--references", fill("r"))
    assert call(*given, "--output", tmp_path / "out").code == 0
    alone = scores()
    assert call(*given, "--cores", "2", "--output", tmp_path / "two").code == 0
    assert (tmp_path / "two" / "scores.csv").read_text() == alone.to_csv(index=False, lineterminator="\n")


def test_time_of_medpy_is_said_before_it_begins(fill, call, monkeypatch):
    monkeypatch.setattr(cost, "IN_BOX_S", 0.1)  # boxes of 5 x 5 x 5 and 3 x 3 x 3 voxels
    monkeypatch.setattr(cost, "IN_GRID_S", 0.0)
    called = call(
        "--predictions", fill("m"), "--references", fill("r"), "--structures", "whole=1,2", "core=2",
        "--cross-check", "medpy",
    )  # fmt: skip
    assert called.code == 0, called.err
    said = "--cross-check medpy takes about 30 s (1 core)"  # two cases of 152 voxels
    assert called.err.index(said) < called.err.index("score: 2 of 2 cases")
