"""Ensembles in the workflow: made where asked for, and no other job is run for them."""

import json
import shutil
from collections.abc import Callable

import pandas as pd
import pytest
from softbench.errors import InputError
from softbench.plan.plan import Plan

TINY = "tests/workflow/tiny.yaml"
METHODS = ("methods: [one_hot, ls, svls, geols, chance, oracle]", "methods: [one_hot, ls, oracle]")
SCORING = "scoring: {tolerances_mm: [2.0]"
ASKED = (f"{SCORING}}}", f"{SCORING}, ensemble: true, temperature: true}}")
SEEDS = ("seeds: [0]", "seeds: [0, 1]")
TABLE = """  tiny_{prediction}:
    title: Tiny, {prediction}
    experiments: [tiny]
    prediction: {prediction}
    composites: {{average: [WT, TC, ET]}}
    columns: [{{metric: dsc, structure: average}}, {{metric: ece, roi: band}}]
"""
LAST = "    columns: [{metric: dsc, structure: anterior}, {metric: nll}]\n"
PREDICTIONS = ("ensemble", "ensemble_temperature")
SHOWING = ("tiny", *(f"tiny_{prediction}" for prediction in PREDICTIONS))
FILES = (
    *(f"results/tables/{table}.md" for table in SHOWING),
    *(f"results/figures/reliability_{table}.png" for table in SHOWING),
    "results/tables/free_tiny.md",
    "results/scores.parquet",
)
ENSEMBLES = "results/runs/tiny/tiny_unet/ensembles.json"
SHOWN = (LAST, LAST + "".join(TABLE.format(prediction=prediction) for prediction in PREDICTIONS))


@pytest.fixture(scope="module")
def plain(make_clone: Callable):
    """Two methods and the oracle, two seeds; nothing asks for ensembles. Not run."""
    clone = make_clone("plain")
    for change in (METHODS, SEEDS):
        clone.replace(TINY, *change)
    return clone


def test_nothing_plans_an_ensemble_unasked(plain) -> None:
    assert "score_ensemble" not in plain.jobs()


def test_experiment_that_asks_gets_one_job_for_all_methods_and_one_for_its_sanity_rows(plain) -> None:
    methods = "methods: [one_hot, ls, oracle, chance]"
    jobs = plain.jobs("--config", f"experiments={{tiny: {{scoring: {{ensemble: true}}, {methods}}}}}")
    assert (jobs["train"], jobs["score_ensemble"], jobs["score_sanity"]) == (2, 1, 1)


def test_table_that_shows_them_asks_too(plain) -> None:
    jobs = plain.jobs("results/tables/tiny.md", "--config", "tables={tiny: {prediction: ensemble}}")
    assert jobs == {
        "prepare": 1, "score_sanity": 1, "soften_one_hot": 1, "soften_ls": 1, "train": 2,
        "score_ensemble": 1, "table": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "tables={tiny: {prediction: temperature}}",
            "tables.tiny.* 'temperature'.*`temperature: true`",
        ),
        (
            "tables={tiny: {prediction: ensemble_temperature}}",
            "'ensemble_temperature', but experiments.tiny makes none",
        ),
        (
            "tables={tiny: {prediction: mean}}",
            "tables.tiny.prediction is 'mean', but must be raw, temperature, ensemble",
        ),
        (
            "experiments={tiny: {scoring: {ensembles: true}}}",
            "experiments.tiny.scoring.ensembles is no known key. Did you mean 'ensemble'",
        ),
        ("experiments={tiny: {scoring: {ensemble: 3}}}", "experiments.tiny.scoring.ensemble is 3"),
    ],
)
def test_what_cannot_be_shown_stops_before_any_job(plain, override: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Plan.read(plain.path, [TINY], [override])


@pytest.fixture(scope="module")
def made(make_clone: Callable):
    """The same with ensembles and temperatures, run: one table of runs, one of ensembles, one of scaled ensembles."""
    clone = make_clone("ensembles")
    for change in (
        METHODS,
        SEEDS,
        ASKED,
        SHOWN,
        ("run: [tiny]", "run: [tiny, tiny_ensemble, tiny_ensemble_temperature]"),
    ):
        clone.replace(TINY, *change)
    clone.run(*FILES)
    return clone


def test_second_run_has_nothing_to_do(made) -> None:
    assert made.jobs(*FILES) == {}


def test_records_and_scores_of_ensembles_are_there(made) -> None:
    for method in ("one_hot", "ls"):
        folder = made.path / "results/runs/tiny/tiny_unet" / method
        record = json.loads((folder / "ensemble.json").read_text())
        assert (record["status"], record["seeds"]) == ("done", [0, 1])
        assert 0.05 <= record["temperature"] <= 20
        assert len(list((folder / "ensemble" / "predictions").glob("*.nii.gz"))) == 4
    joint = json.loads((made.path / ENSEMBLES).read_text())["pieces"]
    assert [one["method"] for one in joint] == ["one_hot", "ls"]  # the oracle has no seeds
    assert not (made.path / "results/runs/tiny/tiny_unet/oracle/ensemble.json").exists()
    whole = pd.read_parquet(made.path / "results" / "scores.parquet")
    assert str(whole["seed"].dtype) == "Int64"
    assert not whole.duplicated().any()  # three tables share the runs; each stands there once
    seeds = {kind: set(rows["seed"].fillna(-1)) for kind, rows in whole.groupby("prediction")}
    assert seeds == {"raw": {0, 1}, "temperature": {0, 1}, "ensemble": {-1}, "ensemble_temperature": {-1}}


def test_tables_of_ensembles_say_so(made) -> None:
    tables = made.path / "results" / "tables"
    for prediction in PREDICTIONS:
        text = (tables / f"tiny_{prediction}.md").read_text()
        assert "of one ensemble per method, which has no spread over seeds" in text
        assert "Ensembles of 2 seeds: the mean of their probabilities." in text
        assert "±" not in text
    assert "mean ± sd over 2 seeds" in (tables / "tiny.md").read_text()
    scores = pd.read_parquet(made.path / "results/runs/tiny/tiny_unet/ls/ensemble/scores.parquet")
    for prediction in PREDICTIONS:
        table = pd.read_csv(tables / f"tiny_{prediction}.csv").set_index(["method", "metric"])
        rows = scores[
            (scores["prediction"] == prediction) & (scores["metric"] == "ece") & (scores["structure"] == "all")
        ]
        rows = rows[rows["roi"] == "band"]
        mean = rows.loc[rows["case"] != "pooled", "value"].mean()
        assert table.loc[("ls", "ece"), "mean"] == pytest.approx(mean, rel=1e-12)
        assert table.loc[("oracle", "dsc"), "mean"] == 1.0


def test_diagrams_of_ensembles_are_not_those_of_runs(made) -> None:
    figures = [
        made.path / f"results/figures/reliability_tiny{end}.png" for end in ("", *(f"_{p}" for p in PREDICTIONS))
    ]
    contents = [figure.read_bytes() for figure in figures]
    assert all(content.startswith(b"\x89PNG") for content in contents)
    assert len(set(contents)) == 3


def test_asking_no_more_reruns_no_run_and_no_table_of_runs(made) -> None:
    off = ("--config", "experiments={tiny: {scoring: {ensemble: false}}}")
    whole = made.path / "results/tables/tiny.csv"
    before = whole.read_bytes()
    assert made.jobs(*FILES, *off) == {"table": 1}  # of runs: it no more sets ensembles beside its runs
    made.run("results/tables/free_tiny.md", *off)
    assert whole.read_bytes() == before
    assert "ensemble" not in pd.read_csv(made.path / "results/tables/free_tiny.csv")["prediction"].unique()
    made.run(*FILES)
    assert whole.read_bytes() == before
    assert "ensemble" in pd.read_csv(made.path / "results/tables/free_tiny.csv")["prediction"].unique()


def test_new_version_of_the_ensemble_makes_it_again_and_trains_nothing(made) -> None:
    file = made.path / "workflow/softbench/training/ensemble.py"
    before = file.read_text()
    made.raise_version("training/ensemble.py")
    assert made.jobs(*FILES) == {
        "score_ensemble": 1,
        "table": 3,  # of the table of runs, too, since its experiment asks for ensembles
        "collect_scores": 1,
    }
    file.write_text(before)


def written(made, method: str) -> int:
    """When the scores of a method's ensemble were written."""
    return (made.path / f"results/runs/tiny/tiny_unet/{method}/ensemble/scores.parquet").stat().st_mtime_ns


def test_results_of_a_job_a_method_are_taken_over(made) -> None:
    before = [written(made, method) for method in ("one_hot", "ls")]
    joint = made.path / ENSEMBLES
    content = joint.read_bytes()
    joint.unlink()  # as it was when each method had a job and a record of its own
    made.run(ENSEMBLES)
    assert joint.read_bytes() == content
    assert [written(made, method) for method in ("one_hot", "ls")] == before


def test_killed_job_goes_on_with_the_missing_ensemble(made) -> None:
    file, slow = "workflow/softbench/training/ensemble.py", "    torch.set_num_threads(run.protocol.threads)\n"
    content = (made.path / ENSEMBLES).read_bytes()
    folders = [made.path / f"results/runs/tiny/tiny_unet/{method}/ensemble" for method in ("one_hot", "ls")]
    for folder in folders:
        shutil.rmtree(folder)
    (made.path / ENSEMBLES).unlink()
    made.replace(file, slow, slow + "    __import__('time').sleep(3)\n")
    made.kill_when((folders[0] / "scores.key.json").exists, ENSEMBLES)
    made.replace(file, "    __import__('time').sleep(3)\n", "")
    assert not (made.path / ENSEMBLES).exists()
    before = written(made, "one_hot")
    made.run(ENSEMBLES)
    assert written(made, "one_hot") == before
    assert (made.path / ENSEMBLES).read_bytes() == content
    assert made.jobs(ENSEMBLES) == {}


def test_changed_method_is_trained_and_makes_its_ensemble_alone(made) -> None:
    changed = ("--config", "methods={ls: {loss: focal, control: null}}")
    before = written(made, "one_hot"), written(made, "ls")
    assert made.jobs(ENSEMBLES, *changed) == {"train": 1, "score_ensemble": 1}
    made.run(ENSEMBLES, *changed)
    assert (written(made, "one_hot"), written(made, "ls") > before[1]) == (before[0], True)


def test_new_seed_trains_that_one_and_makes_the_ensembles_again(made) -> None:
    more = ("--config", "seeds=[0,1,2]")
    old = made.path / "results/runs/tiny/tiny_unet/one_hot/seed-0/scores.key.json"
    before = old.stat().st_mtime_ns
    assert made.jobs(ENSEMBLES, *more) == {"train": 2, "score_ensemble": 1}
    made.run(ENSEMBLES, *more)
    assert old.stat().st_mtime_ns == before
    record = made.path / "results/runs/tiny/tiny_unet/one_hot/ensemble.json"
    assert json.loads(record.read_text())["seeds"] == [0, 1, 2]


def test_one_seed_is_recorded_as_no_ensemble(made) -> None:
    made.run(ENSEMBLES, "--config", "seeds=[0]")
    record = json.loads((made.path / "results/runs/tiny/tiny_unet/ls/ensemble.json").read_text())
    assert (record["status"], record["reason"]) == ("not made", "it needs 2 finished seeds, and there is 1")
