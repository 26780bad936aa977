"""How a run ends: what was asked for, never more; which views failed; and what the next run makes again."""

import json
import logging
import os
import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from softbench.jobs import kept, marks
from softbench.plan import bridge, growing, views
from softbench.plan.bridge import Answers, answers
from softbench.plan.plan import Plan


@pytest.fixture(scope="module")
def plan(root: Path) -> Answers:
    return answers(Plan.read(root))


@pytest.mark.parametrize(
    ("arguments", "files"),
    [
        (["hippocampus"], ["results/report/hippocampus.html", "results/tables/hippocampus.md"]),
        (["svls_1_open"], ["results/report/svls_1_open.html", "results/tables/svls_1_open.md"]),
        (["results/figures/cases_demo_brain.pdf"], ["results/figures/cases_demo_brain.pdf"]),
        (["paper_tables"], ["results/report/paper_tables.html"]),
        (["fetch"], []),
        (
            ["hippocampus", "results/scores.parquet"],
            ["results/report/hippocampus.html", "results/tables/hippocampus.md", "results/scores.parquet"],
        ),
    ],
)
def test_files_that_were_asked_for_are_told_and_no_others(plan: Answers, arguments: list, files: list) -> None:
    assert plan.pages.asked(["--cores", "2", *arguments, "--config", "seeds=[0]"]) == files


@pytest.mark.parametrize("arguments", [[], ["all"]])
def test_run_without_a_target_asked_for_the_tables_of_config(plan: Answers, arguments: list) -> None:
    run = plan.plan.config["run"]
    told = plan.pages.asked(["--cores", "all", *arguments])
    assert told == ["results/report/index.html", *(f"results/tables/{table}.md" for table in run)]
    assert len(told) < 10


def test_rehearsal_has_a_page_of_its_own(root: Path) -> None:
    pages = [f"results/report/{name}.html" for name in ("index", "svls_2_phantom")]
    mixed = answers(Plan.read(root, assignments=["run=[demo_body,svls_2_phantom]"]))
    assert mixed.pages.asked([])[:2] == pages


def test_collection_has_one_page_for_its_tables(plan: Answers) -> None:
    pages = [f"results/report/{name}.html" for name in ("demo_all", "svls_2_phantom")]
    assert plan.pages.asked(["demo_all"]) == pages
    wanted = plan.pages.of("demo_all")(SimpleNamespace())
    assert {*pages, *(f"results/tables/demo_{name}.csv" for name in ("brain", "nodule", "body"))} <= set(wanted)
    assert "results/tables/demo_first.csv" not in wanted
    shown = plan.pages.settings(SimpleNamespace(page="demo_all"))
    assert list(shown["tables"]) == ["demo_brain", "demo_nodule", "demo_body"]
    assert shown["rehearsals"] == {"svls_2_phantom.html": plan.tables.title("svls_2_phantom")}


def test_collection_has_the_files_of_all_its_tables_together_as_run_has(plan: Answers) -> None:
    wanted = plan.pages.of("demo_all")(SimpleNamespace())
    comparison = [f"results/tables/between_tables_demo_all.{form}" for form in ("csv", "md", "tex", "html")]
    assert {*comparison, "results/scores_demo_all.parquet", "results/claims.md"} <= set(wanted)
    assert not {"results/scores.parquet", "results/tables/between_tables.csv"} & set(wanted)  # those are of `run:`
    assert plan.tables.compared("_demo_all") == ["demo_brain", "demo_nodule", "demo_body"]
    assert "results/tables/ranks_demo_nodule.csv" in plan.tables.ranks_compared("_demo_all")
    shown = plan.pages.settings(SimpleNamespace(page="demo_all"))
    assert shown["comparison"] == ["results/tables/between_tables_demo_all.html"]
    batches = plan.tables.all_batches(SimpleNamespace(of="_demo_all"))
    assert set(plan.tables.batches("demo_brain")) <= set(batches)
    assert plan.tables.all_batches("") != batches  # of `run:`


def test_end_of_a_name_of_files_of_several_tables_is_none_or_a_collection(plan: Answers) -> None:
    found = [of for of in ("", "_demo_all", "demo_all", "_demo_brain") if re.fullmatch(plan.tables.wholes, of)]
    assert found == ["", "_demo_all"]


@pytest.mark.parametrize(
    ("words", "pages"),
    [
        ([], {"index": 4}),
        (["demo_all"], {"demo_all": 3}),  # its rehearsal has a page of its own
        (["results/report/index.html"], {"index": 4}),
        (["hippocampus"], {}),  # one table alone
        (["rater_study"], {}),  # no tables
        (["fetch"], {}),
    ],
)
def test_pages_of_several_tables_grow_whatever_the_target(plan: Answers, words: list, pages: dict) -> None:
    found = plan.growing(["--cores", "2", *words])
    assert {page: len(growing.tables(shown)) for page, shown in found.items()} == {
        f"results/report/{name}.html": count for name, count in pages.items()
    }


def test_run_begins_with_how_many_tables_it_is_for_and_where_the_page_will_be(
    plan: Answers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert growing.announced() == []
    growing.begin(plan.growing(["demo_all"]))
    (line,) = growing.announced()
    assert line.startswith("This run is for 4 tables: demo_brain, demo_nodule, demo_body, svls_2_phantom. ")
    assert "results/report/demo_all.html is there as soon as a table is finished" in line
    assert line.endswith(" svls_2_phantom has a page of its own, results/report/svls_2_phantom.html.")
    growing.begin(plan.growing(["hippocampus"]))
    assert growing.announced() == []


@pytest.mark.parametrize(("rule", "said"), [("report", False), ("train", True)])
def test_warning_that_a_page_is_there_early_is_not_said(rule: str, said: bool) -> None:
    """Snakemake's words, which are the suite's own doing: the page grew before the job that writes it last."""
    text = f"Warning: the following output files of rule {rule} were not present when the DAG was created:\n{{'a'}}"
    record = logging.LogRecord("snakemake", logging.WARNING, "", 0, text, None, None)
    assert kept.Lines().filter(record) == said


def test_page_that_a_run_left_half_grown_is_marked(
    plan: Answers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    half, whole = Path("results/report/demo_all.html"), Path("results/report/index.html")
    half.parent.mkdir(parents=True)
    half.touch()
    whole.touch()
    os.utime(half, growing.LONG_AGO)
    growing.begin(plan.growing(["demo_all", str(whole)]))
    assert [marks.is_unfinished(page) for page in (half, whole)] == [True, False]


def test_table_that_is_all_of_run_has_the_page_of_the_run(root: Path) -> None:
    alone = answers(Plan.read(root, assignments=["run=[demo_brain]"]))
    assert alone.pages.asked(["demo_brain"]) == ["results/report/index.html", "results/tables/demo_brain.md"]


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table `a` of two views, one of which failed, and a sound table `b`, each with their files."""
    monkeypatch.chdir(tmp_path)
    tables = Path("results/tables")
    for place in (tables, bridge.MARKS):
        place.mkdir(parents=True)
    for table, state in (("a", "failed"), ("b", "made")):
        views = {
            "softbench.tables.views.results": {"state": "made", "reason": "", "files": {f"{tables}/{table}.md": ""}},
            "softbench.tables.views.costs": {
                "state": state, "reason": "no energy", "files": {f"{tables}/costs_{table}.md": ""},
            },
        }  # fmt: skip
        (tables / f"{table}.json").write_text(json.dumps({"views": views}))
        (bridge.MARKS / f"{table}.done").touch()
        for view in views.values():
            for file in view["files"]:
                Path(file).write_text("text")
    return tables


def test_end_names_what_is_there_and_what_could_not_be_made(tables: Path) -> None:
    wrong = bridge.failed(tables)
    assert [(one.table, one.view, one.reason) for one in wrong] == [("a", "tables/costs", "no energy")]
    assert bridge.lines(["results/tables/a.md", "results/report/a.html"], wrong) == [
        "Results:",
        "  results/tables/a.md",
        "Could not be made; the next run tries again:",
        "  a, tables/costs: no energy",
    ]
    assert bridge.lines([], []) == []


def test_failure_of_a_table_that_this_run_did_not_make_is_not_its_failure(tables: Path) -> None:
    os.utime(tables / "a.json", (1e9, 1e9))
    assert bridge.failed(tables, since=1e9 + 1) == []
    assert len(bridge.failed(tables, since=1e9)) == 1


def test_table_is_tried_again_while_a_view_fails_and_no_longer(tables: Path) -> None:
    """The attempt is a param of the job, which is run when it is another than that of the last one."""
    attempts = views.attempt(tables / "a.json"), views.attempt(tables / "new.json")
    assert attempts == (0, 0)
    bridge.try_again()
    assert views.attempt(tables / "a.json") == 1
    assert "views" in json.loads((tables / "a.json").read_text())
    bridge.try_again()  # a run that did not make it changes nothing of it
    assert views.attempt(tables / "a.json") == 2
    (tables / "a.json").write_text((tables / "a.json").read_text().replace("failed", "made"))
    bridge.try_again()
    assert views.attempt(tables / "a.json") == 2
    assert views.attempt(tables / "b.json") == 0  # never: it is sound


def test_table_whose_job_broke_off_is_tried_again(tables: Path) -> None:
    (bridge.MARKS / "b.done").unlink()  # as Snakemake does when a job begins
    bridge.try_again()
    assert views.attempt(tables / "b.json") == 1


def test_damaged_record_is_deleted_so_that_its_job_runs(tables: Path) -> None:
    (tables / "b.json").write_text('{"views": {')
    shutil.rmtree(bridge.MARKS)
    bridge.try_again()
    assert [path.name for path in tables.glob("*.json")] == ["a.json"]
    assert views.attempt(tables / "b.json") == 0
