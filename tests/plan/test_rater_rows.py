"""Where a case has several raters, the oracle is called by the one that it is, and raters stand against each other."""

from collections.abc import Callable
from typing import Any

from softbench.plan import shown
from softbench.plan.answers import tables
from softbench.plan.plan import Plan

Accepted = Callable[[dict[str, Any]], Plan]


def titles(plan: Plan, table: str) -> dict[str, str]:
    return {row["key"]: row["title"] for row in shown.table_rows(plan, table) if not row["trained"]}


def test_rows_of_the_demo(accepted: Accepted, config: dict[str, Any]) -> None:
    plan = accepted(config)
    ends = {"chance": "Chance (class frequencies)", "oracle": "Oracle (the reference)"}
    assert titles(plan, "demo_brain") == titles(plan, "demo_body") == ends
    of_raters = {"oracle": "Oracle (rater 1)", "raters": "Raters against each other"}
    assert titles(plan, "demo_nodule") == ends | of_raters


def test_notes_say_what_the_rows_are_where_there_are_several_raters(accepted: Accepted, config: dict[str, Any]) -> None:
    plan = accepted(config)
    said = tables.rater_notes(plan, "demo_nodule")
    assert said[0] == (
        "Oracle (rater 1): the label map of the first rater scored against every rater, itself included; so its DSC is "
        "not 1."
    )
    assert said[1].startswith(
        "Raters against each other: the label map of each rater scored against that of each other"
    )
    assert tables.rater_notes(plan, "demo_brain") == []
    assert not any(tables.TOGETHER in note for note in said)
    config["experiments"]["demo_nodule"]["scoring"] = {"tolerances_mm": [2.0], "raters": True}
    said = tables.rater_notes(accepted(config), "demo_nodule")
    assert [tables.TOGETHER in note for note in said] == [False, True]


def test_notes_say_how_lesions_are_counted(accepted: Accepted, config: dict[str, Any]) -> None:
    assert tables.lesion_notes(accepted(config), "demo_nodule") == []
    config["tables"]["demo_nodule"]["columns"] = [{"metric": "lesion_hd95", "structure": "nodule"}]
    config["experiments"]["demo_nodule"]["scoring"] = {"tolerances_mm": [2.0], "lesions": True}
    (usual,) = tables.lesion_notes(accepted(config), "demo_nodule")
    assert usual == (
        "Lesions: parts of the reference that touch after 3 dilations are one lesion; those up to 50 mm³ (mm² in 2-D) "
        "do not count; one that was missed or made up has the HD95 374 mm."
    )
    config["experiments"]["demo_nodule"]["scoring"]["lesion_matching"] = {"dilations": 0, "miss_mm": 90}
    (own,) = tables.lesion_notes(accepted(config), "demo_nodule")
    assert "that do not touch are lesions of their own; those up to 50 mm³" in own
    assert own.endswith("has the HD95 90 mm.")


def test_all_means_raters_only_where_there_are_several(accepted: Accepted, config: dict[str, Any]) -> None:
    config["experiments"]["demo_nodule"]["methods"] = "all"
    plan = accepted(config)
    assert "raters" in plan.methods_of("demo_nodule")
    assert not [name for name in ("demo_brain", "demo_body", "hippocampus") if "raters" in plan.methods_of(name)]


def test_papers_tables_have_the_rows_that_they_had(accepted: Accepted, config: dict[str, Any]) -> None:
    plan = accepted(config)
    named = {block["experiment"] for table in plan.paper_tables.values() for block in table["blocks"]}
    assert not [name for name in named if "raters" in plan.methods_of(name)]


def test_name_of_the_oracle_is_that_of_config(accepted: Accepted, config: dict[str, Any]) -> None:
    config["methods"]["oracle"] = {"title": "Perfect", "sanity": "oracle"}
    assert titles(accepted(config), "demo_nodule")["oracle"] == "Perfect"
