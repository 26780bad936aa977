"""Which rows a table has: one-hot at its own temperature stands below one-hot where it was scored."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import pytest
from softbench.plan import rule_files, shown
from softbench.plan.answers import tables
from softbench.plan.config import read
from softbench.plan.plan import Plan


@pytest.fixture
def plan(root: Path):
    """Plan a table `t` of three methods and the oracle, with settings of the table and its scoring changed."""

    def make(scoring: dict | None = None, methods: tuple[str, ...] = ("one_hot", "ls", "focal", "oracle"), **table):
        given = deepcopy(read(root).values)
        shown = {"title": "T", "experiments": ["e"], "columns": [{"metric": "ece"}], **table}
        experiment = {
            **given["experiments"]["demo_brain"], "methods": list(methods), "except": [], "scoring": scoring or {},
        }  # fmt: skip
        given |= {"tables": {"t": shown}, "run": [], "experiments": {"e": experiment}, "figures": {}}
        return Plan(given, rule_files.find(), by_name=read(root).by_name, tried=read(root).tried)

    return make


def keys(plan: Plan) -> list[str]:
    return [row["key"] for row in shown.table_rows(plan, "t")]


def test_scaled_one_hot_stands_below_one_hot_and_is_measured_against_it(plan) -> None:
    rows = shown.table_rows(plan({"temperature": True}), "t")
    assert [row["key"] for row in rows] == ["one_hot", "one_hot@temperature", "ls", "focal", "oracle"]
    assert rows[1] == {
        "key": "one_hot@temperature", "title": "One-hot + temperature", "control": "one_hot", "trained": True,
        "scaled": "one_hot",
    }  # fmt: skip
    assert [row["trained"] for row in rows] == [True, True, True, True, False]


@pytest.mark.parametrize(
    "settings",
    [
        {"scoring": {}},
        {"scoring": {"temperature": True}, "temperature_row": False},
        {"scoring": {"temperature": True}, "prediction": "temperature"},
        {"scoring": {"temperature": True}, "grid": "training"},
        {"scoring": {"temperature": True}, "methods": ("one_hot", "oracle")},  # the control of nothing shown
    ],
)
def test_no_such_row(plan, settings: dict) -> None:
    assert not any("@" in key for key in keys(plan(**settings)))


def test_control_with_another_loss_or_on_a_coarser_grid_is_not_scaled(plan) -> None:
    # one_hot_ce_dice is the control of superpixel, conventional_2 that of epd_2; neither is plain one-hot.
    methods = ("one_hot", "one_hot_ce_dice", "superpixel", "one_hot_l1_dice", "conventional_2", "epd_2")
    assert [key for key in keys(plan({"temperature": True}, methods)) if "@" in key] == ["one_hot@temperature"]


@pytest.mark.parametrize(
    ("scoring", "made"),
    [
        ({}, ["raw"]),
        ({"temperature": True}, ["raw", "temperature"]),
        ({"ensemble": True}, ["raw", "ensemble"]),
        ({"temperature": True, "ensemble": True}, ["raw", "temperature", "ensemble", "ensemble_temperature"]),
    ],
)
def test_predictions_are_those_that_scoring_asks_for(plan, scoring: dict, made: list[str]) -> None:
    assert shown.predictions(plan(scoring), "t") == made


def test_truth_is_told_of_phantoms_with_columns_of_calibration(plan, root: Path) -> None:
    assert shown.on_phantoms(plan(), "t")
    assert shown.calibration_columns(plan(columns=[{"metric": "dsc", "structure": "WT"}]), "t") == []
    assert shown.truth_rows(plan(methods=("chance", "oracle")), "t") == []
    both = [{"metric": "dsc", "structure": "WT"}, {"metric": "nll"}]
    assert shown.calibration_columns(plan(columns=both), "t") == both[1:]
    given = read(root).values
    shipped = Plan(given, rule_files.find(), by_name=read(root).by_name, tried=read(root).tried)
    on_phantoms = {name for name in shipped.tables if shown.on_phantoms(shipped, name)}
    assert on_phantoms >= {"demo_brain", "demo_nodule", "demo_body"}
    assert "hippocampus" not in on_phantoms


def test_truth_speaks_of_methods_that_learn_their_soft_label_as_it_is(plan) -> None:
    controls = ("one_hot", "one_hot_ce_dice", "one_hot_l1_dice")
    methods = (*controls, "one_hot_each", "ls", "focal", "superpixel", "conventional_2", "oracle")
    rows = shown.truth_rows(plan({}, methods), "t")
    assert [row["key"] for row in rows] == ["one_hot", "ls"]
    assert rows[1] == {"key": "ls", "title": "LS (0.1)", "soft_label": "ls"}


def test_controls_that_take_another_cases_labels_or_image_are_marked(plan) -> None:
    methods = ("one_hot", "geols", "distance", "wrong_image", "shuffled", "chance", "oracle")
    rows = shown.table_rows(plan(methods=methods), "t")
    assert [row["key"] for row in rows if row.get("wrong")] == ["wrong_image", "shuffled"]


def test_table_of_some_methods_names_the_one_of_more(accepted: Callable, config: dict) -> None:
    plan = accepted(config)
    [said] = tables.family_notes(plan, "demo_first")
    assert said.startswith("These rows stand beside those of more methods in the table “Soft labels of one rater")
    assert (
        "and the table “Demo, brain tumour phantom (3-D, four channels)” (`snakemake --cores all demo_brain`)." in said
    )
    assert tables.family_notes(plan, "demo_brain") == []
