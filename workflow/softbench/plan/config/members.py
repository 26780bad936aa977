"""`sweep: geols_alpha` where experiments, tables and figures list methods: all entries of a sweep at once."""

from collections.abc import Mapping
from typing import Any

from softbench.plan.config.faults import fault, known
from softbench.plan.config.nodes import KeyPath, Node, plain
from softbench.plan.config.sweep import SWEEP, Sweep

NAMED_IN = ("experiments", "tables", "figures")


def name_members(top: Node, sweeps: Mapping[str, Mapping[str, Sweep]]) -> Node:
    """Return config with the entries of a sweep wherever experiments, tables and figures name it.

    `{sweep: name}` among the items of a list stands for the keys of its entries, each key once in the list; the key
    `sweep: name` in a mapping for value -> key, of which those that are written out stay as they are.

    Raises: InputError: if it names no sweep, or one of several parameters where values are needed.
    """
    sections = dict(top.value)
    for section in NAMED_IN:
        entries = sections[section].value
        sections[section] = sections[section].with_value(
            {name: _Members(sweeps).within((section, name), node) for name, node in entries.items()}
        )
    return top.with_value(sections)


class _Members:
    """Puts entries in the place of the sweeps that are named."""

    def __init__(self, sweeps: Mapping[str, Mapping[str, Sweep]]) -> None:
        self._sweeps = sweeps

    def within(self, path: KeyPath, node: Node) -> Node:
        """Return a value with the entries of all sweeps that are named in it."""
        if isinstance(node.value, dict):
            return node.with_value(self._mapping(path, node.value))
        if isinstance(node.value, list):
            return node.with_value(self._list(path, node.value))
        return node

    def _mapping(self, path: KeyPath, entries: Mapping[Any, Node]) -> dict[Any, Node]:
        found: dict[Any, Node] = {}
        for key, node in entries.items():
            if key == SWEEP:
                found |= self._points(path, node, entries)
            else:
                found[key] = self.within((*path, key), node)
        return found

    def _points(self, path: KeyPath, node: Node, written: Mapping[Any, Node]) -> dict[Any, Node]:
        """Return value -> key of a sweep; whole numbers without a point, as they are written in points."""
        points: dict[Any, Node] = {}
        for values, key in self._named(path, node).members:
            if len(values) > 1:
                raise fault(node.place, [*path, SWEEP], f"names {node.value!r}, whose values have several parameters.")
            whole = isinstance(values[0], float) and values[0].is_integer()
            points[int(values[0]) if whole else values[0]] = node.with_value(key)
        return {value: key for value, key in points.items() if value not in written}

    def _list(self, path: KeyPath, items: list[Node]) -> list[Node]:
        if not any(map(_names_sweep, items)):
            return [self.within((*path, n), item) for n, item in enumerate(items)]
        found: dict[Any, Node] = {}
        for n, item in enumerate(items):
            for one in self._members_of((*path, n), item) if _names_sweep(item) else [item]:
                found.setdefault(one.value if isinstance(one.value, str) else n, one)
        return list(found.values())

    def _members_of(self, path: KeyPath, item: Node) -> list[Node]:
        return [item.with_value(key) for _, key in self._named(path, item.value[SWEEP]).members]

    def _named(self, path: KeyPath, node: Node) -> Sweep:
        section = "soft_labels" if "soft_labels" in path else "methods"
        if not isinstance(node.value, str) or node.value not in self._sweeps[section]:
            said = f"names {plain(node)!r}, which is no sweep of {section}. {known(node.value, self._sweeps[section])}"
            raise fault(node.place, [*path, SWEEP], said)
        return self._sweeps[section][node.value]


def _names_sweep(item: Node) -> bool:
    return isinstance(item.value, dict) and set(item.value) == {SWEEP}
