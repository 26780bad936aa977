"""A setting that is tried: its networks are pieces, its numbers are those of the suite's own metrics."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from softbench import InputError, metrics
from softbench.datasets.prepare import prepare
from softbench.errors import DivergedError
from softbench.soft_labels.produce import produce
from softbench.training import inference, trying, weights
from softbench.training.batch import Batch, run_batch
from softbench.training.chosen import NOTHING, settle
from softbench.training.inference import make_view
from softbench.training.run import Run

SETTINGS = {
    "names": {"experiment": "e", "dataset": "made", "split": "main", "network": "small", "method": "t_alpha_1"},
    "network": {"name": "compact_unet", "widths": [4, 8]},
    "loss": "ce",
    "protocol": {"steps": 20, "batch": 2, "patch_size": [8, 16, 16], "learning_rate": 0.01},
    "scoring": {"tolerances_mm": [2.0]},
    "versions": {"training": {"training/loop.py": 1}, "scoring": {"metrics/overlap.py": 1}},
}
PARTS = ["train", "train", "val", "test", "test"]
NAMES = [f"phantom_brain_{n:03d}" for n in range(len(PARTS))]
SPLIT = pd.DataFrame({"case": NAMES, "patient": NAMES, "part": PARTS})


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    size = {"size": "tiny", "cases": len(PARTS)}
    prepare.run("phantom_brain", None, folder / "data", versions={}, settings=size, log=lambda line: None)
    produce("one_hot", folder / "data", folder / "soft", settings={}, version={}, log=lambda line: None)
    return folder


def open_batch(data: Path, split: pd.DataFrame = SPLIT) -> Batch:
    return Batch(Run.of(SETTINGS), data / "data", data / "soft", split, torch.device("cpu"), lambda line: None)


def attempt(data: Path, folder: Path, split: pd.DataFrame = SPLIT, seeds: tuple[int, ...] = (1000,)) -> dict:
    trying.try_setting(open_batch(data, split), seeds, {"training/trying.py": 1}, folder, folder / "tried.json")
    return json.loads((folder / "tried.json").read_text())["seeds"]


def test_numbers_are_those_of_the_metrics(data: Path, tmp_path: Path) -> None:
    found = attempt(data, tmp_path)["1000"]
    batch = open_batch(data)
    model = inference.load_model(tmp_path / "seed-1000" / "model.pt", batch.device)
    nll = {1.0: [], found["temperature"]: []}
    for name in batch.parts["test"]:
        case = batch.dataset.load(name)
        logits = inference.logits(model, case.images, make_view(batch.protocol))
        for temperature, values in nll.items():
            probabilities = torch.softmax(logits / temperature, dim=0).numpy()
            known = (case.labels, case.spacing_mm, batch.dataset.structures)
            rows = metrics.score_case(probabilities, *known, valid=case.valid)
            of_all = (rows["metric"] == "nll") & (rows["roi"] == "all") & (rows["structure"] == "all")
            (value,) = rows.loc[of_all, "value"]
            values.append(value)
    means = [float(np.mean(values)) for values in nll.values()]
    assert [found["test"]["nll"], found["test"]["nll_temperature"]] == pytest.approx(means, rel=1e-5)
    assert found["validation"]["nll_temperature"] <= found["validation"]["nll"]
    assert 0 <= found["test"]["dsc"] <= 1


def untrained(*_: object) -> None:
    raise AssertionError("trained again")


def test_second_call_trains_nothing(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = attempt(data, tmp_path)
    monkeypatch.setattr(weights, "fill", untrained)
    assert attempt(data, tmp_path) == first


def test_numbers_do_not_depend_on_what_training_kept(data: Path, tmp_path: Path) -> None:
    first = attempt(data, tmp_path)
    (tmp_path / "seed-1000" / "tried.key.json").unlink()
    assert attempt(data, tmp_path) == first


def test_other_test_cases_measure_again_and_train_nothing(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = attempt(data, tmp_path)
    monkeypatch.setattr(weights, "fill", untrained)
    second = attempt(data, tmp_path, SPLIT[SPLIT["case"] != NAMES[-1]])
    assert second["1000"]["validation"] == first["1000"]["validation"]
    assert second["1000"]["test"] != first["1000"]["test"]


def test_run_that_diverges_is_recorded(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def diverge(*_: object) -> None:
        raise DivergedError("the loss is nan at step 3")

    monkeypatch.setattr(weights, "fill", diverge)
    assert attempt(data, tmp_path)["1000"] == {"status": "failed", "reason": "the loss is nan at step 3"}


def given(folder: Path, chosen: str | None) -> dict:
    (folder / "choice.json").write_text(json.dumps({"chosen": chosen, "setting": {"alpha": 1}}))
    names = {**SETTINGS["names"], "method": "t"}
    tried = {"t_alpha_1": {"run": {**SETTINGS, "loss": "nacl"}, "soft_label": "soft/manifest.json"}}
    base = {"run": {**SETTINGS, "names": names}, "soft_label": "other/manifest.json", "batches": ["b"]}
    return {**base, "choice": str(folder / "choice.json"), "tried": tried}


def test_chosen_setting_runs_under_the_name_of_its_method(tmp_path: Path) -> None:
    found = settle(given(tmp_path, "t_alpha_1"))
    assert set(found) == {"run", "soft_label", "batches"}
    assert (found["run"]["loss"], found["run"]["names"]["method"]) == ("nacl", "t")
    assert found["soft_label"] == "soft/manifest.json"
    plain = {"run": SETTINGS, "soft_label": "x"}
    assert settle(plain) == plain


def test_where_nothing_was_chosen_no_seed_is_trained(data: Path, tmp_path: Path) -> None:
    assert settle(given(tmp_path, None))["run"]["loss"] == "ce"
    choice = {"chosen": None, "setting": None}
    run_batch(open_batch(data), [0, 1], tmp_path, tmp_path / "batch-0.json", choice=choice)
    seeds = json.loads((tmp_path / "batch-0.json").read_text())["seeds"]
    assert seeds == {key: {"status": "failed", "reason": NOTHING} for key in ("0", "1")}


def test_damaged_choice_is_said(tmp_path: Path) -> None:
    asked = given(tmp_path, "t_alpha_1")
    (tmp_path / "choice.json").write_text("{")
    with pytest.raises(InputError, match=r"choice\.json"):
        settle(asked)


def test_weights_of_a_setting_are_those_of_the_same_method_untuned(data: Path) -> None:
    tuned, plain = open_batch(data), open_batch(data)
    tuned.run = replace(tuned.run, names={**tuned.run.names, "method": "t"})
    assert tuned.model_key(0) == plain.model_key(0)
