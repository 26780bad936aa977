"""The panels of simulated raters, as config and rules see them."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from softbench import InputError
from softbench.datasets.phantoms import lesions
from softbench.datasets.phantoms.annotators import PARAMETERS, Population
from softbench.plan.answers.rater_laboratory import RaterLaboratory
from softbench.plan.code.graph import Code
from softbench.plan.code.stages import Stages
from softbench.plan.plan import Plan
from softbench.rater_study.laboratory.experiment import Laboratory

WILDCARDS: Any = SimpleNamespace()


@pytest.fixture(scope="module")
def laboratory(root: Path) -> RaterLaboratory:
    return RaterLaboratory(Plan.read(root), Stages(Code(root / "workflow")))


def test_settings_are_those_of_the_experiment_and_habits_are_allowed(laboratory: RaterLaboratory) -> None:
    settings = Laboratory(**laboratory.settings(WILDCARDS))
    assert settings.raters == 8
    for habits in settings.populations.values():
        assert set(Population(habits, settings.people).columns) == set(PARAMETERS)


def test_mixed_population_is_that_of_the_phantom(laboratory: RaterLaboratory) -> None:
    mixed = laboratory.settings(WILDCARDS)["populations"]["mixed"]
    assert Population(mixed).ranges == Population(lesions.HABITS).ranges


def test_versions_reach_annotators_and_recipes(laboratory: RaterLaboratory) -> None:
    assert laboratory.versions(WILDCARDS)["softbench/datasets/phantoms/annotators.py"] >= 2
    reached = laboratory.stages.code.reached(*laboratory.stages.entries("laboratory"))
    assert {"softbench/soft_labels/staple_estimate.py", "softbench/datasets/phantoms/lesions.py"} <= reached
    assert set(laboratory.recipes(WILDCARDS)) == {"one_hot", "svls", "blur", "distance"}
    assert all("title" not in entry for entry in laboratory.sweeps(WILDCARDS).values())
    assert {laboratory.titles(WILDCARDS)[name] for name in ("svls", "jitter")} == {"SVLS", "Jitter"}


def test_what_was_asked_for_is_said_at_the_end(laboratory: RaterLaboratory) -> None:
    assert laboratory.asked(["rater_laboratory", "--cores"]) == [
        "results/rater_laboratory/table.md",
        "results/tables/rater_laboratory_trained.md",
    ]
    assert laboratory.asked(["rater_study"]) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"lines": ["blur_mm"]}, "lacks 'svls', which mOH is compared with"),
        ({"lines": ["svls", "blurr"]}, "names 'blurr', which is no line of rater_sweeps"),
        ({"populations": {"mine": {"habits": {"offset_mm": [1, 0]}}}}, r"a range rises: write \[0, 1\]"),
        ({"populations": {"mine": {"habits": {"missed": 1.5}}}}, "missed"),
        ({"populations": {"mine": {"habits": {"jitter": 1}}}}, "jitter"),
        ({"lines": ["svls", "staple"]}, "names 'staple', which is STAPLE of n raters there"),
        ({"lines": ["svls", "geols"]}, "names 'geols', whose recipe reads the image"),
        ({"people": 4}, "is 4, but a panel has 8 raters"),
    ],
)
def test_entries_that_do_not_fit(
    change: dict[str, Any], said: str, config: dict[str, Any], accepted: Callable[[dict[str, Any]], Plan]
) -> None:
    config["rater_laboratory"] |= change
    with pytest.raises(InputError, match=said):
        accepted(config)
