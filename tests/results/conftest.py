"""Folders of results: of the workflow, written by its own functions; and of `softbench score`."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import softbench
from softbench import metrics
from softbench.jobs import pieces
from softbench.metrics.rows import COLUMNS
from softbench.tables import making
from softbench.tables.view import Given

SHIFT = {"one_hot": (0.0, 0.0, 0.0), "svls": (0.10, 0.11, 0.09), "chance": (-0.4,)}  # of the DSC 0.5, by seed
TITLES = {"one_hot": "One-hot", "svls": "SVLS", "chance": "Chance"}
REGIONS = ("all", "foreground", "band")


def scores(method: str, seed: int) -> pd.DataFrame:
    """DSC of two cases, the second undefined in seed 0 of svls, and ECE."""
    dsc = 0.5 + SHIFT[method][seed]
    lost = (method, seed) == ("svls", 0)
    rows = [("c0", "A", "dsc", dsc), ("c1", "A", "dsc", float("nan") if lost else dsc), ("c0", "all", "ece", 0.01)]
    frame = pd.DataFrame([*rows, ("c1", "all", "ece", 0.03)], columns=["case", "structure", "metric", "value"])
    names = {"experiment": "e", "dataset": "d", "split": "s", "network": "n", "method": method}
    return frame.assign(**names, roi="all", seed=seed, rater=1, grid="full", prediction="raw", unit="1")[list(COLUMNS)]


def write_run(folder: Path, method: str, seed: int) -> None:
    """Scores, history, and bins of four voxels, three of them right."""
    folder.mkdir(parents=True)
    scores(method, seed).to_parquet(folder / "scores.parquet", index=False)
    reference, sure = np.array([[0, 0, 0, 1]]), np.full((1, 4), 0.9)
    bins = metrics.reliability(np.stack([sure, 1 - sure]).astype(np.float32), reference)
    np.savez(folder / "reliability.npz", **{k: v for roi in REGIONS for k, v in bins.to_arrays(roi).items()})
    (folder / "history.csv").write_text(
        "step,loss,learning_rate,step_s,val_dsc\n20,0.5,0.01,0.1,\n40,0.4,0.01,0.1,0.3\n"
    )


@pytest.fixture
def workflow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`results` of three methods and a table of them, as the workflow writes it."""
    monkeypatch.chdir(tmp_path)
    batches = []
    for method, shifts in SHIFT.items():
        folder = Path("results/runs/e/n", method)
        for seed in range(len(shifts)):
            write_run(folder / f"seed-{seed}", method, seed)
        seeds = {str(seed): {"status": "done"} for seed in range(len(shifts))}
        name = "sanity.json" if method == "chance" else "batch-0.json"
        pieces.write_json(folder / name, {"run": {"experiment": "e", "network": "n", "method": method}, "seeds": seeds})
        batches.append(f"{folder}/{name}")
    rows = [
        {"key": key, "title": title, "control": "one_hot" if key == "svls" else None, "trained": key != "chance"}
        for key, title in TITLES.items()
    ]
    columns = [{"metric": "dsc", "structure": "A"}, {"metric": "ece"}]
    needs = {"scores": batches, "ensembles": [], "data": []}
    given = Given("tiny", {"title": "Tiny", "methods": rows, "columns": columns}, needs)
    module = "softbench.tables.views.results"
    files = {module: [f"results/tables/tiny.{form}" for form in ("csv", "md", "tex", "html")]}
    assert making.make(given, {module: "code"}, files, Path("results/tables/tiny.json"), lambda line: None) == []
    monkeypatch.chdir("/")  # what was written names no folder of this machine
    return tmp_path / "results"


@pytest.fixture(scope="session")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `softbench score` wrote, of made-up predictions."""
    return softbench.results.example(tmp_path_factory.mktemp("scored"))


def without(path: Path, *names: str) -> None:
    """Take entries out of a record."""
    record = json.loads(path.read_text())
    path.write_text(json.dumps({name: value for name, value in record.items() if name not in names}))
