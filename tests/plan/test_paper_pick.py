"""Rows whose parameter the paper does not say: which runs they are picked from, and what config may name."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from softbench import InputError
from softbench.papers import published
from softbench.plan import rule_files, shown
from softbench.plan.config import read
from softbench.plan.plan import Plan

ROWS = {"sp": {500: "sp", 1000: "sp_1000"}, "wsp": {500: "wsp", 1000: "wsp_1000"}}
BLOCK = {"experiment": "e", "pick": {"what": "cells", "rows": ROWS, "beside": [500]}}
METHODS = ["ce", "sp", "sp_1000", "wsp", "wsp_1000"]

ROOT = Path(__file__).parents[2]


def planned(config: dict) -> Plan:
    return Plan(config, rule_files.find(), by_name=read(ROOT).by_name, tried=read(ROOT).tried)


def test_all_that_a_row_is_picked_from_is_run() -> None:
    assert shown.picked_methods(BLOCK, ["ce", "sp", "wsp"]) == METHODS
    assert shown.picked_methods({"experiment": "e", "pick": None}, ["ce", "sp"]) == ["ce", "sp"]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("superpixel", {500: "superpixel"}, "needs the values of the first row"),
        ("superpixel", {500: "lost"}, "'lost'"),
        ("beside", [750], "750"),
    ],
)
def test_what_cannot_be_picked_is_refused(
    key: str, value: Any, message: str, config: dict[str, Any], accepted: Callable
) -> None:
    pick = config["tables"]["superpixel_1"]["blocks"][0]["pick"]
    (pick if key in pick else pick["rows"])[key] = value
    with pytest.raises(InputError, match=rf"tables\.superpixel_1\.blocks\.0\.pick.*{message}"):
        accepted(config)


@pytest.mark.parametrize("table", ["superpixel_1", "superpixel_2"])
@pytest.mark.parametrize("form", ["", "_open", "_phantom"])
def test_superpixel_rows_are_picked_from_all_seven_counts_with_both_losses(table: str, form: str, config: dict) -> None:
    plan = planned(config)
    (block,) = plan.paper_tables[table + form]["blocks"]
    printed = dict.fromkeys(cell.place.method for cell in published.read(table).cells)
    rows = shown.pick_settings(plan, block)["rows"]
    assert [list(values) for values in rows.values()] == [[500, 1000, 1500, 2000, 2500, 3000, 3500]] * 2
    assert set(rows) <= set(printed)
    assert set(shown.picked_methods(block, printed)) <= set(plan.methods_of(block["experiment"]))
    for row, values in rows.items():
        for count, method in values.items():  # the map of so many superpixels, and the loss of the printed row
            soft_label = plan.soft_labels[plan.methods[method]["soft_label"]]
            assert plan.maps[soft_label["map"]]["count"] == count
            for same in ("loss", "control"):
                assert plan.methods[method][same] == plan.methods[row][same]
    weighted = [plan.methods[row]["loss"].startswith("wce") for row in rows]
    assert weighted == [False, True]


def test_figures_of_the_superpixel_paper_show_its_weighted_form(config: dict) -> None:
    plan = planned(config)
    for figure, weighted in (("4", True), ("5", True), ("4_ce", False), ("5_ce", False)):
        points = plan.figures[f"superpixel_fig_{figure}"]["points"]
        losses = [plan.methods[method]["loss"] for method in points.values()]
        assert all(loss.startswith("wce(hard) + dice(hard)") == weighted for loss in losses)
    fig_5 = plan.figures["superpixel_fig_5"]
    labels = {plan.methods[method]["soft_label"] for method in fig_5["points"].values()}
    assert labels == {"superpixel_2000"}  # one count for all weights, which its caption says
    assert "2000 superpixels" in fig_5["note"]
    for beta, method in fig_5["points"].items():
        assert plan.methods[method]["loss"].endswith(f"{float(beta)}*kl")


def test_titles_say_the_value(config: dict) -> None:
    plan = planned(config)
    titles = shown.picked_titles(plan, plan.paper_tables["superpixel_2"]["blocks"][0])
    assert titles["superpixel_ce"] == "Superpixel (CE), 500 superpixels"
    assert titles["superpixel_wce_2000"] == "Superpixel (WCE), 2000 superpixels"
    assert titles["superpixel_wce@unpicked"] == "Superpixel (WCE)"


def test_experiment_that_runs_fewer_picks_among_these(config: dict) -> None:
    fewer = deepcopy(config)
    del fewer["figures"]["superpixel_training_oct"]  # it shows others
    fewer["experiments"]["superpixel_oct_dme"]["methods"] = [
        "one_hot", "superpixel_ce", "superpixel_ce_1000", "superpixel_wce", "superpixel_wce_1000",
        "superpixel_wce_1500",
    ]  # fmt: skip
    plan = planned(fewer)
    found = shown.pick_settings(plan, plan.paper_tables["superpixel_2"]["blocks"][0])
    assert {tuple(values) for values in found["rows"].values()} == {(500, 1000)}
    assert found["beside"] == [500]
