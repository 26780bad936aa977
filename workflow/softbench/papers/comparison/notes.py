"""The sentences around a paper's table with ours beside it: what is in a cell, the rule, data, definitions, doubts."""

from collections import Counter
from collections.abc import Iterable
from string import ascii_lowercase

from softbench.papers import published
from softbench.papers.comparison.build import MIN_CASES, MIN_SEEDS, PaperTable, Section
from softbench.papers.published import PrintedCell, PrintedMetric
from softbench.plan.forms import ABOUT_REHEARSAL
from softbench.tables.cells import STATUSES, Column, Judgement
from softbench.tables.layout import ARROWS_MEAN
from softbench.tables.wording import POLICIES

UNITS = {"percent": " (%)", "mm": " (mm)", "pixels": " (pixels)"}
LEGEND = {
    "within": "the noise that is known explains the difference",
    "outside": "the noise that is known does not explain it",
    "not comparable": "no rule can judge it, for a reason given below",
    "surrogate": "ours comes from data that stands in for the paper's: shown, never judged",
    "not run": "there is no result of ours",
}

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
RANKS = (
    "Nothing is marked as best: the csv has the rank of each printed number and of ours among the paper's rows, and "
    "the ranks of ours that the noise over seeds leaves open."
)


def about(table: PaperTable) -> str:
    """Say what a rehearsal is for, what stands in a cell, and what the statuses mean that are there."""
    brackets = ", in brackets our sd over cases" if table.printed.over == "cases" else ""
    units = "the paper's unit" if any(map(printed_unit, table.printed.metrics.values())) else "shares"
    counted = counts(table)
    meanings = "; ".join(f"{status}: {meaning}" for status, meaning in LEGEND.items() if counted[status])
    return (
        f"{ABOUT_REHEARSAL + ' ' if table.is_rehearsal else ''}"
        f"Each cell, in {units}: ours, {_our_spread(table)}{brackets}; the printed number; ours minus printed, and a "
        f"status. {meanings[0].upper()}{meanings[1:]}. {ARROWS_MEAN}"
    )


def printed_unit(metric: PrintedMetric) -> str:
    """Return what stands behind a metric's name: its unit in brackets, where it has one."""
    return UNITS.get(metric.unit, "")


def _our_spread(table: PaperTable) -> str:
    counts = [cell.n_seeds for cell in table.compared if cell.n_seeds]
    if not counts:
        return "mean ± sd over seeds"
    seeds = f"{min(counts)} to {max(counts)}" if min(counts) < max(counts) else str(max(counts))
    return f"mean ± sd over {seeds} seeds" if max(counts) > 1 else "the mean of one run"


def about_section(section: Section) -> str:
    """Say which data ours and the paper's are, and how to run what was not run."""
    block = section.block
    if block.results is None:
        return "Not run." + (f" To run it: {block.command}" if block.command else "")
    if block.surrogate:
        return f"Ours: {block.data or block.dataset}, which stands in for the paper's data."
    cases = "the paper's own test cases" if block.same_cases else "other test cases than the paper's, or not known"
    return f"Ours: {block.data or block.dataset}; {cases}."


def note_letters(table: PaperTable) -> dict[str, str]:
    """Return the letter of each note on printed cells, in the order of the cells."""
    notes = dict.fromkeys(cell.note for cell in _printed(table) if cell.note)
    return dict(zip(notes, ascii_lowercase, strict=False))


def footnotes(table: PaperTable) -> tuple[str, ...]:
    """Return the lines under a table: notes, counts, gaps, rule, data, metrics, doubts, what the paper leaves open."""
    return (
        *table.notes, *_counts(table), *_gaps(table), *_missing(table), _printed_spread(table), *_rule(table),
        *_to_baseline(table), RANKS, *_data(table), *_metrics(table), *_doubts(table), POLICIES[table.policy],
        *(f"The paper: {fact}" for fact in published.paper(table.printed.paper).facts_of(table.printed)),
    )  # fmt: skip


def counts(table: PaperTable) -> dict[str, int]:
    """Return how many printed cells have each status."""
    counted = Counter(judgement.status for judgement in _judgements(table))
    return {status: counted[status] for status in STATUSES}


def _judgements(table: PaperTable) -> list[Judgement]:
    return [cell.comparison.judgement for cell in table.compared if cell.comparison]


def _printed(table: PaperTable) -> list[PrintedCell]:
    return [cell.comparison.cell for cell in table.compared if cell.comparison]


def _counts(table: PaperTable) -> Iterable[str]:
    said = ", ".join(f"{number} {status}" for status, number in counts(table).items() if number)
    yield f"{len(table.compared)} printed cells: {said}."
    reasons = Counter(judgement.reason for judgement in _judgements(table) if judgement.reason)
    if reasons:
        yield f"Not comparable: {'; '.join(f'{reason} ({number})' for reason, number in reasons.most_common())}."


def _blocks(table: PaperTable) -> list[Section]:
    """Return one grid of each block."""
    return list({section.name: section for section in table.sections}.values())


def _gaps(table: PaperTable) -> Iterable[str]:
    for section in _blocks(table):
        if section.block.results is None:
            yield f"{section.name}: {about_section(section)}"


def _missing(table: PaperTable) -> Iterable[str]:
    """Name the methods that the paper prints and a block of ours lacks."""
    for section in _blocks(table):
        printed = zip(section.printed, section.rows, section.cells, strict=False)  # the rows below are not in the paper
        lacking = [row.title for _, row, cells in printed if not any(cell.summary for cell in cells)]
        if lacking and section.block.results is not None:
            yield f"{section.name}: not run are {', '.join(lacking)}."


def _printed_spread(table: PaperTable) -> str:
    printed = table.printed
    if printed.over == "seeds":
        return f"Printed ±: standard deviation over {printed.n} seeds; ours: over seeds, too."
    if printed.over == "none":
        return "Printed: one run, without ±. Ours: ± is the standard deviation over seeds."
    sizes = " / ".join(f"{dataset.test} {dataset.unit}" for dataset in printed.datasets.values())
    return (
        f"Printed ±: standard deviation over test {sizes} of one run; to be compared with our sd over cases, in "
        "brackets, and not judged. Our ± is over seeds."
    )


def _rule(table: PaperTable) -> Iterable[str]:
    blocks = [section.block for section in table.sections]
    judged = {block.same_cases for block in blocks if block.results is not None and not block.surrogate}
    if not judged:
        return
    yield RULE_SEEDS.format(n=table.printed.n) if table.printed.over == "seeds" else RULE_ONE_RUN
    if False in judged:
        yield OTHER_CASES + f" It needs {MIN_CASES} cases on both sides."
    yield f"{MIN_SEEDS} seeds of ours are needed: with two, hardly any number could fail an interval so wide. {LIMITS}"


def _to_baseline(table: PaperTable) -> Iterable[str]:
    """Say what the differences from a row are, where the paper prints them."""
    key = table.printed.baseline
    rows = {
        section.rows[section.printed.index(key)].title
        for section in table.sections
        if key is not None and key in section.printed
    }
    for row in sorted(rows):
        yield (
            f"To baseline: the difference from the row {row} of the same grid, ours and in brackets the printed one, "
            "small and grey in the paper. It is shown, not judged; a line that is lost in the text at hand is left out."
        )


def _data(table: PaperTable) -> Iterable[str]:
    for printed in table.printed.datasets.values():
        stands_in = f"private; {printed.surrogate} stands in" if printed.private else ""
        if said := "; ".join(part for part in (stands_in, printed.note) if part):
            yield f"{printed.title}: {said}."
    for name, members in table.printed.composites.items():
        yield f"{name}: the mean over {', '.join(members)}."
    for section in _blocks(table):
        yield from (f"{section.name}: {said}" for said in (section.block.note, *section.block.told) if said)


def _metrics(table: PaperTable) -> Iterable[str]:
    """Say for each printed metric which key of ours it is, and which standard one stands beside it."""
    columns = {column.printed: column for section in table.sections for column in section.columns if column.printed}
    for metric, column in columns.items():
        yield f"{metric.name}: {_ours_of(column)}{f' ({metric.note})' if metric.note else ''}."


def _ours_of(column: Column) -> str:
    if not column.metric:
        return "no metric of ours"
    region = "" if column.roi == "all" else f" in the {column.roi}"
    return f"our {column.metric}{region}" + (f", with {column.standard} beside it" if column.standard else "")


def _doubts(table: PaperTable) -> Iterable[str]:
    """Explain the letters beside printed numbers."""
    cells = _printed(table)
    for note, letter in note_letters(table).items():
        derived = [f"{cell.place.method} {cell.derived}" for cell in cells if cell.note == note and cell.derived]
        unsure = any(cell.note == note and cell.confidence == "low" for cell in cells)
        tail = f" ({', '.join(derived)})" if derived else ""
        yield f"({letter}) {'Not sure: ' if unsure else ''}{note}{tail}."
