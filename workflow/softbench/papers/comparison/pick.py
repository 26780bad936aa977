"""At which value of a parameter a paper's rows stand, where the paper does not say: the best of validation.

For each value, the mean over rows of the mean over seeds of the validation DSC of the weights that were kept; the
highest counts, the smallest value of equals. All rows of a block take the same value. Test cases have no part in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from softbench.plan.pick import UNPICKED
from softbench.tables.rounding import DIGITS, NOTHING, number

VERSION = 1
Seeds = Mapping[str, Sequence[Mapping[str, Any]]]  # method -> what its batches tell of its finished seeds
WAITS = "the rows with {what} are empty until the runs of every number of them are there; then validation picks one."
FAILED = "no number of {what} could be picked: none has finished runs with a validation DSC in every row."
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
        wish: of `plan.pick.settings_of`; None where a block picks none.
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
        return _nothing(wish, every - beside, FAILED)
    value = max(sorted(means), key=means.__getitem__)
    shown = {row: values[value] for row, values in wish["rows"].items()}
    told = (_rule(wish, value, seeds), _spread(wish, value, seeds))
    return Picked(shown, frozenset(every - beside - set(shown.values())), told)


def mean_dsc(rows: Mapping[str, Mapping[float, str]], seeds: Seeds) -> dict[float, float]:
    """Return value -> validation DSC, the mean over rows of the mean over seeds; only values that every row has."""
    values = next(iter(rows.values()))
    of_rows = {value: [dsc_of(of_row[value], seeds) for of_row in rows.values()] for value in values}
    return {value: fmean(map(fmean, found)) for value, found in of_rows.items() if all(found)}


def dsc_of(method: str, seeds: Seeds) -> list[float]:
    """Return the validation DSC of a method's finished seeds, where it is defined."""
    return [one["validation"]["dsc"] for one in seeds[method] if one["validation"]["dsc"] is not None]


def _nothing(wish: Mapping[str, Any], unshown: set[str], why: str) -> Picked:
    return Picked({row: row + UNPICKED for row in wish["rows"]}, frozenset(unshown), (why.format(what=wish["what"]),))


def _rule(wish: Mapping[str, Any], value: float, seeds: Seeds) -> str:
    methods = [values[value] for values in wish["rows"].values()]
    counts = sorted({len(dsc_of(method, seeds)) for method in methods})
    cases = seeds[methods[0]][0]["validation"]["cases"]
    return RULE.format(
        what=wish["what"],
        value=f"{value:g}",
        values=", ".join(f"{one:g}" for one in sorted(next(iter(wish["rows"].values())))),
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
