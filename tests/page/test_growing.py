"""The page while a run goes on: there after the first table, whole whoever writes it, and never taken for the last."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from softbench.jobs import pieces
from softbench.page import report
from softbench.plan import growing
from softbench.tables import forms
from softbench.tables.views.results import sheet

PAGE, TABLES = Path("results/report/index.html"), "results/tables"


@pytest.fixture
def noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, build: Callable) -> None:
    """A run of two tables, of which the first is finished."""
    monkeypatch.chdir(tmp_path)
    numbers = Path("results/tables/first.csv")
    numbers.parent.mkdir(parents=True)
    numbers.write_text(forms.text(sheet(build()), ".csv"))
    html = numbers.with_suffix(".html")
    html.write_text("<table><tr><td>0.5</td></tr></table>")
    view = {"title": "Results", "caption": "", "folded": False, "place": 10, "state": "made", "reason": ""}
    files = {str(html): pieces.hash_file(html)}
    pieces.write_json(Path("results/tables/first.json"), {"views": {"v": view | {"files": files}}})
    facts = {"data": "Made", "methods": ["One-hot"], "untrained": [], "batches": []}
    shown = {
        "tables": {
            name: {**facts, "title": title, "record": f"{TABLES}/{name}.json", "numbers": f"{TABLES}/{name}.csv"}
            for name, title in (("first", "The first table"), ("second", "The second table"))
        },
        "papers": {}, "figures": {}, "cards": [], "claims": "results/claims.html", "comparison": [],
    }  # fmt: skip
    pieces.write_json(growing.NOTE, {str(PAGE): shown})


def test_page_is_there_after_the_first_table_and_names_the_other_as_not_finished(noted: None) -> None:
    said: list[str] = []
    report.write_growing("first", said.append)
    text = PAGE.read_text()
    assert said == ["1 of 2 tables finished; still to come: second. See results/report/index.html"]
    assert "<td>0.5</td>" in text
    assert 'id="first"' in text
    assert 'id="second"' not in text
    assert "The second table" in text
    assert "not finished" in text.lower()
    assert PAGE.stat().st_mtime == 1  # so the job of the whole run's page writes it again


def test_table_with_a_page_of_its_own_counts_and_leaves_this_one(noted: None) -> None:
    shown = growing.noted()
    shown[str(PAGE)]["rehearsals"] = {"tried.html": "A rehearsal"}
    pieces.write_json(growing.NOTE, shown)
    pieces.write_json(Path("results/tables/tried.json"), {"views": {}})
    said: list[str] = []
    report.write_growing("tried", said.append)
    assert said == ["2 of 3 tables finished; still to come: second. See results/report/index.html"]
    assert not PAGE.exists()


def test_jobs_write_it_one_after_another(noted: None, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def slow(path: Path, **shown: Any) -> None:
        seen.append("begin")
        time.sleep(0.05)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("page")
        seen.append("end")

    monkeypatch.setattr(report, "write", slow)
    jobs = [threading.Thread(target=report.write_growing, args=("first", lambda line: None)) for _ in range(4)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert seen == ["begin", "end"] * 4


def test_page_that_cannot_be_written_costs_no_table(noted: None) -> None:
    said: list[str] = []
    Path("results/tables/first.json").write_text("{")
    report.write_growing("first", said.append)
    assert len(said) == 1
    assert said[0].startswith(
        "results/report/index.html was not written: InputError: results/tables/first.json is damaged"
    )


def test_table_whose_numbers_could_not_be_made_stands_on_the_page(noted: None) -> None:
    """Its csv holds a sentence, and no numbers that the page could speak of."""
    Path("results/tables/first.csv").write_text('"Failed: the sun shines"\n')
    said: list[str] = []
    report.write_growing("first", said.append)
    assert "not written" not in said[0]
    assert 'id="first"' in PAGE.read_text()


def test_no_note_no_page(noted: None) -> None:
    growing.NOTE.unlink()
    report.write_growing("first", pytest.fail)
    assert not PAGE.exists()


def test_only_pages_that_show_the_table_are_written(noted: None) -> None:
    """A run may be for two pages; a table of the one does not write the other."""
    shown = growing.noted()[str(PAGE)]
    other = PAGE.with_name("demo_all.html")
    pieces.write_json(
        growing.NOTE, {str(PAGE): shown, str(other): shown | {"tables": {"third": shown["tables"]["second"]}}}
    )
    said: list[str] = []
    report.write_growing("first", said.append)
    assert [line.rpartition(" ")[2] for line in said] == [str(PAGE)]
    assert not other.exists()
