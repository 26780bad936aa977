"""A block of a paper's table is what its batches left; what is missing says so."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from softbench import InputError
from softbench.jobs import pieces
from softbench.metrics import Reliability
from softbench.metrics.rows import tidy
from softbench.papers import published
from softbench.papers.comparison import blocks as paper_blocks
from softbench.papers.comparison import build as beside

NAMES = {"experiment": "e", "dataset": "ours", "split": "s", "network": "n"}
BLOCK = {
    "printed": "brats2019_svls", "arm": None, "data": "ours", "surrogate": True, "same_cases": False, "structures": {},
    "composites": {}, "command": "get it", "missing": None, "scaled": {}, "batches": [],
}  # fmt: skip


def write_batch(root: Path, method: str, values: dict[int, float], failed: tuple[int, ...] = ()) -> str:
    """Write runs with one case each: WT's DSC, and one tenth less at their own temperature."""
    none = np.zeros((2, 1))
    bins = Reliability(np.array([10.0]), np.array([5.0]), np.array([5.0]), none, none, none, 0.0, 0.0)
    columns = ["case", "rater", "structure", "metric", "roi", "value", "unit", "prediction"]
    for seed, value in values.items():
        folder = root / method / f"seed-{seed}"
        folder.mkdir(parents=True)
        rows = [
            ("c0", 1, "WT", "dsc", "all", value, "1", "raw"),
            ("c0", 1, "WT", "dsc", "all", value - 0.1, "1", "temperature"),
        ]
        table = tidy(pd.DataFrame(rows, columns=columns), {**NAMES, "method": method}, seed)
        table.to_parquet(folder / "scores.parquet", index=False)
        np.savez(folder / "reliability.npz", **bins.to_arrays("all"))
    seeds = {str(seed): {"status": "done"} for seed in values}
    seeds |= {str(seed): {"status": "failed", "reason": "the loss is nan"} for seed in failed}
    path = root / method / "batch-0.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"run": {"method": method}, "seeds": seeds}))
    return str(path)


def read(**changes: object) -> paper_blocks.Block:
    (block,) = paper_blocks.read(published.read("svls_1"), {"blocks": [BLOCK | changes]})
    return block


def test_runs_become_means_over_seeds(tmp_path: Path) -> None:
    block = read(batches=[write_batch(tmp_path, "one_hot", {0: 0.8, 1: 0.9})])
    row = block.results.set_index("method").loc["one_hot"]
    assert (row["mean"], row["n_seeds"]) == (pytest.approx(0.85), 2)
    assert (block.data, block.surrogate, block.note) == ("ours", True, "")


def test_of_a_manifest_of_several_methods_those_of_the_block_are_shown(tmp_path: Path) -> None:
    for method in ("chance", "oracle"):
        write_batch(tmp_path, method, {0: 0.8})
    files = {method: f"{method}/batch-0.json" for method in ("chance", "oracle")}
    entries = [{"method": one, "path": file, "hash": pieces.hash_file(tmp_path / file)} for one, file in files.items()]
    pieces.write_json(tmp_path / "sanity.json", {"pieces": entries})
    batches = [write_batch(tmp_path, "one_hot", {0: 0.8, 1: 0.9}), str(tmp_path / "sanity.json")]
    assert set(read(batches=batches, methods=["one_hot", "oracle"]).results["method"]) == {"one_hot", "oracle"}


def test_baseline_at_its_own_temperature_is_a_row_that_the_paper_lacks(tmp_path: Path) -> None:
    batch = write_batch(tmp_path, "one_hot", {0: 0.8, 1: 0.9})
    block = read(batches=[batch], scaled={"one_hot": "one_hot@temperature"})
    table = beside.build(published.read("svls_1"), [block], titles={"one_hot@temperature": "One-hot + temperature"})
    row = table.sections[0].rows[len(table.sections[0].printed)]
    assert row.title == "One-hot + temperature"
    assert block.results.set_index("method").loc["one_hot@temperature", "mean"] == pytest.approx(0.75)


@pytest.mark.parametrize(("cases", "marked"), [(24, False), (8, True)])
def test_row_at_its_own_temperature_says_over_how_many_cases_and_is_marked(
    cases: int, marked: bool, tmp_path: Path
) -> None:
    batch = write_batch(tmp_path, "one_hot", {0: 0.8, 1: 0.9})
    content = json.loads(Path(batch).read_text())
    for seed in content["seeds"].values():
        seed |= {"temperature": 1.1, "temperature_fit": {"se": 0.2, "cases": cases, "patients": cases}}
    Path(batch).write_text(json.dumps(content))
    block = read(batches=[batch], scaled={"one_hot": "one_hot@temperature"})
    assert f"The row at its own temperature: T = 1.10, fitted over {cases} validation cases each" in block.told[-1]
    table = beside.build(published.read("svls_1"), [block], titles={"one_hot@temperature": "Scaled"})
    row = table.sections[0].rows[len(table.sections[0].printed)]
    assert row.title == ("Scaled †" if marked else "Scaled")


def test_missing_data_is_said_and_nothing_is_read() -> None:
    block = read(missing="its data needs a person to get it", batches=["nowhere/batch-0.json"])
    assert block.results is None
    assert block.note == "its data needs a person to get it."


def test_failed_runs_are_counted_and_named(tmp_path: Path) -> None:
    block = read(batches=[write_batch(tmp_path, "one_hot", {0: 0.8}, failed=(1, 2))])
    assert block.note.startswith("failed runs: 2, in no mean. one_hot, seed 1: the loss is nan; one_hot, seed 2")


def test_block_whose_runs_all_failed_leaves_the_others_be(tmp_path: Path) -> None:
    lost = BLOCK | {"printed": "kits2019_svls", "batches": [write_batch(tmp_path / "a", "ls", {}, failed=(0,))]}
    kept = BLOCK | {"batches": [write_batch(tmp_path / "b", "ls", {0: 0.5})]}
    first, second = paper_blocks.read(published.read("svls_1"), {"blocks": [lost, kept]})
    assert first.results is None
    assert "every run failed. ls, seed 0: the loss is nan" in first.note
    assert second.results is not None


def test_damaged_scores_are_no_failed_run(tmp_path: Path) -> None:
    """A note of them would stand in the table for ever: what lists the scores is the same once they are fixed."""
    batch = write_batch(tmp_path, "ls", {0: 0.5})
    (tmp_path / "ls" / "seed-0" / "scores.parquet").write_bytes(b"damaged")
    with pytest.raises(InputError, match=r"scores\.parquet is damaged"):
        read(batches=[batch])
