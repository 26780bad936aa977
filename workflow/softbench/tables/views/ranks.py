"""Who comes first by each column, and how stable that is: ranks at a glance, in detail by column, and tested."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from softbench.statistics.bootstrap import LABEL
from softbench.tables import wording
from softbench.tables.assemble import Evidence
from softbench.tables.cells import Method
from softbench.tables.layout import heads, name_of
from softbench.tables.rankings import Ranking, between_columns, of_one_run
from softbench.tables.sheet import NOTHING, Grid, Reasons, Sheet, number, p_value, plain
from softbench.tables.view import View

VERSION = 2


def numbers(evidence: Evidence, found: Sequence[Ranking]) -> pd.DataFrame:
    """Return the ranks, unrounded; the test of a column stands on each of its lines."""
    titles = evidence.table.titles
    frames = [_frame(one) for one in found if one.ranks is not None]
    whole = pd.concat(frames) if frames else pd.DataFrame(index=pd.Index([], name="method"))
    whole.insert(0, "title", [titles[key] for key in whole.index])
    return whole.rename_axis("method").reset_index()


def _frame(one: Ranking) -> pd.DataFrame:
    assert one.ranks is not None
    column = one.column
    place = {"structure": column.structure, "metric": column.metric, "roi": column.roi, "over": column.over}
    counts = {"n_seeds": len(one.ranks.by_seed), "n_cases": len(one.ranks.by_case), "left_out": one.ranks.left_out}
    names = {"p_f": "friedman_p", "concordance": "concordance", "critical_difference": "critical_difference"}
    test = None if one.reason else one.test
    tested = {new: getattr(test, old, math.nan) for old, new in names.items()}
    reasons = {"reason": one.reason, "reason_redrawn": one.ranks.reason}
    return pd.DataFrame(place, index=one.ranks.table.index).join(one.ranks.table).assign(**counts, **tested, **reasons)


REDRAWN = (f"{LABEL[0].upper()}{LABEL[1:]}: 95 % range", "First in … of redrawn sets of cases")
DETAILS = ("Method", "Mean rank over seeds", "Range over seeds", "First in … of seeds", *REDRAWN)
OF_ONE_RUN = ("Method", "Rank", *REDRAWN)
GLANCE = (
    "In each seed the trained methods are ranked: 1 is best, ties share. Shown is the mean of a method’s ranks over "
    "seeds, and in brackets the best and the worst of them."
)
GLANCE_OF_ONE_RUN = "The rank among the trained methods: 1 is best, ties share. There is one run a method."
SET = "Ranks belong to this set of methods: adding one may change them, but no mean, difference or interval."
OF_REDRAWN = (
    f"“{LABEL[0].upper()}{LABEL[1:]}”: the rank over redrawn test cases, the trained networks as they are; it "
    "speaks of no other seeds."
)
SHARED = "Where methods tie for the first place, they share it."


def sheet(evidence: Evidence, found: Sequence[Ranking]) -> Sheet:
    """Return the ranks at a glance, column by column, and Friedman's test; numbers have a row a method and column."""
    of_seeds = () if of_one_run(found) else (tests(evidence, found),)
    grids = (_glance(evidence, found), _details(evidence, found), *of_seeds)
    about = f"{GLANCE_OF_ONE_RUN if of_one_run(found) else GLANCE} {SET}"
    return Sheet(f"Ranks: {evidence.table.title}", about, grids, numbers=numbers(evidence, found))


def _glance(evidence: Evidence, found: Sequence[Ranking]) -> Grid:
    """Return one line a method, one column a column of the table in which something is ranked."""
    columns = [(head, one) for head, one in zip(heads(evidence.table), found, strict=True) if one.ranks]
    titles = ["Method", *(f"{name_of(head)} {head.arrow}".strip() for head, _ in columns)]
    rows = [[m.title, *(_rank(one, m.key) for _, one in columns)] for m in _ranked(evidence, found)]
    return plain(titles, rows, notes=list(_left_out(evidence, found)))


def _ranked(evidence: Evidence, found: Sequence[Ranking]) -> list[Method]:
    """Return the methods that some column ranks, in the table's order."""
    known = {key for one in found if one.ranks for key in one.ranks.table.index}
    return [method for method in evidence.table.methods if method.key in known]


def _rank(one: Ranking, method: str) -> str:
    known = one.ranks is not None and method in one.ranks.table.index
    if one.ranks is None or not known or math.isnan(one.ranks.table.loc[method, "rank"]):
        return NOTHING
    row = one.ranks.table.loc[method]
    span = f" ({_range(row['seeds_best'], row['seeds_worst'])})" if one.seeds > 1 else ""
    return _short(row["rank"]) + span


def _short(rank: float) -> str:
    """Write a rank: whole, or with one decimal where methods tie or seeds differ."""
    return number(float(rank), 0 if float(rank).is_integer() else 1)


def _range(low: float, high: float) -> str:
    if math.isnan(low):
        return NOTHING
    return _short(low) if low == high else f"{_short(low)}–{_short(high)}"


def _left_out(evidence: Evidence, found: Sequence[Ranking]) -> Iterator[str]:
    """Name the methods, cases and seeds that are not ranked."""
    ranked = _ranked(evidence, found)
    rows = [method for method in evidence.table.methods if method not in ranked]
    if untrained := [method.title for method in rows if not method.trained]:
        yield f"Not trained, so not ranked: {', '.join(untrained)}."
    if scaled := [method.title for method in rows if method.scaled]:
        yield f"The same runs as another row at their own temperature, so not ranked: {', '.join(scaled)}."
    if lost := [method.title for method in rows if method.ranked]:
        yield f"Without a score, so not ranked: {', '.join(lost)}."
    for name, one in zip(evidence.names, found, strict=True):
        if one.ranks is None:
            yield f"{name} is left out: {one.reason}."
        elif one.ranks.left_out:
            yield f"{name}: {one.ranks.left_out} case(s) undefined for some method in some seed, and left out."
    missing = sorted({seed for one in found if one.ranks for seed in one.ranks.missing})
    if missing:
        yield f"Seeds that some method lacks, left out for all: {', '.join(f'{seed:g}' for seed in missing)}."
    yield from wording.failed_runs(evidence.table)
    if evidence.table.ensembles:
        yield wording.NO_TEST_OF_ENSEMBLES
    elif of_one_run(found):
        yield wording.SEED_IS_THE_UNIT


def _details(evidence: Evidence, found: Sequence[Ranking]) -> Grid:
    titles, reasons = evidence.table.titles, Reasons()
    single, rows, groups = of_one_run(found), [], []
    redrawn = any(one.ranks and not one.ranks.reason for one in found)
    for name, one in zip(evidence.names, found, strict=True):
        for key in one.order.index:
            assert one.ranks is not None
            rows.append([titles[str(key)], *_detail(one, one.ranks.table.loc[key], reasons, single=single)])
            groups.append(name)
    titled: Sequence[str] = OF_ONE_RUN if single else DETAILS
    about, notes = f"{OF_REDRAWN} {SHARED}", list(reasons.lines())
    if not redrawn:  # two columns would be empty
        titled, rows, about = titled[:-2], [row[:-2] for row in rows], SHARED
        notes = (
            [f"Ranks over redrawn test cases: none in any line {' '.join(reasons.letters)}.", *notes] if rows else []
        )
    return plain(titled, rows, groups=groups, title="Ranks, column by column", about=about, notes=notes)


def _detail(one: Ranking, row: pd.Series, reasons: Reasons, *, single: bool) -> list[str]:
    assert one.ranks is not None
    redrawn = [_range(row["draws_best"], row["draws_worst"]), _share(row["draws_first"])]
    if one.ranks.reason:
        redrawn = [reasons.mark_invalid(one.ranks.reason), NOTHING]
    seeds = [] if single else [_range(row["seeds_best"], row["seeds_worst"]), _share(row["seeds_first"])]
    return [_short(row["rank"]), *seeds, *redrawn]


def _share(share: float) -> str:
    return NOTHING if math.isnan(share) else f"{100 * share:.0f} %"


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
    columns: Sequence[str] = TESTS
    notes = list(reasons.lines())
    if rows and all(row[-3].startswith(NO_TEST) for row in rows):  # three columns would be empty
        columns, rows = TESTS[:-3], [row[:-3] for row in rows]
        notes = [f"Friedman’s test: none in any line {' '.join(reasons.letters)}.", *notes]
    return plain(columns, rows, title="Friedman’s test over seeds", about=TESTED, notes=notes)


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


VIEW = View(
    name="ranks",
    title="Ranks",
    caption="Who comes first by each column, and how stable that is over seeds and over redrawn cases.",
    needs=("scores", "ensembles"),
    build=lambda given: sheet(given.evidence, given.rankings),
    folded=True,
    place=40,
)
