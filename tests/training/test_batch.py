"""Seeds of a batch are pieces: each is trained once, a run that diverges is recorded, and scores have their own key."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from softbench import InputError, metrics, store
from softbench.datasets.prepare import prepare
from softbench.errors import DivergedError
from softbench.soft_labels.produce import produce
from softbench.tables import assemble
from softbench.training import inference, loop, temperature_scaling, weights
from softbench.training.batch import Batch, Run, run_batch
from softbench.training.coarse import Resolution
from softbench.training.scores import make_pair

NAMES = {"experiment": "tiny", "dataset": "made", "split": "main", "network": "small", "method": "one_hot"}
RUN = Run.of(
    {
        "names": NAMES,
        "network": {"name": "compact_unet", "widths": [4, 8]},
        "loss": "ce",
        "protocol": {"steps": 20, "batch": 2, "patch_size": [8, 16, 16], "learning_rate": 0.01},
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
    prepare.run(
        "phantom_brain",
        None,
        folder / "data",
        versions={},
        settings={"size": "tiny", "cases": 4},
        log=lambda line: None,
    )
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


def test_manifest_tells_how_long_a_seed_was_trained_and_what_validation_said_of_it(data: Path, tmp_path: Path) -> None:
    protocol = replace(RUN.protocol, steps=40, validate_every=10, select="best")
    run_batch(open_batch(data, replace(RUN, protocol=protocol))[0], [0], tmp_path, tmp_path / "batch-0.json")
    seed = json.loads((tmp_path / "batch-0.json").read_text())["seeds"]["0"]
    assert seed["training"] == {"cases": 2, "steps": 40, "precision": "fp32"}
    history = pd.read_csv(tmp_path / "seed-0" / "history.csv").dropna(subset="val_dsc")
    best = history.loc[history["val_dsc"].idxmax()]
    assert seed["validation"] == {"dsc": pytest.approx(best["val_dsc"]), "step": best["step"], "cases": 1}
    assert len(history) == 4


def test_manifest_of_the_last_weights_tells_of_the_last_validation() -> None:
    rows = [{"step": 10, "val_dsc": 0.7}, {"step": 15}, {"step": 20, "val_dsc": 0.6}]
    assert weights.validation_facts(rows, RUN.protocol, 3) == {"dsc": 0.6, "step": 20, "cases": 3}
    best = replace(RUN.protocol, select="best")
    assert weights.validation_facts([{"step": 5, "val_dsc": float("nan")}, *rows], best, 3)["step"] == 10
    assert weights.validation_facts([{"step": 5, "val_dsc": float("nan")}], best, 0)["dsc"] is None


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_precision_of_the_protocol_is_that_of_the_run(precision: str, data: Path, tmp_path: Path) -> None:
    run = replace(RUN, protocol=replace(RUN.protocol, steps=4, precision=precision))
    run_batch(open_batch(data, run)[0], [0], tmp_path, tmp_path / "batch-0.json")
    seed = json.loads((tmp_path / "batch-0.json").read_text())["seeds"]["0"]
    assert seed["training"]["precision"] == precision


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
    train = weights.train

    def train_but_one(*arguments, seed: int, **settings):
        if seed == 1:
            raise DivergedError("seed 1: the loss is nan at step 3 (cases a, b).")
        return train(*arguments, seed=seed, **settings)

    monkeypatch.setattr(weights, "train", train_but_one)
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
        open_batch(data, run)[0].model_key(0)
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
    assert batch.model_key(0) != batch.model_key(1)
    renamed = open_batch(data, replace(RUN, names={**NAMES, "method": "other"}))[0]
    assert renamed.model_key(0) == batch.model_key(0)
    assert renamed.scores_key(0) != batch.scores_key(0)


def test_two_methods_with_one_soft_label_are_one_run(data: Path, tmp_path: Path) -> None:
    other = replace(RUN, names={**NAMES, "method": "other"})
    records = []
    for name, run in (("one_hot", RUN), ("other", other)):
        run_batch(open_batch(data, run)[0], [0], tmp_path / name, tmp_path / name / "batch-0.json")
        records.append(json.loads((tmp_path / name / "batch-0.json").read_text())["seeds"]["0"])
    assert records[0]["model"] == records[1]["model"]
    first, second = (pd.read_parquet(tmp_path / name / "seed-0" / "scores.parquet") for name in ("one_hot", "other"))
    pd.testing.assert_frame_equal(first.drop(columns="method"), second.drop(columns="method"), check_exact=True)


def test_coarse_method_is_scored_on_its_own_grid_too(data: Path, tmp_path: Path) -> None:
    produce("epd", data / "data", data / "epd", settings={"factor": 2}, version={}, log=lambda line: None)
    run = replace(RUN, resolution=Resolution(2), names={**NAMES, "method": "epd_2"})
    batch = Batch(run, data / "data", data / "epd", SPLIT, torch.device("cpu"), lambda line: None)
    run_batch(batch, [0], tmp_path, tmp_path / "batch-0.json")
    scores = pd.read_parquet(tmp_path / "seed-0" / "scores.parquet")
    assert set(scores["grid"]) == {"full", "training"}
    own = scores[scores["grid"] == "training"].set_index(["case", "structure", "metric"])["value"]
    # one test case: pooled values are its values, and the threshold chosen on it is never worse than validation's
    case = "phantom_brain_003"
    for structure in ("WT", "TC", "ET"):
        assert own["pooled", structure, "dsc_s"] == own[case, structure, "dsc_s"]
        assert own[case, structure, "dsc_at_test"] >= own[case, structure, "dsc_at_val"]
    target = store.decode(batch.target(case)[0][0])
    found = make_pair(batch, [inference.load_model(tmp_path / "seed-0" / "model.pt", torch.device("cpu"))])(case)
    np.testing.assert_array_equal(found[1], target)
    expected = metrics.soft(np.clip(found[0][1:].sum(axis=0), 0, 1), np.clip(target[1:].sum(axis=0), 0, 1))
    assert own[case, "WT", "rd"] == pytest.approx(expected["rd"])
    table = assemble.build_table(
        assemble.read([tmp_path / "batch-0.json"]),
        {
            "title": "EPD",
            "methods": [{"key": "epd_2", "title": "EPD"}],
            "columns": [{"metric": "dsc_s", "structure": "WT"}],
            "grid": "training",
        },
    )
    assert table.cells[0][0].mean == pytest.approx(own[case, "WT", "dsc_s"])


def test_window_of_a_coarse_method_covers_the_same_place(data: Path) -> None:
    protocol = replace(RUN.protocol, patch_size=[8, 16, 20], inference_patch=[8, 24, 20])
    whole = replace(RUN, protocol=protocol)
    coarse = replace(whole, resolution=Resolution(2))
    assert open_batch(data, whole)[0].protocol == protocol
    found = open_batch(data, coarse)[0].protocol  # the network halves its grid once: lengths are even
    assert (found.patch_size, found.inference_patch) == ([4, 8, 10], [4, 12, 10])


def test_soft_label_on_another_grid_than_the_coarse_images_is_refused(data: Path, tmp_path: Path) -> None:
    run = replace(RUN, resolution=Resolution(2), names={**NAMES, "method": "wrong"})
    with pytest.raises(
        InputError, match=r"case phantom_brain_000: .*'wrong' trains on the grid \(12, 16, 16\), but its"
    ):
        run_batch(open_batch(data, run)[0], [0], tmp_path, tmp_path / "batch-0.json")


def test_temperature_changes_calibration_and_no_mask(data: Path, tmp_path: Path) -> None:
    run = replace(RUN, scoring=replace(RUN.scoring, temperature=True))
    run_batch(open_batch(data, run)[0], [0], tmp_path, tmp_path / "batch-0.json")
    scores = pd.read_parquet(tmp_path / "seed-0" / "scores.parquet")
    by_kind = {kind: rows.drop(columns="prediction") for kind, rows in scores.groupby("prediction")}
    assert set(by_kind) == {"raw", "temperature"}
    index = ["case", "rater", "structure", "metric", "roi"]
    raw, scaled = (by_kind[kind].set_index(index)["value"] for kind in ("raw", "temperature"))
    assert raw.xs("dsc", level="metric").equals(scaled.xs("dsc", level="metric"))
    assert not raw.xs("nll", level="metric").equals(scaled.xs("nll", level="metric"))
    record = json.loads((tmp_path / "seed-0" / "scores.key.json").read_text())
    assert 0.05 <= record["temperature"] <= 20


def test_crop_that_the_network_cannot_halve_is_widened_by_voxels_that_count_for_nothing(
    data: Path, tmp_path: Path
) -> None:
    odd = replace(RUN, protocol=replace(RUN.protocol, patch_size=[7, 15, 16], inference_patch=[7, 16, 16]))
    batch, _ = open_batch(data, odd)
    assert (batch.protocol.patch_size, batch.protocol.inference_patch) == ([8, 16, 16], [8, 16, 16])
    run_batch(batch, [0], tmp_path, tmp_path / "batch-0.json")
    assert (tmp_path / "seed-0" / "scores.parquet").exists()


def test_temperature_fits_the_logits_of_the_last_validation_and_is_the_same_without_them(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = replace(RUN, scoring=replace(RUN.scoring, temperature=True))
    with monkeypatch.context() as within:
        within.setattr(temperature_scaling, "stream_logits", lambda *_: pytest.fail("computed again"))
        run_batch(open_batch(data, run)[0], [0], tmp_path, tmp_path / "batch-0.json")
    first = (tmp_path / "seed-0" / "scores.parquet").read_bytes()
    (tmp_path / "seed-0" / "scores.key.json").unlink()  # as after a kill between training and scoring
    run_batch(open_batch(data, run)[0], [0], tmp_path, tmp_path / "batch-0.json")
    assert (tmp_path / "seed-0" / "scores.parquet").read_bytes() == first


def test_logits_of_other_weights_than_those_kept_fit_no_temperature(data: Path, tmp_path: Path) -> None:
    protocol = replace(RUN.protocol, steps=40, validate_every=20, select="best")
    run = replace(RUN, protocol=protocol, scoring=replace(RUN.scoring, temperature=True))
    batch, _ = open_batch(data, run)
    with pytest.MonkeyPatch.context() as within:  # the first validation is the best
        numbers = iter([0.9, 0.1])
        within.setattr(loop, "class_dice", lambda *_: [next(numbers)])
        weights.fill(batch, 0, tmp_path, tmp_path)
    assert batch.validation_logits == {}


def test_more_logits_than_fit_are_not_kept(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "KEPT", 0)
    batch, _ = open_batch(data, replace(RUN, scoring=replace(RUN.scoring, temperature=True)))
    weights.fill(batch, 0, tmp_path, tmp_path)
    assert batch.validation_logits == {}
