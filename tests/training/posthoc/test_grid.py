"""The grid of a method's runs: equal to the scores of runs where it must be, and remade piece by piece."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from softbench import InputError
from softbench.datasets.prepare import prepare
from softbench.soft_labels.produce import produce
from softbench.training.batch import Batch, Run, run_batch
from softbench.training.coarse import Resolution
from softbench.training.posthoc import grid
from softbench.training.posthoc.calibrations import local_temperature

RUN = Run.of(
    {
        "names": {"experiment": "e", "dataset": "made", "split": "main", "network": "small", "method": "one_hot"},
        "network": {"name": "compact_unet", "widths": [4, 8]},
        "loss": "ce",
        "protocol": {"steps": 30, "batch": 2, "patch_size": [8, 16, 16], "learning_rate": 0.01},
        "scoring": {"tolerances_mm": [2.0], "temperature": True},
        "versions": {"training": {"training/loop.py": 1}, "scoring": {"metrics/overlap.py": 1}},
    }
)
PARTS = ["train", "train", "val", "val", "test"]
SPLIT = pd.DataFrame(
    [(f"phantom_brain_{n:03d}", f"phantom_brain_{n:03d}", part) for n, part in enumerate(PARTS)],
    columns=["case", "patient", "part"],
)
PLACE = ["case", "rater", "structure", "metric", "roi"]


@pytest.fixture(autouse=True)
def few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_temperature, "STEPS", 2)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    settings = {"size": "tiny", "cases": 5}
    prepare.run("phantom_brain", None, folder / "data", versions={}, settings=settings, log=lambda line: None)
    produce("one_hot", folder / "data", folder / "soft", settings={}, version={}, log=lambda line: None)
    produce("epd", folder / "data", folder / "epd", settings={"factor": 2}, version={}, log=lambda line: None)
    return folder


def open_batch(data: Path, run: Run = RUN, soft: str = "soft", split: pd.DataFrame = SPLIT) -> tuple[Batch, list[str]]:
    said: list[str] = []
    return Batch(run, data / "data", data / soft, split, torch.device("cpu"), said.append), said


def make(
    data: Path, folder: Path, calibrations: list[str], decoders: list[str], versions: dict | None = None, **how
) -> tuple[dict, list[str]]:
    """Make the grid of the seeds in a folder; return its record and what was said."""
    batch, said = open_batch(data, **how)
    wanted = grid.pieces_of(calibrations, decoders)
    known = {piece.name: {"x.py": 1} for piece in wanted} | (versions or {})
    grid.run(batch, [folder / "batch-0.json"], wanted, known, folder / "posthoc.json")
    return json.loads((folder / "posthoc.json").read_text()), said


@pytest.fixture(scope="module")
def trained(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seeds 0 and 1."""
    folder = tmp_path_factory.mktemp("trained")
    run_batch(open_batch(data)[0], [0, 1], folder, folder / "batch-0.json")
    return folder


def read(folder: Path, piece: str, seed: int = 0) -> pd.DataFrame:
    return pd.read_parquet(folder / "posthoc" / f"seed-{seed}" / f"{piece}.parquet")


def assert_same_values(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    both = found.merge(expected, on=PLACE, suffixes=("", "_expected"))
    assert len(both) == len(found) > 20
    np.testing.assert_allclose(both["value"], both["value_expected"], atol=1e-6)


def test_raw_and_temperature_have_the_scores_of_the_run_itself(data: Path, trained: Path) -> None:
    record, _ = make(data, trained, ["raw", "temperature"], ["argmax"])
    of_run = pd.read_parquet(trained / "seed-1" / "scores.parquet")
    for calibration in ("raw", "temperature"):
        of_kind = of_run[of_run["prediction"] == calibration]
        assert_same_values(read(trained, calibration, 1), of_kind[of_kind["structure"] == "all"])
        assert_same_values(read(trained, f"{calibration}-argmax", 1), of_kind)
    fitted = record["seeds"]["1"]["pieces"]["temperature"]["fitted"]["temperature"]
    assert fitted == json.loads((trained / "batch-0.json").read_text())["seeds"]["1"]["temperature"]


def test_rows_say_their_calibration_and_decoder(trained: Path, data: Path) -> None:
    make(data, trained, ["raw"], ["argmax"])
    of_p, of_map = read(trained, "raw"), read(trained, "raw-argmax")
    assert set(of_p["decoder"]) == {""}
    said = of_map[["calibration", "decoder", "prediction"]].drop_duplicates()
    assert said.to_numpy().tolist() == [["raw", "argmax", "posthoc"]]
    assert {"dsc", "nsd_2mm"} <= set(of_map["metric"])
    assert {"nll", "brier", "ece", "tace"} <= set(of_p["metric"])
    assert set(of_p.loc[of_p["metric"] == "ece", "roi"]) == {"all", "foreground", "band"}


def test_one_more_calibration_or_decoder_makes_its_own_pieces_alone(data: Path, trained: Path) -> None:
    make(data, trained, ["raw", "temperature"], ["argmax"])
    before = {path: path.stat().st_mtime_ns for path in trained.rglob("posthoc/*/*.parquet")}
    names = ["raw", "temperature", "class_temperature", "local_temperature", "isotonic"]
    record, said = make(data, trained, names, ["argmax", "threshold", "rankseg"])
    assert [line for line in said if "pieces" in line] == [f"seed {n}: 16 of 20 pieces to make" for n in (0, 1)]
    assert before == {path: path.stat().st_mtime_ns for path in before}
    assert len(record["seeds"]["0"]["pieces"]) == 20
    again, said = make(data, trained, names, ["argmax", "threshold", "rankseg"])
    assert again == record
    assert not [line for line in said if "seed" in line]  # nothing is inferred
    _, said = make(data, trained, names, ["argmax", "threshold", "rankseg"], {"isotonic": {"x.py": 2}})
    assert [line for line in said if "pieces" in line] == [f"seed {n}: 1 of 20 pieces to make" for n in (0, 1)]


def test_few_validation_cases_are_told(data: Path, trained: Path) -> None:
    _, said = make(data, trained, ["raw"], ["argmax"])
    assert said[0].startswith("WARNING: 2 patients in the validation part, fewer than 16")


def test_seed_that_failed_is_named(data: Path, trained: Path) -> None:
    listed = json.loads((trained / "batch-0.json").read_text())
    listed["seeds"]["2"] = {"status": "failed", "reason": "seed 2: the loss is nan at step 3 (cases a, b)."}
    (trained / "more").mkdir()
    for seed in ("seed-0", "seed-1"):
        (trained / "more" / seed).symlink_to(trained / seed)
    (trained / "more" / "batch-0.json").write_text(json.dumps(listed))
    record, _ = make(data, trained / "more", ["raw"], ["argmax"])
    assert record["seeds"]["2"] == {"status": "failed", "reason": "seed 2: the loss is nan at step 3 (cases a, b)."}
    assert record["seeds"]["0"]["status"] == "done"


def test_split_without_validation_cases_and_foreign_weights_stop(data: Path, trained: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the split has no validation cases"):
        make(data, trained, ["raw"], ["argmax"], split=SPLIT[SPLIT["part"] != "val"])
    (tmp_path / "seed-0").mkdir()
    (tmp_path / "seed-0" / "model.pt").write_bytes((trained / "seed-1" / "model.pt").read_bytes())
    (tmp_path / "batch-0.json").write_bytes((trained / "batch-0.json").read_bytes())
    with pytest.raises(InputError, match=r"seed-0/model.pt holds other weights"):
        make(data, tmp_path, ["raw"], ["argmax"])


def test_coarse_method_is_calibrated_on_its_grid_and_scored_on_the_full_one(data: Path, tmp_path: Path) -> None:
    run = replace(RUN, resolution=Resolution(2), names={**RUN.names, "method": "epd_2"})
    batch, _ = open_batch(data, run, "epd")
    run_batch(batch, [0], tmp_path, tmp_path / "batch-0.json")
    make(data, tmp_path, ["temperature", "local_temperature"], ["argmax", "threshold"], run=run, soft="epd")
    of_run = pd.read_parquet(tmp_path / "seed-0" / "scores.parquet")
    scaled = of_run[(of_run["prediction"] == "temperature") & (of_run["grid"] == "full")]
    assert_same_values(read(tmp_path, "temperature"), scaled[scaled["structure"] == "all"])
    assert_same_values(read(tmp_path, "temperature-argmax"), scaled)
