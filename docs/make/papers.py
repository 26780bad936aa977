"""The page docs/papers.md, made from the printed tables and the claims: no number on it is typed by hand."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from softbench.papers import published
from softbench.papers.claims import reported
from softbench.papers.claims.judge import NOT_PRINTED, Outcome, judge_all
from softbench.papers.published import Dataset, Paper, PrintedCell, PrintedMetric, PublishedTable
from softbench.papers.published.reports import reports
from softbench.plan.config import read

from make import arithmetic, markdown

HEAD = """# Papers

<!-- Made by `make docs` from workflow/published/*.yaml and docs/make/papers.py: edit those. -->

What the papers print, what their ± is over, which of their numbers are in doubt, and which of their sentences their own
tables bear out. The numbers themselves are in `workflow/published`, one file a paper, cell by cell as printed;
`softbench.papers.published.read("svls_1")` returns a table, `softbench.papers.published.frame()` all of them in our
units. A test fails when this page is stale.

1. [All tables](#all-tables)
2. [What their arithmetic allows to check](#what-their-arithmetic-allows-to-check)
3. [How claims are judged](#how-claims-are-judged)
"""
ROOT = Path(__file__).parents[2]
VARIANTS = """Some tables have variants, which read the paper in another way. Their names are Snakemake targets;
`paper_tables` leaves them out, since each trains its rows once more.
"""
CLAIMS = ("claim", "says", "verdict", "cells that agree", "P(true)", "P(false)", "against it")
RULES = """## How claims are judged

A claim is a sentence of a paper, in our words, made a test (`workflow/published/claims.yaml`). Its id is the paper and,
behind a dot, what it says, e.g. `svls.best_ece`; ids of tables have no dot. A claim is cut into cells, each of which
agrees, is a tie, or speaks against it. The verdicts below are those of the printed numbers alone;
`snakemake --cores 1 results/claims.md` sets those of the runs that are there beside them, and says which data they are
on; `snakemake --cores all results/paper_tables/claims.md` runs what is missing first.
`softbench.papers.claims.judge_all(means)` judges the same claims on any table of means.

- **every** ("all", "best on every metric"): true if all cells agree, qualified if all do but for ties, else false.
- **consistently** (the sentence names no number of cells): true if all cells agree, qualified if at least as many agree
  as speak against it, else false.
- **most**: true if more than half of the cells agree, in each group where the sentence speaks of groups; qualified if
  more agree than speak against it; else false.
- **gains of a size**: true if each gain has the size, qualified if each is above zero, else false.
- **undetermined**: a table, data set, method or metric that the sentence is about is absent.
- **not printed**: the paper shows a drawing, or says the sentence without numbers; our runs alone can judge it.

What a cell is, depends on the kind of sentence. Besides comparisons of methods (`best`, `compare`, `gain`, `growing`,
`ranks_differ`) there are

- `steps`: along a parameter, each value is better (or worse) than the one before it;
- `peak`: each step up to the best value rises, and each step behind it falls. Where the sentence does not say which
  value is the best, it may be any but the first and the last;
- `near`: two methods differ by no more than a limit;
- `alike`: two methods stand in the same order on both data sets; `same_order`: by both metrics;
- `mainly`: the gain in one region is above zero and above that in the other;
- `sign`: a mean is above (or below) zero; `sign_of_best`: that of the method that is best by another metric.

P(true) is the share of 2000 bootstrap draws in which the claim is true as it is said, P(false) that in which it is
false: each mean is drawn anew from its ± and number of cases or seeds, independently. They know the noise that the ± is
over and no other; – where a mean that is compared has no ±. "Lost" cells are those whose number is lost.

Our means are drawn together over the seeds that they share, so what a seed does to all methods alike cancels: for one
comparison P(true) is one minus the one-sided p of the t test paired over seeds (docs/statistics.md). A claim of many
cells must hold in all of them in a draw, so noise alone makes P(true) low: a high one shows the claim, a low one does
not refute it. A verdict on data that stands in for the paper's says nothing about the paper's data.
"""

ELSEWHERE = """## Claims from elsewhere

Below the papers' claims `results/claims.md` has numbers that were reported without a paper, without spread and before
any review (`workflow/published/reports.yaml`). Each is one claim, that the method is better than its control, judged
by the same rules. With one run there is no P(true) of what was reported. Beside it stand our difference over the
seeds of the experiment that is named, with its 95 % t interval, our verdict and its P(true); "not run" where the
experiment has no results.
"""
NOTHING_RUN: dict[str, Any] = {"batches": {}, "data": "", "command": ""}
ELSEWHERE_HEAD = ("claim", "says", "reported", "verdict on it", "ours", "know that")


def page() -> str:
    """Return the page."""
    papers = published.papers()
    outcomes = judge_all(published.frame())
    names = [(paper.key, paper.key) for paper in papers] + [("Claims from elsewhere", "claims-from-elsewhere")]
    contents = "".join(f"{place}. [{name}](#{anchor})\n" for place, (name, anchor) in enumerate(names, start=4))
    parts = [HEAD + contents, _overview(papers), _arithmetic(), RULES]
    parts += [
        _of_paper(paper, [outcome for outcome in outcomes if outcome.claim.paper == paper.key]) for paper in papers
    ]
    return "\n".join([*parts, _elsewhere()])


def _elsewhere() -> str:
    """Return the section on numbers that were reported outside the papers."""
    rows = [
        (
            f"`{one.report.key}`",
            f"{one.report.says} {one.report.source}: {one.report.status}",
            f"{one.report.control.mean:.3f} to {one.report.method.mean:.3f} ({one.report.gap:+.3f})",
            f"**{one.printed.verdict}**",
            f"`{one.report.method.name}` and `{one.report.control.name}` in `{one.report.experiment}`: {one.named}",
            one.report.note,
        )
        for one in reported.build(reports(), {report.key: NOTHING_RUN for report in reports()})
    ]
    return f"{ELSEWHERE}\n{markdown.table(ELSEWHERE_HEAD, rows)}\n"


def _overview(papers: Sequence[Paper]) -> str:
    tables = [(paper, table) for paper in papers for table in paper.tables.values()]
    rows = [
        (f"`{table.key}`", f"{paper.authors} {paper.year}, {table.number}", table.title, str(len(table.cells)),
         _over(table), str(sum(bool(cell.note) for cell in table.cells)))
        for paper, table in tables
    ]  # fmt: skip
    total = sum(len(table.cells) for _, table in tables)
    lost = sum(cell.printed == published.tables.LOST for _, table in tables for cell in table.cells)
    said = f"{total} cells, of which {lost} are lost; {total - lost} numbers.\n"
    head = ("table", "paper", "what", "cells", "± is over", "cells with a note")
    return f"## All tables\n\n{markdown.table(head, rows)}\n\n{said}\n{_variants()}"


def _variants() -> str:
    """Return the list of a table's other readings, each with the choices that it does not share with the table."""
    tables = read(ROOT).values["tables"]
    rows = [
        (f"`{name}`", f"`{table['variant_of']}`", " ".join(_differing(table, tables[table["variant_of"]])))
        for name, table in sorted(tables.items())
        if "variant_of" in table
    ]
    return f"{VARIANTS}\n{markdown.table(('variant', 'of', 'what differs'), rows)}\n"


def _differing(table: Mapping[str, Any], of: Mapping[str, Any]) -> list[str]:
    return [" ".join(text.split()) for key, text in table["choices"].items() if of["choices"].get(key) != text]


def _arithmetic() -> str:
    found = arithmetic.checks()
    counts, held = (
        Counter(outcome.kind for outcome in found),
        Counter(outcome.kind for outcome in found if outcome.holds),
    )
    rows = [(kind, rule, str(counts[kind]), str(held[kind])) for kind, rule in arithmetic.KINDS.items()]
    said = (
        f"{held.total()} of {counts.total()} checks hold. A printed number stands for all that round to it; no other "
        "tolerance is used.\n"
    )
    checks = markdown.table(("kind", "rule", "checks", "hold"), rows)
    return f"## What their arithmetic allows to check\n\n{checks}\n\n{said}"


def _of_paper(paper: Paper, outcomes: Sequence[Outcome]) -> str:
    venue = f", {paper.venue}" if paper.venue else ""
    tables = list(paper.tables.values())
    datasets = {key: dataset for table in tables for key, dataset in table.datasets.items()}
    metrics = {key: metric for table in tables for key, metric in table.metrics.items()}
    blocks = [
        f"## {paper.key}",
        f"{paper.authors} {paper.year}{venue}: *{paper.title}*.\n{paper.protocol}",
        "".join(f"- {fact.text}\n" for fact in paper.know),
        markdown.table(("data", "our key", "train / val / test", "know that"), map(_dataset, datasets.values())),
        markdown.table(("prints", "in", "ours", "know that"), map(_metric, metrics.values())),
    ]
    if doubts := [row for table in tables for row in _doubts(table)]:
        blocks += ["Cells in doubt:\n", markdown.table(("table", "cells", "sure", "why"), doubts)]
    return "\n\n".join(block.rstrip("\n") for block in [*blocks, "Claims:", claims_table(outcomes)]) + "\n"


def claims_table(outcomes: Sequence[Outcome]) -> str:
    """Return outcomes as a table of the page; – where a probability cannot be known."""
    return markdown.table(CLAIMS, map(_claim, outcomes))


def _claim(outcome: Outcome) -> tuple[str, ...]:
    said = f"{outcome.claim.says}{' (our reading)' if outcome.claim.ours else ''}"
    if outcome.verdict == NOT_PRINTED:
        return f"`{outcome.claim.key}`", said, NOT_PRINTED, "–", "–", "–", outcome.why_none
    shares = ("–" if math.isnan(outcome.shares[word]) else f"{outcome.shares[word]:.2f}" for word in ("true", "false"))
    return (
        f"`{outcome.claim.key}`",
        said,
        f"**{outcome.verdict}**",
        outcome.counts(),
        *shares,
        outcome.offenders() or "–",
    )


def _dataset(dataset: Dataset) -> tuple[str, ...]:
    sizes = " / ".join("–" if size is None else str(size) for size in (dataset.train, dataset.val, dataset.test))
    notes = ["private; `" + str(dataset.surrogate) + "` stands in"] if dataset.private else []
    notes += [dataset.note] if dataset.note else []
    return (
        dataset.title,
        "–" if dataset.private else f"`{dataset.key}`",
        f"{sizes} {dataset.unit}",
        "; ".join(notes) or "–",
    )


def _metric(metric: PrintedMetric) -> tuple[str, ...]:
    ours = f"`{metric.ours}`{'' if metric.roi == 'all' else f', {metric.roi}'}" if metric.ours else "none"
    unit = {"percent": "%", "share": "shares"}.get(metric.unit, metric.unit)
    return (
        metric.name,
        unit if metric.factor in (1, Decimal("0.01")) else f"{unit}, times {metric.factor}",
        ours,
        metric.note or "–",
    )


def _doubts(table: PublishedTable) -> list[tuple[str, ...]]:
    """Return one row for each note, with the cells that it is about."""
    noted: dict[tuple[str, str], list[PrintedCell]] = {}
    for cell in table.cells:
        if cell.note:
            noted.setdefault((cell.confidence, cell.note), []).append(cell)
    return [(f"`{table.key}`", _where(cells), sure, note) for (sure, note), cells in noted.items()]


def _where(cells: Sequence[PrintedCell]) -> str:
    """Name one to three cells; count more."""
    if len(cells) > 3:
        return f"{len(cells)} cells, e.g. {cells[0].place} ({cells[0].printed})"
    derived = [f", derived {cell.derived}" if cell.derived else "" for cell in cells]
    return "; ".join(f"{cell.place} ({cell.printed}{more})" for cell, more in zip(cells, derived, strict=True))


def _over(table: PublishedTable) -> str:
    if table.over == "seeds":
        return f"{table.n} seeds"
    tests = " / ".join(str(dataset.test) for dataset in table.datasets.values())
    return f"{tests} test cases, one run" if table.over == "cases" else "none printed"
