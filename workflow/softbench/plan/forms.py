"""Tables of papers and figures in each of their forms: on published data, on open data that stands in, on phantoms."""

from collections.abc import Collection, Mapping
from typing import Any

from softbench.papers import rehearsal
from softbench.papers.rehearsal import SUFFIX
from softbench.plan.places import MisfitError

DATA = ("published", "here", "open", "phantom")  # what `data` in config may be
OPEN = "_open"
FORMS = {"published": "", "here": "", "open": OPEN, "phantom": SUFFIX}  # data -> what a table's name ends with
UNPICKED = "@unpicked"  # what the key of a row ends with where nothing was picked; no method's name holds @

KINDS = ("sweep", "slices", "probabilities", "downsampling", "discrepancy", "soft_labels", "reliability", "training")
NEED_TRAINING = ("probabilities", "discrepancy", "slices", "reliability", "sweep", "training")
OF_ONE_EXPERIMENT = ("discrepancy", "downsampling", "soft_labels")
STANDS_IN = {OPEN: "open stand-in", SUFFIX: "phantom"}
TAKEN = ("reliability", "soft_labels", "ranks", "cases")  # figures of a table are called `<one of these>_<table>`


def table_forms(tables: Mapping[str, Mapping[str, Any]], experiments: Collection[str]) -> dict[str, dict[str, Any]]:
    """Return every paper table in its three forms: `svls_1`, `svls_1_open` and `svls_1_phantom`.

    A block holds `printed` and `arm` as the published table names them, `experiment`, `surrogate`, `same_cases` and
    `pick` (None where it picks no row). `variants` are methods of ours that the paper lacks: rows below its own.
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


def figure_forms(
    figures: Mapping[str, Mapping[str, Any]], experiments: Collection[str], stand_ins: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """Return every figure, and those of its forms that show other data: `<figure>_open` and `<figure>_phantom`.

    Args:
        figures: of config.
        experiments: that exist; `<experiment>_phantom` is the rehearsal of one.
        stand_ins: experiment -> the one on open data that stands in for it.
    Raises: InputError: if the name of a form is taken.
    """
    found = {name: dict(figure) for name, figure in figures.items()}
    rehearsals = {name: name + SUFFIX for name in experiments if name + SUFFIX in experiments}
    for name, figure in figures.items():
        rehearsed = {"title": rehearsal.title(figure["title"]), "about": rehearsal.ABOUT}
        for ending, instead, said in ((OPEN, stand_ins, {}), (SUFFIX, rehearsals, rehearsed)):
            if not set(figure["experiments"]) & set(instead):
                continue
            if name + ending in figures:
                raise MisfitError(("figures", name), f"is also made as {name + ending}: rename the other one.")
            found[name + ending] = _figure(figure, instead, STANDS_IN[ending]) | said
    return found


def _figure(figure: Mapping[str, Any], instead: Mapping[str, str], words: str) -> dict[str, Any]:
    """Return a figure with other experiments in the place of its own, which their names say."""
    names = {name: figure.get("names", {}).get(name, name) for name in figure["experiments"]}
    said = {
        instead.get(name, name): f"{title} ({words})" if name in instead else title for name, title in names.items()
    }
    return {**figure, "experiments": list(said), "names": said}


def figure_methods(figure: Mapping[str, Any]) -> list[str]:
    """Return the methods whose runs a figure shows or chooses its cases by, in its order, each once."""
    of_arms = [method for arm in figure.get("arms", {}).values() for method in arm]
    chosen_by = [figure["chosen_by"]] if "chosen_by" in figure else []
    named = [*figure.get("points", {}).values(), *figure.get("methods", []), *of_arms, *chosen_by]
    return list(dict.fromkeys(named))
