"""Tables of papers and figures in each of their forms: on published data, on open data that stands in, on phantoms.

The form on phantoms is a rehearsal: each experiment of a paper again, tiny, tried before a campaign costs anything.
"""

from collections.abc import Collection, Mapping
from typing import Any

SUFFIX = "_phantom"  # of what is rehearsed
ABOUT_REHEARSAL = (
    "A rehearsal: the whole path, from images to what is shown here, on phantoms, with small networks and short runs. "
    "It tells whether everything runs; the numbers mean nothing."
)
CHOICES_OF_REHEARSAL = "The choices named here are those of the table on the paper's data."
COUNTED = ("epochs", "steps")  # how long a protocol is
DATA = ("published", "here", "open", "phantom")  # what `data` in config may be
OPEN = "_open"
FORMS = {"published": "", "here": "", "open": OPEN, "phantom": SUFFIX}  # data -> what a table's name ends with
UNPICKED = "@unpicked"  # what the key of a row ends with where nothing was picked; no method's name holds @

KINDS = (
    "sweep",
    "slices",
    "probabilities",
    "downsampling",
    "discrepancy",
    "soft_labels",
    "reliability",
    "training",
    "worked_example",
    "channels",
)
NEED_TRAINING = ("probabilities", "discrepancy", "slices", "reliability", "sweep", "training")
OF_ONE_EXPERIMENT = ("channels", "discrepancy", "downsampling", "soft_labels")
STANDS_IN = {OPEN: "open stand-in", SUFFIX: "phantom"}
TAKEN = ("reliability", "soft_labels", "ranks", "cases")  # figures of a table are called `<one of these>_<table>`

Named = Mapping[str, dict[str, Any]]


def rehearsal_title(printed: str) -> str:
    """Return the title of what is rehearsed."""
    return f"Rehearsal on phantoms: {printed}"


def add_rehearsals(experiments: Named, protocols: Named) -> tuple[dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    """Return experiments and protocols with those of all rehearsals, `<experiment>_phantom`.

    A rehearsal has the methods, loss and scoring of its experiment, and what its `rehearsal` says in place of the rest;
    its protocol is the experiment's with the entries of `rehearsal.protocol` over it, of which `epochs` or `steps`
    stand in place of either.
    """
    every = {name: {key: entry[key] for key in entry if key != "rehearsal"} for name, entry in experiments.items()}
    protocols = dict(protocols)
    for name, rehearsed in ((name, entry["rehearsal"]) for name, entry in experiments.items() if "rehearsal" in entry):
        new, shortened = name + SUFFIX, rehearsed.get("protocol", {})
        dropped = COUNTED if set(shortened) & set(COUNTED) else ()  # it counts in epochs or steps, never both
        long = protocols[experiments[name]["protocol"]]
        protocols[new] = {key: long[key] for key in long if key not in dropped} | shortened
        own = {key: rehearsed[key] for key in rehearsed if key != "protocol"}
        every[new] = every[name] | {"split": "main", "protocol": new} | own
    return every, protocols


def table_forms(tables: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return every paper table in its three forms: `svls_1`, `svls_1_open` and `svls_1_phantom`.

    A block holds `printed` and `arm` as the published table names them, `experiment`, `surrogate`, `same_cases` and
    `pick` (None where it picks no row). `variants` are methods of ours that the paper lacks: rows below its own.
    The open form takes a block's `open` experiment where it has one; the phantom form, `is_rehearsal`, the rehearsal.
    """
    return {
        name + FORMS[data]: {
            **table, "blocks": [_block(block, data) for block in table["blocks"]], "is_rehearsal": data == "phantom"
        }
        for name, table in tables.items()
        for data in ("published", "open", "phantom")
    }  # fmt: skip


def _block(block: Mapping[str, Any], data: str) -> dict[str, Any]:
    own = block["experiment"]
    chosen = {"open": block.get("open", own), "phantom": own + SUFFIX}.get(data, own)
    return {
        "printed": block["printed"],
        "arm": block.get("arm"),
        "experiment": chosen,
        "surrogate": block.get("surrogate", False) or chosen != own,
        "same_cases": block.get("same_cases", False) and chosen == own,
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
    """
    every = {name: dict(figure) for name, figure in figures.items()}
    rehearsals = {name: name + SUFFIX for name in experiments if name + SUFFIX in experiments}
    for name, figure in figures.items():
        rehearsed = {"title": rehearsal_title(figure["title"]), "about": ABOUT_REHEARSAL}
        for ending, instead, said in ((OPEN, stand_ins, {}), (SUFFIX, rehearsals, rehearsed)):
            if set(figure["experiments"]) & set(instead):
                every[name + ending] = _figure(figure, instead, STANDS_IN[ending]) | said
    return every


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
