"""The figures of config: keys of each kind, names that exist, and the forms on other data."""

from collections.abc import Callable
from typing import Any

import pytest
from softbench import InputError
from softbench.plan import forms as figure_plan

EXPERIMENTS = ["mine", "mine_phantom"]
SLICES = {"kind": "slices", "title": "S", "experiments": ["demo_body"], "methods": ["one_hot", "svls"]}
SWEEP = {
    "kind": "sweep", "title": "T", "experiments": ["demo_body"], "x": "a", "points": {0: "one_hot", 0.1: "svls"},
    "metrics": ["dsc"], "structure": "average",
}  # fmt: skip
ARMS = {"kind": "discrepancy", "title": "D", "experiments": ["demo_body"], "structure": "MUS"}


@pytest.fixture
def check(config: dict[str, Any], accepted: Callable) -> Callable:
    def check(name: str = "figure", **figure: Any) -> None:
        config["figures"] = {name: figure}
        accepted(config)

    return check


def test_figures_that_name_what_exists_pass(check: Callable) -> None:
    check(**SLICES)
    check(**SWEEP, printed={0.1: "geols"})
    check(**ARMS, arms={"one": ["one_hot"], "two": ["svls"]})


@pytest.mark.parametrize(
    ("figure", "message"),
    [
        ({**SLICES, "experiments": ["yours"]}, r"figures\.figure\.experiments\.0 is 'yours'"),
        ({**SLICES, "methods": ["geols"]}, r"figures\.figure\.methods\.0 is 'geols'"),
        ({**SLICES, "methods": ["chance"]}, "is not trained"),
        ({**SLICES, "chosen_by": "geols"}, r"figures\.figure\.chosen_by is 'geols'"),
        ({**SLICES, "names": {"yours": "Y"}}, r"figures\.figure\.names\.yours"),
        ({**SLICES, "points": {0: "one_hot"}}, r"figures\.figure\.points .*Known: cases, chosen_by, experiments"),
        ({**SWEEP, "printed": {0.3: "geols"}}, r"figures\.figure\.printed\.0\.3"),
        ({"kind": "sweep", "title": "T", "experiments": ["demo_body"]}, "lacks 'x', 'points', 'metrics', 'structure'"),
        ({**ARMS, "arms": {"one": ["one_hot"], "two": ["one_hot", "svls"]}}, "as many methods"),
        ({**ARMS, "arms": {"one": ["svls"]}, "experiments": ["demo_body", "demo_brain"]}, "shows one"),
        ({"kind": "soft_labels", "title": "L", "experiments": ["demo_body"], "soft_labels": ["sl"]}, "is 'sl'"),
    ],
)
def test_figure_that_cannot_be_is_named_with_what_is_known(figure: dict, message: str, check: Callable) -> None:
    with pytest.raises(InputError, match=message):
        check(**figure)


def test_name_of_a_tables_own_figure_is_taken(check: Callable) -> None:
    with pytest.raises(InputError, match=r"figures\.reliability_demo_brain .*table's own"):
        check("reliability_demo_brain", **SLICES)


def test_method_that_only_chooses_cases_is_read_too_and_each_once():
    assert figure_plan.figure_methods({**SLICES, "chosen_by": "one_hot"}) == ["one_hot", "svls"]
    assert figure_plan.figure_methods({"arms": {"a": ["x", "y"], "b": ["y", "z"]}, "chosen_by": "w"}) == [
        "x",
        "y",
        "z",
        "w",
    ]


def test_form_on_other_data_says_so_and_exists_only_where_there_is_other_data():
    figure = {**SLICES, "experiments": ["mine"], "names": {"mine": "BraTS"}}
    forms = figure_plan.figure_forms({"one": figure}, EXPERIMENTS, {})
    assert list(forms) == ["one", "one_phantom"]
    assert forms["one"]["names"] == {"mine": "BraTS"}
    assert forms["one_phantom"]["experiments"] == ["mine_phantom"]
    assert forms["one_phantom"]["names"] == {"mine_phantom": "BraTS (phantom)"}


def test_rehearsed_figure_says_so_in_its_title_and_its_caption_and_others_do_not():
    figure = {**SLICES, "experiments": ["mine"], "title": "Slices"}
    forms = figure_plan.figure_forms({"one": figure}, EXPERIMENTS, {"mine": "other"})
    assert forms["one_phantom"]["title"] == "Rehearsal on phantoms: Slices"
    assert forms["one_phantom"]["about"].endswith("the numbers mean nothing.")
    assert [(forms[name]["title"], "about" in forms[name]) for name in ("one", "one_open")] == [("Slices", False)] * 2


def test_experiment_without_a_stand_in_stays_in_the_open_form():
    figure = {**SLICES, "experiments": ["mine", "other"]}
    forms = figure_plan.figure_forms({"one": figure}, ["mine", "other", "free"], {"mine": "free"})
    assert forms["one_open"]["names"] == {"free": "mine (open stand-in)", "other": "other"}
