"""Seeds of a batch are pieces: each is trained once, a run that diverges is recorded, and scores have their own key."""

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import torch
from softbench import InputError
from softbench.datasets import prepare
from softbench.errors import DivergedError
from softbench.reporting import assemble
from softbench.soft_labels.produce import produce
from softbench.training import batch as batches
from softbench.training.batch import Batch, Run, run_batch

NAMES = {"experiment": "tiny", "dataset": "made", "split": "main", "network": "small", "method": "one_hot"}
RUN = Run.of(
    {
        "names": NAMES,
        "network": {"name": "compact_unet", "widths": [4, 8]},
        "loss": "ce",
        "protocol": {"steps": 20, "batch": 2, "crop": [8, 16, 16], "learning_rate": 0.01},
        "scoring": {"tolerances_mm": [2.0]},
        "versions": {"training": {"training/loop.py": 1}, "scoring": {"metrics/overlap.py": 1}},
    }
)
SPLIT = pd.DataFrame(
    [(f"phantom_brain_{n:03d}", f"phantom_brain_{n:03d}", p) for n, p in enumerate(["train", "train", "val", "test"])],
    columns=["case", "patient", "part"],
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    prepare.run("phantom_brain", None, folder / "data", settings={"size": "tiny", "cases": 4}, log=lambda line: None)
    produce("one_hot", folder / "data", folder / "soft", settings={}, version={}, log=lambda line: None)
    return folder


def open_batch(data: Path, run: Run = RUN, split: pd.DataFrame = SPLIT) -> tuple[Batch, list[str]]:
    said: list[str] = []
    return Batch(run, data / "data", data / "soft", split, torch.device("cpu"), said.append), said


def test_second_call_trains_nothing_and_writes_the_same_bytes(data: Path, tmp_path: Path) -> None:
    run_batch(open_batch(data)[0], [0], tmp_path, tmp_path / "batch-0.json")
    first = (tmp_path / "batch-0.json").read_bytes()
    batch, said = open_batch(data)
    run_batch(batch, [0], tmp_path, tmp_path / "batch-0.json")
    assert said == []
    assert (tmp_path / "batch-0.json").read_bytes() == first


def test_changed_metric_scores_again_and_trains_nothing(data: Path, tmp_path: Path) -> None:
    run_batch(open_batch(data)[0], [0], tmp_path, tmp_path / "batch-0.json")
    newer = replace(RUN, versions={**RUN.versions, "scoring": {"metrics/overlap.py": 2}})
    batch, said = open_batch(data, newer)
    run_batch(batch, [0], tmp_path, tmp_path / "batch-0.json")
    assert any("score" in line for line in said)
    assert not any("step" in line for line in said)


def test_changed_protocol_trains_again(data: Path, tmp_path: Path) -> None:
    run_batch(open_batch(data)[0], [0], tmp_path, tmp_path / "batch-0.json")
    longer = replace(RUN, protocol=replace(RUN.protocol, steps=40))
    batch, said = open_batch(data, longer)
    run_batch(batch, [0], tmp_path, tmp_path / "batch-0.json")
    assert any("step 40/40" in line for line in said)


def test_run_that_diverges_is_recorded_and_the_others_go_on(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = batches.train

    def train_but_one(*arguments, seed: int, **settings):
        if seed == 1:
            raise DivergedError("seed 1: the loss is nan at step 3 (cases a, b).")
        return train(*arguments, seed=seed, **settings)

    monkeypatch.setattr(batches, "train", train_but_one)
    run_batch(open_batch(data)[0], [0, 1, 2], tmp_path, tmp_path / "batch-0.json")
    seeds = json.loads((tmp_path / "batch-0.json").read_text())["seeds"]
    assert [seeds[n]["status"] for n in "012"] == ["done", "failed", "done"]
    runs = assemble.read([tmp_path / "batch-0.json"])
    assert runs.failed == [
        {"method": "one_hot", "seed": 1, "reason": "seed 1: the loss is nan at step 3 (cases a, b)."}
    ]
    assert set(runs.scores["seed"]) == {0, 2}


def test_split_of_another_dataset_is_refused(data: Path) -> None:
    with pytest.raises(InputError, match="the dataset lacks 1 case"):
        open_batch(data, split=SPLIT.replace("phantom_brain_003", "somebody"))


def test_keys_know_all_that_decides(data: Path) -> None:
    keys = {
        open_batch(data, run)[0].key_of_model(0)
        for run in (
            RUN,
            replace(RUN, loss="0.5*ce"),
            replace(RUN, network={"name": "compact_unet", "widths": [4, 16]}),
            replace(RUN, protocol=replace(RUN.protocol, flips=["W"])),
            replace(RUN, versions={**RUN.versions, "training": {"training/loop.py": 2}}),
        )
    }
    assert len(keys) == 5
    batch = open_batch(data)[0]
    assert batch.key_of_model(0) != batch.key_of_model(1)
    renamed = open_batch(data, replace(RUN, names={**NAMES, "method": "other"}))[0]
    assert renamed.key_of_model(0) == batch.key_of_model(0)
    assert renamed.key_of_scores(0) != batch.key_of_scores(0)
