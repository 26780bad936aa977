"""`sweep: {count: [500, 1000]}`: one entry of config makes one for each value, and lists name them all at once."""

import itertools
import math
import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from softbench.plan.places import KeyPath, Node, fault, known, merged, plain

SWEEP, KEY = "sweep", "key"
SWEPT = ("maps", "soft_labels", "methods")  # sections whose entries may be a sweep
NAMED_IN = ("experiments", "tables", "figures")  # sections that name sweeps, and what they make with them
FIELD = re.compile(r"\{([A-Za-z_]\w*)(?::([^{}]*))?\}")  # {count}, {beta:g}
NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True)
class Sweep:
    """A sweep of config: the entries that it stands for, in the order of its values."""

    members: tuple[tuple[tuple[Any, ...], str], ...]  # a value of each parameter, key of the entry
    made: Mapping[str, Node]  # those of them that it makes; the others are written elsewhere


Sweeps = Mapping[str, Mapping[str, Sweep]]  # section -> entry -> the sweep that it is


def expand(top: Node) -> tuple[Node, Sweeps]:
    """Return config with the entries that sweeps make in the place of the sweeps, and the sweeps of each section.

    `{count}` in any text of the entry becomes the value, `{count:g}` the value as Python's format writes it,
    `{count:key}` as keys have it; a text that is `{count}` alone becomes the number. Keys are `key` with the values in
    it, by default `<entry>_{count}`; a value loses its point there, 0.25 is 025. A value that has an entry of another
    name already is given with that name, {500: superpixel}, and makes none. A later layer's entry of the same key is
    merged over the made one.

    Raises: InputError: if a sweep cannot be read, makes a key twice, or one that the same layer or a lower one writes.
    """
    sections, sweeps = dict(top.value), dict[str, dict[str, Sweep]]()
    for section in SWEPT:
        entries = sections[section].value
        swept = (name for name, node in entries.items() if isinstance(node.value, dict) and SWEEP in node.value)
        sweeps[section] = {name: _sweep((section, name), entries[name]) for name in swept}
        sections[section] = sections[section].with_value(_with_made(section, entries, sweeps[section]))
        for name, sweep in sweeps[section].items():
            for _, key in sweep.members:
                if key not in sections[section].value:
                    said = f"names the entry {key!r}, which {section} lacks. {known(key, sections[section].value)}"
                    raise fault(entries[name].value[SWEEP].place, [section, name, SWEEP], said)
    return top.with_value(sections), sweeps


def _with_made(section: str, entries: Mapping[str, Node], sweeps: Mapping[str, Sweep]) -> dict[str, Node]:
    """Return the entries of a section, made ones where their sweep stands."""
    every: dict[str, Node] = {}
    made_by: dict[str, str] = {}
    for name, node in entries.items():
        for key, made in sweeps[name].made.items() if name in sweeps else ():
            if key in made_by:
                raise fault(
                    node.place, [section, name], f"makes {key!r}, as {section}.{made_by[key]} does. Rename one."
                )
            made_by[key] = name
            every[key] = over_made((section, name), made, key, entries.get(key))
        if name not in sweeps and name not in made_by:
            every[name] = node
    return every


def over_made(path: KeyPath, made: Node, key: str, written: Node | None) -> Node:
    """Return an entry that config makes, with what a later layer says of it.

    Args:
        path: of the entry that makes it, for the message.
        made: entry.
        key: its key.
        written: the entry of that key that config holds as well.
    Raises: InputError: if that one is not of a later layer.
    """
    if written is None:
        return made
    if written.layer <= made.layer:
        raise fault(made.place, path, f"makes {key!r}, which also stands in {written.place}. Rename one of them.")
    return merged(made, written)


def _sweep(path: KeyPath, node: Node) -> Sweep:
    """Return the sweep that an entry of config is."""
    values = _values(path, node.value[SWEEP])
    pattern = node.value[KEY].value if KEY in node.value else "_".join([path[-1], *(f"{{{name}}}" for name in values)])
    entry = node.with_value({key: child for key, child in node.value.items() if key not in (SWEEP, KEY)})
    entry = _with_fields(entry, values)
    _require_fields(path, entry, node.value[SWEEP])
    members: list[tuple[tuple[Any, ...], str]] = []
    made: dict[str, Node] = {}
    for chosen in itertools.product(*(of_one.items() for of_one in values.values())):
        given = {name: value for name, (value, _) in zip(values, chosen, strict=True)}
        own = chosen[0][1] if len(chosen) == 1 else None
        key = own or _key(path, node, pattern, given)
        if key in [earlier for _, earlier in members]:
            raise fault(node.value[SWEEP].place, [*path, SWEEP], f"makes {key!r} twice. Leave out one value.")
        members.append((tuple(given.values()), key))
        if own is None:
            made[key] = _filled(path, entry, given)
    return Sweep(tuple(members), made)


def _values(path: KeyPath, sweep: Node) -> dict[str, dict[Any, str | None]]:
    """Return parameter -> value -> the name of the entry that it has already, or None."""
    if not isinstance(sweep.value, dict) or not sweep.value:
        raise fault(
            sweep.place, [*path, SWEEP], "must hold a parameter with its values: `sweep: {count: [500, 1000]}`."
        )
    return {name: _read_values(sweep, (*path, SWEEP, name), node) for name, node in sweep.value.items()}


def _read_values(sweep: Node, path: KeyPath, node: Node) -> dict[Any, str | None]:
    if not isinstance(node.value, list) or not node.value:
        raise fault(node.place, path, "must be a list of values: [500, 1000].")
    values: dict[Any, str | None] = {}
    for item in node.value:
        value, name = _value(path, item)
        if value in values:
            raise fault(item.place, path, f"has the value {value!r} twice.")
        if name is not None and len(sweep.value) > 1:
            raise fault(item.place, path, "names an entry of one value, which a sweep of several parameters cannot.")
        values[value] = name
    return values


def _value(path: KeyPath, item: Node) -> tuple[Any, str | None]:
    """Return a value and the name of its entry, if it has one already: `500`, or `{500: superpixel}`."""
    if _is_value(item.value):
        return item.value, None
    if isinstance(item.value, dict) and len(item.value) == 1:
        (value, name), *_ = item.value.items()
        if _is_value(value) and isinstance(name.value, str):
            return value, name.value
    said = f"holds {plain(item)!r}; a value is a number or a text, and {{500: its_key}} where its entry has a name."
    raise fault(item.place, path, said)


def _is_value(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return is_number or isinstance(value, str)


def _key(path: KeyPath, node: Node, pattern: Any, given: Mapping[str, Any]) -> str:
    """Return the key of a made entry: the pattern with values that lost their points."""
    place = node.value.get(KEY, node).place
    missing = [name for name in given if f"{{{name}}}" not in str(pattern)]
    if missing:
        raise fault(
            place, [*path, KEY], f"is {pattern!r}, which lacks {{{missing[0]}}}: all entries would be called alike."
        )
    key = FIELD.sub(lambda field: in_key(given[field[1]]) if field[1] in given else field[0], pattern)
    if not NAME.fullmatch(key):
        said = f"makes {key!r}; a key has small letters, digits and _ alone. Give another `key: name_{{…}}` or value."
        raise fault(place, path, said)
    return key


def in_key(value: Any) -> str:
    """Return a value as it stands in a key: without its point, and a whole number without its zero."""
    if isinstance(value, str):
        return value
    return str(int(value)) if value == int(value) else f"{Decimal(repr(value)):f}".replace(".", "")


def _with_fields(node: Node, names: Container[str]) -> Node:
    """Return an entry with texts in place of `count: {count}`, which YAML reads as a mapping with an empty value."""
    if isinstance(node.value, dict):
        if len(node.value) == 1 and all(key in names and child.value is None for key, child in node.value.items()):
            return node.with_value(f"{{{next(iter(node.value))}}}")
        return node.with_value({key: _with_fields(child, names) for key, child in node.value.items()})
    if isinstance(node.value, list):
        return node.with_value([_with_fields(child, names) for child in node.value])
    return node


def _require_fields(path: KeyPath, entry: Node, sweep: Node) -> None:
    """Raise where a text names a parameter that the sweep lacks, or none names one that it has."""
    named: set[str] = set()
    for at, text in _texts(path, entry):
        for name, _ in FIELD.findall(text.value):
            named.add(name)
            if name not in sweep.value:
                said = f"has {text.value!r}, but no such parameter. {known(name, sweep.value)}"
                raise fault(text.place, at, said)
    if unused := [name for name in sweep.value if name not in named]:
        said = f"has no text with {{{unused[0]}}}, so all its entries would be the same. Write {{{unused[0]}}} in one."
        raise fault(sweep.place, [*path, SWEEP], said)


def _texts(path: KeyPath, node: Node) -> Iterator[tuple[KeyPath, Node]]:
    if isinstance(node.value, str):
        yield path, node
    children = node.value.items() if isinstance(node.value, dict) else ()
    for key, child in enumerate(node.value) if isinstance(node.value, list) else children:
        yield from _texts((*path, key), child)


def _filled(path: KeyPath, node: Node, given: Mapping[str, Any]) -> Node:
    """Return an entry with values in place of the parameters."""
    if isinstance(node.value, dict):
        return node.with_value({key: _filled((*path, key), child, given) for key, child in node.value.items()})
    if isinstance(node.value, list):
        return node.with_value([_filled((*path, n), child, given) for n, child in enumerate(node.value)])
    return node.with_value(_text(path, node, given)) if isinstance(node.value, str) else node


def _text(path: KeyPath, node: Node, given: Mapping[str, Any]) -> Any:
    alone = FIELD.fullmatch(node.value)
    if alone and not alone[2]:
        return given[alone[1]]

    def filled(field: re.Match[str]) -> str:
        value, form = given[field[1]], field[2] or ""
        return in_key(value) if form == KEY else format(value, form)

    try:
        return FIELD.sub(filled, node.value)
    except ValueError as error:
        raise fault(node.place, path, f"is {node.value!r}, which cannot be filled in: {error}.") from None


def name_members(top: Node, sweeps: Sweeps) -> Node:
    """Return config with the entries of a sweep wherever experiments, tables and figures name it.

    `{sweep: name}` among the items of a list stands for the keys of its entries, each key once in the list; the key
    `sweep: name` in a mapping for value -> key, of which those that are written out stay as they are.

    Raises: InputError: if it names no sweep, or one of several parameters where values are needed.
    """
    sections = dict(top.value)
    for section in NAMED_IN:
        entries = sections[section].value
        sections[section] = sections[section].with_value(
            {name: _within((section, name), node, sweeps) for name, node in entries.items()}
        )
    return top.with_value(sections)


def _within(path: KeyPath, node: Node, sweeps: Sweeps) -> Node:
    """Return a value with the entries of all sweeps that are named in it."""
    if isinstance(node.value, dict):
        children: dict[Any, Node] = {}
        for key, child in node.value.items():
            if key == SWEEP:
                children |= {
                    value: point for value, point in _points(path, child, sweeps).items() if value not in node.value
                }
            else:
                children[key] = _within((*path, key), child, sweeps)
        return node.with_value(children)
    if isinstance(node.value, list):
        return node.with_value(_items(path, node.value, sweeps))
    return node


def _points(path: KeyPath, node: Node, sweeps: Sweeps) -> dict[Any, Node]:
    """Return value -> key of a sweep; whole numbers without a point, as they are written in points."""
    points: dict[Any, Node] = {}
    for values, key in _named(path, node, sweeps).members:
        if len(values) > 1:
            raise fault(node.place, [*path, SWEEP], f"names {node.value!r}, whose values have several parameters.")
        whole = isinstance(values[0], float) and values[0].is_integer()
        points[int(values[0]) if whole else values[0]] = node.with_value(key)
    return points


def _items(path: KeyPath, items: list[Node], sweeps: Sweeps) -> list[Node]:
    """Return the items of a list; where one names a sweep, each text stands in it once."""
    if not any(map(_names_sweep, items)):
        return [_within((*path, n), item, sweeps) for n, item in enumerate(items)]
    children: dict[Any, Node] = {}
    for n, item in enumerate(items):
        members = _named((*path, n), item.value[SWEEP], sweeps).members if _names_sweep(item) else ()
        for node in [item.with_value(key) for _, key in members] or [item]:
            children.setdefault(node.value if isinstance(node.value, str) else n, node)
    return list(children.values())


def _named(path: KeyPath, node: Node, sweeps: Sweeps) -> Sweep:
    section = "soft_labels" if "soft_labels" in path else "methods"
    if not isinstance(node.value, str) or node.value not in sweeps[section]:
        said = f"names {plain(node)!r}, which is no sweep of {section}. {known(node.value, sweeps[section])}"
        raise fault(node.place, [*path, SWEEP], said)
    return sweeps[section][node.value]


def _names_sweep(item: Node) -> bool:
    return isinstance(item.value, dict) and set(item.value) == {SWEEP}
