"""A paper's table and an ordinary one are made of the same classes and written by the same functions and templates."""

import ast
from pathlib import Path

import pytest
import softbench
from softbench.papers import published
from softbench.papers.comparison import build as beside
from softbench.tables import cells, forms
from softbench.tables import sheet as sheets
from softbench.tables.views.comparison import sheet as paper_sheet
from softbench.tables.views.results import sheet as ordinary_sheet

PACKAGE = Path(softbench.__file__).parent
ROOMS = ("tables", "papers", "page", "tools")
TABLE = [
    "Cell",
    "Column",
    "Comparison",
    "Entry",
    "Grid",
    "Head",
    "Judgement",
    "Line",
    "Method",
    "Ours",
    "Printed",
    "Sheet",
    "Summary",
    "Text",
]


@pytest.fixture
def both(build):
    """The sheets of an ordinary table and of a paper's."""
    return ordinary_sheet(build()), paper_sheet(beside.build(published.read("svls_2"), []))


def classes_of(one: sheets.Sheet) -> set[type]:
    """Return the classes that a sheet is made of, down to its words."""
    lines = [line for grid in one.grids for line in grid.lines]
    entries = [entry for line in lines for entry in line.entries]
    words = [text for entry in entries for text in (entry.number, *entry.asides)]
    heads = [head for grid in one.grids for head in grid.heads]
    return {type(part) for part in (one, *one.grids, *heads, *lines, *entries, *words)}


def test_both_sheets_are_of_the_same_classes(both):
    ordinary, paper = both
    assert classes_of(ordinary) == classes_of(paper)
    assert classes_of(paper) == {sheets.Sheet, sheets.Grid, sheets.Head, sheets.Line, sheets.Entry, sheets.Text}


def test_cells_and_columns_are_of_the_same_classes(build):
    paper = beside.build(published.read("svls_2"), []).sections[0]
    for one in (build(), paper):
        assert {type(cell) for row in one.cells for cell in row} == {cells.Cell}
        assert {type(column) for column in one.columns} == {cells.Column}
    assert {type(row) for row in paper.rows} == {type(row) for row in build().methods} == {cells.Method}


def test_no_class_of_a_table_is_there_twice():
    found: dict[str, list[str]] = {}
    for path in (path for room in ROOMS for path in sorted((PACKAGE / room).rglob("*.py"))):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and node.name in TABLE:
                found.setdefault(node.name, []).append(path.relative_to(PACKAGE).as_posix())
    assert {name: paths for name, paths in found.items() if len(paths) > 1} == {}
    assert {path.split("/")[0] for paths in found.values() for path in paths} == {"tables"}


def test_one_template_writes_both(both, tmp_path, monkeypatch):
    used: dict[str, list[str | None]] = {suffix: [] for suffix in forms.TEMPLATES}
    for suffix in used:
        environment = forms._environment(suffix)
        own = environment.get_template

        def seen(name, *, suffix=suffix, own=own):
            used[suffix].append(name)
            return own(name)

        monkeypatch.setattr(environment, "get_template", seen)
    for number, one in enumerate(both):
        for suffix in forms.FORMS:
            forms.write(one, tmp_path / f"t{number}{suffix}")
    assert used == {suffix: [name, name] for suffix, name in forms.TEMPLATES.items()}


def test_each_grid_of_a_long_table_is_a_float_that_repeats_the_title():
    text = forms.text(paper_sheet(beside.build(published.read("svls_2"), [])), ".tex")
    title = "Islam \\& Glocker 2021, Table 2: LIDC-IDRI, scored against each of four annotation sets"
    assert text.count(rf"\caption{{{title}") == text.count(r"\begin{table}") == 4
    assert text.count(f"{title}, continued}}") == 3


def test_rehearsal_says_in_its_title_that_it_is_one_and_what_it_is_for():
    printed = published.read("svls_2")
    shown = paper_sheet(beside.build(printed, [], is_rehearsal=True))
    assert shown.title.startswith("Rehearsal on phantoms: ")
    assert "whether everything runs; the numbers mean nothing." in shown.about
    own = paper_sheet(beside.build(printed, []))
    assert own.title == shown.title.removeprefix("Rehearsal on phantoms: ")
    assert "earsal" not in own.about
