"""A method that gives its soft label in place, a soft label that gives its map: each becomes an entry of its own."""

from typing import Any

from softbench.plan.config.nodes import Node
from softbench.plan.config.sweep import over_made

MOVED = (("methods", "soft_label", "soft_labels"), ("soft_labels", "map", "maps"))


def move(top: Node) -> Node:
    """Return config in which methods name soft labels, and soft labels maps, of the same name as theirs.

    `methods.mine: {soft_label: {recipe: ls, alpha: 0.2}}` makes `soft_labels.mine`, and keeps `soft_label: mine`.

    Raises: InputError: if the same layer or a lower one writes an entry of that name as well.
    """
    sections = dict(top.value)
    for section, key, target in MOVED:
        entries, targets = dict(sections[section].value), dict(sections[target].value)
        for name, node in entries.items():
            if _gives(node, key):
                made = node.value[key]
                targets[name] = over_made((section, name, key), made, name, targets.get(name))
                entries[name] = node.with_value({**node.value, key: made.with_value(name)})
        sections[section] = sections[section].with_value(entries)
        sections[target] = sections[target].with_value(targets)
    return top.with_value(sections)


def _gives(node: Node, key: str) -> bool:
    """Return whether an entry holds a mapping where others hold a name."""
    entry: Any = node.value
    return isinstance(entry, dict) and key in entry and isinstance(entry[key].value, dict)
