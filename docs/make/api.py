"""The page docs/api.md: what is public of the package, from its docstrings."""

import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from functools import cached_property
from types import ModuleType
from typing import Any

import softbench
from softbench import soft_labels

from make.docstrings import markup
from make.markdown import fill

SECTIONS = re.compile(r"^(Args|Returns|Raises|Source|Departures)\b([^:\n]*):", re.MULTILINE)
ENTRY = re.compile(r"^([a-z_, ]+): ", re.IGNORECASE)
FIELD = re.compile(r"\n([a-z_]+(?:, [a-z_]+)*): (?=\S)")  # begins the line of a field in the docstring of a class
SHARED = "ls"  # what the docstring of this recipe says of an argument is said once, of all recipes
DATA = {"CATALOGUE": "Key of a metric -> `Metric`. `docs/metrics.md` lists all."}


def page() -> str:
    """Return the page."""
    packages = [name for name in softbench.__all__ if inspect.ismodule(getattr(softbench, name))]
    return fill("api.md.j2", packages="\n".join(map(_package, packages)), example=_example(str(softbench.__doc__)))


def _package(name: str) -> str:
    module = importlib.import_module(f"softbench.{name}")
    parts = [f"## softbench.{name}\n", _prose(str(module.__doc__)), ""]
    for public in module.__all__:
        parts += _entry(f"{name}.{public}", getattr(module, public))
    if name == "soft_labels":
        parts += ["### Recipes\n", _recipes()]
    return "\n".join(parts)


def _entry(name: str, thing: Any) -> list[str]:
    """Return heading, signature, text and example of what is public."""
    heading = f"### {name}\n"
    if inspect.ismodule(thing):
        return [heading, _prose(str(thing.__doc__)), "", *_functions(name, thing)]
    if name.rpartition(".")[2] in DATA:
        return [heading, DATA[name.rpartition(".")[2]], ""]
    text = inspect.getdoc(thing) or ""
    if inspect.isclass(thing):
        return [heading, FIELD.sub(r"\n- `\1`: ", _text(text)), "", *_shown(text), *_members(name, thing)]
    return [heading, _signature(name, thing), _text(text), "", *_shown(text)]


def _functions(name: str, module: ModuleType) -> Iterator[str]:
    """Give the functions of a module: a line each, and the whole of those with an example."""
    own = {key: thing for key, thing in vars(module).items() if inspect.isfunction(thing)}
    again = set(importlib.import_module(module.__name__.rpartition(".")[0]).__all__)  # these have an entry of their own
    public = {
        key: thing
        for key, thing in own.items()
        if thing.__module__ == module.__name__ and key[0] != "_" and key not in again
    }
    for key, thing in public.items():
        text = inspect.getdoc(thing) or ""
        if ">>>" not in text:
            yield f"- `{key}`: {_first(text)}"
    yield ""
    for key, thing in public.items():
        text = inspect.getdoc(thing) or ""
        if ">>>" in text:
            yield from (f"#### {name}.{key}\n", _signature(f"{name}.{key}", thing), _text(text), "", *_shown(text))


def _members(name: str, kind: type) -> Iterator[str]:
    """Give a line for each public property and method that a class defines; all that explains its arguments."""
    public = {key: member for key, member in vars(kind).items() if key[0] != "_" and inspect.getdoc(member)}
    long = {key for key, member in public.items() if any(_arguments(inspect.getdoc(member) or ""))}
    for key, member in public.items():
        callable_ = inspect.isfunction(member) or isinstance(member, classmethod)
        if key not in long and (callable_ or isinstance(member, property | cached_property)):
            yield f"- `{key}{'()' if callable_ else ''}`: {_first(inspect.getdoc(member) or '')}"
    yield ""
    for key in (key for key in public if key in long):
        yield f"#### {name}.{key}\n"
        yield f"```text\n{key}{_without_types(public[key], drop=1)}\n```\n"
        yield from (_text(inspect.getdoc(public[key]) or ""), "")


def _recipes() -> str:
    """Return the recipes, each with its `soften`."""
    shared = dict(_arguments(inspect.getdoc(soft_labels.recipe(SHARED).soften) or ""))
    parts = [
        "A recipe is a module with `soften`, `SETTINGS` (its settings and their defaults) and `is_normalised`; cheap "
        "ones have `soften_batch` for a batch, too. `docs/methods.md` compares recipes. "
        "Arguments that all share:\n",
        *(f"- `{name}`: {shared[name]}" for name in ("labels", "image", "spacing_mm", "classes")),
        "\nArrays give arrays; tensors of torch give tensors on their device.\n",
    ]
    for name in soft_labels.names():
        soften: Callable[..., Any] = soft_labels.recipe(name).soften
        text = inspect.getdoc(soften) or ""
        parts += [
            f"#### soft_labels.{name}.soften\n",
            _signature(f"soft_labels.{name}.soften", soften),
            _text(text, shared),
            "",
            *_shown(text),
        ]
    return "\n".join(parts)


def _signature(name: str, function: Callable[..., Any]) -> str:
    """Return how a function is called, without types."""
    return f"```text\nsoftbench.{name}{_without_types(function)}\n```\n"


def _without_types(function: Callable[..., Any], *, drop: int = 0) -> inspect.Signature:
    """Return the parameters of a function but for the first few, without types."""
    parameters = [*inspect.signature(function).parameters.values()][drop:]
    return inspect.Signature([one.replace(annotation=inspect.Parameter.empty) for one in parameters])


def _first(text: str) -> str:
    """Return the first sentence or two: the first paragraph."""
    return " ".join(markup(text.split("\n\n")[0].split(">>>")[0]).split())


def _text(text: str, said: dict[str, str] | None = None) -> str:
    """Return a docstring without its example: prose, then its sections as lists.

    Args:
        text: the docstring.
        said: arguments that were explained; those that say the same are left out.
    """
    bare = text.split("\n>>>")[0].rstrip()
    first = SECTIONS.search(bare)
    prose = markup(bare[: first.start()] if first else bare).strip()
    lines = [f"- `{name}`: {about}" for name, about in _arguments(bare) if (said or {}).get(name) != about]
    return "\n".join([prose, *([""] if lines else []), *lines, *_rest(bare)])


def _arguments(text: str) -> Iterator[tuple[str, str]]:
    """Give name and meaning of each argument of a docstring."""
    bare = text.split("\n>>>")[0]
    found = re.search(r"^Args:\n((?:    .*\n?|\n)+)", bare, re.MULTILINE)
    for entry in re.split(r"\n(?=    \S)", found[1].rstrip()) if found else []:
        name, _, about = entry.strip().partition(": ")
        yield name, " ".join(markup(about).split())


def _rest(text: str) -> Iterator[str]:
    """Give the other sections, a paragraph each."""
    starts = [match for match in SECTIONS.finditer(text) if not (match[1] == "Args" and not match[2])]
    every = [match.start() for match in SECTIONS.finditer(text)] + [len(text)]
    for match in starts:
        end = next(place for place in every if place > match.start())
        about = " ".join(markup(text[match.end() : end]).split())
        if match[1] == "Args":
            about = f"{match[2].strip(' ()')} {about}".strip()
        yield f"\n*{match[1]}*: {about}"


def _prose(text: str) -> str:
    return markup(text.split("\n>>>")[0]).strip()


def _example(text: str) -> str:
    """Return the example of a docstring, as a console shows it."""
    lines = inspect.cleandoc(text).splitlines()
    start = next((number for number, line in enumerate(lines) if line.startswith(">>>")), len(lines))
    return "\n".join(line.replace("  # doctest: +SKIP", "") for line in lines[start:]).strip()


def _shown(text: str) -> Iterator[str]:
    if shown := _example(text):
        yield f"```pycon\n{shown}\n```\n"
