"""Probabilities for pictures are those that scoring saw."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from softbench import images
from softbench.datasets.prepare import prepare
from softbench.soft_labels import epd
from softbench.soft_labels.produce import produce
from softbench.training import scores
from softbench.training.batch import Batch, Run, run_batch

RUN = {
    "names": {"experiment": "tiny", "dataset": "made", "split": "main", "network": "small", "method": "epd_2"},
    "network": {"name": "compact_unet", "widths": [4, 8]},
    "loss": "ce",
    "protocol": {"steps": 2, "batch": 2, "patch_size": [8, 16, 16], "learning_rate": 0.01, "tta_flips": ["W"]},
    "scoring": {"tolerances_mm": [2.0]},
    "resolution": {"factor": 2, "images": "mean", "labels": "soft_label"},
    "versions": {"training": {"training/loop.py": 1}, "scoring": {"metrics/overlap.py": 1}},
}
PARTS = {"phantom_brain_000": "train", "phantom_brain_001": "val", "phantom_brain_002": "test"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    prepare.run(
        "phantom_brain",
        None,
        folder / "data",
        versions={},
        settings={"size": "tiny", "cases": 3},
        log=lambda line: None,
    )
    produce("epd", folder / "data", folder / "soft", settings={"factor": 2}, version={}, log=lambda line: None)
    split = pd.DataFrame({"case": PARTS.keys(), "patient": PARTS.keys(), "part": PARTS.values()})
    split.to_csv(folder / "split.csv", index=False)
    return folder


def test_largest_class_is_the_prediction_that_scoring_kept(data: Path, tmp_path: Path) -> None:
    split = pd.read_csv(data / "split.csv")
    cpu = torch.device("cpu")
    batch = Batch(Run.of(RUN), data / "data", data / "soft", split, cpu, lambda line: None)
    run_batch(batch, [0], tmp_path, tmp_path / "batch-0.json")
    paths = {"data": data / "data" / "manifest.json", "soft_label": data / "soft" / "manifest.json"}
    runs = {"epd_2": {"run": RUN, "split": data / "split.csv", **paths}}
    found = scores.probabilities(runs, cpu, lambda line: None)("epd_2", tmp_path / "seed-0", "phantom_brain_002")
    kept = images.read(tmp_path / "seed-0" / "predictions" / "phantom_brain_002.nii.gz").array
    np.testing.assert_array_equal(found.argmax(axis=0), kept)
    np.testing.assert_allclose(found.sum(axis=0), 1, atol=1e-5)


def test_differences_are_those_to_the_methods_own_target_on_its_own_grid(data: Path, tmp_path: Path) -> None:
    split = pd.read_csv(data / "split.csv")
    cpu, case = torch.device("cpu"), "phantom_brain_002"
    batch = Batch(Run.of(RUN), data / "data", data / "soft", split, cpu, lambda line: None)
    run_batch(batch, [0], tmp_path, tmp_path / "batch-0.json")
    paths = {"data": data / "data" / "manifest.json", "soft_label": data / "soft" / "manifest.json"}
    runs = {"epd_2": {"run": RUN, "split": data / "split.csv", **paths}}
    found = scores.differences(runs, cpu, lambda line: None)("epd_2", tmp_path / "seed-0", case)
    labels = batch.dataset.load(case).labels
    np.testing.assert_allclose(found.sum(axis=0), 0, atol=1e-5)  # both sum to 1
    assert found.shape[1:] == labels.shape[1:]
    windows = found[:, ::2, ::2, ::2]
    np.testing.assert_array_equal(found, scores.spread(windows, labels.shape[1:]))  # one value a window
    target = epd.soften(labels, None, (1, 1, 1), classes=4, factor=2)
    predicted = windows + target
    assert predicted.min() > -1e-3
    np.testing.assert_allclose(predicted.sum(axis=0), 1, atol=1e-3)


def test_spread_cuts_what_a_last_window_has_too_much() -> None:
    coarse = np.arange(3.0).reshape(1, 3)
    np.testing.assert_array_equal(scores.spread(coarse, (5,)), [[0, 0, 1, 1, 2]])
