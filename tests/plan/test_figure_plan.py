"""The figures of config: keys of each kind, names that exist, and the forms on other data."""

from types import SimpleNamespace

import pytest
from softbench import InputError
from softbench.plan import figures as figure_plan

PLAN = SimpleNamespace(
    tables={"demo": {}},
    experiments={"mine": {}, "mine_phantom": {}},
    soft_labels={"one_hot": {}, "svls": {}},
    methods_of=lambda experiment: ["one_hot", "svls", "chance"],
    trained=lambda: ["one_hot", "svls", "geols"],
)
SLICES = {"kind": "slices", "title": "S", "experiments": ["mine"], "methods": ["one_hot", "svls"]}
SWEEP = {
    "kind": "sweep", "title": "T", "experiments": ["mine"], "x": "a", "points": {0: "one_hot", 0.1: "svls"},
    "metrics": ["dsc"], "structure": "average",
}  # fmt: skip
ARMS = {"kind": "discrepancy", "title": "D", "experiments": ["mine"], "structure": "A"}


def check(name="figure", **figure):
    figure_plan.check({name: figure}, PLAN)


def test_figures_that_name_what_exists_pass():
    check(**SLICES)
    check(**SWEEP, printed={0.1: "geols"})
    check(**ARMS, arms={"one": ["one_hot"], "two": ["svls"]})


@pytest.mark.parametrize(
    ("figure", "message"),
    [
        (
            {**SLICES, "experiments": ["yours"]},
            r"figures\.figure\.experiments names 'yours'.*known: mine, mine_phantom",
        ),
        ({**SLICES, "methods": ["geols"]}, r"the experiment 'mine' names 'geols'.*known: chance, one_hot, svls"),
        ({**SLICES, "methods": ["chance"]}, "a method that is trained names 'chance'"),
        ({**SLICES, "chosen_by": "geols"}, "names 'geols'"),
        ({**SLICES, "names": {"yours": "Y"}}, "names 'yours'"),
        (
            {**SLICES, "points": {0: "one_hot"}},
            r"sets 'points', which the kind 'slices' does not know; its keys: cases",
        ),
        ({**SWEEP, "printed": {0.3: "geols"}}, r"printed names 0\.3.*known: 0, 0\.1"),
        ({"kind": "sweep", "title": "T", "experiments": ["mine"]}, "lacks 'metrics', 'points', 'structure', 'x'"),
        ({**ARMS, "arms": {"one": ["one_hot"], "two": ["one_hot", "svls"]}}, "must hold as many methods each"),
        ({**ARMS, "arms": {"one": ["svls"]}, "experiments": ["mine", "mine_phantom"]}, "shows one experiment"),
        ({"kind": "soft_labels", "title": "L", "experiments": ["mine"], "soft_labels": ["ls"]}, "names 'ls'"),
    ],
)
def test_figure_that_cannot_be_is_named_with_what_is_known(figure, message):
    with pytest.raises(InputError, match=message):
        check(**figure)


def test_name_of_a_tables_own_figure_is_taken():
    with pytest.raises(InputError, match="reliability_demo has the name of a table's own figure"):
        check("reliability_demo", **SLICES)


def test_method_that_only_chooses_cases_is_read_too_and_each_once():
    assert figure_plan.methods_of({**SLICES, "chosen_by": "one_hot"}) == ["one_hot", "svls"]
    assert figure_plan.methods_of({"arms": {"a": ["x", "y"], "b": ["y", "z"]}, "chosen_by": "w"}) == [
        "x",
        "y",
        "z",
        "w",
    ]


def test_form_on_other_data_says_so_and_exists_only_where_there_is_other_data():
    forms = figure_plan.forms_of({"one": {**SLICES, "names": {"mine": "BraTS"}}}, PLAN.experiments, {})
    assert list(forms) == ["one", "one_phantom"]
    assert forms["one"]["names"] == {"mine": "BraTS"}
    assert forms["one_phantom"]["experiments"] == ["mine_phantom"]
    assert forms["one_phantom"]["names"] == {"mine_phantom": "BraTS (phantom)"}


def test_experiment_without_a_stand_in_stays_in_the_open_form():
    figure = {**SLICES, "experiments": ["mine", "other"]}
    forms = figure_plan.forms_of({"one": figure}, ["mine", "other", "free"], {"mine": "free"})
    assert forms["one_open"]["names"] == {"free": "mine (open stand-in)", "other": "other"}


def test_taken_name_of_a_form_is_refused():
    with pytest.raises(InputError, match="one is also made as one_phantom"):
        figure_plan.forms_of({"one": SLICES, "one_phantom": SLICES}, PLAN.experiments, {})
