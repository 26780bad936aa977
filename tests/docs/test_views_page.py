"""docs/views.md and the rows of results/README.md: fresh, whole, with an example that works."""

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from make import views as views_page
from softbench import InputError
from softbench.plan import views
from softbench.tables import forms


def test_lists_are_fresh(root: Path) -> None:
    page, rows = (root / path for path in ("docs/views.md", "results/README.md"))
    assert page.read_text(encoding="utf-8") == views_page.page(), "docs/views.md is stale: run `make docs`"
    text = rows.read_text(encoding="utf-8")
    assert views_page.with_rows(text) == text, "results/README.md is stale: run `make docs`"


def test_lists_are_written_between_their_marks_alone(tmp_path: Path) -> None:
    rows = tmp_path / "README.md"
    rows.write_text("before\n<!-- views: made by `make docs` -->\nof yesterday\n<!-- end of views -->\nafter\n")
    views_page.write_list(rows)
    text = rows.read_text()
    assert text.startswith("before\n<!-- views")
    assert text.endswith("<!-- end of views -->\nafter\n")
    assert "of yesterday" not in text
    assert "`tables/statistics_<table>.{csv,md,tex,html}`" in text


def test_list_without_its_marks_is_refused(tmp_path: Path) -> None:
    rows = tmp_path / "README.md"
    rows.write_text("a list without marks\n")
    with pytest.raises(InputError, match="lacks the lines <!-- views"):
        views_page.write_list(rows)


def test_every_view_has_a_line_in_each_list(root: Path) -> None:
    text, listed = (root / "docs/views.md").read_text(), (root / "results/README.md").read_text()
    every = {one.name: one for kind in views.KINDS for one in views.declared(kind)}
    assert len(every) >= 15
    for one in every.values():
        (line,) = [line for line in text.splitlines() if f"[`{one.name}`]" in line]
        assert line.startswith(f"| {one.title} |")
        assert one.caption in line
        assert one.caption in listed


def test_example_is_a_view_and_shows_the_spread_over_cases(root: Path, build: Callable) -> None:
    text = (root / "docs/views.md").read_text()
    (code,) = re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    module: dict = {}
    exec(compile(code, "docs/views.md", "exec"), module)
    view = module["VIEW"]
    sheet = forms.text(view.build(SimpleNamespace(shown=build())), ".md")
    # HD95 of `bad`: (100 + 4) / 2 mm in one seed of c0, else (2 + 4) / 2: cases of 19.333, 3 and 3; 16.333 / sqrt(3)
    assert "9.430" in next(line for line in sheet.splitlines() if line.startswith("| Bad"))
    assert view.caption in module["__doc__"]
