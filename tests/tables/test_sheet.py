"""Rows of text as Markdown and HTML."""

from pathlib import Path

import pytest
from softbench import InputError
from softbench.tables import forms
from softbench.tables.sheet import Sheet, plain
from softbench.tables.views import soft_label_quality

HEADS = ["Name", "a < b", "c"]
ROWS = [["x|y", "1", "2"], ["z & z", "3", "4"]]


def test_markdown_has_a_line_a_row_and_its_notes(tmp_path: Path) -> None:
    forms.write(Sheet("T", "What it shows.", (plain(HEADS, ROWS),), ("A note.",)), tmp_path / "t.md")
    assert (tmp_path / "t.md").read_text() == (
        "### T\n\nWhat it shows.\n\n| Name | a \\< b | c |\n| :-- | --: | --: |\n| x\\|y | 1 | 2 |\n"
        "| z & z | 3 | 4 |\n\n- A note.\n"
    )


def test_html_escapes_and_leaves_out_a_list_without_notes(tmp_path: Path) -> None:
    forms.write(Sheet("T", "About.", (plain(HEADS, ROWS),)), tmp_path / "t.html")
    text = (tmp_path / "t.html").read_text()
    assert '<th scope="col">a &lt; b</th>' in text
    assert '<tr><th scope="row">z &amp; z</th><td>3</td><td>4</td></tr>' in text
    assert "<ul" not in text
    assert text.count("<tbody>") == 1


def test_group_is_named_once_over_its_rows(tmp_path: Path) -> None:
    for suffix in ("md", "html"):
        forms.write(
            Sheet("T", "", (plain(HEADS, [*ROWS, *ROWS], groups=["g", "g", "h", "h"]),)), tmp_path / f"t.{suffix}"
        )
    markdown, html = ((tmp_path / f"t.{suffix}").read_text() for suffix in ("md", "html"))
    assert markdown.count("| **g** |  |  |") == markdown.count("| **h** |  |  |") == 1
    assert html.count('<th scope="rowgroup" colspan="3">g</th>') == 1
    assert html.count("<tbody>") == 2


def test_other_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\.md, \.tex, \.html"):
        forms.write(Sheet("T", ""), tmp_path / "t.rst")


def test_headings_of_soft_labels_begin_with_a_capital():
    assert all(heading[0].isupper() for heading, _ in soft_label_quality.COLUMNS.values())
