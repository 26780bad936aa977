"""From a cell of the grid of calibrations and decoders back to its pieces, on made results."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from softbench import InputError, cli
from softbench.jobs import pieces
from softbench.plan.plan import Plan
from softbench.tables import forms
from softbench.tables.view import Given
from softbench.tables.views import posthoc_grid
from softbench.tools.explain import chain

CALIBRATIONS, DECODERS = ["raw", "temperature"], ["argmax", "threshold"]
POSTHOC = f"{{posthoc: {{calibrations: [{', '.join(CALIBRATIONS)}], decoders: [{', '.join(DECODERS)}]}}}}"
ASSIGNED = f"experiments={{tiny: {POSTHOC}}}"
CASES, SEEDS = range(5), (0, 1, 2)
FOLDER = Path("results/runs/tiny/tiny_unet")


def value(method: str, calibration: str, seed: int, case: int) -> float:
    start = {"one_hot": 0.3, "svls": 0.2}[method] - 0.1 * (calibration == "temperature")
    return start + 0.01 * seed + 0.001 * case


def write_piece(folder: Path, method: str, seed: int, calibration: str, decoder: str) -> dict[str, object]:
    rows = []
    for case in CASES:
        number = value(method, calibration, seed, case)
        if decoder:
            rows += [(f"case_{case}", part, "dsc", "all", number + 0.5) for part in ("WT", "TC", "ET")]
            rows.append((f"case_{case}", "all", "image_diagonal", "all", 100.0))
        else:
            rois = ("all", "foreground", "band")
            rows += [(f"case_{case}", "all", m, roi, number) for m in ("nll", "brier", "ece", "tace") for roi in rois]
    facts = {"experiment": "tiny", "dataset": "phantom_brain_tiny", "split": "main", "network": "tiny_unet"}
    facts |= {"method": method, "seed": seed, "calibration": calibration, "decoder": decoder, "grid": "full"}
    facts |= {"prediction": "posthoc", "rater": 1, "unit": "1"}
    name = f"{calibration}-{decoder}" if decoder else calibration
    frame = pd.DataFrame(rows, columns=["case", "structure", "metric", "roi", "value"])
    frame.assign(**facts).to_parquet(folder / f"{name}.parquet")
    pieces.write_json(folder / f"{name}.provenance.json", {"host": "node7", "commit": "abc", "seconds": 1.5})
    fitted = {"temperature": 1.5 + seed} if calibration == "temperature" and not decoder else {}
    return {"calibration": calibration, "decoder": decoder or None, "key": f"key {seed}", "hash": "h", "fitted": fitted}


@pytest.fixture
def suite(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a suite whose table `tiny` has a grid of two methods; seed 2 of SVLS failed."""
    monkeypatch.chdir(tmp_path)
    Path("workflow").symlink_to(root / "workflow")
    shutil.copy(root / "config.yaml", "config.yaml")
    shutil.copytree(root / "config", "config")
    shutil.copy(root / "tests/workflow/tiny.yaml", "tiny.yaml")
    records = []
    for method in ("one_hot", "svls"):
        seeds: dict[str, object] = {}
        for seed in SEEDS:
            folder = FOLDER / method / "posthoc" / f"seed-{seed}"
            folder.mkdir(parents=True)
            made = {
                f"{calibration}-{decoder}" if decoder else calibration: write_piece(
                    folder, method, seed, calibration, decoder
                )
                for calibration in CALIBRATIONS
                for decoder in ("", *DECODERS)
            }
            seeds[str(seed)] = {"status": "done", "pieces": made}
        if method == "svls":
            seeds["2"] = {"status": "failed", "reason": "the loss is nan at step 3"}
        record = {"run": {"method": method}, "validation": {"cases": 12, "patients": 12}, "seeds": seeds}
        pieces.write_json(FOLDER / method / "posthoc.json", record)
        records.append(str(FOLDER / method / "posthoc.json"))
    methods = [{"key": "one_hot", "title": "One-hot", "control": None}]
    methods.append({"key": "svls", "title": "SVLS", "control": "one_hot"})
    columns = [{"metric": "dsc", "structure": "average"}]
    settings = {"title": "Tiny", "methods": methods, "columns": columns, "composites": {"average": ["WT", "TC", "ET"]}}
    needs = {"records": records, "calibrations": CALIBRATIONS, "decoders": DECODERS, "baseline": "one_hot"}
    Path("results/tables").mkdir(parents=True)
    forms.write(posthoc_grid.build(Given("tiny", settings, {"posthoc": needs})), Path("results/tables/grid_tiny.csv"))
    return tmp_path


@pytest.fixture(scope="module")
def plan(root: Path) -> Plan:
    return Plan.read(root, ["tests/workflow/tiny.yaml"], ["seeds=[0,1,2]", ASSIGNED])


@pytest.fixture
def explain(suite: Path, plan: Plan) -> Callable[..., dict]:
    return lambda *words: chain.trace(plan, words)


def test_cell_of_probabilities_is_the_mean_of_its_pieces(explain: Callable[..., dict]) -> None:
    found = explain("grid_tiny/svls/temperature/ece/band")
    assert found["address"] == "grid_tiny/svls/temperature/all/ece/band"
    values = [run["value"] for run in found["runs"] if "value" in run]
    assert values == pytest.approx([0.102, 0.112])  # 0.1 + 0.001 x 2, + 0.01 a seed
    assert found["check"]["agrees"]
    assert found["cell"]["mean"] == pytest.approx(0.107)
    assert (found["calibration"], "decoder" in found) == ("temperature", False)
    first, _, failed = found["runs"]
    assert first["fitted"] == {"temperature": 1.5}
    assert (first["key"], first["host"], first["commit"]) == ("key 0", "node7", "abc")
    assert first["path"] == str(FOLDER / "svls/posthoc/seed-0/temperature.parquet")
    assert first["run"] == str(FOLDER / "svls/seed-0")
    assert (failed["status"], failed["reason"]) == ("failed", "the loss is nan at step 3")
    assert found["commands"]["runs"] == f"snakemake --cores all {FOLDER}/svls/posthoc.json"
    assert found["commands"]["table"] == "snakemake --cores all results/tables/grid_tiny.csv"


def test_cell_of_label_maps_is_that_of_its_decoder(explain: Callable[..., dict]) -> None:
    found = explain("grid_tiny", "threshold", "svls", "raw", "dsc")
    assert found["address"].startswith("grid_tiny/svls/raw/threshold/average/dsc")
    assert found["decoder"] == "threshold"
    assert found["check"]["agrees"]
    assert found["runs"][0]["path"].endswith("posthoc/seed-0/raw-threshold.parquet")
    assert found["method"]["soft_label"]["recipe"] == "svls"


def test_several_calibrations_are_listed(explain: Callable[..., dict]) -> None:
    with pytest.raises(InputError, match=r"2 cells fit grid_tiny/svls/nll. Name one:\n  grid_tiny/svls/raw/"):
        explain("grid_tiny/svls/nll")


def test_table_without_a_grid_is_not_known_by_that_name(explain: Callable[..., dict]) -> None:
    with pytest.raises(InputError, match=r"grid_folder/ls names no table\. Did you mean '(folder|grid_tiny)'"):
        explain("grid_folder/ls")


def test_grid_that_was_not_made_says_how(explain: Callable[..., dict]) -> None:
    Path("results/tables/grid_tiny.csv").unlink()
    with pytest.raises(InputError, match=r"Make it: snakemake --cores all results/tables/grid_tiny\.csv"):
        explain("grid_tiny/svls/raw/nll")


def test_command_prints_what_was_fitted(suite: Path, capsys: pytest.CaptureFixture[str]) -> None:
    extra = ["--configfile", "tiny.yaml", "--config", ASSIGNED]
    assert cli.main(["explain", "grid_tiny/one_hot/temperature/nll", *extra]) == 0
    text = capsys.readouterr().out
    for said in ("temperature 2.5", "node7", "posthoc/seed-1/temperature.parquet"):
        assert said in text
    assert cli.main(["explain", "grid_tiny/one_hot/temperature/nll", "--json", *extra]) == 0
    assert json.loads(capsys.readouterr().out)["runs"][1]["fitted"] == {"temperature": 2.5}
