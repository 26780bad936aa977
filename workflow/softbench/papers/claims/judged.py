"""The papers' sentences, judged on the numbers that they print and on ours, and how they are shown."""

import math
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from softbench.checks import require_one_of
from softbench.papers import published
from softbench.papers.claims.cells import choose
from softbench.papers.claims.judge import NOT_PRINTED, UNDETERMINED, WORDS, Outcome, judge_all
from softbench.papers.claims.sentences import Claim
from softbench.papers.claims.unprinted import name_of
from softbench.papers.comparison import build as beside
from softbench.papers.comparison.build import Block, Section
from softbench.papers.published import PrintedCell, PublishedTable
from softbench.plan.forms import ABOUT_REHEARSAL, rehearsal_title
from softbench.tables.cells import Summary
from softbench.tables.sheet import Entry, Grid, Head, Line, Sheet, Text

VERSION = 1
MEANS_COLUMNS = [*published.COLUMNS, "runs", "by_seed", "data", "surrogate"]


def collect_means(table: PublishedTable, blocks: Sequence[Block]) -> pd.DataFrame:
    """Return our mean for each place of a printed table.

    Data sets, arms, annotation sets, structures and methods carry the printed names, metrics ours, as in
    `published.frame`; so one claim is judged on both.

    Args:
        table: the printed one.
        blocks: ours, as for `beside.build`; data sets and arms that are left out were not run.
    Returns: the columns of `published.frame`, where `mean` is NaN if we have none, `sd` is over seeds and `n` counts
        them; what pairs our seeds (`runs`, `by_seed`: `claims.judge`); `data`: our key of the data, empty where it is
        the printed one; and `surrogate`: whether they stand in for the paper's.
    Raises: InputError: as `beside.build`.
    """
    rows = [
        _mean_row(table, section, cell.comparison.cell, cell.summary)
        for section in beside.build(table, blocks).sections
        for cells in section.cells
        for cell in cells
        if cell.comparison is not None
    ]
    return pd.DataFrame(rows, columns=MEANS_COLUMNS).astype({"mean": float, "sd": float, "n": float})


def _mean_row(table: PublishedTable, section: Section, printed: PrintedCell, ours: Summary | None) -> tuple:
    place, metric = printed.place, table.metric_of(printed)
    where = (table.key, place.dataset, place.arm or "", place.rater or 0, place.structure, metric.key, metric.roi)
    whose = section.block.data, section.block.surrogate
    if ours is None:
        return (*where, place.method, np.nan, np.nan, np.nan, "none", metric.better, "", {}, *whose)
    spread = ours.mean, ours.sd_seeds, ours.n_seeds, "seeds"
    return (*where, place.method, *spread, metric.better, ours.runs, ours.by_seed, *whose)


NOT_RUN: Literal["not run"] = "not run"
RUN_ALL = "snakemake --cores all results/paper_tables/claims.md"  # with what no table asks for
Data = Literal["own", "surrogate", "own and surrogate", "not run"]


@dataclass(frozen=True)
class Source:
    """One data set and arm of a printed table that a claim speaks of, and what of ours stands beside it.

    `block` is ours; `seeds`: the fewest and the most behind a mean that the claim may use; zero where none is there.
    """

    table: str
    block: Block
    seeds: tuple[int, int]

    @property
    def was_run(self) -> bool:
        """Whether any mean is there."""
        return self.seeds[1] > 0

    @property
    def place(self) -> str:
        """Its name in the paper: data set and arm."""
        return " ".join(part for part in (self.block.dataset, self.block.arm) if part)

    @property
    def said(self) -> str:
        """Whose data it is, and over how many seeds."""
        fewest, most = self.seeds
        seeds = f"{most if fewest == most else f'{fewest} to {most}'} seed{'' if most == 1 else 's'}"
        return f"{self._whose}: {seeds}"

    @property
    def _whose(self) -> str:
        data = self.block.data or self.block.dataset
        return f"surrogate, {data} for {self.place}" if self.block.surrogate else f"own, {self.place}"

    @property
    def command(self) -> str:
        """What runs it."""
        return self.block.command or f"snakemake --cores all {self.table}"


@dataclass(frozen=True)
class Judged:
    """What became of a claim on the printed numbers, and on ours; `sources`: whose data ours are."""

    printed: Outcome
    ours: Outcome
    sources: tuple[Source, ...]

    @property
    def claim(self) -> Claim:
        """The sentence."""
        return self.printed.claim

    @property
    def data(self) -> Data:
        """Whose data our verdict rests on."""
        kinds = {source.block.surrogate for source in self.sources if source.was_run}
        of_kinds: dict[tuple[bool, ...], Data] = {(): NOT_RUN, (False,): "own", (True,): "surrogate"}
        return of_kinds.get(tuple(kinds), "own and surrogate")

    @property
    def our_verdict(self) -> str:
        """The verdict on ours; "not run" where there is nothing that it could rest on."""
        return self.ours.verdict if self.data != NOT_RUN else NOT_RUN


def build(
    blocks: Mapping[str, Sequence[Block]],
    keys: Collection[str] = (),
    *,
    unprinted: pd.DataFrame | None = None,
    command: str = RUN_ALL,
    draws: int = 2000,
    seed: int = 0,
) -> list[Judged]:
    """Judge claims twice.

    Args:
        blocks: ours, by the key of the printed table that they stand beside; what is left out was not run.
        keys: of the claims; all where none is named.
        unprinted: of `unprinted.means`, for the claims without printed numbers; None where nothing was run for them.
        command: that runs what these claims lack.
        draws: of the bootstrap.
        seed: of the bootstrap.
    Returns: one a claim, in the order of `workflow/published/claims.yaml`.
    Raises: InputError: for a table that is not printed, and as `collect_means`.
    """
    for name in blocks:
        require_one_of("table", name, published.names())
    means = pd.concat([collect_means(published.read(name), blocks.get(name, ())) for name in published.names()])
    means = means.assign(unprinted=False)
    if unprinted is not None:
        means = pd.concat([means, unprinted], ignore_index=True)
    given = {(name, block.dataset, block.arm or ""): block for name, of_table in blocks.items() for block in of_table}
    printed, ours = (judge_all(frame, keys, draws=draws, seed=seed) for frame in (published.frame(), means))
    return [Judged(*pair, _sources(pair[0].claim, means, given, command)) for pair in zip(printed, ours, strict=True)]


def _sources(
    claim: Claim, means: pd.DataFrame, given: Mapping[tuple[str, str, str], Block], command: str
) -> tuple[Source, ...]:
    rows = choose(means, claim)
    rows = rows[rows["method"].isin(claim.methods)]
    sources = []
    for (table, dataset, arm), of_place in rows.groupby(["table", "dataset", "arm"], sort=False):
        block = given.get((table, dataset, arm)) or Block(dataset, arm or None)
        block = replace(block, command=command, note="") if claim.unprinted else block
        sources.append(Source(table, block, _span(of_place)))
    return tuple(sources)


def _span(rows: pd.DataFrame) -> tuple[int, int]:
    """Return the fewest and the most seeds behind the means that are there."""
    seeds = rows.loc[rows["mean"].notna(), "n"]
    return (int(seeds.min()), int(seeds.max())) if len(seeds) else (0, 0)


OUTCOME = ["verdict", "agree", "ties", "cells", "missing", "p_true", "p_qualified", "p_false", "why_no_p"]
OUTCOME += ["against", "absent"]
COLUMNS = [
    *("claim", "paper", "place", "says", "our_reading"),
    *(f"{side}_{name}" for side in ("printed", "ours") for name in OUTCOME),
    *("data", "seeds_min", "seeds_max", "sources", "not_run", "commands"),
]


def numbers(judged: Sequence[Judged]) -> pd.DataFrame:
    """Return one row a claim with all of `COLUMNS`.

    Unknown numbers are empty, lists stand between `;`. `missing` counts cells without a number: lost in print, not
    scored by us. `ours_verdict` is "not run" where nothing is there; `seeds_min` and `seeds_max` are then empty.
    The probabilities of an undetermined claim are those of the cells that are there.
    """
    records = []
    for judgement in judged:
        claim = [
            judgement.claim.key,
            judgement.claim.paper,
            judgement.claim.place,
            judgement.claim.says,
            judgement.claim.ours,
        ]
        ours = [judgement.our_verdict, *_outcome_columns(judgement.ours)[1:]]
        records.append([*claim, *_outcome_columns(judgement.printed), *ours, *_data_columns(judgement)])
    return pd.DataFrame(records, columns=COLUMNS).astype(dict.fromkeys(["seeds_min", "seeds_max"], "Int64"))


def outcome_columns(side: str, outcome: Outcome) -> dict[str, object]:
    """Return what became of a claim by the columns of a side, "printed" or "ours"."""
    return dict(zip([f"{side}_{name}" for name in OUTCOME], _outcome_columns(outcome), strict=True))


def _outcome_columns(outcome: Outcome) -> list[object]:
    counts = [outcome.agree, outcome.ties, len(outcome.cells), outcome.missing]
    shares = [outcome.shares[word] for word in reversed(WORDS)]
    return [outcome.verdict, *counts, *shares, outcome.why_none, "; ".join(outcome.against), "; ".join(outcome.absent)]


def _data_columns(judgement: Judged) -> list[object]:
    ran = [source for source in judgement.sources if source.was_run]
    rest = [source for source in judgement.sources if not source.was_run]
    seeds = [min(source.seeds[0] for source in ran), max(source.seeds[1] for source in ran)] if ran else [None, None]
    lists = ([source.said for source in ran], [source.place for source in rest], {source.command: 0 for source in rest})
    return [judgement.data, *seeds, *map("; ".join, lists)]


Names = Mapping[str, str]  # key -> what a reader knows it by
NO_TITLES: Mapping[str, Names] = {}
BETWEEN = re.compile("(; |: |, | vs |best of )")  # the parts of the names of cells
TITLE = "Claims of the papers"
ABOUT = (
    "Sentences of the papers, in our words, as tests: judged on the numbers that the papers print, and on ours. Below "
    "each sentence its id, and where it stands. Below each verdict how many of the cells that the sentence speaks of "
    "agree with it; P(true), the share of bootstrap draws in which it is true as it is said; and cells against it."
)
HEADS = ("On the printed numbers", "On ours")
LEGEND = (
    "true: the cells agree as the sentence has it (all, or most where it says most). qualified: all but ties do; or, "
    "where the sentence names no number of cells, at least as many agree as speak against it; or there are gains, but "
    "not of the size that is said. undetermined: something that the sentence names has no number. false: else. All "
    "rules: docs/papers.md, How claims are judged. not printed: the paper has a drawing or a sentence alone.",
    "P(true) on the printed numbers: each mean is drawn anew from its ±, which is over cases or seeds as the paper has "
    "it, independently. None where a mean that is compared has no ±, where noise alone makes the claim true (orders "
    "that differ), and where the claim is undetermined.",
    "P(true) on ours: over new seeds, on these test cases; what a seed does to all methods alike cancels. For one "
    "comparison P(true) is one minus the one-sided p of the t test paired over seeds. It needs two seeds.",
    "In each draw a claim must hold in all its cells, so with many cells noise alone makes P(true) low: a "
    "high P(true) shows the claim, a low one does not refute it.",
    "surrogate: data that stands in for the paper's. A verdict on it says nothing about the paper's data.",
)


def sheet(
    judged: Sequence[Judged], titles: Mapping[str, Mapping[str, str]] = NO_TITLES, *, is_rehearsal: bool = False
) -> Sheet:
    """Return the claims as a reader sees them; a rehearsal, ours on phantoms, says so.

    Args:
        judged: the claims.
        titles: paper -> method -> title, for the cells against a claim; the key where there is none.
        is_rehearsal: whether ours are of phantoms.
    """
    names = {
        key: {**_names(key), **titles.get(key, {})}
        for key in dict.fromkeys(judgement.claim.paper for judgement in judged)
    }
    lines = tuple(_line(judgement, names[judgement.claim.paper]) for judgement in judged)
    grid = Grid(tuple(map(Head, HEADS)), lines, "Claim", look="sentences")
    title, about = (rehearsal_title(TITLE), f"{ABOUT_REHEARSAL} {ABOUT}") if is_rehearsal else (TITLE, ABOUT)
    return Sheet(title, about, (grid,), _notes(judged), numbers(judged), is_long=True)


def _names(paper: str) -> dict[str, str]:
    """Return the titles of a paper's data sets, and its names of metrics, by our keys."""
    tables = published.paper(paper).tables.values()
    metrics = {metric.key: metric.name for table in tables for metric in table.metrics.values()}
    return metrics | {key: dataset.title for table in tables for key, dataset in table.datasets.items()}


def _named(cells: str, names: Mapping[str, str]) -> str:
    """Return the names of cells with titles in the place of keys."""
    return "".join(names.get(part, part) for part in BETWEEN.split(cells))


def _line(judgement: Judged, names: Names) -> Line:
    paper = published.paper(judgement.claim.paper)
    if judgement.claim.unprinted:
        names = {**names, **{metric: name_of(metric) for metric in judgement.claim.named("metric")}}
    aside = f"{judgement.claim.key} ({judgement.claim.place}{'; our reading' if judgement.claim.ours else ''})"
    entries = entry(judgement.printed, names, "lost"), _ours(judgement, names)
    return Line(judgement.claim.says, entries, aside, f"{paper.authors} {paper.year}")


def entry(outcome: Outcome, names: Names, lacking: str, *said: str) -> Entry:
    """Return a verdict, the cells that agree with its probability, what is `said` of the data, and what is against it.

    An open claim has no probability, for it speaks of more than what is there. One that is not printed says why.
    """
    if outcome.verdict == NOT_PRINTED:
        return Entry(Text(NOT_PRINTED), (Text(outcome.why_none),))
    known = outcome.verdict != UNDETERMINED and not math.isnan(outcome.probability)
    agree = f"all {outcome.missing} cells {lacking}" if outcome.missing else ""
    if outcome.cells:
        agree = f"agree: {outcome.counts(lacking)}"
        agree += f"; P(true)\N{NO-BREAK SPACE}{share(outcome.probability)}" if known else ""
    absent = (
        f"{column} {names.get(value, value)}" for column, _, value in (text.partition(" ") for text in outcome.absent)
    )
    named = {"absent": ", ".join(absent), "against": _named(outcome.offenders(), names)}
    words = (agree, *said, *(f"{what}: {which}" for what, which in named.items() if which))
    return Entry(Text(outcome.verdict, bold=True), tuple(Text(text) for text in words if text))


def _ours(judgement: Judged, names: Names) -> Entry:
    return (
        Entry(Text(NOT_RUN))
        if judgement.data == NOT_RUN
        else entry(judgement.ours, names, "not scored", _data(judgement))
    )


def share(value: float) -> str:
    """Return a share of draws in hundredths; one that rounds to none or all of them is not said to be so."""
    edge = "<" if value < 0.005 else ">" if value > 0.995 else ""
    return f"{edge}\N{NO-BREAK SPACE}{0.01 if edge == '<' else 0.99}" if edge else f"{value:.2f}"


def _data(judgement: Judged) -> str:
    """Say whose data ours are, over how many seeds, and what of it was not run."""
    said = [member.said for member in judgement.sources if member.was_run]
    rest = [member.place for member in judgement.sources if not member.was_run]
    return "; ".join(dict.fromkeys([*said, *([f"not run: {', '.join(rest)}"] if rest else [])]))


def _notes(judged: Sequence[Judged]) -> tuple[str, ...]:
    """Return the legend, what is to be known of our runs, and how to run what was not run."""
    return (*LEGEND, *_known(judged), *_not_run(judged))


def _known(judged: Iterable[Judged]) -> Iterable[str]:
    """Give the notes of what was run, e.g. which runs failed."""
    sources = (source for judgement in judged for source in judgement.sources if source.was_run and source.block.note)
    return dict.fromkeys(f"{source.table} ({source.place}): {source.block.note}" for source in sources)


def _not_run(judged: Iterable[Judged]) -> Iterable[str]:
    """Say which data sets of a table have no results, why, and which command makes them."""
    places: dict[tuple[str, str, str], dict[str, None]] = {}
    for source in (source for judgement in judged for source in judgement.sources if not source.was_run):
        places.setdefault((source.table, source.block.note, source.command), {})[source.place] = None
    for (table, why, how), named in places.items():
        yield f"Not run: {table} ({', '.join(named)}){f': {why}' if why else '.'} To run it: {how}"
