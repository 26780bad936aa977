"""Values of config with the place at which each was written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

KeyPath: TypeAlias = tuple[Any, ...]  # keys and positions from the top, e.g. ("tables", "demo_brain", "columns", 2)


class Place(NamedTuple):
    """Where a value was written; `--config` has no lines."""

    file: str
    line: int = 0  # from 1; 0 where the file has no lines
    column: int = 0  # from 1

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Node:
    """One value: of a mapping and a list, the nodes in it.

    `place` is that of its key, of a list's item its own; what an alias (`*name`) stands for keeps the place at which it
    was written. `layer` counts the files from the catalogue (0) up; a merged mapping has that of its lowest part.
    """

    value: Any
    place: Place
    layer: int = 0

    def with_value(self, value: Any) -> "Node":
        """Return a node of the same place and layer with another value."""
        return Node(value, self.place, self.layer)


def plain(node: Node) -> Any:
    """Return the dicts, lists, texts and numbers of a node, without places."""
    if isinstance(node.value, dict):
        return {key: plain(child) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [plain(child) for child in node.value]
    return node.value


INSTEAD = {"epochs": "steps", "steps": "epochs"}  # a protocol is so long: one that is said later replaces either


def merged(below: Node, above: Node) -> Node:
    """Return one node with another over it: mappings are merged key by key, anything else is replaced."""
    if not (isinstance(below.value, dict) and isinstance(above.value, dict)):
        return above
    both = left(below.value, above.value)
    for key, child in above.value.items():
        both[key] = merged(both[key], child) if key in both else child
    return below.with_value(both)


def left(below: Mapping[Any, Node], above: Mapping[Any, Node]) -> dict[Any, Node]:
    """Return a mapping without the length of a protocol, if the mapping over it counts in the other unit."""
    return {key: node for key, node in below.items() if key in above or INSTEAD.get(key) not in above}


class Places:
    """Where each value of a config was written."""

    def __init__(self, top: Node) -> None:
        self._top = top

    def of(self, path: Sequence[Any]) -> Place | None:
        """Return the place of a value; that of the nearest parent that has one, or None.

        Args:
            path: keys and positions from the top, e.g. ("tables", "demo_brain", "columns", 2, "metric").
        """
        node, place = self._top, None
        for step in path:
            child = _child(node.value, step)
            if child is None:
                break
            node, place = child, child.place
        return place


def _child(value: Any, step: Any) -> Node | None:
    if isinstance(value, Mapping):
        return value.get(step)
    if isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
        found: Node = value[step]
        return found
    return None
