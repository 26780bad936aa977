"""One YAML text as nodes with places; what YAML would read in silence as something else is refused."""

import re
from typing import Any

import yaml
from yaml.constructor import SafeConstructor

from softbench.errors import InputError
from softbench.plan.places import KeyPath, Node, Place, fault

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C is ten times as fast
TAG = "tag:yaml.org,2002:"
MERGE = TAG + "merge"  # the key <<
TEXTS = {TAG + "str", TAG + "timestamp", TAG + "value"}  # a date is a text: no setting is one
EXPONENT = re.compile(r"[-+]?([0-9]+|[0-9]+\.[0-9]*|\.[0-9]+)[eE][-+]?[0-9]+")
TAB = re.compile(r"^ *\t", re.MULTILINE)
READS = SafeConstructor()


def load(content: bytes, file: str, layer: int) -> Node:
    """Return the mapping that a YAML file holds.

    Scalars are those of PyYAML's safe loader, but two: a number with an exponent and no point, 1e-4, is a number as in
    YAML 1.2, and a date is a text.

    Args:
        content: of the file; an empty one is an empty mapping.
        file: its name as the user knows it, for messages.
        layer: of the nodes.
    Raises: InputError: with file and line, if it is not UTF-8, is no YAML, has a tab in an indentation, a key twice in
        one mapping, a key that is no text or number, a tag of its own, or no mapping at its top.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(f"{Place(file, line)}: the file is not UTF-8. Save it as UTF-8.") from None
    node = compose(text, file)
    if node is None or node.tag == TAG + "null":
        return Node({}, Place(file, 1, 1), layer)
    if not isinstance(node, yaml.MappingNode):
        raise InputError(f"{Place(file, 1, 1)}: the file must hold keys with values (`seeds: [0, 1, 2]`) at its top.")
    return Tree(file, layer).node(node, Place(file, 1, 1), ())


def compose(text: str, file: str) -> yaml.Node | None:
    """Return PyYAML's tree of a text; raise with line, column and what is wrong where it is no YAML."""
    if tab := TAB.search(text):
        line = text.count("\n", 0, tab.start()) + 1
        raise InputError(f"{Place(file, line)}: the line begins with a tab, which YAML forbids. Write spaces.")
    try:
        return yaml.compose(text, LOADER)
    except yaml.MarkedYAMLError as error:
        raise InputError(_no_yaml(error, file)) from None
    except yaml.YAMLError as error:  # a character that YAML does not allow
        line = text.count("\n", 0, getattr(error, "position", 0)) + 1
        raise InputError(f"{Place(file, line)}: no YAML: {getattr(error, 'reason', error)}.") from None


def _no_yaml(error: yaml.MarkedYAMLError, file: str) -> str:
    """Say where YAML ends to be readable, and where what it was reading began."""
    mark, began = error.problem_mark or error.context_mark, error.context_mark
    said = f"{file}, line {mark.line + 1}, column {mark.column + 1}: no YAML: {error.problem}"
    if error.context and began is not None and began.line != mark.line:
        said += f", {error.context} that begins in line {began.line + 1}"
    hint = " Behind the colon of a key stands a space: `key: value`." if "':'" in str(error.problem) else ""
    return f"{said}.{hint}"


class Tree:
    """Turns PyYAML's tree of one file, or of one text of the command line, into nodes."""

    def __init__(self, file: str, layer: int, *, has_lines: bool = True) -> None:
        self.file, self.layer, self._has_lines = file, layer, has_lines
        self._open: set[int] = set()

    def node(self, node: yaml.Node, place: Place, path: KeyPath) -> Node:
        """Return the node of a value at a place."""
        if isinstance(node, yaml.ScalarNode):
            return Node(self._scalar(node, path), place, self.layer)
        if id(node) in self._open:
            raise fault(place, path, "holds itself: an alias (`*name`) stands within its own anchor.")
        if node.tag not in (TAG + "map", TAG + "seq"):
            raise fault(place, path, f"has the tag {node.tag!r}, which config does not know. Delete it.")
        self._open.add(id(node))
        value: Any
        if isinstance(node, yaml.MappingNode):
            value = self._mapping(node, path)
        else:
            value = [self.node(item, self._place(item), (*path, n)) for n, item in enumerate(node.value)]
        self._open.remove(id(node))
        return Node(value, place, self.layer)

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[Any, Node]:
        """Return the entries of a mapping; those of `<<` first, which its own replace."""
        inherited: dict[Any, Node] = {}
        own: dict[Any, Node] = {}
        places: dict[Any, Place] = {}
        for key_node, value in node.value:
            merges = key_node.tag == MERGE
            key, place = "<<" if merges else self._key(key_node, path), self._place(key_node)
            if key in places:
                where = f"; the first is in line {places[key].line}" if places[key].line else ""
                said = f"stands twice{where}. YAML would keep the last: rename or delete one."
                raise fault(place, (*path, key), said)
            places[key] = place
            if merges:
                inherited = self._inherited(value, (*path, key))
                continue
            is_alias = value.start_mark.index < key_node.start_mark.index
            own[key] = self.node(value, self._place(value) if is_alias else place, (*path, key))
        return {**inherited, **own}

    def _inherited(self, node: yaml.Node, path: KeyPath) -> dict[Any, Node]:
        """Return what `<<` gives: of several mappings, the first that has a key."""
        parents = node.value if isinstance(node, yaml.SequenceNode) else [node]
        entries: dict[Any, Node] = {}
        for parent in parents:
            given = self.node(parent, self._place(parent), path)
            if not isinstance(given.value, dict):
                raise fault(given.place, path, "takes a mapping (`<<: *name`), but was given something else.")
            entries = {**given.value, **entries}
        return entries

    def _key(self, node: yaml.Node, path: KeyPath) -> Any:
        key = self._scalar(node, path) if isinstance(node, yaml.ScalarNode) else None
        if isinstance(key, bool) or not isinstance(key, str | int | float):
            text = getattr(node, "value", "")
            said = f"has the key {text!r}" if isinstance(text, str) else "has a key of several parts"
            raise fault(self._place(node), path, f"{said}, which YAML reads as no text. Write it in quotes.")
        return key

    def _scalar(self, node: yaml.ScalarNode, path: KeyPath) -> Any:
        tag, text = node.tag.removeprefix(TAG), node.value
        if node.tag in TEXTS:
            return float(text) if not node.style and EXPONENT.fullmatch(text) else text
        try:
            if tag in ("int", "float", "bool", "null"):
                return getattr(READS, f"construct_yaml_{tag}")(node)
        except (ValueError, KeyError, IndexError):
            raise fault(self._place(node), path, f"is {text!r}, which is no {tag}.") from None
        raise fault(self._place(node), path, f"has the tag {node.tag!r}, which config does not know. Delete it.")

    def _place(self, node: yaml.Node) -> Place:
        if not self._has_lines:
            return Place(self.file)
        return Place(self.file, node.start_mark.line + 1, node.start_mark.column + 1)
