"""The rows that benchmarks keep: ratios by hand, one row a comparison, nothing of a tiny size."""

import importlib
import json
import os
from argparse import Namespace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch, root: Path, tmp_path: Path) -> ModuleType:
    monkeypatch.syspath_prepend(root / "benchmarks")
    module = importlib.import_module("rows")
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    return module


def chosen(**changed: Any) -> Namespace:
    return Namespace(**{"keep": True, "tiny": False} | changed)


def kept(folder: Path) -> list[dict[str, Any]]:
    return [row for path in folder.glob("*.json") for row in json.loads(path.read_text())["rows"]]


def test_ratio_is_of_the_medians_and_its_range_that_of_the_rounds(rows: ModuleType) -> None:
    found = rows.compare([1.0, 2.0, 4.0], rows.Peer("other", [3.0, 10.0, 8.0]))
    # medians 2 and 8; in the rounds 3 / 1, 10 / 2 and 8 / 4
    assert found["ours"] == 2.0
    assert found["peer"] == {"name": "other", "figure": 8.0}
    assert found["ratio"] == {"median": 4.0, "lowest": 2.0, "highest": 5.0}
    assert found["rounds"] == 3


def test_peer_that_ran_once_is_compared_with_each_round(rows: ModuleType) -> None:
    found = rows.compare([1.0, 2.0, 4.0], rows.Peer("slow", [8.0]))
    assert found["ratio"] == {"median": 4.0, "lowest": 2.0, "highest": 8.0}


def test_time_that_the_clock_cannot_measure_has_no_ratio(rows: ModuleType) -> None:
    assert rows.compare([0.0], rows.Peer("other", [1.0]))["ratio"] is None


def test_row_replaces_that_of_the_same_name_and_leaves_the_others(rows: ModuleType, tmp_path: Path) -> None:
    made = rows.Rows("made", chosen(), "torch", "no-such-package")
    made.add("a step", [2.0], rows.Peer("one", [4.0]))
    made.add("a step", [2.0], rows.Peer("another", [3.0]))
    rows.Rows("else", chosen()).add("a step", [5.0])
    made.add("a step", [1.0], rows.Peer("one", [4.0]))
    found = {rows.row_name(row): row["ours"] for row in kept(tmp_path)}
    step = ("benchmarks/made.py", "a step")
    assert found == {(*step, "one"): 1.0, (*step, "another"): 2.0, ("benchmarks/else.py", "a step", ""): 5.0}


def test_row_says_with_what_and_when_it_was_measured(rows: ModuleType, tmp_path: Path) -> None:
    rows.Rows("made", chosen(), "torch", "no-such-package").add("memory", [12.0], unit="MiB")
    (row,) = kept(tmp_path)
    assert row["packages"].keys() == {"python", "torch"}
    assert 0 <= row["other_programs"] < 1000  # cores
    assert row["peer"] is None
    assert len(row["date"]) == len("2026-01-01")


def test_row_says_how_many_cores_other_programs_kept_busy(rows: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """10 seconds on the clock, in which all cores worked for 18 and this process for 10: others kept 0.8 cores busy."""
    load = importlib.import_module("load")
    readings = [load.Reading(100.0, 50.0, 3.0), load.Reading(110.0, 68.0, 13.0), load.Reading(110.1, 68.2, 13.0)]
    monkeypatch.setattr(load, "read", lambda: readings.pop(0))
    made = rows.Rows("made", chosen(keep=False))
    first, same_measurement = made.add("a step", [2.0]), made.add("another figure of it", [3.0])
    assert (first["other_programs"], same_measurement["other_programs"]) == (0.8, 0.8)


def test_load_is_read_from_what_the_kernel_counts(
    rows: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    load = importlib.import_module("load")
    monkeypatch.setattr(load, "STAT", tmp_path / "stat")
    assert load.read() is None
    assert load.Load().cores() is None
    # user nice system idle iowait irq softirq steal guest guest_nice, in ticks
    (tmp_path / "stat").write_text("cpu  100 20 30 9000 500 3 4 43 77 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n")
    assert load.read().of_all == pytest.approx(200 / os.sysconf("SC_CLK_TCK"))


@pytest.mark.parametrize("how", [{"tiny": True}, {"keep": False}, {"device": "cuda"}])
def test_nothing_is_kept_of_a_tiny_size_or_a_gpu_or_unasked(how: dict, rows: ModuleType, tmp_path: Path) -> None:
    rows.Rows("made", chosen(**how)).add("a step", [2.0])
    assert not kept(tmp_path)


def test_printed_line_says_the_range(rows: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    rows.Rows("made", chosen(keep=False)).add("a step", [0.1, 0.2], rows.Peer("other", [0.3, 0.3]), more="!")
    assert capsys.readouterr().out == "a step: 0.150 CPU s, other 0.300 CPU s, 2.00 times as fast (1.50 to 3.00)!\n"


def test_machine_is_named_by_processor_and_cores(rows: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows.provenance, "processor", lambda: "Intel(R) Xeon(R) Gold 6348 CPU @ 2.60GHz")
    monkeypatch.setattr(rows.os, "cpu_count", lambda: 8)
    assert rows.machine_name() == "intel-xeon-gold-6348-cpu-8-cores"
