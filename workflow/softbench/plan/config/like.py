"""`like: <key>`: an entry takes another of its section, and its own keys replace the other's."""

from typing import Any

from softbench.errors import InputError
from softbench.plan.config.faults import dotted, fault, known
from softbench.plan.config.layers import SECTIONS
from softbench.plan.config.nodes import KeyPath, Node, left, merged, plain

LIKE = "like"


def resolve(top: Node) -> Node:
    """Return config with every `like` replaced by what it names.

    In an entry it names another entry of the same section; in a mapping within an entry, the same place of that entry.
    Keys written beside it replace those of the other wholly, as `<<` does; what a later layer says of the entry is
    merged over them key by key.

    Raises: InputError: if it names what does not exist, or itself through others.
    """
    taken = _Taken(top)
    return top.with_value(
        {
            section: node.with_value({name: taken.whole((section, name)) for name in node.value})
            if section in SECTIONS
            else node
            for section, node in top.value.items()
        }
    )


class _Taken:
    """The entries of a config, each with what its `like` names."""

    def __init__(self, top: Node) -> None:
        self._top = top
        self._done: dict[KeyPath, Node] = {}
        self._open: list[KeyPath] = []

    def whole(self, path: KeyPath) -> Node:
        """Return what stands at a path, and all below it."""
        node = self._at(path)
        if not isinstance(node.value, dict):
            return node
        return node.with_value({key: self.whole((*path, key)) for key in node.value})

    def _at(self, path: KeyPath) -> Node:
        """Return what stands at a path: of a mapping, its keys and those that it takes; not yet what lies below."""
        if path not in self._done:
            node: Node = (self._top.value[path[0]] if len(path) == 2 else self._at(path[:-1])).value[path[-1]]
            takes = isinstance(node.value, dict) and LIKE in node.value
            self._done[path] = self._with_other(path, node) if takes else node
        return self._done[path]

    def _with_other(self, path: KeyPath, node: Node) -> Node:
        if path in self._open:
            raise self._circle(path, node)
        self._open.append(path)
        other = self._other(path, node.value[LIKE])
        self._open.pop()
        return node.with_value(_over(other, node))

    def _other(self, path: KeyPath, like: Node) -> Node:
        """Return the mapping that a `like` names."""
        section, names = path[0], self._top.value[path[0]].value
        if not isinstance(like.value, str | int) or like.value not in names:
            raise fault(
                like.place, [*path, LIKE], f"names {plain(like)!r}, which {section} lacks. {known(like.value, names)}"
            )
        target: KeyPath = (section, like.value)
        node = self._at(target)
        for key in path[2:]:
            if not isinstance(node.value, dict) or key not in node.value:
                raise fault(like.place, [*path, LIKE], f"names {like.value!r}, but {dotted(target)} has no {key!r}.")
            target = (*target, key)
            node = self._at(target)
        if not isinstance(node.value, dict):
            raise fault(like.place, [*path, LIKE], f"names {like.value!r}, but {dotted(target)} holds no keys to take.")
        return node

    def _circle(self, path: KeyPath, node: Node) -> InputError:
        names = [dotted(one) for one in [*self._open[self._open.index(path) :], path]]
        said = f"runs in a circle: {' is like '.join(names)}. Write out one of them."
        return fault(node.value[LIKE].place, [*path, LIKE], said)


def _over(other: Node, own: Node) -> dict[Any, Node]:
    """Return the keys of a mapping over those of the one it is like."""
    layer, both = own.value[LIKE].layer, left(other.value, own.value)
    for key, node in own.value.items():
        later = key in both and node.layer > layer  # said by a later file than `like`: merged, as layers are
        both[key] = merged(both[key], node) if later else node
    del both[LIKE]
    return both
