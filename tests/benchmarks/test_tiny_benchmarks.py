"""Every benchmark runs to its last line at its tiny size; what `gpu.py` leaves is whole, and becomes a page."""

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nibabel as nib
import numpy as np
import pytest
import torch
from softbench.datasets import splits

ROOT = Path(__file__).parents[2]
BENCHMARKS = ROOT / "benchmarks"
ELSEWHERE = ("nnunet",)  # needs nnU-Net and a data set of its own: tests/for_nnunet runs it
MAINS = (path.stem for path in BENCHMARKS.glob("*.py") if '__name__ == "__main__"' in path.read_text())
SCRIPTS = sorted(set(MAINS) - set(ELSEWHERE))
KEPT = BENCHMARKS / "results"
LAST_LINES = {  # how the last line of some begins
    "all_on_cpu": "== phantom: ",
    "demo": "a dry run of one job, time on the clock: ",
    "gpu": "gpu.py: ",
    "hippocampus": "hippocampus_5min, one_hot_ce_dice: mean",
    "metrics": "memory of nine measures of calibration beyond the input",
    "planning": "dry run of 5 cases x 2 methods x 5 seeds: ",
    "soft_labels": "GeoLS of the case",
    "startup": "all starts of the demo",
    "training": "not run: the same on a GPU",
    "training_fusion": "3 seeds one after another, hippocampus: ",
    "training_runs": "a model of demo_brain, 2 steps, 1 seeds",
}
PARTS = {"self_check", "steps", "peers", "seeds", "hippocampus", "one_case"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("benchmarks")


@pytest.fixture(scope="module")
def task04(folder: Path) -> Path:
    """A few made cases under the names of real ones: two of each part of the split."""
    split = splits.read(ROOT / "workflow" / "splits" / "hippocampus" / "main.csv")
    for number, case in enumerate(split.groupby("part").head(2)["case"]):
        write_case(folder / "task04", case, np.random.default_rng(number))
    return folder / "task04"


def write_case(folder: Path, case: str, rng: np.random.Generator) -> None:
    labels = np.zeros((35, 50, 36), np.uint8)
    labels[10:20, 10:25, 10:20], labels[10:20, 25:40, 10:20] = 1, 2
    image = np.round(100 * labels + rng.normal(300, 30, labels.shape)).astype(np.int16)
    for kind, array in (("imagesTr", image), ("labelsTr", labels)):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        nib.save(nib.Nifti1Image(array, np.eye(4)), folder / kind / f"{case}.nii.gz")


@pytest.fixture(scope="module")
def outcomes(folder: Path, task04: Path) -> dict[str, dict[str, Any]]:
    """How each script ended: all in one process."""
    before = kept()
    orders, found = folder / "orders.json", folder / "outcomes.json"
    orders.write_text(json.dumps(ordered(folder, task04)))
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow"), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, Path(__file__).with_name("run_all.py"), orders, found]
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert kept() == before, "figures of a tiny size were kept"
    return json.loads(found.read_text())


def kept() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in KEPT.glob("*")}


def ordered(folder: Path, task04: Path) -> list[tuple[str, str, list[str]]]:
    """Return name, file and arguments of each script; gpu.py comes after its bundle, and twice more to be refused."""
    on_cpu = ["--device", "cpu", "--minutes", "5", "--bundle", str(folder / "bundle"), "--out"]
    more = {
        "gpu_bundle": ["--into", str(folder / "bundle"), "--hippocampus", str(task04)],
        "all_on_cpu": ["--only", "phantom", "hippocampus", "--hippocampus", str(folder / "nothing")],
        "hippocampus": ["--folder", str(task04)],
        "gpu": [*on_cpu, str(folder / "gpu.json")],
    }
    names = sorted(SCRIPTS, key=lambda name: name == "gpu")
    orders = [(name, str(BENCHMARKS / f"{name}.py"), ["--tiny", *keep(name), *more.get(name, [])]) for name in names]
    late = [*on_cpu, str(folder / "late.json"), "--minutes", "0"]
    without = [*on_cpu, str(folder / "without.json"), "--bundle", str(folder), "--parts", "hippocampus", "one_case"]
    script = str(BENCHMARKS / "gpu.py")
    return [*orders, ("late", script, late), ("without data", script, without)]


def keep(name: str) -> list[str]:
    return ["--keep"] if "keeps=True" in (BENCHMARKS / f"{name}.py").read_text() else []


@pytest.fixture(scope="module")
def record(outcomes: dict[str, dict[str, Any]], folder: Path) -> dict[str, Any]:
    assert "gpu" in outcomes
    return read(folder / "gpu.json")


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


def parts_done(record: dict[str, Any], *names: str) -> dict[str, Any]:
    """Return a copy of the record's parts, of which some must be done."""
    parts = json.loads(json.dumps(record["parts"]))
    assert all(parts[name]["status"] == "done" for name in names)
    return parts


@pytest.mark.parametrize("name", SCRIPTS)
def test_benchmark_has_a_tiny_size(name: str) -> None:
    text = (BENCHMARKS / f"{name}.py").read_text()
    assert "options.parser(" in text, "each benchmark reads its command line by options.parser, which knows --tiny"
    assert "--tiny" in text, "say in its docstring or code what --tiny does"


@pytest.mark.slow
@pytest.mark.parametrize("name", SCRIPTS)
def test_benchmark_runs_to_its_last_line(name: str, outcomes: dict[str, dict[str, Any]]) -> None:
    outcome = outcomes[name]
    assert not outcome["error"], outcome["printed"][-1000:] + outcome["error"]
    lines = [line for line in outcome["printed"].splitlines() if line.strip()]
    assert any(line.startswith(LAST_LINES.get(name, "")) for line in lines[-3:]), lines[-3:]


@pytest.mark.slow
def test_every_part_of_the_gpu_script_is_done_on_a_cpu(record: dict[str, Any]) -> None:
    assert record["finished"]
    ended = {name: part["status"] for name, part in record["parts"].items()}
    assert set(ended) == PARTS
    assert set(ended.values()) == {"done"}, record["parts"]


@pytest.mark.slow
def test_fused_seeds_lose_what_seeds_alone_lose(record: dict[str, Any]) -> None:
    found = parts_done(record, "seeds")["seeds"]["losses"]["fused, in float32"]
    assert found["largest_difference"] < 1e-4  # of losses near 1, after four steps that clip and update


@pytest.mark.slow
def test_page_shows_what_the_gpu_script_measured(record: dict[str, Any], folder: Path) -> None:
    parts = parts_done(record, "steps", "peers")
    step = parts["steps"]["steps"]["BraTS, batch 4"]
    step |= {"step_s": 0.5, "share_of_achievable": 0.25, "share_of_kernels": {"slow_kernel": 0.9}}
    parts["peers"]["ours_times_as_fast"]["plain loop (a)"]["median"] = 7.25
    machine = record["machine"] | {"device": "NVIDIA Made"}
    text = page_of(folder / "measured", record | {"parts": parts, "machine": machine, "size": "full"})
    assert "## NVIDIA Made" in text
    assert "| step beside the SVLS authors' loop | at least 5.00 | 7.25 | met |" in text
    assert "| share of the achievable rate (BraTS, batch 4) | at least 40 % | 25 % | **missed** |" in text
    assert "| BraTS, batch 4 | 500.0 | not measured |" in text  # a CPU has no peak of device memory
    assert "| `slow_kernel` | 90 % |" in text  # what misses its goal shows where its time goes


def page_of(folder: Path, record: dict[str, Any]) -> str:
    folder.mkdir(exist_ok=True)
    (folder / "made.json").write_text(json.dumps(record))
    command = [sys.executable, str(BENCHMARKS / "performance.py"), "--tiny", "--measured", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.slow
def test_what_no_longer_fits_is_skipped_and_says_so(outcomes: dict[str, dict[str, Any]], folder: Path) -> None:
    parts = read(folder / "late.json")["parts"]
    assert {name: part["status"] for name, part in parts.items()} == dict.fromkeys(PARTS, "skipped")
    assert parts["steps"]["reason"] == "no time was left"
    assert "gpu.py: 0 done, 6 skipped, 0 failed" in outcomes["late"]["printed"]


@pytest.mark.slow
def test_part_that_fails_leaves_its_traceback_and_the_others_go_on(
    outcomes: dict[str, dict[str, Any]], folder: Path
) -> None:
    parts = read(folder / "without.json")["parts"]
    assert parts["hippocampus"]["status"] == "failed"
    assert "make gpu-bundle HIPPOCAMPUS=FOLDER" in parts["hippocampus"]["traceback"]
    assert parts["one_case"]["status"] == "done"
    assert outcomes["without data"]["error"] == "exit code 1"


@pytest.mark.slow
def test_page_refuses_numbers_of_the_tiny_size(record: dict[str, Any], folder: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as caught:
        page_of(folder / "tiny", record)
    assert "made: measured at a size that only tries the code" in caught.value.stderr


def test_page_is_fresh(root: Path) -> None:
    command = [sys.executable, str(BENCHMARKS / "performance.py"), "--tiny"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    page = (root / "docs" / "performance.md").read_text(encoding="utf-8")
    assert printed == page + "\n", "docs/performance.md is stale: run `make docs`"


@pytest.mark.slow
def test_page_of_a_run_that_was_cut_off_says_so(record: dict[str, Any], folder: Path) -> None:
    parts = parts_done(record)
    del parts["seeds"]["status"]
    machine = record["machine"] | {"device": "NVIDIA Made"}
    text = page_of(folder / "cut", record | {"parts": parts, "machine": machine, "size": "full"})
    assert "Not done: seeds (cut off)." in text


def test_bundle_is_asked_for_where_there_is_none(tmp_path: Path) -> None:
    said = script("gpu.py", "--device", "cpu", "--bundle", str(tmp_path), isolated=True)
    assert "neither installed nor in" in said
    assert "make gpu-bundle" in said


def test_wrong_folders_are_told_before_anything_is_deleted(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("kept")
    assert "no bundle" in script("gpu_bundle.py", "--into", str(tmp_path))
    assert "no imagesTr" in script("gpu_bundle.py", "--into", str(tmp_path / "new"), "--hippocampus", str(tmp_path))
    assert (tmp_path / "mine.txt").read_text() == "kept"
    assert not (tmp_path / "new").exists()


def script(name: str, *arguments: str, isolated: bool = False) -> str:
    """Return what a script says on its way out, where it fails; `isolated`: without the packages that are installed."""
    flags = ["-S"] if isolated else []
    command = [sys.executable, *flags, str(BENCHMARKS / name), *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "workflow")}
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert ran.returncode == 1, ran.stderr
    return ran.stderr


def test_a_contestant_that_fails_leaves_the_others_their_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCHMARKS)
    contest = importlib.import_module("training_contest")
    cost = importlib.import_module("training_work").Cost(start_s=0.0, step_s=2.0)
    seen: list[dict[str, int]] = []

    class Good:
        def run(self, steps: int, warm_up: int) -> object:
            return cost

    def broken(*given: object) -> object:
        raise RuntimeError("no such kernel")

    for name in ("Suite", "SvlsLoop", "MonaiRecipe"):
        made = broken if name == "SvlsLoop" else lambda *given: Good()
        made.name = getattr(contest, name).name
        monkeypatch.setattr(contest, name, made)
    work = SimpleNamespace(device=torch.device("cpu"))

    def note(found: dict[str, Any]) -> None:
        seen.append({name: len(one.rounds) for name, one in found.items()})

    results = contest.take_turns(work, None, steps=1, warm_up=1, rounds=2, after=note)
    assert "no such kernel" in contest.failed(results)["plain loop (a)"]
    assert contest.ratios({name: one for name, one in results.items() if one.rounds}).keys() == {"MONAI's recipe (b)"}
    assert seen[0] == {"ours": 1, "plain loop (a)": 0, "MONAI's recipe (b)": 0}  # noted after each turn
