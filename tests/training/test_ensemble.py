"""Ensembles: the mean of the seeds' probabilities, at a temperature of its own, remade only when a seed changes."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from softbench import InputError, store
from softbench.datasets.case import Case
from softbench.datasets.prepare import prepare
from softbench.errors import DivergedError
from softbench.soft_labels.produce import produce
from softbench.tables import assemble
from softbench.training import ensemble, inference, predictors, weights
from softbench.training.batch import Batch, Run, run_batch
from softbench.training.coarse import Resolution
from softbench.training.scores import make_pair
from softbench.training.temperature_scaling import LOWEST, fit_temperature_of_mean, log_probabilities, scale

CASE = "phantom_brain_003"  # the test case
VERSION = {"training/ensemble.py": 1}
RUN = Run.of(
    {
        "names": {"experiment": "e", "dataset": "made", "split": "main", "network": "small", "method": "one_hot"},
        "network": {"name": "compact_unet", "widths": [4, 8]},
        "loss": "ce",
        "protocol": {"steps": 20, "batch": 2, "patch_size": [8, 16, 16], "learning_rate": 0.01},
        "scoring": {"tolerances_mm": [2.0], "keep_probabilities": True, "temperature": True},
        "versions": {"training": {"training/loop.py": 1}, "scoring": {"metrics/overlap.py": 1}},
    }
)
SPLIT = pd.DataFrame(
    [(f"phantom_brain_{n:03d}", f"phantom_brain_{n:03d}", p) for n, p in enumerate(["train", "train", "val", "test"])],
    columns=["case", "patient", "part"],
)
TABLE = {
    "title": "Ensembles",
    "methods": [{"key": "one_hot", "title": "One-hot", "control": None}],
    "columns": [{"metric": "dsc", "structure": "WT"}, {"metric": "nll"}],
    "prediction": "ensemble",
}


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
    produce("epd", folder / "data", folder / "epd", settings={"factor": 2}, version={}, log=lambda line: None)
    return folder


def open_batch(data: Path, run: Run = RUN, soft: str = "soft") -> tuple[Batch, list[str]]:
    said: list[str] = []
    return Batch(run, data / "data", data / soft, SPLIT, torch.device("cpu"), said.append), said


def combine(data: Path, folder: Path, manifests: int = 1, run: Run = RUN, soft: str = "soft") -> tuple[dict, list[str]]:
    """Make the ensemble of the seeds in a folder; return its record and what was said."""
    batch, said = open_batch(data, run, soft)
    paths = [folder / f"batch-{n}.json" for n in range(manifests)]
    ensemble.run(batch, paths, VERSION, folder / "ensemble.json")
    return json.loads((folder / "ensemble.json").read_text()), said


@pytest.fixture(scope="module")
def two(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seeds 0 and 1, and their ensemble."""
    folder = tmp_path_factory.mktemp("two")
    run_batch(open_batch(data)[0], [0, 1], folder, folder / "batch-0.json")
    combine(data, folder)
    return folder


def test_probabilities_are_the_mean_of_those_of_the_seeds(two: Path) -> None:
    first, second, mean = (store.read(two / f / "probabilities", CASE) for f in ("seed-0", "seed-1", "ensemble"))
    assert np.abs(first - second).max() > 0.01  # two networks
    np.testing.assert_allclose(mean, (first + second) / 2, atol=2 / store.ONE)  # three roundings of less than one step


def test_label_maps_are_those_of_the_mean(data: Path, two: Path) -> None:
    from softbench import images

    labels = images.read(two / "ensemble" / "predictions" / f"{CASE}.nii.gz").array
    codes = store.read_codes(two / "ensemble" / "probabilities", CASE)
    assert (np.take_along_axis(codes, labels[None].astype(np.int64), axis=0)[0] == codes.max(axis=0)).all()


def test_scores_have_no_seed_and_join_those_of_runs(two: Path) -> None:
    own = pd.read_parquet(two / "ensemble" / "scores.parquet")
    assert set(own["prediction"]) == {"ensemble", "ensemble_temperature"}
    assert own["seed"].isna().all()
    runs = assemble.read([two / "batch-0.json"], [two / "ensemble.json"])
    assert str(runs.scores["seed"].dtype) == "Int64"
    assert set(runs.scores["seed"].dropna()) == {0, 1}
    assert str(pd.read_parquet(two / "seed-0" / "scores.parquet")["seed"].dtype) == "int64"


def test_mean_loses_no_more_than_its_seeds_do_on_average(two: Path) -> None:
    # The Brier score is convex in the probabilities, so Jensen's inequality holds voxel by voxel.
    scores = assemble.read([two / "batch-0.json"], [two / "ensemble.json"]).scores
    brier = scores[(scores["metric"] == "brier") & (scores["case"] == "pooled") & (scores["roi"] == "all")]
    of = brier.set_index("prediction")["value"]
    assert float(of["ensemble"]) < of["raw"].mean()


def test_temperature_of_the_ensemble_is_recorded_and_is_its_own(data: Path, two: Path) -> None:
    record = json.loads((two / "ensemble.json").read_text())
    models = [inference.load_model(two / f"seed-{seed}" / "model.pt", torch.device("cpu")) for seed in (0, 1)]
    batch, _ = open_batch(data)
    fitted = fit_temperature_of_mean(models, [batch.case("phantom_brain_002")])
    assert record["temperature"] == fitted.temperature
    assert record["temperature_fit"] == {"se": None, "cases": 1, "patients": 1}  # one patient says nothing of others
    seeds = [json.loads((two / f"seed-{seed}" / "scores.key.json").read_text())["temperature"] for seed in (0, 1)]
    assert record["temperature"] not in seeds
    with np.load(two / "ensemble" / "reliability.npz") as arrays:
        plain, scaled = (arrays[f"{kind}_all.log_loss"] for kind in ("ensemble", "ensemble_temperature"))
    assert plain != scaled


def test_rerun_does_nothing_and_writes_the_same_bytes(data: Path, two: Path) -> None:
    before = (two / "ensemble.json").read_bytes()
    _, said = combine(data, two)
    assert said == []
    assert (two / "ensemble.json").read_bytes() == before


def test_record_says_what_it_is_made_of(two: Path) -> None:
    record = json.loads((two / "ensemble.json").read_text())
    assert (record["status"], record["seeds"], record["failed"]) == ("done", [0, 1], {})
    assert record["scores"] == json.loads((two / "ensemble" / "scores.key.json").read_text())["hash"]
    assert json.loads((two / "ensemble" / "provenance.json").read_text())["seconds"] > 0


def test_new_seed_remakes_the_ensemble_alone_and_batches_do_not_matter(data: Path, two: Path, tmp_path: Path) -> None:
    batch, _ = open_batch(data)
    run_batch(batch, [0, 1], tmp_path, tmp_path / "batch-0.json")
    first, _ = combine(data, tmp_path)
    assert first == json.loads((two / "ensemble.json").read_text())
    batch, said = open_batch(data)
    run_batch(batch, [2, 1], tmp_path, tmp_path / "batch-0.json")
    run_batch(batch, [0], tmp_path, tmp_path / "batch-1.json")
    assert {line.split(":")[0] for line in said if "step" in line} == {"seed 2"}  # seeds 0 and 1 are not trained again
    second, said = combine(data, tmp_path, manifests=2)
    assert said[0] == "ensemble of 3 seeds"
    assert second["seeds"] == [0, 1, 2]
    assert second["key"] != first["key"]
    run_batch(batch, [0, 1, 2], tmp_path, tmp_path / "batch-0.json")
    third, said = combine(data, tmp_path)
    assert (third, said) == (second, [])  # one batch of three seeds, or two: the same ensemble


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """The seeds that diverge; a test may add some."""
    train, seeds = weights.train, {1}

    def train_or_diverge(*arguments, seed: int, **settings):
        if seed in seeds:
            raise DivergedError(f"seed {seed}: the loss is nan at step 3 (cases a, b).")
        return train(*arguments, seed=seed, **settings)

    monkeypatch.setattr(weights, "train", train_or_diverge)
    return seeds


def test_seed_that_failed_is_left_out_and_named(data: Path, tmp_path: Path, failing: set[int]) -> None:
    run_batch(open_batch(data)[0], [0, 1, 2], tmp_path, tmp_path / "batch-0.json")
    record, said = combine(data, tmp_path)
    assert (record["status"], record["seeds"]) == ("done", [0, 2])
    assert record["failed"] == {"1": "seed 1: the loss is nan at step 3 (cases a, b)."}
    assert said[0] == "ensemble of 2 seeds"
    found = [store.read(tmp_path / f / "probabilities", CASE) for f in ("seed-0", "seed-2", "ensemble")]
    np.testing.assert_allclose(found[2], (found[0] + found[1]) / 2, atol=2 / store.ONE)


def test_one_seed_makes_no_ensemble_and_the_record_says_why(data: Path, tmp_path: Path, failing: set[int]) -> None:
    failing.add(2)
    run_batch(open_batch(data)[0], [0, 1, 2], tmp_path, tmp_path / "batch-0.json")
    record, _ = combine(data, tmp_path)
    assert record["status"] == "not made"
    assert record["reason"] == "it needs 2 finished seeds, and there is 1"
    assert record["seeds"] == [0]
    assert set(record["failed"]) == {"1", "2"}
    assert not (tmp_path / "ensemble").exists()
    runs = assemble.read([tmp_path / "batch-0.json"], [tmp_path / "ensemble.json"])
    assert set(runs.scores["prediction"]) == {"raw", "temperature"}
    with pytest.raises(InputError, match=r"no ensemble could be made\. one_hot: it needs 2 finished seeds"):
        assemble.build_table(runs, TABLE)


def test_weights_that_are_not_the_manifests_are_refused(data: Path, two: Path, tmp_path: Path) -> None:
    run_batch(open_batch(data)[0], [0, 1], tmp_path, tmp_path / "batch-0.json")
    (tmp_path / "seed-1" / "model.pt").write_bytes((tmp_path / "seed-0" / "model.pt").read_bytes())
    with pytest.raises(InputError, match=r"seed-1/model.pt holds other weights"):
        combine(data, tmp_path)
    (tmp_path / "seed-1" / "model.pt").unlink()
    with pytest.raises(InputError, match=r"seed-1/model.pt is missing"):
        combine(data, tmp_path)


def test_coarse_ensemble_is_scored_on_both_grids(data: Path, tmp_path: Path) -> None:
    run = replace(RUN, resolution=Resolution(2), names={**RUN.names, "method": "epd_2"})
    batch, _ = open_batch(data, run, "epd")
    run_batch(batch, [0, 1], tmp_path, tmp_path / "batch-0.json")
    combine(data, tmp_path, run=run, soft="epd")
    scores = pd.read_parquet(tmp_path / "ensemble" / "scores.parquet")
    assert scores.groupby("grid")["prediction"].unique().map(set).to_dict() == {
        "full": {"ensemble", "ensemble_temperature"}, "training": {"ensemble"},
    }  # fmt: skip
    first, second, mean = (store.read(tmp_path / f / "probabilities", CASE) for f in ("seed-0", "seed-1", "ensemble"))
    np.testing.assert_allclose(mean, (first + second) / 2, atol=2 / store.ONE)  # bringing to the full grid is linear
    models = [inference.load_model(tmp_path / f"seed-{seed}" / "model.pt", torch.device("cpu")) for seed in (0, 1)]
    pair = make_pair(batch, models)
    assert pair is not None
    coarse = predictors.Networks(models)(batch.case(CASE))
    np.testing.assert_array_equal(pair(CASE)[0], coarse)


def test_table_of_ensembles_has_no_spread_over_seeds_and_says_of_how_many(two: Path) -> None:
    table = assemble.build_table(assemble.read([two / "batch-0.json"], [two / "ensemble.json"], "ensemble"), TABLE)
    own = pd.read_parquet(two / "ensemble" / "scores.parquet")
    dsc = own[(own["metric"] == "dsc") & (own["structure"] == "WT") & (own["prediction"] == "ensemble")]
    cell = table.cells[0][0]
    assert cell.mean == dsc.loc[dsc["case"] == CASE, "value"].item()
    assert (cell.n_seeds, math.isnan(cell.sd_seeds)) == (1, True)
    assert table.ensembles == (assemble.Ensemble("one_hot", (0, 1)),)


class Part(torch.nn.Module):
    """A network that gives some channels of its image as logits."""

    multiple = 1

    def __init__(self, first: int) -> None:
        super().__init__()
        self.first = first
        self.nothing = torch.nn.Parameter(torch.zeros(1))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        return images[:, self.first : self.first + 3]


def made_case(temperature: float, sharpness: float, side: int = 200) -> tuple[Case, np.ndarray]:
    """A 2-D case with labels drawn from the mean of two networks' probabilities at a temperature; that mean too."""
    rng = np.random.default_rng(0)
    logits = (sharpness * rng.standard_normal((2, 3, side, side))).astype(np.float32)
    mean = np.exp(logits.astype(np.float64))
    mean = (mean / mean.sum(axis=1, keepdims=True)).mean(axis=0)
    true = mean ** (1 / temperature)
    true /= true.sum(axis=0)
    labels = (rng.random((side, side)) > true.cumsum(axis=0)[:2]).sum(axis=0).astype(np.uint8)
    images = logits.reshape(6, side, side)
    return Case("c", images, labels[None], (1.0, 1.0), np.eye(4)), mean


@pytest.mark.parametrize("temperature", [0.7, 1.0, 2.5])
def test_temperature_is_that_by_which_the_labels_were_drawn(temperature: float) -> None:
    case, _ = made_case(temperature, sharpness=4)
    # 40,000 labels: the estimate of T is off by about 1 %
    assert fit_temperature_of_mean([Part(0), Part(3)], [case]).temperature == pytest.approx(temperature, rel=0.03)


def test_ignored_voxels_decide_no_temperature() -> None:
    case, _ = made_case(2.5, sharpness=4)
    valid = np.zeros((200, 200), bool)
    valid[:, :100] = True
    wrong = np.where(valid, case.labels, 0).astype(np.uint8)
    left = replace(case, images=case.images[..., :100], labels=case.labels[..., :100])
    models = [Part(0), Part(3)]
    expected = fit_temperature_of_mean(models, [left]).temperature
    found = fit_temperature_of_mean(models, [replace(case, labels=wrong, valid=valid)]).temperature
    assert found == pytest.approx(expected, rel=1e-9)


def test_scaled_mean_is_the_mean_at_that_temperature() -> None:
    case, mean = made_case(1.0, sharpness=2, side=8)
    models = [Part(0), Part(3)]
    np.testing.assert_allclose(predictors.Networks(models)(case), mean, atol=1e-6)
    scaled = predictors.Networks(models).at(2.0)(case)
    root = np.sqrt(mean)
    np.testing.assert_allclose(scaled, root / root.sum(axis=0), atol=1e-6)


def test_temperature_two_takes_the_root() -> None:
    # sqrt(0.8) : sqrt(0.2) = 2 : 1
    np.testing.assert_allclose(scale(np.array([0.8, 0.2], np.float32), 2.0), [2 / 3, 1 / 3], rtol=1e-6)
    np.testing.assert_allclose(scale(np.array([0.8, 0.2], np.float32), 1.0), [0.8, 0.2], rtol=1e-6)


def test_probability_of_zero_stays_finite() -> None:
    nothing = np.array([1.0, 0.0], np.float32)
    assert log_probabilities(nothing).tolist() == pytest.approx(
        [0.0, math.log(2.0**-126)]
    )  # 2^-126: float32's smallest normal
    share = 2 ** (-126 / 20)  # at T = 20
    np.testing.assert_allclose(scale(nothing, 20.0), [1 / (1 + share), share / (1 + share)], rtol=1e-5)


def test_ensemble_that_is_always_right_has_the_lowest_temperature() -> None:
    case, mean = made_case(1.0, sharpness=2, side=20)
    right = replace(case, labels=mean.argmax(axis=0).astype(np.uint8)[None])
    assert fit_temperature_of_mean([Part(0), Part(3)], [right]).temperature == pytest.approx(LOWEST)
