"""The papers' tables of config: where the numbers beside each printed block come from, in each of their forms."""

from collections.abc import Collection, Mapping
from typing import Any

from softbench.papers.rehearsal import SUFFIX
from softbench.plan.config.faults import MisfitError

DATA = ("published", "here", "open", "phantom")  # what `data` in config may be
OPEN = "_open"
FORMS = {"published": "", "here": "", "open": OPEN, "phantom": SUFFIX}  # data -> what a table's name ends with


def forms_of(tables: Mapping[str, Mapping[str, Any]], experiments: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return every paper table in its three forms: `svls_1`, `svls_1_open` and `svls_1_phantom`.

    A block holds `printed` and `arm` as the published table names them, `experiment`, `surrogate`, `same_cases` and
    `pick` (see `pick`; None where it picks no row). `variants` are methods of ours that the paper lacks: rows below
    its own.
    The open form takes a block's `open` experiment where it has one; the phantom form, `is_rehearsal`, the rehearsal.

    Raises: InputError: if a name is taken, or a block names an experiment that does not exist.
    """
    found: dict[str, dict[str, Any]] = {}
    for name, table in tables.items():
        for data in ("published", "open", "phantom"):
            form = name + FORMS[data]
            if form in found or (form in tables and form != name):
                raise MisfitError(("tables", name), f"is also made as {form}, but that name is taken. Rename it.")
            where = ("tables", name, "blocks")
            blocks = [_block((*where, index), block, data, experiments) for index, block in enumerate(table["blocks"])]
            found[form] = {**table, "blocks": blocks, "is_rehearsal": data == "phantom"}
    return found


def _block(where: tuple[Any, ...], block: Mapping[str, Any], data: str, experiments: Collection[str]) -> dict[str, Any]:
    own = block["experiment"]
    chosen = {"open": block.get("open", own), "phantom": own + SUFFIX}.get(data, own)
    if chosen not in experiments:
        lacks = f", so {own!r} needs a `rehearsal`" if data == "phantom" and own in experiments else ""
        raise MisfitError(where, f"needs the experiment {chosen!r}, which does not exist{lacks}.")
    is_own = chosen == own
    return {
        "printed": block["printed"],
        "arm": block.get("arm"),
        "experiment": chosen,
        "surrogate": block.get("surrogate", False) or not is_own,
        "same_cases": block.get("same_cases", False) and is_own,
        "variants": block.get("variants", []),
        "pick": block.get("pick"),
    }
