"""All statistics of the difference between each method and its control, for each column of a table."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from softbench.errors import InputError
from softbench.metrics import catalogue
from softbench.statistics import (
    Crossed,
    Difference,
    Equivalence,
    NewPatients,
    Pairs,
    crossed_difference,
    detectable,
    equivalence,
    new_patients,
)
from softbench.statistics.intervals import MARK
from softbench.statistics.paired import sides
from softbench.tables.assemble import Evidence
from softbench.tables.cells import Cell, Column, Method, Table

VERSION = 1
POOLED = f"{MARK}: pooled over cases, there is one value a seed"
NO_TEST = f"{MARK}: no test of ensembles, one ensemble a method uses the seeds up"
SAME_MAP = f"{MARK}: the label map is that of the control, so nothing can differ and there is no test"
NOT_CROSSED, NOT_REDRAWN = Crossed(), NewPatients(math.nan)


@dataclass(frozen=True)
class Finding:
    """A method against its control in one column.

    `cell`: that of the table, with the difference over seeds and its p after Holm; `crossed`: for new seeds and new
    patients; `checkpoints`: these checkpoints, new patients, which is no test of methods; `equivalent`: within the
    margin, None without one; `detectable`: the difference that so many seeds find 4 times in 5. `reason`: why there is
    no interval over seeds, or no difference at all; else None.
    """

    method: Method
    column: Column
    cell: Cell
    crossed: Crossed = NOT_CROSSED
    checkpoints: NewPatients = NOT_REDRAWN
    equivalent: Equivalence | None = None
    detectable: float = math.nan
    reason: str | None = None


def findings(
    evidence: Evidence, *, margins: Mapping[str, float] | None = None, groups: Mapping[str, str] | None = None
) -> tuple[Finding, ...]:
    """Return what is known of each difference, column by column, methods with a control in the table's order.

    Except the adjusted p, each is computed only from the scores of the method and its control.

    Args:
        evidence: a table and its scores.
        margins: metric -> the largest difference that does not matter, in its unit; for the columns that have one.
        groups: case -> patient, where patients have several cases.
    Raises: InputError: if a margin is of an unknown metric or not positive.
    """
    limits = dict(margins or {})
    for metric in limits:
        _require_metric(metric)
    return tuple(_findings(evidence, limits, groups))


def _require_metric(metric: str) -> None:
    try:
        catalogue.describe(metric)
    except InputError as error:
        raise InputError(f"`margins` of the table: {error}") from None


def _findings(evidence: Evidence, margins: Mapping[str, float], groups: Mapping[str, str] | None) -> Iterator[Finding]:
    table = evidence.table
    for index, column in enumerate(table.columns):
        lines = zip(table.methods, table.cells, strict=True)
        found = [
            Finding(method, column, row[index], reason=_reason(table, method, row[index]))
            for method, row in lines
            if method.control
        ]
        pairs = _pairs(evidence, column, [one for one in found if _is_there(one)])
        for one in found:
            yield _weighed(one, pairs[one.method.key], margins.get(column.metric), groups) if _is_there(one) else one


def _is_there(found: Finding) -> bool:
    """Whether there is a difference to weigh: neither absent nor zero by nature."""
    gap = found.cell.difference
    return gap is not None and gap.n_seeds > 0 and not found.cell.same_map


def _reason(table: Table, method: Method, cell: Cell) -> str | None:
    """Say why there is no interval over seeds; None where there is one."""
    gap = cell.difference
    if gap is None or not gap.n_seeds:
        return _absence(table, method, cell)
    return SAME_MAP if cell.same_map else NO_TEST if table.ensembles else gap.reason


def _absence(table: Table, method: Method, cell: Cell) -> str:
    """Say why a method has no difference to its control."""
    row = table.cells[table.methods.index(method)]
    lost, who = {method.control}, f"{table.controls[str(method.control)]} has no score"
    if not any(one.n_seeds for one in row):
        lost, who = {method.key, method.scaled}, "every run failed"
    reasons = [f"seed {one.seed}: {one.reason}" for one in table.failed if one.method in lost]
    reasons += [one.reason for one in table.ensembles if one.method in lost and one.reason]
    if cell.difference is not None or not reasons:
        return "method and control share no seed with a defined value"
    return f"{who}: {'; '.join(reasons)}"


def _pairs(evidence: Evidence, column: Column, found: Sequence[Finding]) -> dict[str, Pairs | None]:
    """Return method -> its differences to its control by seed and case; None in a column that is pooled over cases."""
    names = {one.method.key: str(one.method.control) for one in found}
    if column.over != "cases" or not found:
        return dict.fromkeys(names)
    both = (*names, *names.values())
    read = sides(evidence.of_column(column), both, column.metric, column.structure, column.roi)
    return {method: read.pair(method, control) for method, control in names.items()}


def _weighed(found: Finding, pairs: Pairs | None, margin: float | None, groups: Mapping[str, str] | None) -> Finding:
    """Return a difference with all that can be said of it; `pairs` are None where it is pooled over cases."""
    gap, ensembles = found.cell.difference, found.reason == NO_TEST
    assert gap is not None  # `_is_there` has looked
    crossed, checkpoints = Crossed(reason=POOLED), NewPatients(math.nan, reason=POOLED)
    if pairs is not None:
        crossed, checkpoints = crossed_difference(pairs, groups), new_patients(pairs, groups)
    return replace(
        found,
        crossed=Crossed(mean=crossed.mean, reason=NO_TEST) if ensembles else crossed,
        checkpoints=checkpoints,
        equivalent=None if margin is None else equivalence(gap, margin),
        detectable=detectable(gap.sd, gap.n_seeds),
    )


PLACE = ["method", "title", "control", "structure", "metric", "roi", "over", "unit", "better"]
SEEDS = ["difference", "low", "high", "p", "p_holm", "family", "sd_of_differences", "n_seeds", "missing_seeds"]
CROSSED = ["low", "high", "p", "df", "sd_seeds", "sd_cases", "sd_rest", "n_cases", "n_patients", "left_out", "reason"]
CHECKPOINTS = ["low", "high", "n_patients", "reason"]
EQUIVALENCE = ["margin", "low", "high", "p", "verdict"]
COLUMNS = [
    *PLACE, *SEEDS, "reason", *(f"crossed_{name}" for name in CROSSED),
    *(f"these_checkpoints_new_patients_{name}" for name in CHECKPOINTS),
    *(f"equivalence_{name}" for name in EQUIVALENCE), "detectable",
]  # fmt: skip
NO_DIFFERENCE = Difference(float("nan"), float("nan"), float("nan"), 0)


def numbers(found: Iterable[Finding], family: int) -> pd.DataFrame:
    """Return the findings, a row each.

    Args:
        found: as `evidence.findings` gives them.
        family: the number of tests that Holm's adjustment is over: those of the table.
    """
    records = [_record(one, family) for one in found]
    return pd.DataFrame(records, columns=COLUMNS)


def _record(one: Finding, family: int) -> list[object]:
    column, method, gap = one.column, one.method, one.cell.difference or NO_DIFFERENCE
    metric = column.described
    place = [method.key, method.title, method.control, column.structure, column.metric, column.roi, column.over]
    missing = " ".join(f"{seed:g}" for seed in gap.missing)
    seeds = [gap.mean, gap.low, gap.high, gap.p, one.cell.p_holm, family, gap.sd, gap.n_seeds, missing]
    return [
        *place, metric.unit, metric.better, *seeds, one.reason, *(getattr(one.crossed, name) for name in CROSSED),
        *(getattr(one.checkpoints, name) for name in CHECKPOINTS),
        *(getattr(one.equivalent, name, None) for name in EQUIVALENCE), one.detectable,
    ]  # fmt: skip
