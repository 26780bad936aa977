"""The views of a table: what is unchanged stays, what fails says so in its place, what breaks off is made again."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import matplotlib.figure
import pytest
from softbench import InputError
from softbench.page import report
from softbench.plan.forms import ABOUT_REHEARSAL
from softbench.tables import making
from softbench.tables.sheet import Sheet, plain
from softbench.tables.view import Given, GivenError, Picture, View

FORMS = ("csv", "md", "tex", "html")


def grid(given: Given) -> Sheet:
    return Sheet("T", "", grids=(plain(["Method", "Value"], [["one_hot", "1"]]),))


def picture(given: Given) -> Picture:
    return Picture(matplotlib.figure.Figure(), "What it shows.")


def broken(given: Given) -> Sheet:
    raise InputError("the sun\n shines")


class Table:
    """A table of made-up views, in a folder of its own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.patch = folder, monkeypatch
        self.record = folder / "tables" / "t.json"
        self.settings: dict[str, Any] = {"title": "T", "methods": []}
        self.needs: dict[str, Any] = {"scores": [], "ensembles": [], "margins": {"dsc": 0.1}, "split": "none"}
        self.views: dict[str, View] = {}

    def add(self, name: str, build: Callable = grid, **more: Any) -> None:
        """Add a view, or put another in its place."""
        module = ModuleType(f"made_up.{name}")
        module.VIEW = View(name, title=f"View {name}", caption="", build=build, **more)  # type: ignore[attr-defined]
        self.patch.setitem(sys.modules, module.__name__, module)
        self.views[module.__name__] = module.VIEW

    def files(self, name: str) -> list[Path]:
        """Return the files of a view."""
        forms = ("png", "pdf", "txt") if self.views[f"made_up.{name}"].build is picture else FORMS
        return [self.folder / f"{name}.{form}" for form in forms]

    def make(self, code: str = "code") -> list[str]:
        """Make them; return what the log says."""
        said: list[str] = []
        files = {module: list(map(str, self.files(view.name))) for module, view in self.views.items()}
        self.failed = making.make(
            Given("t", self.settings, self.needs), dict.fromkeys(self.views, code), files, self.record, said.append
        )
        return said

    @property
    def states(self) -> dict[str, Any]:
        """What was recorded, view by view."""
        views = json.loads(self.record.read_text())["views"]
        return {module.rpartition(".")[2]: view for module, view in views.items()}


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Table:
    made = Table(tmp_path, monkeypatch)
    made.add("results")
    made.add("statistics", needs=("scores", "margins"))
    made.add("ranks", picture)
    return made


def test_made_views_are_not_made_again(table: Table) -> None:
    assert table.make() == ["results: made", "statistics: made", "ranks: made"]
    before = {
        path: path.stat().st_mtime_ns for name in ("results", "statistics", "ranks") for path in table.files(name)
    }
    assert table.make() == ["results: unchanged", "statistics: unchanged", "ranks: unchanged"]
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_view_is_made_again_when_what_it_needs_changes(table: Table) -> None:
    table.make()
    table.needs["margins"] = {"dsc": 0.2}
    assert table.make() == ["results: unchanged", "statistics: made", "ranks: unchanged"]
    table.settings |= {"policy": "exclude"}
    assert table.make() == ["results: made", "statistics: made", "ranks: made"]
    assert table.make(code="changed") == ["results: made", "statistics: made", "ranks: made"]


def test_view_is_made_again_when_a_file_that_it_reads_changes(table: Table) -> None:
    batch, provenance = table.folder / "batch-0.json", table.folder / "provenance.json"
    batch.write_text("1")
    provenance.write_text("1")
    table.needs |= {"scores": [str(batch)], "costs": []}
    table.add("costs", needs=("costs",), reads=lambda given: [provenance])
    table.make()
    batch.write_text("2")
    assert table.make() == ["results: made", "statistics: made", "ranks: made", "costs: unchanged"]
    provenance.write_text("2")
    assert table.make() == ["results: unchanged", "statistics: unchanged", "ranks: unchanged", "costs: made"]


def test_deleted_or_changed_file_of_a_view_is_made_again(table: Table) -> None:
    table.make()
    table.files("results")[1].unlink()
    table.files("ranks")[2].write_text("edited")
    whole = table.files("ranks")[0].read_bytes()
    assert table.make() == ["results: made", "statistics: unchanged", "ranks: made"]
    assert table.files("results")[1].read_text().startswith("### T")
    assert table.files("ranks")[2].read_text() == "What it shows.\n"
    assert table.files("ranks")[0].read_bytes() == whole


def test_folder_in_the_place_of_a_file_is_refused_before_anything_is_made(table: Table) -> None:
    table.make()
    place = table.files("results")[1]
    place.unlink()
    place.mkdir()
    before = table.record.read_bytes()
    with pytest.raises(InputError, match=r"results\.md is a folder, but a file of a view belongs there\. Move"):
        table.make("changed")
    assert table.record.read_bytes() == before


def test_view_that_reads_sizes_in_a_folder_is_made_again_when_one_changes(table: Table) -> None:
    folder = table.folder / "seed-0"
    (folder / "predictions").mkdir(parents=True)
    (folder / "predictions" / "case.nii.gz").write_text("four")
    table.needs["costs"] = []
    table.add("costs", needs=("costs",), reads=lambda given: [folder])
    table.make()
    assert table.make()[-1] == "costs: unchanged"
    (folder / "predictions" / "case.nii.gz").write_text("longer")
    assert table.make()[-1] == "costs: made"
    (folder / "model.pt").write_text("new")
    assert table.make()[-1] == "costs: made"


def test_caption_of_a_rehearsal_opens_with_what_it_is(table: Table) -> None:
    table.make()
    assert table.files("ranks")[2].read_text() == "What it shows.\n"
    table.settings["is_rehearsal"] = True
    table.make()
    assert table.files("ranks")[2].read_text() == f"{ABOUT_REHEARSAL} What it shows.\n"


def test_damaged_record_makes_all_views_again(table: Table) -> None:
    table.make()
    table.record.write_text('{"views": {"made_up.results"')
    assert table.make() == ["results: made", "statistics: made", "ranks: made"]


@pytest.mark.parametrize("name", ["statistics", "ranks"])
def test_view_that_fails_says_why_in_each_of_its_forms_and_the_others_are_made(table: Table, name: str) -> None:
    def build(given: Given) -> Sheet:
        raise InputError("the sun\n shines")

    table.make()
    sound, files = table.views[f"made_up.{name}"].build, table.files(name)
    table.add(name, build)
    table.patch.setattr(table, "files", lambda one: files if one == name else Table.files(table, one))
    said = table.make("changed")
    assert [line for line in said if name in line] == [f"{name}: failed: the sun shines"]
    assert sum(line.endswith(": made") for line in said) == 2
    assert table.failed == [name]
    assert (table.states[name]["state"], table.states[name]["reason"]) == ("failed", "the sun shines")
    assert all(path.stat().st_size for path in files)
    for path in files:
        if path.suffix not in (".png", ".pdf"):
            assert "Failed: the sun shines" in path.read_text()

    assert table.make("changed").count(f"{name}: failed: the sun shines") == 1  # tried again, it alone
    assert [line for line in table.make("changed") if "unchanged" not in line] == [f"{name}: failed: the sun shines"]
    table.add(name, sound)  # by the same code: the cause was elsewhere
    assert [line for line in table.make("changed") if "unchanged" not in line] == [f"{name}: made"]
    assert (table.failed, table.states[name]["state"]) == ([], "made")


def test_error_that_is_no_message_is_told_with_its_kind(table: Table) -> None:
    table.add("results", lambda given: {}["dsc"])  # type: ignore[typeddict-item]
    said = table.make()
    (told,) = [line for line in said if line.startswith("results: failed")]
    assert told.startswith("results: failed: KeyError: 'dsc' (test_making.py, line ")
    assert "results: Traceback (most recent call last):" in said


def test_view_whose_module_cannot_be_used_fails_alone(table: Table) -> None:
    table.views["made_up.absent"] = View("absent", title="", caption="", build=grid)  # no such module
    table.add("wrong", needs=("score",))
    said = table.make()
    assert said[:3] == ["results: made", "statistics: made", "ranks: made"]
    failed = [line for line in said if ": failed: " in line]
    assert failed[0].startswith("absent: failed: ModuleNotFoundError")
    assert failed[1].startswith("wrong: failed: KeyError: 'score' (making.py, line ")
    assert "Failed: ModuleNotFoundError" in table.files("absent")[1].read_text()


@pytest.mark.parametrize("kind", [grid, picture])
def test_view_that_does_not_apply_is_one_line_and_no_part_of_the_page(table: Table, kind: Callable) -> None:
    table.add("truth", kind, applies=lambda given: "nobody knows it")
    assert "truth: absent: nobody knows it" in table.make()
    assert table.failed == []
    if kind is grid:
        assert table.files("truth")[0].read_text() == '"Not made: nobody knows it."\n'
        assert table.files("truth")[1].read_text().splitlines()[-1] == "Not made: nobody knows it."
    else:
        assert table.files("truth")[2].read_text() == "Not made: nobody knows it.\n"
    assert all(path.exists() for path in table.files("truth"))
    chapter = report.of_table(report.read(table.record), "t", "T")
    assert [part["title"] for part in chapter["sections"]] == ["View ranks", "View results", "View statistics"]
    assert "truth: unchanged" in table.make()


def unread(given: Given) -> Sheet:
    return Sheet("T", about=str(given.runs))


def test_runs_that_cannot_be_read_break_off_and_leave_what_was_there(table: Table) -> None:
    """A damaged file of a run is no fault of a view: no view is written over by a sentence."""
    table.make()
    before = {path: path.read_bytes() for name in ("results", "statistics", "ranks") for path in table.files(name)}
    record = table.record.read_bytes()
    batch = table.folder / "batch-0.json"
    batch.write_text("{")
    table.needs["scores"] = [str(batch)]
    table.add("results", unread)
    with pytest.raises(GivenError, match=r"batch-0\.json is damaged"):
        table.make()
    assert {path: path.read_bytes() for path in before} == before
    assert table.record.read_bytes() == record


def test_view_that_returns_something_else_is_told_so(table: Table) -> None:
    table.add("results", lambda given: None)
    assert (
        "results: failed: `build` of a view must return a Sheet or a Picture, but returned a NoneType." in table.make()
    )
