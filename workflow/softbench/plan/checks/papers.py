"""Does a paper's table of config fit the printed one: its data sets, arms and rows, and what is picked for them."""

from collections.abc import Iterator, Mapping
from typing import Any

from softbench.plan.checks.facts import Facts
from softbench.plan.config.faults import known
from softbench.plan.config.names import published
from softbench.plan.config.nodes import KeyPath
from softbench.plan.config.walk import Fault


def faults(facts: Facts) -> Iterator[Fault]:
    """Yield what does not fit in the tables of config that show a printed one."""
    for name, table in facts.plan.config["tables"].items():
        for place, block in enumerate(table.get("blocks", [])):
            path = ("tables", name, "blocks", place)
            printed = published()[table["published"]]
            yield from _printed(path, block, printed)
            yield from _variants(path, block, printed)
            yield from _pick(path, block, printed)
            yield from _networks(path, block, facts)


def coordinates(table: Mapping[str, Any], name: str) -> list[str]:
    """Return the values of a coordinate of a printed table's cells, e.g. its methods, each once."""
    parts = [table.get("same", {}), *table["rows"], *table["columns"]]
    return list(dict.fromkeys(str(part[name]) for part in parts if name in part))


def _printed(path: KeyPath, block: Mapping[str, Any], table: Mapping[str, Any]) -> Iterator[Fault]:
    for key, name, what in (("printed", "dataset", "data set"), ("arm", "arm", "arm")):
        names = coordinates(table, name)
        if key in block and block[key] not in names:
            yield Fault((*path, key), f"is {block[key]!r}, a {what} that is not printed. {known(block[key], names)}")
    arms = coordinates(table, "arm")
    if arms and "arm" not in block:
        yield Fault(path, f"lacks 'arm': the printed table has several. {known('', arms)}")


def _variants(path: KeyPath, block: Mapping[str, Any], table: Mapping[str, Any]) -> Iterator[Fault]:
    for place, method in enumerate(block.get("variants", [])):
        if method in coordinates(table, "method"):
            said = f"is {method!r}, a row of the printed table, so no variant. Leave it out: it is shown anyway."
            yield Fault((*path, "variants", place), said)


def _pick(path: KeyPath, block: Mapping[str, Any], table: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield rows that are not printed, that have other values than the first, and unknown values beside them."""
    if "pick" not in block:
        return
    rows, names = block["pick"]["rows"], coordinates(table, "method")
    values = list(next(iter(rows.values())))
    for row, of_row in rows.items():
        if row not in names:
            yield Fault((*path, "pick", "rows", row), f"is a row that is not printed. {known(row, names)}")
        if set(of_row) != set(values):
            said = f"needs the values of the first row, {values}, but has {list(of_row)}: one value is picked for all."
            yield Fault((*path, "pick", "rows", row), said)
    for place, value in enumerate(block["pick"].get("beside", [])):
        if value not in values:
            said = f"is {value}, a value that no row has. {known(value, values)}"
            yield Fault((*path, "pick", "beside", place), said)


def _networks(path: KeyPath, block: Mapping[str, Any], facts: Facts) -> Iterator[Fault]:
    """Yield experiments with several networks: the rows of a block are of one."""
    for key in ("experiment", "open"):
        names = facts.plan.experiments[block[key]]["networks"] if key in block else [""]
        if len(names) != 1:
            said = f"is {block[key]!r}, which has the networks {', '.join(names)}, but a block shows one."
            yield Fault((*path, key), said)
