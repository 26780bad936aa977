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


def numbers(evidence: Evidence, rankings: Sequence[Ranking]) -> pd.DataFrame:
    """Return the ranks, unrounded; the test of a column stands on each of its lines."""
    titles = evidence.table.titles
    frames = [_frame(ranking) for ranking in rankings if ranking.ranks is not None]
    whole = pd.concat(frames) if frames else pd.DataFrame(index=pd.Index([], name="method"))
    whole.insert(0, "title", [titles[key] for key in whole.index])
    return whole.rename_axis("method").reset_index()


def _frame(ranking: Ranking) -> pd.DataFrame:
    ranks, column = ranking.ranks, ranking.column
    assert ranks is not None
    place = {"structure": column.structure, "metric": column.metric, "roi": column.roi, "over": column.over}
    counts = {"n_seeds": len(ranks.by_seed), "n_cases": len(ranks.by_case), "left_out": ranks.left_out}
    names = {"p_f": "friedman_p", "concordance": "concordance", "critical_difference": "critical_difference"}
    test = None if ranking.reason else ranking.test
    tested = {new: getattr(test, old, math.nan) for old, new in names.items()}
    reasons = {"reason": ranking.reason, "reason_redrawn": ranks.reason}
    return pd.DataFrame(place, index=ranks.table.index).join(ranks.table).assign(**counts, **tested, **reasons)


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


def sheet(evidence: Evidence, rankings: Sequence[Ranking]) -> Sheet:
    """Return the ranks at a glance, column by column, and Friedman's test; numbers have a row a method and column."""
    of_seeds = () if of_one_run(rankings) else (tests(evidence, rankings),)
    grids = (_glance(evidence, rankings), _details(evidence, rankings), *of_seeds)
    about = f"{GLANCE_OF_ONE_RUN if of_one_run(rankings) else GLANCE} {SET}"
    return Sheet(f"Ranks: {evidence.table.title}", about, grids, numbers=numbers(evidence, rankings))


def _glance(evidence: Evidence, rankings: Sequence[Ranking]) -> Grid:
    """Return one line a method, one column a column of the table in which something is ranked."""
    columns = [(head, ranking) for head, ranking in zip(heads(evidence.table), rankings, strict=True) if ranking.ranks]
    titles = ["Method", *(f"{name_of(head)} {head.arrow}".strip() for head, _ in columns)]
    rows = [[m.title, *(_rank(ranking, m.key) for _, ranking in columns)] for m in _ranked(evidence, rankings)]
    return plain(titles, rows, notes=list(_left_out(evidence, rankings)))


def _ranked(evidence: Evidence, rankings: Sequence[Ranking]) -> list[Method]:
    """Return the methods that some column ranks, in the table's order."""
    known = {key for ranking in rankings if ranking.ranks for key in ranking.ranks.table.index}
    return [method for method in evidence.table.methods if method.key in known]


def _rank(ranking: Ranking, method: str) -> str:
    known = ranking.ranks is not None and method in ranking.ranks.table.index
    if ranking.ranks is None or not known or math.isnan(ranking.ranks.table.loc[method, "rank"]):
        return NOTHING
    row = ranking.ranks.table.loc[method]
    span = f" ({_range(row['seeds_best'], row['seeds_worst'])})" if ranking.seeds > 1 else ""
    return _short(row["rank"]) + span


def _short(rank: float) -> str:
    """Write a rank: whole, or with one decimal where methods tie or seeds differ."""
    return number(float(rank), 0 if float(rank).is_integer() else 1)


def _range(low: float, high: float) -> str:
    if math.isnan(low):
        return NOTHING
    return _short(low) if low == high else f"{_short(low)}–{_short(high)}"


def _left_out(evidence: Evidence, rankings: Sequence[Ranking]) -> Iterator[str]:
    """Name the methods, cases and seeds that are not ranked."""
    ranked = _ranked(evidence, rankings)
    rows = [method for method in evidence.table.methods if method not in ranked]
    if untrained := [method.title for method in rows if not method.trained]:
        yield f"Not trained, so not ranked: {', '.join(untrained)}."
    if scaled := [method.title for method in rows if method.scaled]:
        yield f"The same runs as another row at their own temperature, so not ranked: {', '.join(scaled)}."
    if lost := [method.title for method in rows if method.ranked]:
        yield f"Without a score, so not ranked: {', '.join(lost)}."
    for name, ranking in zip(evidence.names, rankings, strict=True):
        if ranking.ranks is None:
            yield f"{name} is left out: {ranking.reason}."
        elif ranking.ranks.left_out:
            yield f"{name}: {ranking.ranks.left_out} case(s) undefined for some method in some seed, and left out."
    missing = sorted({seed for ranking in rankings if ranking.ranks for seed in ranking.ranks.missing})
    if missing:
        yield f"Seeds that some method lacks, left out for all: {', '.join(f'{seed:g}' for seed in missing)}."
    yield from wording.failed_runs(evidence.table)
    if evidence.table.ensembles:
        yield wording.NO_TEST_OF_ENSEMBLES
    elif of_one_run(rankings):
        yield wording.SEED_IS_THE_UNIT


def _details(evidence: Evidence, rankings: Sequence[Ranking]) -> Grid:
    titles, reasons = evidence.table.titles, Reasons()
    single, rows, groups = of_one_run(rankings), [], []
    redrawn = any(ranking.ranks and not ranking.ranks.reason for ranking in rankings)
    for name, ranking in zip(evidence.names, rankings, strict=True):
        for key in ranking.order.index:
            assert ranking.ranks is not None
            rows.append([titles[str(key)], *_detail(ranking, ranking.ranks.table.loc[key], reasons, single=single)])
            groups.append(name)
    titled: Sequence[str] = OF_ONE_RUN if single else DETAILS
    about, notes = f"{OF_REDRAWN} {SHARED}", list(reasons.lines())
    if not redrawn:  # two columns would be empty
        titled, rows, about = titled[:-2], [row[:-2] for row in rows], SHARED
        notes = (
            [f"Ranks over redrawn test cases: none in any line {' '.join(reasons.letters)}.", *notes] if rows else []
        )
    return plain(titled, rows, groups=groups, title="Ranks, column by column", about=about, notes=notes)


def _detail(ranking: Ranking, row: pd.Series, reasons: Reasons, *, single: bool) -> list[str]:
    assert ranking.ranks is not None
    redrawn = [_range(row["draws_best"], row["draws_worst"]), _share(row["draws_first"])]
    if ranking.ranks.reason:
        redrawn = [reasons.mark_invalid(ranking.ranks.reason), NOTHING]
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


def tests(evidence: Evidence, rankings: Sequence[Ranking]) -> Grid:
    """Return one line a column: Friedman's test over seeds, or why there is none."""
    reasons, rows = Reasons(), []
    for name, ranking in zip(evidence.names, rankings, strict=True):
        if ranking.ranks is None:
            continue
        counts = [str(size) for size in (*ranking.ranks.by_seed.shape[::-1], len(ranking.ranks.by_case))]
        if ranking.test is None or ranking.reason:
            tested = [reasons.mark(NO_TEST, ranking.reason or ""), NOTHING, NOTHING]
        else:
            t = ranking.test
            tested = [p_value(t.p_f), number(t.concordance, 2), number(t.critical_difference, 2)]
        rows.append([name, *counts, *tested])
    columns: Sequence[str] = TESTS
    notes = list(reasons.lines())
    if rows and all(row[-3].startswith(NO_TEST) for row in rows):  # three columns would be empty
        columns, rows = TESTS[:-3], [row[:-3] for row in rows]
        notes = [f"Friedman’s test: none in any line {' '.join(reasons.letters)}.", *notes]
    return plain(columns, rows, title="Friedman’s test over seeds", about=TESTED, notes=notes)


def matrix(evidence: Evidence, rankings: Sequence[Ranking]) -> Grid:
    """Return the matrix of tau, of the columns in which something is ranked."""
    there = [(name, ranking) for name, ranking in zip(evidence.names, rankings, strict=True) if ranking.ranks]
    names, rankings, size = [name for name, _ in there], [ranking for _, ranking in there], len(there)
    tau = np.full((size, size), np.nan)
    tau[np.triu_indices(size, 1)] = between_columns(rankings, names)["tau"].to_numpy(dtype=float)
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
