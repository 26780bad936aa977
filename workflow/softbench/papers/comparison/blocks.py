"""From the batches of an experiment to the block of a paper's table that they stand beside, and what is said of it.

Where the paper does not say at which value of a parameter its rows stand, validation picks one: for each value, the
mean over rows of the mean over seeds of the validation DSC of the weights that were kept; the highest counts, the
smallest value of equals. All rows of a block take the same value. Test cases have no part in it.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from softbench.errors import in_words
from softbench.jobs import pieces
from softbench.length import Length, words
from softbench.papers.comparison import results
from softbench.papers.comparison.build import Block
from softbench.papers.published import PublishedTable
from softbench.plan.forms import UNPICKED
from softbench.tables import assemble, temperatures
from softbench.tables.sheet import DIGITS, NOTHING, number
from softbench.tables.table import with_scaled
from softbench.tables.temperatures import Temperature, are_few

VERSION = 3
FinishedSeed = Mapping[str, Any]  # what a batch's manifest tells of a finished seed


def sentences(lengths: Sequence[Mapping[str, Any]], seeds: Mapping[str, Sequence[FinishedSeed]]) -> tuple[str, ...]:
    """Return the lines under a table that say the steps of a block's runs beside their epochs, and their precision.

    Args:
        lengths: of `answers.papers.lengths`; what is None there is taken from the runs.
        seeds: method -> what its batches tell of its finished seeds.
    """
    several = len(lengths) > 1
    said = [_length(stated, _facts(stated["methods"], seeds), named=several) for stated in lengths]
    return (*said, *_precision([facts for stated in lengths for facts in _facts(stated["methods"], seeds)]))


def _facts(methods: Sequence[str], seeds: Mapping[str, Sequence[FinishedSeed]]) -> list[Mapping[str, Any]]:
    return [seed["training"] for method in methods for seed in seeds.get(method, ()) if "training" in seed]


def _length(stated: Mapping[str, Any], facts: Sequence[Mapping[str, Any]], *, named: bool) -> str:
    length = Length(**stated["length"])
    if length.cases is None and facts:
        length = replace(length, cases=facts[0]["cases"], steps=facts[0]["steps"])
    whose = f" of {', '.join(stated['titles'])}" if named else ""
    return f"Training{whose}: {words(length)}."


def _precision(facts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    precisions = sorted({seed["precision"] for seed in facts})
    if precisions:
        yield f"Precision of the activations in these runs: {in_words(precisions)}."


Seeds = Mapping[str, Sequence[Mapping[str, Any]]]  # method -> what its batches tell of its finished seeds
WAITS = "the rows with {what} are empty until the runs of every number of them are there; then validation picks one."
NONE_FINISHED = "no number of {what} could be picked: none has finished runs with a validation DSC in every row."
RULE = (
    "Our choice: the rows with {what} show {value} of them, which the paper does not say. Of {values}, it has the "
    "highest validation DSC, the mean of the {rows} rows' means over {seeds} seeds on {cases} that also {choose} the "
    "weights."
)
SPREAD = "Validation DSC, mean ± sd over seeds, at {value} and beside it: {rows}."


@dataclass(frozen=True)
class Picked:
    """methods: printed key -> ours; unshown: methods that were run to pick from and stand in no row; told: what is said
    of it under the table."""

    methods: Mapping[str, str]
    unshown: frozenset[str]
    told: tuple[str, ...]


def pick(wish: Mapping[str, Any] | None, seeds: Seeds) -> Picked:
    """Pick the value at which a block's rows stand.

    Args:
        wish: of `plan.shown.pick_settings`; None where a block picks none.
        seeds: of finished runs; a method that has a batch and no finished seed is there with none.
    Returns: what was picked. Until all methods have a batch nothing is, and the rows are empty.
    """
    if wish is None:
        return Picked({}, frozenset(), ())
    every = {method for values in wish["rows"].values() for method in values.values()}
    beside = {values[value] for values in wish["rows"].values() for value in wish["beside"]}
    if not every or every - set(seeds):
        return _nothing(wish, every - beside, WAITS)
    means = mean_dsc(wish["rows"], seeds)
    if not means:
        return _nothing(wish, every - beside, NONE_FINISHED)
    value = max(sorted(means), key=means.__getitem__)
    shown = {row: values[value] for row, values in wish["rows"].items()}
    told = (_rule(wish, value, seeds), _spread(wish, value, seeds))
    return Picked(shown, frozenset(every - beside - set(shown.values())), told)


def mean_dsc(rows: Mapping[str, Mapping[float, str]], seeds: Seeds) -> dict[float, float]:
    """Return value -> validation DSC, the mean over rows of the mean over seeds; only values that every row has."""
    values = next(iter(rows.values()))
    of_rows = {value: [dsc_of(of_row[value], seeds) for of_row in rows.values()] for value in values}
    return {value: fmean(map(fmean, dsc)) for value, dsc in of_rows.items() if all(dsc)}


def dsc_of(method: str, seeds: Seeds) -> list[float]:
    """Return the validation DSC of a method's finished seeds, where it is defined."""
    return [seed["validation"]["dsc"] for seed in seeds[method] if seed["validation"]["dsc"] is not None]


def _nothing(wish: Mapping[str, Any], unshown: set[str], why: str) -> Picked:
    return Picked({row: row + UNPICKED for row in wish["rows"]}, frozenset(unshown), (why.format(what=wish["what"]),))


def _rule(wish: Mapping[str, Any], value: float, seeds: Seeds) -> str:
    methods = [values[value] for values in wish["rows"].values()]
    counts = sorted({len(dsc_of(method, seeds)) for method in methods})
    cases = seeds[methods[0]][0]["validation"]["cases"]
    return RULE.format(
        what=wish["what"],
        value=f"{value:g}",
        values=", ".join(f"{value:g}" for value in sorted(next(iter(wish["rows"].values())))),
        rows=len(methods),
        seeds=" to ".join(str(count) for count in dict.fromkeys((counts[0], counts[-1]))),
        cases=f"{cases} validation case{'' if cases == 1 else 's'}",
        choose="chooses" if cases == 1 else "choose",
    )


def _spread(wish: Mapping[str, Any], value: float, seeds: Seeds) -> str:
    values = sorted(next(iter(wish["rows"].values())))
    place = values.index(value)
    near = values[max(place - 1, 0) : place + 2]
    rows = [
        f"{wish['titles'][row]}: {', '.join(f'{one:g}: {_mean_sd(dsc_of(of_row[one], seeds))}' for one in near)}"
        for row, of_row in wish["rows"].items()
    ]
    return SPREAD.format(value=f"{value:g}", rows="; ".join(rows))


def _mean_sd(values: Sequence[float]) -> str:
    if not values:
        return NOTHING
    spread = f" ± {number(stdev(values), DIGITS)}" if len(values) > 1 else ""
    return number(fmean(values), DIGITS) + spread


def read(table: PublishedTable, settings: Mapping[str, Any]) -> list[Block]:
    """Return the blocks of a paper's table, read from what their batches list.

    Args:
        table: the printed one.
        settings: `policy` and `grid` where they are not the default, and `blocks`: each with `printed`, `arm`, `data`,
            `surrogate`, `same_cases`, `structures`, `composites`, `command`, `batches` (paths), `methods` (those wanted
            of a manifest that lists several; all where left out), `scaled` (method -> key of a further row: its runs
            at their own temperature), `lengths` (of `answers.papers.lengths`), `pick` (of `plan.shown.pick_settings`),
            and `missing`, why nothing was run, or None.
    Returns: one block each. Without runs its results are None, and the note says why; failed runs are named in it.
    Raises: InputError: if a file of a run is damaged; and as `results.results`.
    """
    return [_block(table, block, settings) for block in settings["blocks"]]


def _block(table: PublishedTable, given: Mapping[str, Any], settings: Mapping[str, Any]) -> Block:
    batches, methods = given["batches"], given.get("methods")
    seeds = _seeds(batches if given["missing"] is None else (), methods)
    picked = pick(given.get("pick"), seeds)
    known: dict[str, Any] = {
        "data": given["data"],
        "surrogate": given["surrogate"],
        "same_cases": given["same_cases"],
        "structures": given["structures"],
        "command": given["command"],
        "methods": picked.methods,
        "told": (*picked.told, *sentences(given.get("lengths", ()), seeds), *_scaled(given["scaled"], seeds)),
        "few": frozenset(key for method, key in given["scaled"].items() if are_few(_fitted(method, seeds))),
    }
    if given["missing"] is not None:
        return Block(given["printed"], given["arm"], note=_sentence(given["missing"]), **known)
    try:
        runs = assemble.read(map(Path, batches), methods=methods)
    except assemble.NoRunError as error:  # the other blocks are shown all the same
        return Block(given["printed"], given["arm"], note=_sentence(str(error)), **known)
    composites = given["composites"] or None
    choice = {key: settings[key] for key in ("policy", "grid") if key in settings}
    shown = runs.scores[~runs.scores["method"].isin(picked.unshown)]
    scores = with_scaled(shown, assemble.RAW, given["scaled"])
    scored = results.results(scores, table, given["printed"], composites=composites, **choice)
    return Block(given["printed"], given["arm"], scored, note=_failures(runs.failed), **known)


def _seeds(batches: Sequence[str], methods: Collection[str] | None = None) -> dict[str, list[Mapping[str, Any]]]:
    """Return what the batches tell of finished seeds, by method."""
    seeds: dict[str, list[Mapping[str, Any]]] = {}
    for batch in pieces.read_joint(map(Path, batches), methods):
        done = [seed for seed in batch.content["seeds"].values() if seed["status"] == "done"]
        seeds.setdefault(batch.content["run"]["method"], []).extend(done)
    return seeds


def _fitted(method: str, seeds: Seeds) -> list[Temperature]:
    """Return the temperatures of a method's finished seeds, whose numbers do not matter here."""
    return [
        temperature
        for number, seed in enumerate(seeds.get(method, ()))
        for temperature in temperatures.read(method, number, seed)
    ]


def _scaled(rows: Mapping[str, str], seeds: Seeds) -> Iterator[str]:
    """Say how the temperatures of the further row were fitted."""
    for method in rows:
        if said := temperatures.describe(_fitted(method, seeds)):
            yield f"The row at its own temperature: {said}"


def _failures(failed: Sequence[Mapping[str, Any]]) -> str:
    """Count and name runs that gave no score; empty where there are none."""
    if not failed:
        return ""
    named = "; ".join(f"{seed['method']}, seed {seed['seed']}: {seed['reason']}" for seed in failed)
    return _sentence(f"failed runs: {len(failed)}, in no mean. {named}")


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
