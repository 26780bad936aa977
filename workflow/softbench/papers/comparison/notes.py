"""The lines under a table "ours beside printed": counts, gaps, what ± is over, the rule, data, definitions, doubts."""

from collections import Counter
from collections.abc import Iterable

from softbench.papers import published
from softbench.papers.comparison.layout import marks_of
from softbench.papers.comparison.parts import STATUSES, Beside, Column, Section
from softbench.papers.comparison.rule import MIN_CASES, MIN_SEEDS
from softbench.papers.comparison.wording import about_section
from softbench.tables.wording import POLICIES

RULE_SEEDS = (
    "Within: the 95 % Welch interval of the difference of two means over seeds, ours and the paper's {n}, holds zero."
)
RULE_ONE_RUN = (
    "Within: the printed number, one run, lies in the 95 % prediction interval for one further run of ours, "
    "mean ± t sd √(1 + 1/S) over S seeds."
)
OTHER_CASES = (
    "Where the paper's test cases are not ours, the noise of drawing cases is added to the interval: the variance "
    "sd² (1/N + 1/N of the paper), with our sd over N cases."
)
LIMITS = (
    "All intervals are widened by half a unit of the last printed digit and are not corrected for their number: about "
    "one in twenty would be outside by chance. Within does not mean equal; outside means that the settings differ, not "
    "who is right."
)


def footnotes(table: Beside) -> tuple[str, ...]:
    """Return the lines under a table: notes, counts, gaps, rule, data, metrics, doubts, what the paper leaves open."""
    return (
        *table.notes, *_counts(table), *_gaps(table), *_missing(table), _printed_spread(table), *_rule(table),
        *_data(table), *_metrics(table), *_doubts(table), POLICIES[table.policy],
        *(f"The paper: {fact}" for fact in published.paper(table.table.paper).know),
    )  # fmt: skip


def counts(table: Beside) -> dict[str, int]:
    """Return how many printed cells have each status."""
    found = Counter(cell.judgement.status for cell in table.printed_cells if cell.judgement)
    return {status: found[status] for status in STATUSES}


def _counts(table: Beside) -> Iterable[str]:
    said = ", ".join(f"{number} {status}" for status, number in counts(table).items() if number)
    yield f"{len(table.printed_cells)} printed cells: {said}."
    reasons = Counter(c.judgement.reason for c in table.printed_cells if c.judgement and c.judgement.reason)
    if reasons:
        yield f"Not comparable: {'; '.join(f'{reason} ({number})' for reason, number in reasons.most_common())}."


def _blocks(table: Beside) -> list[Section]:
    """Return one grid of each block."""
    return list({one.name: one for one in table.sections}.values())


def _gaps(table: Beside) -> Iterable[str]:
    for one in _blocks(table):
        if one.block.results is None:
            yield f"{one.name}: {about_section(one)}"


def _missing(table: Beside) -> Iterable[str]:
    """Name the methods that the paper prints and a block of ours lacks."""
    for one in _blocks(table):
        pairs = zip(one.rows, one.cells, strict=True)
        lacking = [row.title for row, cells in pairs if row.is_printed and not any(cell.ours for cell in cells)]
        if lacking and one.block.results is not None:
            yield f"{one.name}: not run are {', '.join(lacking)}."


def _printed_spread(table: Beside) -> str:
    printed = table.table
    if printed.over == "seeds":
        return f"Printed ±: standard deviation over {printed.n} seeds; ours: over seeds, too."
    if printed.over == "none":
        return "Printed: one run, without ±. Ours: ± is the standard deviation over seeds."
    sizes = " / ".join(f"{one.test} {one.unit}" for one in printed.datasets.values())
    return (
        f"Printed ±: standard deviation over test {sizes} of one run; to be compared with our sd over cases, in "
        "brackets, and not judged. Our ± is over seeds."
    )


def _rule(table: Beside) -> Iterable[str]:
    blocks = [one.block for one in table.sections]
    judged = {block.same_cases for block in blocks if block.results is not None and not block.surrogate}
    if not judged:
        return
    yield RULE_SEEDS.format(n=table.table.n) if table.table.over == "seeds" else RULE_ONE_RUN
    if False in judged:
        yield OTHER_CASES + f" It needs {MIN_CASES} cases on both sides."
    yield f"{MIN_SEEDS} seeds of ours are needed: with two, hardly any number could fail an interval so wide. {LIMITS}"


def _data(table: Beside) -> Iterable[str]:
    for printed in table.table.datasets.values():
        stands_in = f"private; {printed.surrogate} stands in" if printed.private else ""
        if said := "; ".join(part for part in (stands_in, printed.note) if part):
            yield f"{printed.title}: {said}."
    for name, members in table.table.composites.items():
        yield f"{name}: the mean over {', '.join(members)}."
    for one in _blocks(table):
        yield from (f"{one.name}: {said}" for said in (one.block.note, *one.block.told) if said)


def _metrics(table: Beside) -> Iterable[str]:
    """Say for each printed metric which key of ours it is, and which standard one stands beside it."""
    columns = {one.metric.name: one for section in table.sections for one in section.columns}
    for name, column in columns.items():
        note = f" ({column.metric.note})" if column.metric.note else ""
        yield f"{name}: {_ours_of(column)}{note}."


def _ours_of(column: Column) -> str:
    metric = column.metric
    if metric.ours is None:
        return "no metric of ours"
    region = "" if metric.roi == "all" else f" in the {metric.roi}"
    return f"our {metric.ours}{region}" + (f", with {column.standard} beside it" if column.standard else "")


def _doubts(table: Beside) -> Iterable[str]:
    """Explain the letters beside printed numbers."""
    cells = [cell.printed for cell in table.printed_cells if cell.printed is not None]
    for note, mark in marks_of(table).items():
        derived = [f"{one.place.method} {one.derived}" for one in cells if one.note == note and one.derived]
        unsure = any(one.note == note and one.confidence == "low" for one in cells)
        tail = f" ({', '.join(derived)})" if derived else ""
        yield f"({mark}) {'Not sure: ' if unsure else ''}{note}{tail}."
