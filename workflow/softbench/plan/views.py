"""The views of tables, as their files declare them: read as text, so that planning imports no library of theirs.

A file of `tables/views` or `figures/views` that assigns `VIEW = View(…)` is a view; see tables/view.py.
"""

import ast
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from softbench.errors import InputError
from softbench.plan import modules, paths

ROOMS = {"tables/views": "tables", "figures/views": "figures"}  # -> folder of its files
FORMS = {"tables": ("csv", "md", "tex", "html"), "figures": ("png", "pdf", "txt")}
KINDS = ("methods", "paper")
NEEDED = ("name", "title", "caption", "build")
OPTIONAL = ("needs", "applies", "reads", "folded", "file", "of", "place")
NEEDS = {  # kind of table -> what its views may need; tables/view.py says what each is
    "methods": (
        "scores", "ensembles", "predictions", "margins", "split", "soft_labels", "truth", "costs", "segmentations",
        "data", "tuning", "posthoc",
    ),
    "paper": ("scores", "soft_labels", "costs", "segmentations", "data"),
}  # fmt: skip
MARK = "results/logs/tables/{table}.done"  # that their job has ended well
CAPTIONS = Path(".snakemake", "softbench", "captions")
IN_REPORT = (".html", ".png")  # forms that `snakemake --report` shows


@dataclass(frozen=True)
class Declared:
    """What a view's file says of it. `module`: below the package; `folder`: below results, of its files."""

    module: str
    folder: str
    name: str
    title: str
    caption: str
    file: str
    of: tuple[str, ...] = ("methods",)
    folded: bool = False
    place: int = 50

    @property
    def dotted(self) -> str:
        """The module as it is imported."""
        return f"softbench.{self.module.removesuffix('.py').replace('/', '.')}"

    def files(self, table: str = "{table}") -> list[str]:
        """Return the files that it becomes for a table."""
        stem = self.file.replace("{table}", table)
        return [f"results/{self.folder}/{stem}.{form}" for form in FORMS[self.folder]]


def declared(kind: str) -> list[Declared]:
    """Return the views of a kind of tables, "methods" or "paper", in the order of the page.

    Raises: InputError: if a file of theirs declares no view that can be read, or two views have one name or one file.
    """
    every = (
        _read(f"{room}/{path.name}", folder)
        for room, folder in ROOMS.items()
        for path in sorted((modules.PACKAGE / room).glob("[!_]*.py"))
    )
    shown = sorted((view for view in every if kind in view.of), key=lambda view: (view.place, view.name))
    for place, view in enumerate(shown):
        for twin in shown[:place]:
            same = f"file, {view.file!r}" if twin.files() == view.files() else f"name, {view.name!r}"
            if twin.files() == view.files() or twin.name == view.name:
                raise InputError(f"{view.module} and {twin.module} are views of one {same}. Rename one.")
    return shown


def declared_in(module: str) -> Declared:
    """Return the view of one file, a path below the package; errors as `declared`."""
    return _read(module, ROOMS[str(Path(module).parent)])


def _read(module: str, folder: str) -> Declared:
    said = _arguments(module)
    if wrong := next(_wrong(said), None):
        raise InputError(f"{modules.PACKAGE / module}: {wrong}")
    for name in ("build", "applies", "reads"):
        if said.get(name, "").isidentifier() and said[name] not in modules.names(module):
            raise InputError(
                f"{modules.PACKAGE / module}: VIEW has `{name}={said[name]}`, but the file has no such function. "
                f"Its functions: {', '.join(modules.own_names(module))}."
            )
    known = {name: said[name] for name in ("name", "title", "caption", "of", "folded", "place") if name in said}
    return Declared(module, folder, file=said.get("file", f"{said['name']}_{{table}}"), **known)


def _wrong(said: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is wrong with the arguments of a view, with what would be right."""
    if missing := [name for name in NEEDED if name not in said]:
        yield f"VIEW lacks {', '.join(missing)}; see softbench/tables/view.py."
    if unknown := sorted(set(said) - {*NEEDED, *OPTIONAL}):
        yield f"VIEW has no argument {', '.join(unknown)}; known: {', '.join([*NEEDED, *OPTIONAL])}."
    for name, (is_right, words) in TYPES.items():
        if name in said and not is_right(said[name]):
            yield f"`{name}` of VIEW must be {words}, but is {said[name]!r}."
    kinds, needs = said.get("of", Declared.of), said.get("needs", ())
    if unknown := sorted(set(kinds) - set(KINDS)):
        yield f"`of` holds {', '.join(unknown)}; kinds: {', '.join(KINDS)}."
    for kind in kinds:
        if unknown := sorted(set(needs) - set(NEEDS[kind])):
            yield f"`needs` holds {', '.join(unknown)}; tables of {kind!r} have {', '.join(NEEDS[kind])}."
    if "{table}" not in said.get("file", "{table}"):
        yield f"`file` must hold {{table}}, but is {said['file']!r}."


def _is_tuple(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(text, str) for text in value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


TYPES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "name": (lambda value: isinstance(value, str) and value.isidentifier(), "a word of letters, digits and _"),
    "title": (_is_text, "a text"),
    "caption": (_is_text, "a text"),
    "file": (_is_text, "a text"),
    "of": (_is_tuple, 'a tuple of texts, e.g. ("methods",)'),
    "needs": (_is_tuple, 'a tuple of texts, e.g. ("scores", "ensembles")'),
    "folded": (lambda value: isinstance(value, bool), "True or False"),
    "place": (lambda value: isinstance(value, int) and not isinstance(value, bool), "a whole number"),
}


def _arguments(module: str) -> dict[str, Any]:
    """Return the arguments of `VIEW = View(…)` that are written out; functions as their names."""
    call = modules.expression(module, "VIEW")
    if not (isinstance(call, ast.Call) and ast.unparse(call.func).endswith("View") and not call.args):
        raise InputError(
            f"{modules.PACKAGE / module} must assign `VIEW = View(name=…, …)`; see softbench/tables/view.py."
        )
    return {str(keyword.arg): _value(module, str(keyword.arg), keyword.value) for keyword in call.keywords}


def _value(module: str, name: str, node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        if name in ("build", "applies", "reads"):
            return ast.unparse(node)
        if isinstance(node, ast.Name):
            return modules.constant(module, node.id)
        said = f"`{name}` of VIEW must be written out, with no call."
        raise InputError(f"{modules.PACKAGE / module}: {said}") from None


def read_record(path: Path) -> dict[str, Any]:
    """Return such a record; nothing where there is none that can be read."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def attempt(path: Path) -> int:
    """Return the how-manieth attempt at a table's views is planned, by their record; 0 where there is none."""
    return int(read_record(path).get("attempt", 0))


def outputs(views: Iterable[Declared], category: str) -> list[Any]:
    """Return the outputs of the job that makes some views of {table}: their files, their record, their mark.

    Snakemake keeps the files while they are made anew, and shows them in its report.
    """
    from snakemake.io import report
    from snakemake.ioflags import update

    def flagged(view: Declared, file: str) -> Any:
        if not file.endswith(IN_REPORT):
            return update(file)
        labels = {"shows": f"{view.title} ({view.name})"}
        return report(update(file), caption=_caption(view), category=category, subcategory="{table}", labels=labels)

    return [*(flagged(view, file) for view in views for file in view.files()), update(paths.RECORD), MARK]


def _caption(view: Declared) -> str:
    """Write the caption of a view where Snakemake finds it, unless it lies there as it should be; return where."""
    from softbench.jobs import pieces

    path, text = CAPTIONS / f"{view.name}.rst", view.caption + "\n"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        pieces.write_text(path, text)
    return str(path.absolute())
