"""What config says in short: `like`, parts that are given in place, and the methods that `methods: all` means."""

from typing import Any

from softbench.plan.config.layers import SECTIONS
from softbench.plan.config.sweep import Sweeps, over_made
from softbench.plan.places import Fault, KeyPath, Node, dotted, fault, known, left, merged, plain

LIKE = "like"
MOVED = (("methods", "soft_label", "soft_labels"), ("soft_labels", "map", "maps"))  # section, key, where it moves
OF_ALL = "config/methods.yaml"  # the file of the catalogue whose methods `methods: all` means
GONE = "on_request"  # said the same before config had several files


def take_others(top: Node) -> Node:
    """Return config with every `like` replaced by what it names.

    In an entry it names another entry of the same section; in a mapping within an entry, the same place of that entry.
    Keys written beside it replace those of the other wholly, as `<<` does; what a later layer says of the entry is
    merged over them key by key.

    Raises: InputError: if it names what does not exist, or itself through others.
    """
    taken, sections = _Taken(top), dict(top.value)
    for section in SECTIONS:
        node = sections[section]
        sections[section] = node.with_value({name: taken.whole((section, name)) for name in node.value})
    return top.with_value(sections)


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
        like = node.value[LIKE]
        if path in self._open:
            names = map(dotted, [*self._open[self._open.index(path) :], path])
            said = f"runs in a circle: {' is like '.join(names)}. Write out one of them."
            raise fault(like.place, [*path, LIKE], said)
        self._open.append(path)
        base = self._other(path, like)
        self._open.pop()
        return node.with_value(_over(base, node))

    def _other(self, path: KeyPath, like: Node) -> Node:
        """Return the mapping that a `like` names."""
        section, names, where = path[0], self._top.value[path[0]].value, [*path, LIKE]
        if not isinstance(like.value, str | int) or like.value not in names:
            said = f"names {plain(like)!r}, which {section} lacks. {known(like.value, names)}"
            raise fault(like.place, where, said)
        target: KeyPath = (section, like.value)
        node = self._at(target)
        for key in path[2:]:
            if not isinstance(node.value, dict) or key not in node.value:
                raise fault(like.place, where, f"names {like.value!r}, but {dotted(target)} has no {key!r}.")
            target = (*target, key)
            node = self._at(target)
        if not isinstance(node.value, dict):
            raise fault(like.place, where, f"names {like.value!r}, but {dotted(target)} holds no keys to take.")
        return node


def _over(base: Node, own: Node) -> dict[Any, Node]:
    """Return the keys of a mapping over those of the one it is like."""
    layer, both = own.value[LIKE].layer, left(base.value, own.value)
    for key, node in own.value.items():
        later = key in both and node.layer > layer  # said by a later file than `like`: merged, as layers are
        both[key] = merged(both[key], node) if later else node
    del both[LIKE]
    return both


def move_parts(top: Node) -> Node:
    """Return config in which methods name soft labels, and soft labels maps, of the same name as theirs.

    `methods.mine: {soft_label: {recipe: ls, alpha: 0.2}}` makes `soft_labels.mine`, and keeps `soft_label: mine`.

    Raises: InputError: if the same layer or a lower one writes an entry of that name as well.
    """
    sections = dict(top.value)
    for section, key, target in MOVED:
        entries, targets = dict(sections[section].value), dict(sections[target].value)
        for name, node in entries.items():
            made = node.value.get(key) if isinstance(node.value, dict) else None
            if made is not None and isinstance(made.value, dict):
                targets[name] = over_made((section, name, key), made, name, targets.get(name))
                entries[name] = node.with_value({**node.value, key: made.with_value(name)})
        sections[section] = sections[section].with_value(entries)
        sections[target] = sections[target].with_value(targets)
    return top.with_value(sections)


def methods_by_name(top: Node, sweeps: Sweeps) -> tuple[Node, frozenset[str], list[Fault]]:
    """Return config, the methods that only experiments that name them run, and what older files say otherwise.

    Those are the methods of the catalogue, but for config/methods.yaml, and what sweeps make. An older file of the user
    that still says so by `on_request` is read; where it says otherwise, that is a fault, which says what to write.
    """
    methods = top.value["methods"]
    made = {name for swept in sweeps["methods"].values() for name in swept.made}
    elsewhere = (name for name, node in methods.value.items() if node.layer == 0 and node.place.file != OF_ALL)
    names = frozenset({*elsewhere, *made} & set(methods.value))
    old = {name: node for name, node in methods.value.items() if isinstance(node.value, dict) and GONE in node.value}
    agreeing = {name for name, node in old.items() if _says(node.value[GONE], name in names)}
    kept = {name: _without_old_key(node) if name in agreeing else node for name, node in methods.value.items()}
    wrong = [_gone(name, node.value[GONE]) for name, node in old.items() if name not in agreeing]
    return top.with_value({**top.value, "methods": methods.with_value(kept)}), names, wrong


def _says(old: Node, by_name: bool) -> bool:
    """Whether a file of the user says by the old key what holds anyway."""
    return old.value is by_name and old.layer > 0


def _without_old_key(method: Node) -> Node:
    return method.with_value({key: child for key, child in method.value.items() if key != GONE})


def _gone(name: str, old: Node) -> Fault:
    """Return the fault of the old key, with what to write in its place."""
    if old.value:
        said = (
            "a method that only experiments that name it run stands in a file of its own in config/, e.g. "
            f"config/mine.yaml; one of config.yaml is run by all that say `methods: all` and not `except: [{name}]`."
        )
    else:
        said = f"for `methods: all` to mean it, write `my_{name}: {{like: {name}}}` in `methods` of config.yaml."
    return Fault(("methods", name, GONE), f"is gone. Delete it: {said}", is_earlier=True)
