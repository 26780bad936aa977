"""One self-contained page of results: tables and figures in a single HTML file that needs no network."""

import base64
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import jinja2

from softbench import pieces
from softbench.errors import InputError

HERE = Path(__file__).parent
KEYS = {"title", "html", "figures", "caption", "note"}


def write(
    path: Path | str, *, title: str, sections: Sequence[Mapping[str, Any]], provenance: Mapping[str, Any]
) -> None:
    """Write the page, by rename; the same input gives the same bytes.

    Args:
        path: the HTML file.
        title: of the page.
        sections: in order, each with a `title` and where wanted `note` (a sentence under the title), `html` (a
            trusted fragment, e.g. from `formats.to_html`) and `figures` (paths of PNG files, which are inlined) with a
            `caption` under each.
        provenance: what a reader needs to trace the numbers, e.g. commit and versions: name -> value.
    Raises: InputError: for an unknown key of a section, and where a figure is missing.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )  # fmt: skip
    template = environment.get_template("page.html.j2")
    style = (HERE / "page.css").read_text(encoding="utf-8")
    filled = [_section(number, section) for number, section in enumerate(sections, start=1)]
    text = template.render(title=title, style=style, sections=filled, provenance=provenance)
    pieces.write_text(Path(path), text)


def _section(number: int, section: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the template shows of a section, its images turned into text."""
    unknown = set(section) - KEYS
    if unknown or "title" not in section:
        raise InputError(
            f"section {number} must have a `title`, and may have {', '.join(sorted(KEYS - {'title'}))}; "
            f"it has {', '.join(sorted(section))}."
        )
    images = [_inline(Path(figure)) for figure in section.get("figures", ())]
    texts = {key: section.get(key) or "" for key in ("title", "html", "caption", "note")}
    texts["html"] = texts["html"].replace(f"<strong>{escape(texts['title'])}</strong>", "")  # a caption that repeats it
    return {**texts, "id": f"section-{number}", "images": images}


def _inline(path: Path) -> dict[str, Any]:
    """Return a PNG file as a data address, and the width on screen at which its words are as large as the page's."""
    if not path.exists():
        raise InputError(f"the figure {path} is missing. Draw it before the page is written.")
    content = path.read_bytes()
    if content[:8] != b"\x89PNG\r\n\x1a\n":
        raise InputError(f"the figure {path} must be a PNG file, but is not. Draw it again.")
    pixels = int.from_bytes(content[16:20])  # the width, first field of a PNG's first chunk
    return {"data": f"data:image/png;base64,{base64.b64encode(content).decode('ascii')}", "width": pixels * 4 // 9}
