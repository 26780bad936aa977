"""Rows of a paper's table for which the paper does not say a parameter's value: which runs a table picks them from."""

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from softbench.errors import InputError

if TYPE_CHECKING:
    from softbench.plan.plan import Plan

UNPICKED = "@unpicked"  # what the key of a row ends with where nothing was picked; no method's name holds @


def methods_run(block: Mapping[str, Any], printed: Iterable[str]) -> list[str]:
    """Return the methods of a block that are run for its printed ones: those that a row is picked from, all of them."""
    rows = rows_of(block)
    found = [list(rows[method].values()) if method in rows else [method] for method in printed]
    return list(dict.fromkeys(method for some in found for method in some))


def rows_of(block: Mapping[str, Any]) -> Mapping[str, Mapping[float, str]]:
    """Return printed method -> value -> the method of ours that has it; nothing where a block picks no row."""
    return (block.get("pick") or {}).get("rows", {})


def settings_of(plan: "Plan", block: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what `reporting.beside.pick` needs of a block: `what`, `rows`, `beside` and `titles` of the rows.

    Of the values those are left that the experiment runs for every row: a user may have it run fewer.
    """
    if block.get("pick") is None:
        return None
    own, methods = block["pick"], plan.methods_of(block["experiment"])
    values = next(iter(own["rows"].values()))
    run = [value for value in values if all(of_row[value] in methods for of_row in own["rows"].values())]
    return {
        "what": own["what"],
        "rows": {row: {value: of_row[value] for value in run} for row, of_row in own["rows"].items()},
        "beside": [value for value in own.get("beside", []) if value in run],
        "titles": {row: plan.methods[row]["title"] for row in own["rows"]},
    }


def titles_of(plan: "Plan", block: Mapping[str, Any]) -> dict[str, str]:
    """Return the titles of the methods that a block's rows are picked from, which say the value of each."""
    what = (block.get("pick") or {}).get("what", "")
    titles: dict[str, str] = {}
    for row, values in rows_of(block).items():
        title = plan.methods[row]["title"]
        titles |= {method: f"{title}, {value:g} {what}" for value, method in values.items()}
        titles[row + UNPICKED] = title
    return titles


def check(where: str, block: Mapping[str, Any], methods: Collection[str]) -> None:
    """Raise where the rows that a block picks do not have the same values, or name a method that does not exist.

    Args:
        where: the block in config, for the message.
        block: of a paper's table.
        methods: of config.
    Raises: InputError: with what was found and what is known.
    """
    if block.get("pick") is None:
        return
    rows = rows_of(block)
    values = {row: sorted(of_row) for row, of_row in rows.items()}
    if len({tuple(one) for one in values.values()}) > 1:
        raise InputError(f"config.yaml: {where}.pick needs the same values in each of its rows, but has {values}.")
    named = [*rows, *(one for of_row in rows.values() for one in of_row.values())]
    if unknown := [one for one in named if one not in methods]:
        raise InputError(f"config.yaml: {where}.pick names {', '.join(map(repr, unknown))}, which `methods` lacks.")
    beside = [value for value in block["pick"].get("beside", []) if value not in next(iter(values.values()))]
    if beside:
        raise InputError(f"config.yaml: {where}.pick.beside names {beside}, which no row has; known: {values}.")
