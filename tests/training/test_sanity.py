"""Sanity rows: the reference as prediction is perfect, and the class frequencies score what arithmetic says."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from softbench import datasets
from softbench.datasets.folder import Dataset
from softbench.datasets.prepare import prepare
from softbench.metrics import catalogue
from softbench.training import sanity
from softbench.training.predictors import chance, class_frequencies, oracle

NAMES = {"experiment": "tiny", "dataset": "made", "split": "main", "network": "small", "method": "oracle"}
SPLIT = pd.DataFrame(
    [(f"phantom_brain_{n:03d}", f"phantom_brain_{n:03d}", p) for n, p in enumerate(["train", "train", "val", "test"])],
    columns=["case", "patient", "part"],
)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    folder = tmp_path_factory.mktemp("data")
    prepare.run(
        "phantom_brain", None, folder, versions={}, settings={"size": "tiny", "cases": 4}, log=lambda line: None
    )
    return datasets.open(folder)


SCORING = {"tolerances_mm": [2.0], "thresholds": True, "raters": True, "lesions": True, "centrelines": True}


def rows_of(kind: str, dataset: Dataset, folder: Path, scoring: dict = SCORING) -> pd.DataFrame:
    sanity.run(
        kind=kind,
        names={**NAMES, "method": kind},
        scoring=scoring,
        versions={"metrics/overlap.py": 1},
        seed=0,
        dataset=dataset,
        split=SPLIT,
        output=folder / "batch-0.json",
        log=lambda line: None,
    )
    record = json.loads((folder / "batch-0.json").read_text())
    assert record["seeds"]["0"]["status"] == "done"
    return pd.read_parquet(folder / "seed-0" / "scores.parquet")


def test_oracle_is_perfect_in_every_metric(dataset: Dataset, tmp_path: Path) -> None:
    rows = rows_of("oracle", dataset, tmp_path)
    best = {"higher": 1.0, "lower": 0.0}
    for metric, values in rows.groupby("metric")["value"]:
        better = catalogue.describe(str(metric)).better
        known = values.dropna()  # tace: only the class's own voxels exceed the threshold; all are right
        if better in best and not str(metric).startswith("dsc_s"):
            np.testing.assert_allclose(known, best[better], atol=1e-12, err_msg=str(metric))
    soft = rows.loc[rows["metric"] == "dsc_s", "value"]
    assert (soft == 1).all()  # one rater: the soft reference is hard


def test_chance_knows_the_frequencies_of_all_raters(tmp_path: Path) -> None:
    settings = {"size": "tiny", "cases": 2}
    prepare.run("phantom_nodule", None, tmp_path, versions={}, settings=settings, log=lambda line: None)
    dataset = datasets.open(tmp_path)
    shares = np.mean([(dataset.load(case).labels == 1).mean() for case in dataset.cases["case"]])
    assert class_frequencies(dataset, list(dataset.cases["case"])) == pytest.approx([1 - shares, shares])


def test_chance_scores_what_the_class_frequencies_say(dataset: Dataset, tmp_path: Path) -> None:
    rows = rows_of("chance", dataset, tmp_path)
    frequencies = class_frequencies(dataset, ["phantom_brain_000", "phantom_brain_001"])
    labels = dataset.load("phantom_brain_003").labels[0]
    shares = np.bincount(labels.ravel(), minlength=len(frequencies)) / labels.size

    def value(metric: str, roi: str = "all") -> float:
        where = (rows["metric"] == metric) & (rows["roi"] == roi) & (rows["structure"] == "all")
        (found,) = rows.loc[where & (rows["case"] == "phantom_brain_003"), "value"]
        return float(found)

    assert frequencies.argmax() == 0
    # every voxel says background, with the training part's share of it, and is right as often as there is background
    assert value("ece") == pytest.approx(abs(frequencies[0] - shares[0]), abs=1e-6)
    assert value("ece", "foreground") == pytest.approx(frequencies[0], abs=1e-6)  # never right there
    assert value("nll") == pytest.approx(-(shares * np.log(frequencies)).sum(), rel=1e-5)
    brier = sum(share * ((frequencies - np.eye(len(shares))[c]) ** 2).sum() for c, share in enumerate(shares))
    assert value("brier") == pytest.approx(brier, rel=1e-5)
    dsc = rows[(rows["metric"] == "dsc") & (rows["case"] == "phantom_brain_003")]
    assert (dsc["value"] == 0).all()
    assert np.isinf(rows.loc[rows["metric"] == "hd95", "value"]).all()


def test_chance_is_scored_against_the_known_truth_where_it_is_asked_for(dataset: Dataset, tmp_path: Path) -> None:
    rows = rows_of("chance", dataset, tmp_path, {"tolerances_mm": [2.0], "truth": True})
    frequencies = class_frequencies(dataset, ["phantom_brain_000", "phantom_brain_001"])
    truth = dataset.load("phantom_brain_003").truth
    where = (rows["metric"] == "brier_truth") & (rows["roi"] == "all") & (rows["case"] == "phantom_brain_003")
    (found,) = rows.loc[where, "value"]
    assert found == pytest.approx(((frequencies[:, None, None, None] - truth) ** 2).sum(axis=0).mean(), rel=1e-4)


def test_second_call_scores_nothing(dataset: Dataset, tmp_path: Path) -> None:
    rows_of("chance", dataset, tmp_path)
    before = (tmp_path / "seed-0" / "scores.parquet").stat().st_mtime_ns
    rows_of("chance", dataset, tmp_path)
    assert (tmp_path / "seed-0" / "scores.parquet").stat().st_mtime_ns == before


def test_predictions_sum_to_one(dataset: Dataset) -> None:
    case = dataset.load("phantom_brain_003")
    for predictor in (oracle(dataset), chance(dataset, ["phantom_brain_000"])):
        found = predictor(case)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found.sum(axis=0), 1, atol=1e-6)
