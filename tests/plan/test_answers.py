"""What rules are told: plain values for every table, figure, page and run of the shipped config, for both callers."""

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from softbench.plan import modules
from softbench.plan.answers.pages import Pages
from softbench.plan.bridge import Answers, answers
from softbench.plan.plan import Plan

ROOT = modules.PACKAGE.parents[1]


@pytest.fixture(scope="module")
def plan() -> Answers:
    return answers(Plan.read(ROOT))


def asked(**names: str) -> Any:
    """Wildcards as Snakemake gives them."""
    return SimpleNamespace(**names, items=names.items)


def is_plain(value: Any) -> bool:
    return json.loads(json.dumps(value)) == value


def test_tables_are_told_plain_values(plan: Answers) -> None:
    for table in plan.plan.tables:
        asks = asked(table=table)
        assert is_plain([plan.views.given(asks), plan.views.code(asks), plan.views.files_of_views(asks)])


def test_papers_are_told_plain_values_apart_from_numbers_that_are_keys(plan: Answers) -> None:
    for table in plan.plan.paper_tables:
        told = plan.papers.settings(table)
        for block in told["blocks"]:
            block.pop("pick")  # value -> method: the values are numbers
        assert is_plain(told)


def test_rehearsed_tables_and_no_others_say_so_in_notes_headings_and_facts(plan: Answers) -> None:
    said = "The choices named here are those of the table on the paper's data."
    for table in plan.plan.paper_tables:
        told, is_one = plan.papers.settings(table), table.endswith("_phantom")
        assert told["is_rehearsal"] is is_one, table
        assert (said in told["notes"]) is is_one
        assert plan.papers.title(table).startswith("Rehearsal on phantoms: ") is is_one


def test_runs_are_told_plain_values(plan: Answers) -> None:
    for experiment, one in plan.plan.experiments.items():
        for method in plan.plan.methods_of(experiment):
            wildcards = asked(experiment=experiment, network=one["networks"][0], method=method, batch="0")
            assert plan.plan.methods[method]["sanity"] or is_plain(plan.train.run(wildcards))
            assert plan.train.seeds(wildcards)
        assert is_plain([plan.train.sanity(wildcards), plan.train.ensembles(wildcards)])


def test_methods_that_are_not_trained_share_a_manifest_and_so_do_ensembles(plan: Answers) -> None:
    folder = "results/runs/demo_brain/compact_unet"
    batches = plan.tables.batches(asked(table="demo_brain"))
    assert batches.count(f"{folder}/sanity.json") == 1
    assert not [path for path in batches if "/oracle/" in path or "/chance/" in path]
    assert plan.tables.ensembles(asked(table="demo_brain")) == [f"{folder}/ensembles.json"]
    asks = asked(experiment="demo_brain", network="compact_unet")
    shown = [method for method in plan.plan.methods_of("demo_brain") if method not in ("oracle", "chance")]
    assert [one["run"]["names"]["method"] for one in plan.train.ensembles(asks)] == shown
    assert [one["names"]["method"] for one in plan.train.sanity(asks)] == ["chance", "oracle"]
    assert plan.train.batches(asks) == [f"{folder}/{method}/batch-0.json" for method in shown]
    assert set(plan.train.soft_labels(asks)) == {one["soft_label"] for one in plan.train.ensembles(asks)}


def test_table_of_some_methods_needs_their_runs_alone_and_no_ensembles(plan: Answers) -> None:
    folder, asks = "results/runs/demo_brain/compact_unet", asked(table="demo_first")
    methods = ["one_hot", "ls", "svls", "geols"]
    assert plan.tables.batches(asks) == [f"{folder}/{method}/batch-0.json" for method in methods]
    assert plan.tables.ensembles(asks) == []
    rows = plan.tables.settings("demo_first")["methods"]
    assert [row["key"] for row in rows if not row.get("scaled")] == methods


def test_calibrations_and_decoders_are_asked_for_by_an_experiment_and_change_no_run(root: Path, plan: Answers) -> None:
    own = "experiments={demo_brain: {posthoc: {calibrations: [raw, temperature], decoders: [argmax]}}}"
    asking = answers(Plan.read(root, assignments=[own]))
    asks, of_table = asked(experiment="demo_brain", network="compact_unet"), asked(table="demo_brain")
    assert asking.tables.posthoc(of_table) == [
        f"results/runs/demo_brain/compact_unet/{method}/posthoc.json"
        for method in plan.plan.methods_of("demo_brain")
        if method in plan.plan.trained()
    ]
    assert asking.tables.posthoc(asked(table="demo_first")) == []  # some of its methods
    assert plan.tables.posthoc(of_table) == []
    assert asking.train.ensembles(asks) == plan.train.ensembles(asks)  # what decides the runs
    versions = asking.train.posthoc_versions(asks)
    assert list(versions) == ["raw", "raw-argmax", "temperature", "temperature-argmax"]
    given = asking.views.given(of_table)["needs"]["posthoc"]
    assert (given["baseline"], given["decoders"]) == ("one_hot", ["argmax"])


def test_table_of_some_methods_shows_those_of_a_user_too(root: Path) -> None:
    own = "methods={mine: {title: Mine, soft_label: {recipe: svls, sigma: 2.0}, control: one_hot}}"
    plan = Plan.read(root, assignments=[own])
    assert [run[2] for run in plan.runs_of("demo_first")] == ["one_hot", "ls", "svls", "geols", "mine"]
    changed = Plan.read(root, assignments=["methods={ls_02: {title: Other}}"])  # still one of the catalogue
    assert [run[2] for run in changed.runs_of("demo_first")] == ["one_hot", "ls", "svls", "geols"]


def test_rankings_are_compared_between_tables_with_methods_in_common(root: Path) -> None:
    def compared(*run: str) -> list[str]:
        return answers(Plan.read(root, assignments=[f"run=[{','.join(run)}]"])).tables.compared()

    assert compared("demo_first", "demo_brain", "demo_nodule") == ["demo_brain", "demo_nodule"]  # one table a data set
    assert compared("demo_first", "demo_labels", "demo_raters", "demo_resolution") == []
    assert compared("demo_brain") == []


def test_views_are_made_from_what_their_job_is_given(plan: Answers) -> None:
    for table in plan.plan.tables:
        asks = asked(table=table)
        inputs = {*plan.tables.batches(asks), *plan.tables.ensembles(asks), *plan.tables.soft_labels(asks)}
        inputs |= {
            plan.tables.split(asks),
            plan.tables.data(asks),
            *plan.tables.choices(asks),
            *plan.tables.posthoc(asks),
        }
        given = json.dumps(plan.views.given(asks)["needs"])
        named = re.findall(r'"((?:results|workflow)/[^"]*[.](?:json|csv))"', given)
        assert set(named) <= inputs, table


def test_every_path_that_a_page_shows_is_a_product_of_its_target(plan: Answers) -> None:
    for table in [*plan.plan.tables, *plan.plan.paper_tables]:
        pages: Pages = plan.pages
        shown = pages.files(asked(page=table))
        own = [path for path in shown if "claims" not in path and not _is_of_papers(plan, path)]
        assert set(own) <= set(pages.products([table])), table


def _is_of_papers(plan: Answers, path: str) -> bool:
    return Path(path).stem in plan.plan.figures


def test_phantoms_are_made_and_published_data_is_fetched(plan: Answers) -> None:
    assert plan.data.raw(asked(dataset="phantom_brain")) == []
    assert plan.data.raw(asked(dataset="brats2019_geols")) == ["results/raw/brats2019/manifest.json"]
    assert plan.data.memory_mb(asked(dataset="lidc"), attempt=2) == 2 * 32000
    assert plan.data.memory_mb(asked(dataset="phantom_body"), attempt=1) == 8000


def test_source_with_rules_of_its_own_is_left_to_them() -> None:
    data = answers(Plan.read(ROOT), ["hippocampus"]).data
    assert "hippocampus" not in data.sources.split("|")
    assert "hippocampus" not in data.prepared.split("|")
    assert "hippocampus" in data.names.split("|")


def test_command_line_options_reach_the_same_plan(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("experiments: {demo_brain: {seeds: [7]}}\n", encoding="utf-8")
    typed = Plan.read(ROOT, [str(tmp_path / "mine.yaml")], ["seeds=[3, 4]"])
    read = Plan.read(ROOT, [tmp_path / "mine.yaml"], {"seeds": ["3", "4"]})  # as Snakemake reads them
    assert typed.config == read.config
    assert typed.seeds_of("demo_brain") == [7]
