"""Which methods `methods: all` of an experiment leaves out."""

from collections.abc import Mapping

from softbench.errors import InputError
from softbench.plan.config.faults import fault
from softbench.plan.config.nodes import Node
from softbench.plan.config.sweep import Sweep

OF_ALL = "config/methods.yaml"  # the file of the catalogue whose methods `methods: all` means
GONE = "on_request"  # said the same before config had several files


def by_name(top: Node, sweeps: Mapping[str, Mapping[str, Sweep]]) -> tuple[Node, frozenset[str]]:
    """Return config, and the methods that only experiments that name them run.

    Those are the methods of the catalogue, but for config/methods.yaml, and what sweeps make. An older file of the user
    that still says so by `on_request` is read; where it says otherwise, it is refused.

    Raises: InputError: with what to write in place of `on_request`.
    """
    methods = top.value["methods"]
    made = {name for one in sweeps["methods"].values() for name in one.made}
    found = frozenset(name for name, node in methods.value.items() if name in made or _is_elsewhere(node))
    kept = {name: _without_old_key(name, node, name in found) for name, node in methods.value.items()}
    return top.with_value({**top.value, "methods": methods.with_value(kept)}), found


def _is_elsewhere(node: Node) -> bool:
    return node.layer == 0 and node.place.file != OF_ALL


def _without_old_key(name: str, node: Node, is_asked: bool) -> Node:
    if not isinstance(node.value, dict) or GONE not in node.value:
        return node
    old = node.value[GONE]
    if old.value is not is_asked or old.layer == 0:
        raise _gone(name, old)
    return node.with_value({key: child for key, child in node.value.items() if key != GONE})


def _gone(name: str, old: Node) -> InputError:
    where = (
        "a method that only experiments that name it run stands in a file of its own in config/, e.g. config/mine.yaml"
    )
    alone = f"Delete it: {where}; one of config.yaml is run by all that say `methods: all` and not `except: [{name}]`."
    every = (
        f"Delete it: for `methods: all` to mean it, write `my_{name}: {{like: {name}}}` in `methods` of config.yaml."
    )
    return fault(old.place, ["methods", name, GONE], f"is gone. {alone if old.value else every}")
