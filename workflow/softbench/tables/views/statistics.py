"""The evidence behind a table in words: lines grouped by column, with the reasons where there is no valid interval."""

from collections.abc import Iterator, Mapping, Sequence

from softbench.datasets import splits
from softbench.statistics.bootstrap import LABEL
from softbench.statistics.intervals import MARK
from softbench.tables import wording
from softbench.tables.assemble import Evidence, failures, patients_of
from softbench.tables.cells import ALPHA, Column, Table
from softbench.tables.findings import Finding, findings, numbers
from softbench.tables.layout import NO_UNIT, heads, name_of
from softbench.tables.sheet import NOTHING, Reasons, Sheet, digits, interval, number, p_value, plain
from softbench.tables.view import Given, View

VERSION = 1
HEADS = (
    "Method", "Difference", "New seeds, these cases: 95 % interval", "p (seeds)", "p after Holm", "Seeds",
    "New seeds, new patients: 95 % interval", "p (seeds and cases)",
    f"{LABEL[0].upper()}{LABEL[1:]}: 95 % (no test of methods)",
    "Within the margin", "Detectable with 80 %",
)  # fmt: skip
NO_TEST_OF_METHODS = (
    f"“{LABEL[0].upper()}{LABEL[1:]}” redraws the test cases and keeps the trained networks. It is no test of methods: "
    "it leaves zero out for most pairs of networks that one method trained with two seeds."
)
EQUIVALENT = (
    "Within the margin: “equivalent” where the 90 % interval over seeds lies within ± margin, the largest difference "
    "that does not matter, stated before looking, even where it is certainly not zero; “different” where it does not "
    "and p < 0.05 (“unadjusted” where Holm’s is not below); “undecided” where these seeds cannot tell."
)
DETECTABLE = (
    "Detectable: the smallest true difference that so many seeds find 4 times in 5 (p < 0.05, before any adjustment), "
    "by the spread that was found."
)


def sheet(evidence: Evidence, found: Sequence[Finding], *, margins: Mapping[str, float]) -> Sheet:
    """Return the findings of a table as a reader sees them.

    Args:
        evidence: the table.
        found: its findings.
        margins: metric -> margin, as the findings were made with.
    """
    table, reasons = evidence.table, Reasons()
    lines = [_row(one, table, reasons) for one in found]
    columns, rows = _filled(lines)
    names = {column: _name(column, table, margins) for column in table.columns}
    grid = plain(columns, rows, groups=[names[one.column] for one in found])
    notes = (*_empty(lines), *reasons.lines(), *_notes(table, margins))
    return Sheet(f"Statistics: {table.title}", about(table), (grid,), notes, numbers(found, table.tests))


def about(table: Table) -> str:
    """Say what a line is."""
    controls = list(dict.fromkeys(table.controls.values()))
    versus = f"Method minus {controls[0]}" if len(controls) == 1 else "Method minus its control"
    if table.ensembles:
        return f"{versus}, {wording.DEFINED}. {wording.NO_TEST_OF_ENSEMBLES}"
    if why := wording.untested(table):
        return f"{versus}, {wording.DEFINED}. {why}. {wording.SEED_IS_THE_UNIT}"
    return (
        f"{versus}, paired over seeds and over the cases defined in both, with its t interval. Holm’s adjustment is "
        f"for the {table.tests} differences of this table, as there; what stays below {ALPHA:g} is bold there."
    )


def _name(column: Column, table: Table, margins: Mapping[str, float]) -> str:
    """Name a column, with its margin."""
    head = heads(table)[table.columns.index(column)]
    unit = column.described.unit
    if wording.untested(table):  # no test, so no margin
        return f"{name_of(head)} {head.arrow}".strip()
    size = f"{margins[column.metric]:g}{'' if unit in NO_UNIT else f' {unit}'}" if column.metric in margins else ""
    return f"{name_of(head)} {head.arrow}".strip() + (f" · margin ± {size}" if size else " · no margin")


def _row(one: Finding, table: Table, reasons: Reasons) -> list[str]:
    several = len(set(table.controls.values())) > 1
    title = f"{one.method.title} vs {table.controls[str(one.method.control)]}" if several else one.method.title
    gap = one.cell.difference
    if gap is None or not gap.n_seeds:
        return [title, reasons.mark("no difference", one.reason or ""), *[NOTHING] * (len(HEADS) - 2)]
    decimals = digits(one.column.metric, one.column.described.unit)

    def span(low: float, high: float, reason: str | None) -> str:
        return interval(low, high, decimals) if reason is None else reasons.mark_invalid(reason)

    return [
        title,
        number(gap.mean, decimals, signed=True),
        span(gap.low, gap.high, one.reason),
        p_value(gap.p),
        p_value(one.cell.p_holm),
        NOTHING if table.ensembles else str(gap.n_seeds),
        span(one.crossed.low, one.crossed.high, one.crossed.reason),
        p_value(one.crossed.p),
        span(one.checkpoints.low, one.checkpoints.high, one.checkpoints.reason),
        _verdict(one),
        number(one.detectable, decimals),
    ]


def _verdict(one: Finding) -> str:
    """Return the verdict within the margin; a difference that is noise after Holm's adjustment is not called one."""
    verdict = (one.equivalent.verdict if one.equivalent else None) or NOTHING
    return f"{verdict}, unadjusted" if verdict == "different" and not one.cell.bold else verdict


def _filled(rows: Sequence[Sequence[str]]) -> tuple[tuple[str, ...], list[list[str]]]:
    """Return heads and rows without the columns that hold no number in any row."""
    shown = [c for c in range(len(HEADS)) if not c or any(not _is_empty(row[c]) for row in rows)]
    return tuple(HEADS[c] for c in shown), [[row[c] for c in shown] for row in rows]


def _is_empty(cell: str) -> bool:
    return cell == NOTHING or cell.startswith(MARK)


def _empty(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Name the intervals that no row has, with the letters of the reasons."""
    for c, head in enumerate(HEADS):
        found = list(dict.fromkeys(row[c] for row in rows if row[c].startswith(MARK)))
        if found and all(_is_empty(row[c]) for row in rows):
            yield f"{head}: {MARK} in any line {' '.join(cell.removeprefix(MARK).strip() for cell in found)}."


def _notes(table: Table, margins: Mapping[str, float]) -> list[str]:
    """Return what a reader of the lines must know; what does not occur is not explained."""
    if wording.untested(table):
        return [NO_TEST_OF_METHODS, wording.POLICIES[table.policy], *failures(table)]
    without = [name_of(head) for head, c in zip(heads(table), table.columns, strict=True) if c.metric not in margins]
    lines = []
    if len(without) < len(table.columns):
        lines.append(EQUIVALENT)
    if without:
        lines.append(f"No margin is stated for {', '.join(without)}, so nothing there is called equivalent.")
    return [*lines, NO_TEST_OF_METHODS, DETECTABLE, wording.POLICIES[table.policy], *failures(table)]


def view(given: Given) -> Sheet:
    """Return the sheet of a table."""
    margins, patients = given.needs["margins"], patients_of(splits.read(given.needs["split"]))
    return sheet(given.evidence, findings(given.evidence, margins=margins, groups=patients), margins=margins)


VIEW = View(
    name="statistics",
    title="Statistics of every difference",
    caption="Each method against its control, column by column: paired over seeds, for new patients, within a stated "
    "margin, and which difference so many seeds would have found.",
    needs=("scores", "ensembles", "margins", "split"),
    build=view,
    folded=True,
    place=30,
)
