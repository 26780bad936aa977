"""Claims from outside the papers, judged on what was reported and on our runs; they stand below the papers' claims."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from softbench.metrics import catalogue
from softbench.papers.claims.judge import Outcome, judge
from softbench.papers.claims.judged import HEADS, NOT_RUN, entry, outcome_columns
from softbench.papers.claims.sentences import Claim, Pair
from softbench.papers.published.reports import Report
from softbench.statistics import Difference, apply_policy, differences, seed_means
from softbench.tables import assemble
from softbench.tables.cells import Column
from softbench.tables.sheet import Entry, Grid, Head, Line, Sheet, Text, digits, interval, number
from softbench.tables.table import with_composites

VERSION = None  # what is shown; a fingerprint of the code tells when it is made again
TITLE = "Claims from elsewhere"
ABOUT = (
    "Numbers that were reported outside these papers, each as one claim: judged on the two reported means and on ours. "
    "Below each verdict stands the difference of the method to its control, ours with its 95 % t interval over seeds."
)
ONE_RUN = "no ±, so P(true) is not known"


@dataclass(frozen=True)
class Reported:
    """A report, and what became of it.

    `ours` is None where one of the two methods has no run; `gap`: our difference; `seeds`: the fewest and the most of
    the two methods; `command`: what makes the runs.
    """

    report: Report
    printed: Outcome
    ours: Outcome | None
    gap: Difference | None
    seeds: tuple[int, int]
    data: str
    command: str

    @property
    def named(self) -> str:
        """Which metric of ours stands for theirs, and where."""
        report = self.report
        place = "" if report.structure == "all" else f", {report.structure}"
        return f"{catalogue.describe(report.metric).name} (`{report.metric}`{place}, region {report.roi})"


def build(
    reports: Sequence[Report], settings: Mapping[str, Mapping[str, Any]], *, draws: int = 2000, seed: int = 0
) -> list[Reported]:
    """Judge reports on their numbers and on our runs.

    Args:
        reports: any; those that `settings` lacks are left out.
        settings: key of a report -> `batches` of each of the two methods, by method, those that lie there; `data`, our
            key of the data set; `command` that makes the runs.
        draws, seed: of the bootstrap, as `judge.judge`.
    """
    return [_judged(report, settings[report.key], draws, seed) for report in reports if report.key in settings]


def _judged(report: Report, known: Mapping[str, Any], draws: int, seed: int) -> Reported:
    claim = as_claim(report)
    sides = (report.method, report.control)
    reported = pd.DataFrame([_row(report, side.name) | {"mean": side.mean} for side in sides])
    printed = judge(claim, reported, draws=draws, seed=seed)
    settled = _scores(report, known["batches"])
    if settled is None:
        return Reported(report, printed, None, None, (0, 0), known["data"], known["command"])
    by_method = _seed_means(report, settled)
    ours = judge(claim, _means(report, by_method), draws=draws, seed=seed)
    pair, place = (report.method.name, report.control.name), {"structure": report.structure, "roi": report.roi}
    (gap,) = differences(settled, [pair], report.metric, **place)
    counts = [len(seeds) for seeds in by_method.values()]
    return Reported(report, printed, ours, gap, (min(counts), max(counts)), known["data"], known["command"])


def as_claim(report: Report) -> Claim:
    """Return the claim that the method is better than its control."""
    pair = Pair({"method": report.method.name}, {"method": report.control.name})
    return Claim(
        report.key, report.status, report.says, "compare", (report.table,), quantifier="every",
        metrics=(report.metric,), structures=(report.structure,), rois=(report.roi,), pairs=(pair,),
    )  # fmt: skip


def _row(report: Report, method: str) -> dict[str, Any]:
    place = {"table": report.table, "dataset": report.experiment, "structure": report.structure}
    return {**place, "metric": report.metric, "roi": report.roi, "method": method}


def _scores(report: Report, batches: Mapping[str, Sequence[str]]) -> pd.DataFrame | None:
    """Return the scores of both methods, after the policy for empty masks; None where one of them has none."""
    names = (report.method.name, report.control.name)
    if not all(batches.get(name) for name in names):
        return None
    try:
        scores = assemble.read([Path(path) for name in names for path in batches[name]]).scores
    except assemble.NoRunError:
        return None
    raw = scores[(scores["prediction"] == assemble.RAW) & (scores["grid"] == "full")]
    column = Column(report.metric, report.structure, report.roi)
    settled = with_composites(apply_policy(raw, "diagonal"), [column], report.composites)
    chosen = (settled["structure"] == report.structure) & (settled["roi"] == report.roi)
    return settled[chosen] if set(names) <= set(settled["method"][chosen]) else None


def _seed_means(report: Report, scores: pd.DataFrame) -> dict[str, dict[int, float]]:
    """Return method -> seed -> mean over cases."""
    found: dict[str, dict[int, float]] = {report.method.name: {}, report.control.name: {}}
    for key, value in seed_means(scores).dropna().items():
        method, *_, seed = key
        found[str(method)][int(seed)] = float(value)
    return found


def _means(report: Report, by_method: Mapping[str, Mapping[int, float]]) -> pd.DataFrame:
    rows = []
    for method, seeds in by_method.items():
        values = list(seeds.values())
        mean = float(np.mean(values)) if values else math.nan
        spread = float(np.std(values, ddof=1)) if len(values) > 1 else math.nan
        known = {"mean": mean, "sd": spread, "n": len(values), "over": "seeds", "by_seed": dict(seeds)}
        rows.append(_row(report, method) | known | {"runs": report.experiment})
    return pd.DataFrame(rows)


def added(sheet: Sheet, judged: Sequence[Reported]) -> Sheet:
    """Return a table of claims with those from elsewhere below the papers'; as it is where there are none."""
    if not judged:
        return sheet
    lines = tuple(
        Line(one.report.says, (_printed(one), _ours(one)), f"{one.report.key} ({one.report.status})", one.report.source)
        for one in judged
    )
    grid = Grid(tuple(map(Head, ("As reported", HEADS[1]))), lines, "Claim", TITLE, ABOUT, look="sentences")
    numbers = pd.concat([sheet.numbers, _numbers(judged, sheet.numbers)], ignore_index=True)
    return replace(sheet, grids=(*sheet.grids, grid), notes=(*sheet.notes, *_notes(judged)), numbers=numbers)


def _printed(one: Reported) -> Entry:
    method, control = (_number(one.report, side.mean) for side in (one.report.method, one.report.control))
    gap = _number(one.report, one.report.gap, signed=True)
    return entry(one.printed, {}, "lost", f"difference {gap} ({control} to {method})", ONE_RUN)


def _ours(one: Reported) -> Entry:
    if one.ours is None or one.gap is None:
        return Entry(Text(NOT_RUN))
    decimals = digits(one.report.metric, catalogue.describe(one.report.metric).unit)
    gap = number(one.gap.mean, decimals, signed=True)
    said = f"difference {gap} {interval(one.gap.low, one.gap.high, decimals)}"
    return entry(one.ours, {}, "not scored", said, f"own, {one.data}: {_seeds(one)}")


def _number(report: Report, value: float, *, signed: bool = False) -> str:
    """Return a reported number with the three decimals that were reported."""
    return number(value, 3, signed=signed)


def _seeds(one: Reported) -> str:
    fewest, most = one.seeds
    return f"{most if fewest == most else f'{fewest} to {most}'} seed{'' if most == 1 else 's'}"


def _notes(judged: Sequence[Reported]) -> list[str]:
    """Say which metric of ours stands for each, and what makes runs that are missing."""
    notes = [f"{one.report.key}: {one.named} stands for theirs; {one.report.note}." for one in judged]
    missing = {one.report.experiment: one.command for one in judged if one.ours is None}
    return [*notes, *(f"Not run: {name}. To run it: {command}" for name, command in missing.items())]


def _numbers(judged: Sequence[Reported], like: pd.DataFrame) -> pd.DataFrame:
    """Return a row a claim, with the columns of the papers' claims and the differences."""
    records = []
    for one in judged:
        told: dict[str, Any] = {"claim": one.report.key, "paper": one.report.source, "place": one.report.status}
        told |= {"says": one.report.says, "our_reading": False, "printed_difference": one.report.gap}
        told |= outcome_columns("printed", one.printed)
        if one.ours is None or one.gap is None:
            told |= {"ours_verdict": NOT_RUN, "data": NOT_RUN, "commands": one.command}
        else:
            told |= outcome_columns("ours", one.ours)
            told |= {"data": "own", "seeds_min": one.seeds[0], "seeds_max": one.seeds[1], "sources": one.data}
            told |= {f"ours_{name}": getattr(one.gap, of) for name, of in GAPS.items()}
        records.append(told)
    columns = [*like.columns, "printed_difference", *(f"ours_{name}" for name in GAPS)]
    return pd.DataFrame(records, columns=columns).astype(dict.fromkeys(["seeds_min", "seeds_max"], "Int64"))


GAPS = {"difference": "mean", "low": "low", "high": "high"}
