"""Rows of a paper's table for which the paper does not say a parameter's value: which runs a table picks them from."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

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
    """Return what `papers.comparison.pick` needs of a block: `what`, `rows`, `beside` and `titles` of the rows.

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
