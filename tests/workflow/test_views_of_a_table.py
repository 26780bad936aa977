"""The views of a table in a run: one file more is one view more; what fails, breaks off or is unchanged; the end."""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from softbench.plan import views
from softbench.plan.growing import LONG_AGO

from tests.workflow.conftest import Clone

TINY = "tests/workflow/tiny.yaml"
CHANGES = (
    ("run: [tiny]", "run: [tiny, tiny_hd95]"),
    ("methods: [one_hot, ls, svls, geols, chance, oracle]", "methods: [one_hot, ls, oracle]"),
    (
        "tables:\n",
        "tables:\n  tiny_hd95:\n    title: The other table\n    experiments: [tiny]\n"
        "    columns: [{metric: hd95, structure: WT}]\n",
    ),
)
PICTURE = '''"""A line."""

from matplotlib.figure import Figure

from softbench.tables.view import Given
from softbench.tables.view import Picture, View

VERSION = 1


def build(given: Given) -> Picture:
    """Draw it."""
    figure = Figure()
    figure.subplots().plot([0, 1])
    return Picture(figure, "A line that rises.")


VIEW = View(name="line", title="A line", caption="How a line rises.", needs=(), build=build)
'''
CALM = "    table = given.shown\n"  # a line of the example
STORMY = '    if __import__("os").path.exists("stormy"):\n        raise RuntimeError("the weather is bad")\n'
TABLES, FIGURES = "workflow/softbench/tables/views", "workflow/softbench/figures/views"
LOG = "results/logs/tables/tiny.log"
TARGETS = ("results/tables/tiny.md", "results/tables/tiny_hd95.md")


def said(clone: Clone, table: str = "tiny") -> dict[str, str]:
    """Return what the last job of a table said of each view."""
    lines = (clone.path / f"results/logs/tables/{table}.log").read_text().splitlines()
    told = [line.split(" ", 1)[1].split(": ", 1) for line in lines if "tables finished" not in line]
    return {name.rpartition("/")[2]: what for name, what in told if not name.endswith("ranks")}


def written(clone: Clone, table: str = "tiny") -> dict[str, int]:
    """Return what changes when a file of a view is written: its place on the disk. Snakemake dates all files anew."""
    files = [file for view in views.declared("methods") for file in view.files(table)]
    return {file: (clone.path / file).stat().st_ino for file in files}


@pytest.fixture(scope="module")
def example(root: Path) -> tuple[str, str]:
    """The view of docs/views.md: where it says that it stands, and its text."""
    (found,) = re.findall(r"^```python\n# (\S+)\n(.*?)^```$", (root / "docs/views.md").read_text(), re.DOTALL | re.M)
    return found


@pytest.fixture(scope="module")
def finished(make_clone: Callable) -> Clone:
    """Two tables of one experiment, run to the end; half way, the page was there."""
    clone = make_clone("views")
    for change in CHANGES:
        clone.replace(TINY, *change)
    page = clone.path / "results/report/index.html"
    clone.replace("workflow/scripts/table.py", "    mark.touch()\n", "    mark.touch()\n" + COPY)
    clone.replace("workflow/scripts/table.py", "    making.make(", WAIT + "    making.make(")
    clone.run()
    assert page.exists()
    return clone


WAIT = """    import time
    while snakemake.wildcards.table == "tiny_hd95" and not Path("tiny.html").exists():
        time.sleep(0.1)  # the tables end one after the other
"""
COPY = """    import shutil
    shutil.copy("results/report/index.html", f"{snakemake.wildcards.table}.html")
"""


@pytest.fixture
def clone(finished: Clone, tmp_path: Path) -> Clone:
    """A copy of the finished run, to be changed."""
    folder = tmp_path / "copy"
    shutil.copytree(finished.path, folder, symlinks=True)
    return Clone(folder)


def test_page_is_there_after_the_first_table_and_names_the_other_as_not_finished(finished: Clone) -> None:
    pages = sorted((finished.path / f"{table}.html" for table in ("tiny", "tiny_hd95")), key=os.path.getmtime)
    first, second = (page.read_text() for page in pages)
    assert "Not finished yet" in first
    assert "Not finished yet" not in second
    assert len(first) < len(second)
    last = finished.path / "results/report/index.html"
    assert "Not finished yet" not in last.read_text()
    assert last.stat().st_mtime > 1e9  # that of the rule
    assert finished.jobs() == {}


def test_each_finished_table_says_what_is_left_and_where_to_look(finished: Clone) -> None:
    logs = [(finished.path / f"results/logs/tables/{table}.log").read_text() for table in ("tiny", "tiny_hd95")]
    first, second = sorted(logs, key=lambda text: "still to come" not in text)
    assert re.search(r"1 of 2 tables finished; still to come: tiny\w*\. See results/report/index\.html", first)
    assert "2 of 2 tables finished. See results/report/index.html" in second


def test_end_tells_what_was_asked_for(finished: Clone, clone: Clone) -> None:
    (clone.path / "results/tables/costs_tiny.md").unlink()
    assert ended(clone.run()) == ["results/report/index.html", *TARGETS]
    assert ended(clone.run("tiny")) == ["results/report/tiny.html", TARGETS[0]]
    (clone.path / "results/tables/costs_tiny.md").unlink()
    assert ended(clone.run("results/tables/costs_tiny.md")) == ["results/tables/costs_tiny.md"]


def ended(text: str) -> list[str]:
    """Return the files that the end of a run names."""
    _, _, rest = text.partition("\nResults:\n")
    return [line.strip() for line in rest.splitlines() if line.startswith("  results/")]


def test_one_file_dropped_in_is_a_view_in_all_forms_on_the_page_and_in_the_report(
    clone: Clone, example: tuple[str, str]
) -> None:
    before, (place, text) = written(clone), example
    (clone.path / place).write_text(text)
    (clone.path / FIGURES / "line.py").write_text(PICTURE)
    assert clone.jobs() == {"table": 2, "between_tables": 1, "report": 1, "all": 1}
    clone.run()
    for table in ("tiny", "tiny_hd95"):
        assert {name for name, what in said(clone, table).items() if what == "made"} == {"case_spread", "line"}
    assert written(clone) == before
    results = clone.path / "results"
    for form in ("csv", "md", "tex", "html"):
        assert "Oracle" in (results / f"tables/case_spread_tiny.{form}").read_text()
    numbers = pd.read_csv(results / "tables/case_spread_tiny.csv")  # unrounded, a row a cell
    assert list(dict.fromkeys(numbers["title"]))[:2] == ["One-hot", "LS (0.1)"]
    assert numbers["sd_over_cases"].notna().any()
    assert (results / "figures/line_tiny.png").read_bytes().startswith(b"\x89PNG")
    assert (results / "figures/line_tiny.pdf").read_bytes().startswith(b"%PDF")
    assert (results / "figures/line_tiny.txt").read_text() == "A line that rises.\n"
    page = (results / "report/index.html").read_text()
    assert page.count("the standard deviation over test cases.") == 2  # once a table
    assert page.count("A line that rises.") >= 2
    clone.run("--report", "snakemake.html")
    report = (clone.path / "snakemake.html").read_text()
    assert "Spread over cases (case_spread)" in report
    assert "A line (line)" in report
    assert "How a line rises." in report
    assert clone.jobs() == {}


def test_file_without_a_sound_view_stops_at_once(clone: Clone, example: tuple[str, str]) -> None:
    (clone.path / TABLES / "mine.py").write_text(example[1].replace('    title="Spread over cases",\n', ""))
    text = clone.run(fails=True)
    assert f"{TABLES}/mine.py: VIEW lacks title; see softbench/tables/view.py." in text
    assert "Traceback" not in text
    assert "rule table" not in text


def test_view_that_fails_says_so_ends_the_run_with_an_error_and_is_tried_again_alone(
    clone: Clone, example: tuple[str, str]
) -> None:
    (clone.path / TABLES / "case_spread.py").write_text(example[1].replace(CALM, STORMY + CALM))
    (clone.path / "stormy").touch()
    text = clone.run(fails=True)
    assert "Error in rule" not in text
    assert "  tiny, tables/case_spread: RuntimeError: the weather is bad (case_spread.py, line " in text
    assert "  tiny_hd95, tables/case_spread: RuntimeError: the weather is bad (case_spread.py, line " in text
    assert {what for name, what in said(clone).items() if name != "case_spread"} == {"unchanged"}
    for form in ("csv", "md", "tex", "html"):
        assert "the weather is bad" in (clone.path / f"results/tables/case_spread_tiny.{form}").read_text()
    assert (
        "This could not be made: RuntimeError: the weather is bad"
        in (clone.path / "results/report/index.html").read_text()
    )
    before = written(clone)

    assert clone.jobs()["table"] == 2
    assert "the weather is bad" in clone.run("tiny", fails=True)
    (clone.path / "stormy").unlink()
    (clone.path / LOG).unlink()
    clone.run()
    assert said(clone)["case_spread"] == "made"
    assert {what for name, what in said(clone).items() if name != "case_spread"} == {"unchanged"}
    assert written(clone) == before
    assert clone.jobs() == {}
    assert "Nothing to be done" in clone.run()


@pytest.mark.parametrize("how", ["damage", "kill"])
def test_table_whose_job_breaks_off_keeps_its_files_and_is_made_by_the_next_run(clone: Clone, how: str) -> None:
    """Snakemake puts its files back with the date of today, and notes the params of the job that broke off."""
    scores = clone.path / "results/runs/tiny/tiny_unet/ls/seed-0/scores.parquet"
    whole, files = scores.read_bytes(), list(written(clone))
    before = {file: (clone.path / file).read_bytes() for file in files}
    other = ("--config", "tables={tiny: {title: Another title}}")
    if how == "damage":  # with the size and the time of before, so that no run sees it before it is read
        at = scores.stat().st_mtime
        scores.write_bytes(whole[:-4] + b"rots")
        os.utime(scores, (at, at))
    else:
        (clone.path / "deadly").touch()
        clone.replace(f"{TABLES}/truth.py", "    of_truth = given", KILL + "    of_truth = given")
    for _ in range(2):
        text = clone.run(*other, fails=True)
        assert "Error in rule table" in text
        assert ("scores.parquet is damaged" in text) == (how == "damage")
        assert {file: (clone.path / file).read_bytes() for file in files} == before
        assert clone.jobs(*other)["table"] == 1
    scores.write_bytes(whole)
    (clone.path / "deadly").unlink(missing_ok=True)
    clone.run(*other)
    assert "Another title" in (clone.path / "results/tables/tiny.md").read_text()
    assert clone.jobs(*other) == {}


KILL = """    import os
    if os.path.exists("deadly"):
        os.kill(os.getpid(), 9)
"""


def test_views_that_a_change_does_not_reach_are_not_drawn_again(clone: Clone) -> None:
    before = written(clone)
    clone.run("--config", "tables={tiny: {margins: {dsc: 0.2}}}")
    assert {name for name, what in said(clone).items() if what != "unchanged"} == {"statistics"}
    drawn = {file for file, place in written(clone).items() if place != before[file]}
    assert drawn == {f"results/tables/statistics_tiny.{form}" for form in ("csv", "md", "tex", "html")}


def test_another_seed_leaves_the_views_of_soft_labels_alone(clone: Clone) -> None:
    before = written(clone)
    clone.run(*TARGETS, "--config", "seeds=[0,1]")
    alone = {name for name, what in said(clone).items() if what == "unchanged"}
    assert alone == {
        "soft_label_quality",
        "soft_labels",
        "tuning",
        "tuning_figure",
        "posthoc_grid",
        "posthoc_baseline",
        "posthoc_figure",
    }
    same = {file for file, place in written(clone).items() if place == before[file]}
    kept = (
        "quality_",
        "soft_labels_",
        "tuning_",
        "grid_",
        "baseline_",
    )  # this table has nothing that is tuned or calibrated
    assert same == {file for file in before if any(name in file for name in kept)}


def test_deleted_file_of_a_view_is_made_again_and_no_other(clone: Clone) -> None:
    path = clone.path / "results/figures/cases_tiny.txt"
    caption = path.read_text()
    path.unlink()
    assert clone.jobs() == {"table": 1, "between_tables": 1, "report": 1, "all": 1}
    clone.run()
    assert path.read_text() == caption
    assert {name for name, what in said(clone).items() if what != "unchanged"} == {"cases"}


def test_run_of_one_table_leaves_the_page_of_all_alone(clone: Clone) -> None:
    page = clone.path / "results/report/index.html"
    before = page.read_bytes()
    clone.run("tiny", "--config", "tables={tiny: {title: Another title}}")
    assert page.read_bytes() == before
    assert "Another title" in (page.parent / "tiny.html").read_text()


def test_page_left_half_grown_is_made_by_the_next_run(clone: Clone) -> None:
    """A run of other tables broke off before its last job: Snakemake noted nothing of what it wrote."""
    page = clone.path / "results/report/index.html"
    before = page.read_bytes()
    page.write_text("half grown")
    os.utime(page, LONG_AGO)
    clone.run()
    assert page.read_bytes() == before


def test_deleted_table_that_nobody_asked_for_stays_deleted(clone: Clone) -> None:
    (clone.path / "results/tables/tiny.md").unlink()
    said = clone.run("results/runs/tiny/tiny_unet/ls/batch-0.json")
    assert "Deleted, so made again where they are asked for: results/tables/tiny.md" in said
    assert "Nothing to be done" in said
    assert not (clone.path / "results/tables/tiny.md").exists()  # no empty file stands for it
