"""Tables and diagrams of ensembles and of scaled probabilities: what has no spread over seeds says so."""

import json
import math
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from softbench import InputError
from softbench.figures import reliability
from softbench.metrics import Reliability
from softbench.metrics.rows import tidy
from softbench.tables import assemble, forms, wording
from softbench.tables.views.results import sheet

NAMES = {"experiment": "e", "dataset": "d", "split": "s", "network": "n"}
METHODS = [
    {"key": "one_hot", "title": "One-hot", "control": None, "trained": True},
    {"key": "ls", "title": "LS", "control": "one_hot", "trained": True},
    {"key": "svls", "title": "SVLS", "control": "one_hot", "trained": True},
    {"key": "oracle", "title": "Oracle", "control": None, "trained": False},
]
TABLE = {"title": "T", "methods": METHODS, "columns": [{"metric": "dsc", "structure": "WT"}], "prediction": "ensemble"}
ONE_SEED = "it needs 2 finished seeds, and there is 1"


def bins_of(confidence: float) -> Reliability:
    """Ten voxels in one bin, half of them right."""
    none = np.zeros((2, 1))
    return Reliability(np.array([10.0]), np.array([10 * confidence]), np.array([5.0]), none, none, none, 0.0, 0.0)


def write_scores(folder: Path, method: str, seed: int | None, values: dict[str, float]) -> None:
    """Write what a run or an ensemble leaves: for each prediction the DSC of two cases and a reliability diagram."""
    rows = [
        (case, 1, "WT", "dsc", "all", value + shift, "1", prediction)
        for prediction, value in values.items()
        for case, shift in (("c0", 0.0), ("c1", 0.1))
    ]
    columns = ["case", "rater", "structure", "metric", "roi", "value", "unit", "prediction"]
    folder.mkdir(parents=True)
    table = tidy(pd.DataFrame(rows, columns=columns), {**NAMES, "method": method}, seed)
    table.to_parquet(folder / "scores.parquet", index=False)
    arrays: dict[str, np.ndarray] = {}
    for prediction, value in values.items():
        arrays |= bins_of(value).to_arrays("all" if prediction == "raw" else f"{prediction}_all")
    np.savez(folder / "reliability.npz", **arrays)


def write_method(
    root: Path, method: str, raw: dict[int, float], mean: float | None, failed: tuple[int, ...] = ()
) -> tuple[Path, Path]:
    """Write the runs of a method and its ensemble; return the paths of batch and ensemble."""
    folder = root / method
    for seed, value in raw.items():
        write_scores(folder / f"seed-{seed}", method, seed, {"raw": value, "temperature": value / 2})
    outcomes = {str(seed): {"status": "done"} for seed in raw} | {
        str(seed): {"status": "failed", "reason": "the loss is nan"} for seed in failed
    }
    record = {"run": {"method": method}, "seeds": list(raw), "failed": {}}
    if mean is None:
        record |= {"status": "not made", "reason": ONE_SEED}
    else:
        record |= {"status": "done"}
        write_scores(folder / "ensemble", method, None, {"ensemble": mean, "ensemble_temperature": mean / 2})
    (folder / "batch-0.json").write_text(json.dumps({"run": {"method": method}, "seeds": outcomes}))
    (folder / "ensemble.json").write_text(json.dumps(record))
    return folder / "batch-0.json", folder / "ensemble.json"


@pytest.fixture
def paths(tmp_path: Path) -> tuple[list[Path], list[Path]]:
    """One-hot of three seeds, LS of two and one that failed, SVLS with one seed alone, and the oracle."""
    found = [
        write_method(tmp_path, "one_hot", {0: 0.5, 1: 0.6, 2: 0.7}, 0.8),
        write_method(tmp_path, "ls", {0: 0.5, 1: 0.6}, 0.75, failed=(2,)),
        write_method(tmp_path, "svls", {0: 0.5}, None, failed=(1, 2)),
    ]
    write_scores(tmp_path / "oracle" / "seed-0", "oracle", 0, {"raw": 0.9})
    batch = tmp_path / "oracle" / "batch-0.json"
    batch.write_text(json.dumps({"run": {"method": "oracle"}, "seeds": {"0": {"status": "done"}}}))
    return [batch, *(one for one, _ in found)], [one for _, one in found]


def table_of(paths, prediction: str):
    batches, ensembles = paths
    runs = assemble.read(batches, ensembles if prediction.startswith("ensemble") else ())
    return assemble.build_table(runs, {**TABLE, "prediction": prediction})


def test_row_is_the_ensembles_score_without_a_spread_over_seeds(paths) -> None:
    cells = [row[0] for row in table_of(paths, "ensemble").cells]
    # Cases differ by 0.1, so the mean is 0.05 above the first one's.
    assert [cell.mean for cell in cells] == pytest.approx([0.85, 0.8, math.nan, 0.95], nan_ok=True)
    assert [cell.n_seeds for cell in cells] == [1, 1, 0, 1]
    assert all(math.isnan(cell.sd_seeds) for cell in cells)
    scaled = [row[0].mean for row in table_of(paths, "ensemble_temperature").cells]
    assert scaled == pytest.approx([0.45, 0.425, math.nan, 0.95], nan_ok=True)  # the oracle is what it is


def test_difference_of_ensembles_has_no_interval_and_nothing_is_bold(paths) -> None:
    gap = table_of(paths, "ensemble").cells[1][0].difference
    assert gap is not None
    assert gap.mean == pytest.approx(-0.05)
    assert math.isnan(gap.low)
    assert math.isnan(gap.high)
    assert not any(cell.bold for row in table_of(paths, "ensemble").cells for cell in row)


def test_lines_under_the_table_say_of_how_many_seeds(paths) -> None:
    table = table_of(paths, "ensemble")
    lines = wording.footnotes(table)
    assert "Ensembles of 3 seeds: the mean of their probabilities." in lines
    assert "LS: an ensemble of 2 seeds." in lines
    assert f"SVLS: no ensemble; {ONE_SEED}." in lines
    assert "Oracle: scored once, nothing is trained." in lines
    assert any(line.startswith("Failed runs: 3, in no ensemble. LS, seed 2: the loss is nan;") for line in lines)
    assert not any("of 1 seeds" in line for line in lines)
    assert "the mean over 2 test cases of one ensemble per method, which has no spread over seeds" in wording.about(
        table
    )
    assert "no interval and no test" in wording.paired(table)


def test_lines_name_the_scaling(paths) -> None:
    ensembles, runs = (wording.footnotes(table_of(paths, one)) for one in ("ensemble_temperature", "temperature"))
    assert any("each ensemble's own temperature" in line for line in ensembles)
    assert any("each run's own temperature" in line for line in runs)
    assert not any("temperature" in line for line in wording.footnotes(table_of(paths, "raw")))
    assert not any("temperature" in line for line in wording.footnotes(table_of(paths, "ensemble")))


def test_every_form_is_written_without_plus_minus(paths) -> None:
    table = table_of(paths, "ensemble")
    for text in (forms.text(sheet(table), ".md"), forms.text(sheet(table), ".html"), forms.text(sheet(table), ".tex")):
        assert "0.850" in text
        assert "±" not in text
        assert r"\pm" not in text
    rows = pd.read_csv(StringIO(forms.text(sheet(table), ".csv"))).set_index("method")
    assert rows["sd_over_seeds"].isna().all()
    assert rows.loc["ls", "difference"] == pytest.approx(-0.05)
    assert rows["difference_low"].isna().all()


def test_table_of_scaled_runs_keeps_its_spread_and_the_oracle(paths) -> None:
    cells = [row[0] for row in table_of(paths, "temperature").cells]
    # Half of 0.5, 0.6 and 0.7, and 0.05 more in the mean over cases.
    assert cells[0].mean == pytest.approx(0.35)
    assert cells[0].sd_seeds == pytest.approx(0.05)
    assert cells[3].mean == pytest.approx(0.95)


def test_ensembles_beside_runs_change_no_table_of_runs(paths) -> None:
    batches, ensembles = paths
    settings = {**TABLE, "prediction": "raw"}
    alone, beside = (assemble.build_table(assemble.read(batches, extra), settings) for extra in ((), ensembles))
    assert forms.text(sheet(alone), ".csv") == forms.text(sheet(beside), ".csv")
    assert wording.footnotes(alone) == wording.footnotes(beside)


def test_table_without_any_ensemble_is_refused(paths) -> None:
    batches, ensembles = paths
    runs = assemble.read(batches, ensembles[2:])
    with pytest.raises(InputError, match=r"no ensemble could be made\. svls: it needs 2 finished seeds"):
        assemble.build_table(runs, TABLE)


@pytest.mark.parametrize(
    ("prediction", "expected"),
    [
        # ten voxels, five right, confidence as written: |0.5 - p| is the ECE
        ("raw", {("one_hot", 0): 0.0, ("one_hot", 2): 0.2, ("ls", 1): 0.1, ("oracle", 0): 0.4}),
        ("temperature", {("one_hot", 0): 0.25, ("one_hot", 2): 0.15, ("ls", 1): 0.2}),
        ("ensemble", {("one_hot", None): 0.3, ("ls", None): 0.25}),
        ("ensemble_temperature", {("one_hot", None): 0.1, ("ls", None): 0.125}),
    ],
)
def test_diagrams_are_those_of_the_prediction(paths, prediction: str, expected: dict) -> None:
    found = assemble.read(*paths, prediction).reliability
    for (method, seed), error in expected.items():
        assert found[method, seed, "all"].ece == pytest.approx(error)
    assert {seed is None for _, seed, _ in found} == {prediction.startswith("ensemble")}


def test_legend_of_ensembles_speaks_of_no_single_seed() -> None:
    def labels(**settings: bool) -> list[str]:
        figure = Figure()
        reliability.draw_legend(figure, lines=1, **settings)
        return [text.get_text() for text in figure.legends[0].get_texts()]

    assert labels()[:2] == ["all seeds merged", "one seed"]
    assert labels(ensembles=True)[0] == "ensemble of the seeds"
    assert not any("one seed" in label for label in labels(ensembles=True))


def test_diagrams_of_a_scaled_row_stand_beside_those_of_the_runs(paths) -> None:
    batches, _ = paths
    found = assemble.read(batches, scaled={"one_hot": "one_hot@temperature"}).reliability
    raw = assemble.read(batches).reliability
    assert {method for method, _, _ in found.keys() - raw.keys()} == {"one_hot@temperature"}
    assert found["one_hot", 0, "all"].ece == raw["one_hot", 0, "all"].ece == pytest.approx(0)
    assert found["one_hot@temperature", 0, "all"].ece == pytest.approx(0.25)  # five of ten right, at 0.25
