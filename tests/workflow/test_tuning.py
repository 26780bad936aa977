"""Methods whose setting is chosen, in the workflow: tried on seeds of their own, chosen, trained and shown."""

import json
from collections.abc import Callable

import pytest

TINY = "tests/workflow/tiny.yaml"
METHODS = ("methods: [one_hot, ls, svls, geols, chance, oracle]", "methods: [one_hot, plain_tuned, smooth_tuned]")
TUNING = (
    "scoring: {tolerances_mm: [2.0]}\n  folder",
    "scoring: {tolerances_mm: [2.0]}\n    tuning: {seeds: [7]}\n  folder",
)
STEPS = ("steps: 40", "steps: 20")
TUNED = (
    "datasets:\n",
    """methods:
  plain_tuned: {title: Plain (tuned), soft_label: one_hot, tune: {learning_rate: [1.0e-2, 5.0e-3]}}
  smooth_tuned: {title: Smooth (tuned), soft_label: ls, control: plain_tuned, tune: {alpha: [0.05, 0.1]}}
datasets:
""",
)
RUNS = "results/runs/tiny/tiny_unet"


@pytest.fixture(scope="module")
def made(make_clone: Callable):
    """Two tuned methods of two settings, and one-hot; run."""
    clone = make_clone("tuned")
    for change in (METHODS, TUNING, STEPS, TUNED):
        clone.replace(TINY, *change)
    clone.run()
    return clone


def test_each_setting_was_tried_and_the_best_was_trained_on_the_seeds_of_the_experiment(made) -> None:
    choice = json.loads((made.path / RUNS / "smooth_tuned" / "choice.json").read_text())
    values = {one["key"]: one["validation"] for one in choice["tried"]}
    assert set(values) == {"smooth_tuned_alpha_0_05", "smooth_tuned_alpha_0_1"}
    assert choice["chosen"] == min(values, key=values.get)
    batch = json.loads((made.path / RUNS / "smooth_tuned" / "batch-0.json").read_text())
    assert (batch["chosen"], list(batch["seeds"])) == (choice["chosen"], ["0"])
    assert batch["run"]["method"] == "smooth_tuned"
    scores = made.scores()
    assert set(scores["method"]) == {"one_hot", "plain_tuned", "smooth_tuned"}
    assert set(scores["seed"]) == {0}


def test_tables_say_what_was_chosen(made) -> None:
    table = (made.path / "results/tables/tiny.md").read_text()
    tuning = (made.path / "results/tables/tuning_tiny.md").read_text()
    assert "Settings that were chosen on validation cases" in table
    assert "**Smooth (tuned): 2 settings**" in tuning
    assert tuning.count("✓ |") == 2
    assert "Best of 2" in tuning
    assert (made.path / "results/figures/tuning_tiny.png").stat().st_size > 0
    assert "Tuning" in (made.path / "results/report/index.html").read_text()


def test_further_tuned_method_runs_no_other(made) -> None:
    more = "{title: Spatial (tuned), soft_label: svls, control: plain_tuned, tune: {sigma: [0.5, 1.0]}}"
    methods = "methods: [one_hot, plain_tuned, smooth_tuned, spatial_tuned]"
    jobs = made.jobs("--config", f"methods={{spatial_tuned: {more}}}", f"experiments={{tiny: {{{methods}}}}}")
    assert {name: jobs.get(name) for name in ("train", "try_setting", "choose_setting", "train_chosen")} == {
        "train": None, "try_setting": 2, "choose_setting": 1, "train_chosen": 1,
    }  # fmt: skip


def test_another_value_tries_that_one_alone_and_chooses_again(made) -> None:
    jobs = made.jobs("--config", "methods={smooth_tuned: {tune: {alpha: [0.05, 0.2]}}}")
    assert (jobs["try_setting"], jobs["choose_setting"], jobs["train_chosen"]) == (1, 1, 1)
    assert "train" not in jobs


def test_another_criterion_trains_no_setting_again(made) -> None:
    jobs = made.jobs("--config", "experiments={tiny: {tuning: {criterion: dsc}}}")
    assert "try_setting" not in jobs
    assert jobs["choose_setting"] == 2
