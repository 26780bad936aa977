"""Ranks within a printed table: of the printed numbers and of ours, and how far noise over seeds leaves ours open."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from softbench.papers.comparison.build import Section
from softbench.statistics.intervals import MIN_SEEDS, t_interval
from softbench.tables.cells import Cell, Summary

VERSION = 1
GOODNESS: Mapping[str, Callable[[float], float]] = {
    "higher": lambda value: value,
    "lower": lambda value: -value,
    "zero": lambda value: -abs(value),
}


@dataclass(frozen=True)
class Place:
    """The rank of a cell among the paper's rows of its column, 1 is best; None where there is no number.

    printed, ours: of the means as they are. best, worst: the ranks of ours that noise over seeds leaves open.
    """

    printed: int | None = None
    ours: int | None = None
    best: int | None = None
    worst: int | None = None


def places(section: Section) -> tuple[tuple[Place, ...], ...]:
    """Return the ranks of a grid, `[row][column]`; rows that the paper lacks have none and take no place.

    Papers mark the best and the second number of a column (Adiga et al. 2023) or the best two (Islam & Glocker 2021).
    Equal numbers share a rank, and the next number takes the next: so GeoLS' Table 1 marks the DSC of WT.
    """
    count = len(section.printed)
    columns = [
        _column([row[number] for row in section.cells[:count]], column.printed.better if column.printed else "higher")
        for number, column in enumerate(section.columns)
    ]
    ranked = tuple(zip(*columns, strict=True)) if columns else ((),) * count
    return (*ranked, *[(Place(),) * len(columns)] * (len(section.rows) - count))


def _column(cells: Sequence[Cell], better: str) -> list[Place]:
    good = GOODNESS[better]
    printed = [math.nan if cell.comparison is None else good(cell.comparison.value.mean) for cell in cells]
    ours = [good(cell.mean) for cell in cells]
    spans = [_span(place, cells, better) for place in range(len(cells))]
    ranked = zip(_ranks(printed), _ranks(ours), spans, strict=True)
    return [Place(of_printed, of_ours, *span) for of_printed, of_ours, span in ranked]


def _ranks(values: Sequence[float]) -> list[int | None]:
    """Rank values, the largest first; equal ones share a rank, and NaN has none."""
    order = sorted({value for value in values if not math.isnan(value)}, reverse=True)
    return [order.index(value) + 1 if value in order else None for value in values]


def _span(place: int, cells: Sequence[Cell], better: str) -> tuple[int | None, int | None]:
    """Return the best and worst rank that is left open: past those that are better beyond noise, before the worse."""
    mine = cells[place].summary
    if mine is None or math.isnan(mine.mean):
        return None, None
    others = [cell.summary for number, cell in enumerate(cells) if number != place]
    signs = [beyond_noise(other, mine, better) for other in others if other is not None and not math.isnan(other.mean)]
    return 1 + signs.count(1), 1 + len(signs) - signs.count(-1)


def beyond_noise(first: Summary, second: Summary, better: str) -> int:
    """Return 1 where `first` is better than `second`, -1 where it is worse, and 0 where noise over seeds explains it.

    The 95 % t interval of the difference paired over common seeds decides, one pair at a time. Without two such seeds,
    or where the two were not trained together, nothing is decided.
    """
    seeds = sorted(set(first.by_seed) & set(second.by_seed)) if first.runs == second.runs else []
    if len(seeds) < MIN_SEEDS:
        return 0
    gaps = _goodness(first.by_seed, seeds, better) - _goodness(second.by_seed, seeds, better)
    if not np.isfinite(gaps).all():
        return 0
    _, low, high, *_ = t_interval(gaps)
    return int(low > 0) - int(high < 0)


def _goodness(by_seed: Mapping[int, float], seeds: Sequence[int], better: str) -> np.ndarray:
    return np.array([GOODNESS[better](by_seed[seed]) for seed in seeds])
