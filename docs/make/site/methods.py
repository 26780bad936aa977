"""A page a soft label: the section of docs/methods.md, with picture, equation, settings and example of its recipe."""

import inspect
import re
from collections.abc import Iterator

import yaml
from softbench import soft_labels

from make.docstrings import equations
from make.markdown import table
from make.site import links, pictures
from make.site.sections import Section, cut, raised

PATH = "docs/methods.md"
FOLDER = "methods"
PICTURES = "pictures/soft_labels"
DRAWN = "Above: image and label; below: the probability of each class, and the mass moved off the label."
LIST = "## One page each\n\n{}\n"


def recipes(section: Section) -> list[str]:
    """Return the recipes that a section describes: those that begin its heading, or the rows of its table."""
    known = soft_labels.names()
    named = [name for name in section.heading.partition(":")[0].split(", ") if name in known]
    return named or [name for name in re.findall(r"^\| `(\w+)` \|", section.body, re.MULTILINE) if name in known]


def described(text: str) -> dict[str, Section]:
    """Return page of the site -> section, for the sections of docs/methods.md that describe recipes."""
    found = {}
    for section in cut(text)[1]:
        if names := recipes(section):
            page = names[0] if section.heading.startswith(names[0]) else links.slug(section.heading)
            found[f"{FOLDER}/{page}.md"] = section
    return found


def parts(text: str) -> dict[str, str]:
    """Return anchor of docs/methods.md -> page of the site that has that heading."""
    return {links.slug(section.heading): page for page, section in described(text).items()}


def overview(text: str) -> str:
    """Return docs/methods.md without the sections that have pages, and with a list of them."""
    head, sections = cut(text)
    pages = described(text)
    rows = [(f"[{section.heading}]({page})", _needs(section)) for page, section in pages.items()]
    rest = [f"## {section.heading}\n\n{section.body}\n" for section in sections if section not in pages.values()]
    return "\n".join([head, LIST.format(table(("soft label", "looks at"), rows)), *rest])


def page(section: Section) -> str:
    """Return the page of a section."""
    names = recipes(section)
    shown = [part for name in names for part in (*_picture(name), *_equation(name, len(names) > 1))]
    settings = [part for name in names for part in _settings(name, len(names) > 1)]
    about = ["## What it is", "", raised(section.body), ""]
    return "\n".join([f"# {section.heading}", "", *shown, *about, *settings, *_python(names)])


def _needs(section: Section) -> str:
    """Return what the recipes of a section look at besides the spacing."""
    modules = [soft_labels.recipe(name) for name in recipes(section)]
    words = ["all raters’ labels" if module.RATERS == "many" else "labels" for module in modules]
    more = {
        "the image": any(module.NEEDS_IMAGE for module in modules),
        "a teacher": any(getattr(module, "NEEDS_TEACHER", False) for module in modules),
        "shares kept through resampling": any(getattr(module, "NEEDS_SHARES", False) for module in modules),
    }
    return ", ".join([*dict.fromkeys(words), *(word for word, holds in more.items() if holds)])


def _picture(name: str) -> Iterator[str]:
    yield f"![Soft label {name} on a slice of a phantom]({PICTURES}/{name}.png)"
    yield f"\n*{pictures.caption(name)} {DRAWN}*\n"


def _equation(name: str, several: bool) -> Iterator[str]:
    for equation in equations(inspect.getdoc(soft_labels.recipe(name).soften) or ""):
        yield f"`{name}`:\n\n$${equation}$$\n" if several else f"$${equation}$$\n"


def _settings(name: str, several: bool) -> Iterator[str]:
    """Give the table of a recipe's settings, as config takes them."""
    module = soft_labels.recipe(name)
    allowed = getattr(module, "ALLOWED", {})
    if module.SETTINGS:
        rows = [
            (f"`{key}`", f"`{_written(value)}`", str(allowed.get(key, {}).get("description", "–")))
            for key, value in module.SETTINGS.items()
        ]
        yield f"## Settings of {name}\n" if several else "## Settings\n"
        yield table(("setting", "default", "meaning"), rows)
        yield ""


def _written(value: object) -> str:
    """Return a value as YAML has it."""
    return yaml.safe_dump(value).partition("\n")[0]


def _python(names: list[str]) -> Iterator[str]:
    yield "## In Python\n"
    for name in names:
        yield f"- [`softbench.soft_labels.{name}.soften`](api/soft_labels.md#softbench.soft_labels.{name}.soften)"
