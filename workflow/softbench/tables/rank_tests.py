"""Friedman's test of a table's ranks, and Kendall's tau between its columns, in words."""

from collections.abc import Sequence

import numpy as np

from softbench.tables.evidence import Evidence
from softbench.tables.rankings import Ranking, between_columns
from softbench.tables.reasons import Reasons
from softbench.tables.rounding import NOTHING, number, p_value
from softbench.tables.sheet import Grid, plain

VERSION = 2
TESTS = ("Ranked by", "Methods", "Seeds", "Cases", "Friedman’s p", "Kendall’s W", "Critical difference (Nemenyi)")
NO_TEST = "none"
TESTED = (
    "Do ranks differ over seeds? Friedman’s test (p of Iman and Davenport’s F, unadjusted), the concordance of the "
    "seeds (W, 1 where all rank alike), and by how much two mean ranks must differ."
)
AGREE = (
    "Kendall’s tau between the columns’ ranks of the methods: 1 the same order, −1 the reverse. The columns are "
    "measured on the same runs; with few methods a large tau says little."
)


def tests(evidence: Evidence, found: Sequence[Ranking]) -> Grid:
    """Return one line a column: Friedman's test over seeds, or why there is none."""
    reasons, rows = Reasons(), []
    for name, one in zip(evidence.names, found, strict=True):
        if one.ranks is None:
            continue
        counts = [str(size) for size in (*one.ranks.by_seed.shape[::-1], len(one.ranks.by_case))]
        if one.test is None or one.reason:
            tested = [reasons.mark(NO_TEST, one.reason or ""), NOTHING, NOTHING]
        else:
            t = one.test
            tested = [p_value(t.p_f), number(t.concordance, 2), number(t.critical_difference, 2)]
        rows.append([name, *counts, *tested])
    heads, notes = TESTS, list(reasons.lines())
    if rows and all(row[-3].startswith(NO_TEST) for row in rows):  # three columns would be empty
        heads, rows = TESTS[:-3], [row[:-3] for row in rows]
        notes = [f"Friedman’s test: none in any line {' '.join(reasons.letters)}.", *notes]
    return plain(heads, rows, title="Friedman’s test over seeds", about=TESTED, notes=notes)


def matrix(evidence: Evidence, found: Sequence[Ranking]) -> Grid:
    """Return the matrix of tau, of the columns in which something is ranked."""
    there = [(name, one) for name, one in zip(evidence.names, found, strict=True) if one.ranks]
    names, found, size = [name for name, _ in there], [one for _, one in there], len(there)
    tau = np.full((size, size), np.nan)
    tau[np.triu_indices(size, 1)] = between_columns(found, names)["tau"].to_numpy(dtype=float)
    tau = np.where(np.isnan(tau), tau.T, tau)
    cells = [["·" if a == b else number(tau[a, b], 2) for b in range(size)] for a in range(size)]
    rows = [[name, *line] for name, line in zip(names, cells, strict=True)]
    return plain(["Ranked by", *names], rows)
