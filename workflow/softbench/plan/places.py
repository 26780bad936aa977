"""Values of config with the place at which each was written, and the messages that name it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from softbench.errors import InputError, listed, meant

KeyPath: TypeAlias = tuple[Any, ...]  # keys and positions from the top, e.g. ("tables", "demo_brain", "columns", 2)
ASSIGNED = "--config"  # what is typed comes after all files
INSTEAD = {"epochs": "steps", "steps": "epochs"}  # a protocol is so long: one that is said later replaces either


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

    def node(self, path: Sequence[Any]) -> Node | None:
        """Return the value at a path with all places in it; None where there is none."""
        node = self._top
        for step in path:
            if not isinstance(node.value, dict) or step not in node.value:
                return None
            node = node.value[step]
        return node

    def of(self, path: Sequence[Any]) -> Place | None:
        """Return the place of the value at a path (a `KeyPath`); that of the nearest parent that has one, or None."""
        node, place = self._top, None
        for step in path:
            try:
                node = node.value[step]
            except (KeyError, IndexError, TypeError):
                break
            if not isinstance(node, Node):  # a position in a text
                break
            place = node.place
        return place


class Fault(NamedTuple):
    """What is wrong with the value at a path: `said` follows the path in the message.

    `is_earlier`: the value is a key of an earlier version, which all faults of this kind are said together with.
    """

    path: KeyPath
    said: str
    is_earlier: bool = False


def fault(place: Place | None, path: Sequence[Any], said: str) -> InputError:
    """Return the error on one value of config: `file, line N: path.of.key <what was found and what to do>`."""
    return InputError(f"{place or 'config'}: {dotted(path)} {said}")


def refuse(wrong: Iterable[Fault], places: Places | None) -> None:
    """Raise the first fault by file and line, if there is any; `places` is None where nobody knows them, as in tests.

    Keys of an earlier version go first, all of them in one message: whoever has one such file has several such keys.

    Raises: InputError: `file, line N: path.of.key`, what was found, what is known, and which of it was probably meant.
    """
    found = list(wrong)
    placed = [(places.of(flaw.path) if places else None, flaw) for flaw in found]
    placed.sort(key=lambda pair: _order(pair[0]))
    written = {place or flaw.path: (place, flaw) for place, flaw in reversed(placed) if flaw.is_earlier}
    earlier = [str(_error(*pair)) for pair in reversed(written.values())]  # once each: `like` and aliases repeat a key
    if len(earlier) > 1:
        raise InputError("\n  ".join([f"config holds {len(earlier)} keys of an earlier version:", *earlier]))
    if placed:
        raise InputError(earlier[0]) if earlier else _error(*placed[0])


def _error(place: Place | None, flaw: Fault) -> InputError:
    return fault(place, flaw.path, flaw.said) if flaw.path else InputError(f"config.yaml {flaw.said}")


def _order(place: Place | None) -> tuple[bool, str, int, int]:
    return (False, "", 0, 0) if place is None else (place.file == ASSIGNED, *place)


def dotted(path: Sequence[Any]) -> str:
    """Return a path as messages name it: tables.demo_brain.columns.2.metric."""
    return ".".join(map(str, path))


def known(name: Any, names: Iterable[Any]) -> str:
    """Return the end of a message on a name that does not exist: the nearest one, where there is one, and the known."""
    choices = list(names)
    return f"{meant(name, choices)} Known: {listed(name, choices)}.".strip()
