"""What the text of one file says: what it imports, its VERSION, and a fingerprint that comments do not change."""

import ast
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from softbench.plan.modules import assigned

WORDS = ("ALLOWED", "ALLOWED_MADE", "BELOW")  # constants that checks of config alone read, from the text
FORM = 4  # of these facts; raised when they are found in another way, so that no cache of older ones is believed
DATA_NAME = re.compile(r"[\w.-]*\.\w+")  # of a file, or the end of its name
INCLUDED = re.compile(r"{%-?\s*(?:include|extends|import|from)\s+[\"']([^\"']+)[\"']")  # in a template


@dataclass(frozen=True)
class Facts:
    """What is known of a file.

    Attributes:
        fingerprint: of its code without comments, docstrings, layout and `WORDS`; of its bytes where it is no Python.
        imports: dotted names that it imports or takes from a package, `softbench.arrays` as `softbench.arrays.one_hot`.
        names: names of data files, or ends of such names, that it says.
        version: its VERSION; None where that is None or missing.
        declares: whether it says VERSION at all.
        offers: name -> dotted name of what a package's `__getattr__` imports when it is first asked for; these names
            stand under `if TYPE_CHECKING`.
        metric: whether it assigns METRIC: a metric of one's own, found by being there.
        error: why it is no Python; then the rest is empty.
    """

    fingerprint: str = ""
    imports: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    version: int | None = None
    declares: bool = False
    offers: dict[str, str] = field(default_factory=dict)
    metric: bool = False
    error: str | None = None


def of_python(text: str, module: str) -> Facts:
    """Return the facts of a Python file.

    Args:
        text: of the file.
        module: its dotted name, "softbench.losses" for a package; relative imports begin there.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        return Facts(error=f"{line} is no Python: {error.args[0]}")
    top = {name: value for node in tree.body for name, value in assigned(node).items()}
    declared = top.get("VERSION")
    version = declared.value if isinstance(declared, ast.Constant) and isinstance(declared.value, int) else None
    imports = tuple(sorted(set(_imports(tree, module))))
    names = tuple(sorted(set(_data_names(tree))))
    metric = module.startswith("softbench.metrics.") and "METRIC" in top
    return Facts(_of_tree(tree), imports, names, version, declared is not None, _offers(tree, module), metric)


def of_data(content: bytes) -> Facts:
    """Return the facts of a data file; a template names those that it includes."""
    included = INCLUDED.findall(content.decode("utf-8", errors="replace"))
    return Facts(hashlib.sha256(content).hexdigest()[:32], names=tuple(sorted(set(included))))


def _is_name(node: ast.AST | None, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _imports(tree: ast.Module, module: str) -> Iterator[str]:
    """Give what is imported at the top and inside functions, and what is taken from an imported package by a dot."""
    bound: dict[str, str] = {}  # name in this file -> dotted name
    nodes = list(_run_nodes(tree))
    for node in nodes:
        bound |= _bound(node, module)
        yield from (
            (alias.name for alias in node.names) if isinstance(node, ast.Import) else _bound(node, module).values()
        )
    for node in nodes:
        dotted = _dotted(node)
        name, _, rest = dotted.partition(".")
        if rest and name in bound:
            yield f"{bound[name]}.{rest}"


def _offers(tree: ast.Module, module: str) -> dict[str, str]:
    if not any(isinstance(node, ast.FunctionDef) and node.name == "__getattr__" for node in tree.body):
        return {}
    seen = (
        child for node in tree.body if isinstance(node, ast.If) and _asks_for_types(node.test) for child in node.body
    )
    return {name: dotted for node in seen for name, dotted in _bound(node, module).items()}


def _run_nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Give every node but those that only a type checker sees."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        hidden = node.body if isinstance(node, ast.If) and _asks_for_types(node.test) else []
        waiting.extend(child for child in ast.iter_child_nodes(node) if child not in hidden)


def _asks_for_types(test: ast.expr) -> bool:
    return _is_name(test, "TYPE_CHECKING") or (isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING")


def _bound(node: ast.AST, module: str) -> dict[str, str]:
    """Return the names that an import gives, each with the dotted name that it stands for."""
    if isinstance(node, ast.Import):
        pairs = ((alias, alias.name if alias.asname else alias.name.partition(".")[0]) for alias in node.names)
        return {alias.asname or name: name for alias, name in pairs}
    if isinstance(node, ast.ImportFrom):
        return {alias.asname or alias.name: f"{_base(node, module)}.{alias.name}" for alias in node.names}
    return {}


def _base(node: ast.ImportFrom, module: str) -> str:
    """Return the dotted name that an import takes from; a package's own name ends in `.__init__` in `module`."""
    if not node.level:
        return node.module or ""
    parents = module.split(".")[: -node.level]
    return ".".join([*parents, *([node.module] if node.module else [])])


def _dotted(node: ast.AST) -> str:
    """Return `a.b.c` of such an expression, and nothing of any other."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute) and (before := _dotted(node.value)):
        return f"{before}.{node.attr}"
    return ""


def _data_names(tree: ast.Module) -> Iterator[str]:
    """Give each text that looks like the name of a file, and the end of each that is put together, `f"{name}.j2"`."""
    for node in ast.walk(tree):
        last = node.values[-1] if isinstance(node, ast.JoinedStr) and node.values else node
        if isinstance(last, ast.Constant) and isinstance(last.value, str):
            name = last.value.rpartition("/")[2]
            if len(name) < 80 and DATA_NAME.fullmatch(name) and not name.endswith(".py"):
                yield name


def _of_tree(tree: ast.Module) -> str:
    parts: list[str] = []
    _write(tree, parts, docstrings=any(map(_reads_docstrings, ast.walk(tree))))
    return hashlib.sha256("".join(parts).encode("utf-8", errors="surrogatepass")).hexdigest()[:32]


def _reads_docstrings(node: ast.AST) -> bool:
    return (isinstance(node, ast.Attribute) and node.attr == "__doc__") or _is_name(node, "__doc__")


def _write(value: object, parts: list[str], *, docstrings: bool) -> None:
    """Write a tree as text that is the same for every Python: no places in the file, and nothing that is empty."""
    if isinstance(value, list):
        parts.append("[")
        for part in value:
            if not set(assigned(part)) & set(WORDS) and (docstrings or not _is_text_alone(part)):
                _write(part, parts, docstrings=docstrings)
        parts.append("]")
    elif isinstance(value, ast.AST):
        parts.append(f"({type(value).__name__}")
        for name in value._fields:
            content = getattr(value, name, None)
            if content is not None and content != []:
                parts.append(f" {name}=")
                _write(content, parts, docstrings=docstrings)
            elif content is None and isinstance(value, ast.Constant) and name == "value":
                parts.append(" None")
        parts.append(")")
    else:
        parts.append(f"{type(value).__name__}:{value!r}")


def _is_text_alone(node: object) -> bool:
    """Return whether a statement is a text that nobody takes: a docstring."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
