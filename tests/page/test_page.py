"""The self-contained page."""

import base64
import re

import pytest
from matplotlib.figure import Figure
from softbench import InputError
from softbench.page import page
from softbench.tables import forms
from softbench.tables.views.results import sheet


@pytest.fixture
def figure(tmp_path):
    path = tmp_path / "figure.png"
    drawn = Figure(figsize=(9, 1))
    drawn.savefig(path, dpi=100)
    return path


def fragment(table):
    return forms.text(sheet(table), ".html")


def written(tmp_path, sections, *, opening="", **provenance):
    path = tmp_path / "out" / "index.html"
    page.write(path, title="A & B", sections=sections, provenance=provenance, opening=opening)
    return (tmp_path / "out" / "index.html").read_text(encoding="utf-8")


def test_page_asks_for_nothing_from_elsewhere(tmp_path, figure, build):
    text = written(tmp_path, [{"title": "One", "html": fragment(build()), "figures": [figure]}], commit="abc")
    assert not [one for one in re.findall(r'(?:src|href)="([^"]*)', text) if not one.startswith(("data:", "#"))]
    assert not re.findall(r"@import|url\(|fetch\(|XMLHttpRequest|import\(|<link|<iframe|srcset", text)


def test_figure_is_in_the_page_byte_for_byte_at_a_readable_width(tmp_path, figure):
    text = written(tmp_path, [{"title": "One", "figures": [str(figure)]}])
    data = re.search(r"data:image/png;base64,([A-Za-z0-9+/=]+)\"", text).group(1)
    assert base64.b64decode(data) == figure.read_bytes()
    assert 'style="--width: 400; aspect-ratio: 900 / 100"' in text  # 900 pixels x 4 / 9


def test_titles_notes_and_provenance_are_escaped_and_fragments_are_not(tmp_path):
    text = written(tmp_path, [{"title": "<i>", "note": "a < b", "html": "<em>kept</em>"}], commit="<0>")
    assert "<h1>A &amp; B</h1>" in text
    assert "<h2>&lt;i&gt;</h2>" in text
    assert "a &lt; b" in text
    assert "<em>kept</em>" in text
    assert "<dt>commit</dt><dd>&lt;0&gt;</dd>" in text


def test_contents_link_to_each_section_once_there_are_several(tmp_path):
    assert "<nav" not in written(tmp_path, [{"title": "One"}])
    parts = [{"title": "Numbers", "id": "one-numbers"}, {"title": "Picture"}]
    text = written(tmp_path, [{"title": "One", "id": "one", "sections": parts}, {"title": "Two"}])
    links = re.findall(r'<a href="#([^"]+)"', text)
    assert links == ["one", "one-numbers", "one-2", "section-2"]
    assert links == re.findall(r'<section class="\w+" id="([^"]+)"', text)


def test_folded_section_is_closed_and_keeps_its_heading_outside(tmp_path):
    parts = [{"title": "Long", "folded": True, "html": "<p>text</p>"}, {"title": "Short", "html": "<p>else</p>"}]
    text = written(tmp_path, [{"title": "One", "sections": parts}])
    assert re.search(r"<details>\s*<summary><h3>Long</h3></summary>\s*<p>text</p>\s*</details>", text)
    assert re.search(r'id="section-1-2">\s*<h3>Short</h3>\s*<p>else</p>\s*</section>', text)


def test_page_opens_what_is_folded_for_print_and_sorts_tables(tmp_path, build):
    text = written(tmp_path, [{"title": "One", "html": fragment(build())}])
    assert "details::details-content" in text
    assert "beforeprint" in text
    assert 'querySelectorAll(".scores table")' in text
    assert '<figure class="scores">' in text


def test_opening_stands_before_the_first_section(tmp_path):
    text = written(tmp_path, [{"title": "One"}], opening="<p>what it says</p>")
    assert text.index("<h1>") < text.index("<p>what it says</p>") < text.index("<h2>One")


def test_caption_that_repeats_the_heading_is_shown_once(tmp_path, build):
    table = build(title="Table A & 1")
    assert written(tmp_path, [{"title": table.title, "html": fragment(table)}]).count("Table A &amp; 1<") == 1
    assert written(tmp_path, [{"title": "Else", "html": fragment(table)}]).count("Table A &amp; 1<") == 1


def test_same_input_gives_the_same_page(tmp_path, figure):
    sections = [{"title": "One", "figures": [figure]}]
    assert written(tmp_path, sections, commit="abc") == written(tmp_path, sections, commit="abc")


def test_missing_or_foreign_figure_and_unknown_key_are_named(tmp_path):
    with pytest.raises(InputError, match=r"none\.png is missing"):
        written(tmp_path, [{"title": "One", "figures": [tmp_path / "none.png"]}])
    (tmp_path / "text.png").write_text("no image")
    with pytest.raises(InputError, match=r"text\.png must be a PNG"):
        written(tmp_path, [{"title": "One", "figures": [tmp_path / "text.png"]}])
    with pytest.raises(InputError, match=r"section 2 .* it has tables, title"):
        written(tmp_path, [{"title": "One"}, {"title": "Two", "tables": []}])
    with pytest.raises(InputError, match=r"section 1 1 .* it has sections, title"):
        written(tmp_path, [{"title": "One", "sections": [{"title": "Two", "sections": []}]}])
    with pytest.raises(InputError, match=r"several sections have the `id` one\."):
        written(tmp_path, [{"title": "One", "id": "one"}, {"title": "Two", "id": "one"}])
