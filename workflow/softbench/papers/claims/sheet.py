"""The claims, judged on the printed numbers and on ours, as a sheet: a row a claim under its paper, notes, numbers."""

import math
from collections.abc import Iterable, Sequence

from softbench.papers import published
from softbench.papers.claims import Outcome
from softbench.papers.claims.judge import UNDETERMINED
from softbench.papers.claims.judged import NOT_RUN, Judged
from softbench.papers.claims.numbers import numbers
from softbench.tables.rounding import NOTHING
from softbench.tables.sheet import Entry, Grid, Head, Line, Sheet, Text

TITLE = "Claims of the papers"
ABOUT = (
    "Sentences of the papers, in our words, as tests: judged on the numbers that the papers print, and on ours. Each "
    "verdict: how many of the cells that the sentence speaks of agree with it. P(true): in which share of bootstrap "
    "draws it is true as it is said."
)
HEADS = ("It says", "Printed numbers", "Ours", "Data of ours", "Against it: printed", "Against it: ours")
LEGEND = (
    "true: the cells agree as the sentence has it (all, or most where it says most). qualified: all but ties do; or, "
    "where the sentence names no number of cells, at least as many agree as speak against it; or there are gains, but "
    "not of the size that is said. undetermined: something that the sentence names has no number. false: else. All "
    "rules: docs/papers.md, How claims are judged.",
    "P(true) on the printed numbers: each mean is drawn anew from its ±, which is over cases or seeds as the paper has "
    "it, independently. None where a mean that is compared has no ±, where noise alone makes the claim true (orders "
    "that differ), and where the claim is undetermined.",
    "P(true) on ours: over new seeds, on these test cases; what a seed does to all methods alike cancels. For one "
    "comparison P(true) is one minus the one-sided p of the t test paired over seeds. It needs two seeds.",
    "In each draw a claim must hold in all its cells, so with many cells noise alone makes P(true) low: a "
    "high P(true) shows the claim, a low one does not refute it.",
    "surrogate: data that stands in for the paper's. A verdict on it says nothing about the paper's data.",
)


def sheet(judged: Sequence[Judged]) -> Sheet:
    """Return the claims as a reader sees them; up to six cells that speak against each are named."""
    heads, lines = tuple(map(Head, HEADS)), tuple(map(_line, judged))
    return Sheet(TITLE, ABOUT, (Grid(heads, lines, "Claim", look="sentences"),), _notes(judged), numbers(judged))


def _line(one: Judged) -> Line:
    said = f"{one.claim.says} ({one.claim.place}{'; our reading' if one.claim.ours else ''})"
    ran = one.data != NOT_RUN
    ours = _verdict(one.ours, "not scored") if ran else _words(NOT_RUN)
    against = one.printed.offenders(), one.ours.offenders() if ran else NOTHING
    entries = (_words(said), _verdict(one.printed, "lost"), ours, _words(_data(one)), *map(_words, against))
    paper = published.paper(one.claim.paper)
    return Line(one.claim.key, entries, group=f"{paper.authors} {paper.year}")


def _words(text: str) -> Entry:
    return Entry(Text(text))


def _verdict(outcome: Outcome, lacking: str) -> Entry:
    """Say verdict, cells and probability; an open claim has none, for it speaks of more than what is there."""
    known = outcome.verdict != UNDETERMINED and not math.isnan(outcome.probability)
    if outcome.cells:
        said = outcome.counts(lacking) + (f"; P(true)\N{NO-BREAK SPACE}{share(outcome.probability)}" if known else "")
    else:
        said = f"all {outcome.missing} cells {lacking}" if outcome.missing else ""
    return Entry(Text(outcome.verdict, bold=True), (Text(said),) if said else ())


def share(value: float) -> str:
    """Return a share of draws in hundredths; one that rounds to none or all of them is not said to be so."""
    edge = "<" if value < 0.005 else ">" if value > 0.995 else ""
    return f"{edge}\N{NO-BREAK SPACE}{0.01 if edge == '<' else 0.99}" if edge else f"{value:.2f}"


def _data(one: Judged) -> str:
    """Say whose data ours are, over how many seeds, and what of it was not run."""
    said = [member.said for member in one.sources if member.was_run]
    rest = [member.place for member in one.sources if not member.was_run]
    if not said:
        return NOT_RUN
    return "; ".join(dict.fromkeys([*said, *([f"not run: {', '.join(rest)}"] if rest else [])]))


def _notes(judged: Sequence[Judged]) -> tuple[str, ...]:
    """Return the legend, what is to be known of our runs, and how to run what was not run."""
    return (*LEGEND, *_known(judged), *_not_run(judged))


def _known(judged: Iterable[Judged]) -> Iterable[str]:
    """Give the notes of what was run, e.g. which runs failed."""
    sources = (one for judgement in judged for one in judgement.sources if one.was_run and one.block.note)
    return dict.fromkeys(f"{one.table} ({one.place}): {one.block.note}" for one in sources)


def _not_run(judged: Iterable[Judged]) -> Iterable[str]:
    """Say which data sets of a table have no results, why, and which command makes them."""
    places: dict[tuple[str, str, str], dict[str, None]] = {}
    for source in (one for judgement in judged for one in judgement.sources if not one.was_run):
        places.setdefault((source.table, source.block.note, source.command), {})[source.place] = None
    for (table, why, how), named in places.items():
        yield f"Not run: {table} ({', '.join(named)}){f': {why}' if why else '.'} To run it: {how}"
