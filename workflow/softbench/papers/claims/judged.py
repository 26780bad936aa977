"""The papers' sentences, judged on the numbers that they print and on ours."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from softbench.checks import require_one_of
from softbench.papers import published
from softbench.papers.claims import Claim, Outcome, judge_all
from softbench.papers.claims.cells import choose
from softbench.papers.comparison import build as beside
from softbench.papers.comparison.build import Block, Section
from softbench.papers.published import PrintedCell, PublishedTable
from softbench.tables.cells import Summary

VERSION = 1
MEANS_COLUMNS = [*published.COLUMNS, "runs", "by_seed", "data", "surrogate"]


def means_of(table: PublishedTable, blocks: Sequence[Block]) -> pd.DataFrame:
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
        kinds = {one.block.surrogate for one in self.sources if one.was_run}
        of_kinds: dict[tuple[bool, ...], Data] = {(): NOT_RUN, (False,): "own", (True,): "surrogate"}
        return of_kinds.get(tuple(kinds), "own and surrogate")

    @property
    def our_verdict(self) -> str:
        """The verdict on ours; "not run" where there is nothing that it could rest on."""
        return self.ours.verdict if self.data != NOT_RUN else NOT_RUN


def build(
    blocks: Mapping[str, Sequence[Block]], keys: Collection[str] = (), *, draws: int = 2000, seed: int = 0
) -> list[Judged]:
    """Judge claims twice.

    Args:
        blocks: ours, by the key of the printed table that they stand beside; what is left out was not run.
        keys: of the claims; all where none is named.
        draws: of the bootstrap.
        seed: of the bootstrap.
    Returns: one a claim, in the order of `workflow/published/claims.yaml`.
    Raises: InputError: for a table that is not printed, and as `means_of`.
    """
    for name in blocks:
        require_one_of("table", name, published.names())
    means = pd.concat([means_of(published.read(name), blocks.get(name, ())) for name in published.names()])
    given = {(name, one.dataset, one.arm or ""): one for name, of_table in blocks.items() for one in of_table}
    printed, ours = (judge_all(frame, keys, draws=draws, seed=seed) for frame in (published.frame(), means))
    return [Judged(*pair, _sources(pair[0].claim, means, given)) for pair in zip(printed, ours, strict=True)]


def _sources(claim: Claim, means: pd.DataFrame, given: Mapping[tuple[str, str, str], Block]) -> tuple[Source, ...]:
    rows = choose(means, claim)
    rows = rows[rows["method"].isin(claim.methods)]
    return tuple(
        Source(table, given.get((table, dataset, arm)) or Block(dataset, arm or None), _span(of_place))
        for (table, dataset, arm), of_place in rows.groupby(["table", "dataset", "arm"], sort=False)
    )


def _span(rows: pd.DataFrame) -> tuple[int, int]:
    """Return the fewest and the most seeds behind the means that are there."""
    seeds = rows.loc[rows["mean"].notna(), "n"]
    return (int(seeds.min()), int(seeds.max())) if len(seeds) else (0, 0)
