"""How a run ends: what was asked for, never more; which views failed; and what the next run makes again."""

import json
import os
from pathlib import Path

import pytest
from softbench.plan import ending, folder
from softbench.plan.bridge import Answers, answers


@pytest.fixture(scope="module")
def plan(root: Path) -> Answers:
    return answers(folder.read(root))


DEMO = ["demo_brain", "demo_body", "demo_body_ensemble", "svls_2_phantom"]


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


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table `a` of two views, one of which failed, and a sound table `b`, each with their files."""
    monkeypatch.chdir(tmp_path)
    tables = Path("results/tables")
    tables.mkdir(parents=True)
    for table, state in (("a", "failed"), ("b", "made")):
        views = {
            "softbench.tables.views.results": {"state": "made", "reason": "", "files": {f"{tables}/{table}.md": ""}},
            "softbench.tables.views.costs": {
                "state": state, "reason": "no energy", "files": {f"{tables}/costs_{table}.md": ""},
            },
        }  # fmt: skip
        (tables / f"{table}.json").write_text(json.dumps({"views": views}))
        for view in views.values():
            for file in view["files"]:
                Path(file).write_text("text")
    return tables


def test_end_names_what_is_there_and_what_could_not_be_made(tables: Path) -> None:
    wrong = ending.failed(tables)
    assert [(one.table, one.view, one.reason) for one in wrong] == [("a", "costs", "no energy")]
    assert ending.lines(["results/tables/a.md", "results/report/a.html"], wrong) == [
        "Results:",
        "  results/tables/a.md",
        "Could not be made; the next run tries again:",
        "  a, costs: no energy",
    ]
    assert ending.lines([], []) == []


def test_failure_of_a_table_that_this_run_did_not_make_is_not_its_failure(tables: Path) -> None:
    os.utime(tables / "a.json", (1e9, 1e9))
    assert ending.failed(tables, since=1e9 + 1) == []
    assert len(ending.failed(tables, since=1e9)) == 1


def test_table_is_tried_again_while_a_view_fails_and_no_longer(tables: Path) -> None:
    """The attempt is a param of the job, which is run when it is another than that of the last one."""
    record = tables / "a.json"
    assert ending.attempt(tables / "new.json") == 0
    assert ending.attempt(record) == 1
    record.write_text(json.dumps(json.loads(record.read_text()) | {"attempt": 1}))
    assert ending.attempt(record) == 2
    record.write_text(record.read_text().replace("failed", "made"))
    assert ending.attempt(record) == 1  # as it was when they were made


def test_tables_that_broke_off_are_dated_back_and_nothing_else(tables: Path) -> None:
    (tables / "b.begun").write_text(json.dumps({"files": ["results/tables/b.md", "results/tables/no_more.md"]}))
    (tables / "c.begun").write_text('{"files": ["resu')  # cut short, of a table without files
    ending.date_back(tables)
    assert [path.name for path in tables.iterdir() if path.stat().st_mtime == 1] == ["b.md"]
