"""One self-contained page of results: tables and figures in a single HTML file that needs no network."""

import base64
import re
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from softbench.errors import InputError
from softbench.jobs import pieces

HERE = Path(__file__).parent
HYPHENED = re.compile(r"\w+(?:-\w+)+")
KEYS = {"title", "id", "html", "figures", "caption", "note", "folded", "sections"}
Section = Mapping[str, Any]


def write(
    path: Path | str, *, title: str, sections: Sequence[Section], provenance: Mapping[str, Any], opening: str = ""
) -> None:
    """Write the page, by rename; the same input gives the same bytes.

    Args:
        path: the HTML file.
        title: of the page.
        sections: in order, each with a `title` and where wanted `note` (a sentence under the title), `html` (a
            trusted fragment, e.g. from `forms.text`), `figures` (paths of PNG files, which are inlined) with a
            `caption` under each, `folded` (true: closed until a reader opens it; open in print), `id` (its address
            within the page; else its number) and `sections` of its own: then it is a chapter, and holds no other.
        provenance: what a reader needs to trace the numbers, e.g. commit and versions: name -> value.
        opening: a trusted fragment before the first section.
    Raises: InputError: for an unknown key of a section, an address given twice, and where a figure is missing.
    """
    filled = [_filled(f"section-{number}", section) for number, section in enumerate(sections, start=1)]
    addresses = [section["id"] for chapter in filled for section in (chapter, *chapter["sections"])]
    if double := sorted({address for address in addresses if addresses.count(address) > 1}):
        raise InputError(f"several sections have the `id` {', '.join(double)}. Give each its own.")
    template = environment().get_template("page.html.j2")
    style, script = ((HERE / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    text = template.render(
        title=title, style=style, script=script, opening=opening, sections=filled, provenance=provenance
    )
    pieces.write_text(Path(path), text)


def environment() -> jinja2.Environment:
    """Return the Jinja2 environment of the templates in this folder; it escapes values."""
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    templates.filters["unbroken"] = unbroken
    return templates


def unbroken(text: str) -> Markup:
    """Return a text whose words with a hyphen, such as 3-D or a date, stay on one line."""
    return Markup(HYPHENED.sub(r'<span class="unbroken">\g<0></span>', str(Markup.escape(text))))


def _filled(place: str, section: Section, *, chapter: str = "") -> dict[str, Any]:
    """Return what the template shows of a section, its images turned into text."""
    unknown = set(section) - KEYS | ({"sections"} & set(section) if chapter else set())
    if unknown or "title" not in section:
        raise InputError(
            f"{place.replace('-', ' ')} must have a `title`, and may have {', '.join(sorted(KEYS - {'title'}))}; "
            f"it has {', '.join(sorted(section))}."
        )
    address = section.get("id") or place
    parts = [
        _filled(f"{address}-{number}", part, chapter=section["title"])
        for number, part in enumerate(section.get("sections", ()), start=1)
    ]
    texts = {key: section.get(key) or "" for key in ("title", "html", "caption", "note")}
    for heading in filter(None, (texts["title"], chapter)):  # a caption that repeats what stands above it
        texts["html"] = texts["html"].replace(f"<strong>{escape(heading)}</strong>", "")
    images = [_inline(Path(figure)) for figure in section.get("figures", ())]
    return {**texts, "id": address, "folded": bool(section.get("folded")), "images": images, "sections": parts}


def _inline(path: Path) -> dict[str, Any]:
    """Return a PNG file as a data address, and the width on screen at which its words are as large as the page's."""
    if not path.exists():
        raise InputError(f"the figure {path} is missing. Draw it before the page is written.")
    content = path.read_bytes()
    if content[:8] != b"\x89PNG\r\n\x1a\n":
        raise InputError(f"the figure {path} must be a PNG file, but is not. Draw it again.")
    width, height = int.from_bytes(content[16:20]), int.from_bytes(content[20:24])  # first fields of the first chunk
    data = f"data:image/png;base64,{base64.b64encode(content).decode('ascii')}"
    return {"data": data, "width": width * 4 // 9, "ratio": f"{width} / {height}"}
