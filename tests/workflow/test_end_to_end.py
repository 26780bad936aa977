"""The whole path on a tiny phantom: killed, changed and resumed, it ends where an undisturbed run ends."""

import base64
import json
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import pandas as pd
import pytest
import softbench
from softbench.metrics.rows import COLUMNS

SANITY = {"chance", "oracle"}  # scored, not trained
METHODS = {"one_hot", "ls", "svls", "geols", *SANITY}
AFTER_TRAINING = {"table": 1, "report": 1, "collect_scores": 1, "all": 1}  # all views of the table are one job
STRONGER = ("config/methods.yaml", "ls: {recipe: ls, alpha: 0.1}", "ls: {recipe: ls, alpha: 0.4}")
NEWER = "soft_labels/svls.py"


@pytest.fixture(scope="module")
def killed(make_clone: Callable):
    """A run killed in the middle of training, then changed in a setting and a VERSION, then run to its end."""
    clone = make_clone("killed")
    runs = clone.path / "results" / "runs" / "tiny"
    clone.kill_when(lambda: any(runs.rglob("seed-0/model.key.json")))
    clone.replace(*STRONGER)
    clone.raise_version(NEWER)
    clone.run()
    return clone


def test_killed_and_changed_run_equals_a_fresh_one_on_one_core(killed, make_clone: Callable) -> None:
    fresh = make_clone("fresh")
    fresh.replace(*STRONGER)
    fresh.raise_version(NEWER)
    fresh.run("results/tables/tiny.csv", cores=1)
    pd.testing.assert_frame_equal(killed.scores(), fresh.scores(), check_exact=True)
    for batch in sorted((fresh.path / "results" / "runs").rglob("batch-*.json")):
        assert batch.read_bytes() == (killed.path / batch.relative_to(fresh.path)).read_bytes()
    for manifest in sorted((fresh.path / "results").rglob("manifest.json")):
        assert manifest.read_bytes() == (killed.path / manifest.relative_to(fresh.path)).read_bytes()


def test_second_run_has_nothing_to_do(killed) -> None:
    assert killed.jobs() == {}
    assert "Nothing to be done" in killed.run()


def test_scores_are_tidy(killed) -> None:
    scores = killed.scores()
    assert list(scores.columns) == list(COLUMNS)
    assert set(scores["method"]) == METHODS
    assert set(scores["structure"]) == {"WT", "TC", "ET", "all"}
    assert set(scores.loc[scores["metric"] == "ece", "roi"]) == {"all", "foreground", "band"}
    assert len(scores[(scores["metric"] == "dsc") & (scores["structure"] == "WT")]) == len(METHODS) * 4  # test cases
    whole = pd.read_parquet(killed.path / "results" / "scores.parquet")
    assert len(whole) == len(scores)


def test_tables_figure_and_page_are_there(killed) -> None:
    results = killed.path / "results"
    text = (results / "tables" / "tiny.md").read_text()
    assert all(title in text for title in ("One-hot", "LS (0.1)", "SVLS", "GeoLS (code)"))
    assert "one run per method" in text
    table = pd.read_csv(results / "tables" / "tiny.csv")
    assert len(table) == len(METHODS) * 3
    assert (results / "figures" / "reliability_tiny.png").read_bytes().startswith(b"\x89PNG")
    assert (results / "figures" / "reliability_tiny.pdf").read_bytes().startswith(b"%PDF")
    page = (results / "report" / "index.html").read_text()
    assert "Oracle (the reference): scored once, nothing is trained." in text
    assert table.loc[(table["method"] == "oracle") & (table["metric"] == "dsc"), "mean"].tolist() == [1.0]
    assert 'src="http' not in page
    assert "data:image/png;base64" in page


def test_notebook_reads_the_results(killed) -> None:
    results = softbench.load(killed.path / "results")
    assert results.tables == {"tiny": "Tiny"}
    pd.testing.assert_frame_equal(
        results.table("tiny").frame[["method", "metric", "mean"]],
        pd.read_csv(killed.path / "results/tables/tiny.csv")[["method", "metric", "mean"]], check_dtype=False,
    )  # fmt: skip
    trained = METHODS - SANITY
    assert set(results.reliability("tiny", region="band").frame["method"]) == trained
    assert set(results.training("tiny").frame["method"]) == trained
    assert set(results.scores("tiny")["method"]) == METHODS
    assert len(results.scores()) == len(results.scores("tiny"))


def test_predictions_lie_on_the_grid_of_their_case(killed) -> None:
    seed = killed.path / "results/runs/tiny/tiny_unet/one_hot/seed-0"
    cases = pd.read_parquet(killed.path / "results/data/phantom_brain_tiny/cases.parquet").set_index("case")
    files = sorted((seed / "predictions").glob("*.nii.gz"))
    assert len(files) == 4
    for file in files:
        image = nib.load(file)
        row = cases.loc[file.name.removesuffix(".nii.gz")]
        assert image.shape == tuple(row["shape"])[::-1]
        assert image.header.get_zooms() == tuple(row["spacing_mm"])[::-1]


def test_each_seed_says_where_it_was_made(killed) -> None:
    seed = killed.path / "results/runs/tiny/tiny_unet/ls/seed-0"
    facts = json.loads((seed / "provenance.json").read_text())
    assert facts["seconds"] > 0
    assert facts["peak_memory_mib"] > 100
    assert {"torch", "numpy"} <= set(facts["packages"])
    assert not (seed / "checkpoint.pt").exists()
    assert list(pd.read_csv(seed / "history.csv")["step"]) == [20, 40]


def test_changed_setting_was_really_used(killed) -> None:
    manifest = json.loads((killed.path / "results/soft_labels/phantom_brain_tiny/ls/manifest.json").read_text())
    assert manifest["settings"] == {"alpha": 0.4}


def test_changed_setting_recomputes_that_soft_label_and_its_method_alone(killed) -> None:
    jobs = killed.jobs("--config", "soft_labels={ls: {recipe: ls, alpha: 0.2}}")
    assert jobs == {"soften_ls": 1, "train": 1, **AFTER_TRAINING}


def test_raised_version_recomputes_what_it_decides(killed) -> None:
    file = "workflow/softbench/soft_labels/seeds.py"
    before = (killed.path / file).read_text()
    killed.raise_version("soft_labels/seeds.py")
    assert killed.jobs() == {"map_geodesic": 1, "soften_geols": 1, "train": 1, **AFTER_TRAINING}
    (killed.path / file).write_text(before)
    assert killed.jobs() == {}


def test_alpha_of_geols_makes_no_map(killed) -> None:
    jobs = killed.jobs("--config", "soft_labels={geols: {alpha: 0.3}}")
    assert jobs == {"soften_geols": 1, "train": 1, **AFTER_TRAINING}


def test_added_method_is_trained_alone_and_changes_no_other_run(killed) -> None:
    """Every other job would write what it wrote: nothing of the others is even planned."""
    methods = "[one_hot, ls, svls, geols, focal, chance, oracle]"
    jobs = killed.jobs("--config", f"experiments={{tiny: {{methods: {methods}}}}}")
    assert jobs == {"train": 1, **AFTER_TRAINING}


def test_circumstances_recompute_nothing(killed) -> None:
    assert killed.jobs("--config", "device=cpu", "mirror=somewhere", "scratch=/somewhere") == {}
    assert killed.jobs(cores=1) == {}


def test_more_seeds_train_only_the_new_ones(killed) -> None:
    trained = killed.path / "results/runs/tiny/tiny_unet/one_hot/seed-0/model.key.json"
    before = trained.stat().st_mtime_ns
    target = "results/runs/tiny/tiny_unet/one_hot/batch-0.json"
    assert killed.jobs("--config", "seeds=[0,1]") == {"train": 4, **AFTER_TRAINING}
    killed.run(target, "--config", "seeds=[0,1]")
    assert trained.stat().st_mtime_ns == before
    batch = json.loads((killed.path / target).read_text())
    assert {seed: outcome["status"] for seed, outcome in batch["seeds"].items()} == {"0": "done", "1": "done"}
    assert batch["seeds"]["0"]["model"] != batch["seeds"]["1"]["model"]


def test_seeds_one_by_one_are_the_seeds_of_a_batch(killed) -> None:
    """Another `seeds_per_job` makes other jobs of the same pieces: their scores are found, not made anew."""
    one_by_one = ("--config", "seeds=[0,1]", "seeds_per_job=1")
    targets = [f"results/runs/tiny/tiny_unet/one_hot/batch-{n}.json" for n in (0, 1)]
    said = killed.run(*targets, *one_by_one)
    assert "step 40/40" not in said
    batches = [json.loads((killed.path / target).read_text())["seeds"] for target in targets]
    assert [list(batch) for batch in batches] == [["0"], ["1"]]


def test_one_artefact_is_a_target(killed) -> None:
    path = Path("results/tables/tiny.md")
    (killed.path / path).unlink()
    assert killed.jobs(str(path), "--config", "seeds=[0]").keys() >= {"table"}


def test_settings_of_the_command_line_have_their_types(killed) -> None:
    killed.run("results/soft_labels/phantom_brain_tiny/ls/manifest.json", "--config", "soft_labels={ls: {alpha: 0.3}}")
    manifest = json.loads((killed.path / "results/soft_labels/phantom_brain_tiny/ls/manifest.json").read_text())
    assert manifest["settings"] == {"alpha": 0.3}


def test_output_that_a_kill_left_unconfirmed_is_made_again(killed) -> None:
    """Killed between a job's last write and Snakemake's note of it, an output counts as incomplete."""
    target = "results/runs/tiny/tiny_unet/svls/batch-0.json"
    before = (killed.path / target).read_bytes()
    marks = killed.path / ".snakemake" / "incomplete"
    marks.mkdir(exist_ok=True)
    (marks / base64.b64encode(target.encode()).decode()).touch()
    said = killed.run(target, "--config", "seeds=[0]")
    assert "step 40/40" not in said  # its pieces are kept
    assert (killed.path / target).read_bytes() == before
    assert not any(marks.iterdir())
