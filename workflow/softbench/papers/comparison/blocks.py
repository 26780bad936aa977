"""From the batches of an experiment to the block of a paper's table that they stand beside."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from softbench.jobs import joint_manifest
from softbench.papers.comparison import lengths, pick, results
from softbench.papers.comparison.parts import Block
from softbench.papers.published import PublishedTable
from softbench.tables import assemble
from softbench.tables.scaled import with_scaled

VERSION = 2


def read(table: PublishedTable, settings: Mapping[str, Any]) -> list[Block]:
    """Return the blocks of a paper's table, read from what their batches list.

    Args:
        table: the printed one.
        settings: `policy` and `grid` where they are not the default, and `blocks`: each with `printed`, `arm`, `data`,
            `surrogate`, `same_cases`, `structures`, `composites`, `command`, `batches` (paths), `methods` (those wanted
            of a manifest that lists several; all where left out), `scaled` (method -> key of a further row: its runs
            at their own temperature), `lengths` (of `notes.lengths_of`), `pick` (of `plan.pick.settings_of`),
            and `missing`, why nothing was run, or None.
    Returns: one block each. Without runs its results are None, and the note says why; failed runs are named in it.
    Raises: InputError: if a file of a run is damaged; and as `results.results`.
    """
    return [_block(table, one, settings) for one in settings["blocks"]]


def _block(table: PublishedTable, one: Mapping[str, Any], settings: Mapping[str, Any]) -> Block:
    batches, methods = one["batches"], one.get("methods")
    seeds = _seeds(batches if one["missing"] is None else (), methods)
    picked = pick.pick(one.get("pick"), seeds)
    known: dict[str, Any] = {
        "data": one["data"],
        "surrogate": one["surrogate"],
        "same_cases": one["same_cases"],
        "structures": one["structures"],
        "command": one["command"],
        "methods": picked.methods,
        "told": (*picked.told, *lengths.sentences(one.get("lengths", ()), seeds)),
    }
    if one["missing"] is not None:
        return Block(one["printed"], one["arm"], note=_sentence(one["missing"]), **known)
    try:
        runs = assemble.read(map(Path, batches), methods=methods)
    except assemble.NoRunError as error:  # the other blocks are shown all the same
        return Block(one["printed"], one["arm"], note=_sentence(str(error)), **known)
    composites = one["composites"] or None
    choice = {key: settings[key] for key in ("policy", "grid") if key in settings}
    shown = runs.scores[~runs.scores["method"].isin(picked.unshown)]
    scores = with_scaled(shown, assemble.RAW, one["scaled"])
    found = results.results(scores, table, one["printed"], composites=composites, **choice)
    return Block(one["printed"], one["arm"], found, note=_failures(runs.failed), **known)


def _seeds(batches: Sequence[str], methods: Collection[str] | None = None) -> dict[str, list[Mapping[str, Any]]]:
    """Return what the batches tell of finished seeds, by method."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for batch in joint_manifest.read(map(Path, batches), methods):
        done = [seed for seed in batch.content["seeds"].values() if seed["status"] == "done"]
        found.setdefault(batch.content["run"]["method"], []).extend(done)
    return found


def _failures(failed: Sequence[Mapping[str, Any]]) -> str:
    """Count and name runs that gave no score; empty where there are none."""
    if not failed:
        return ""
    named = "; ".join(f"{one['method']}, seed {one['seed']}: {one['reason']}" for one in failed)
    return _sentence(f"failed runs: {len(failed)}, in no mean. {named}")


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
