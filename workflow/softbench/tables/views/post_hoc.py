"""What needs no further training: every method raw, at its own temperature, as an ensemble, and both.

A soft label is worth its trouble where it reaches what one-hot does not reach with one number more, or as the mean of
the networks that were trained anyway. So every method is also compared with one-hot at its own temperature.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Any

import pandas as pd

from softbench.errors import in_words
from softbench.tables import wording
from softbench.tables.assemble import OF_ENSEMBLES, RAW, Runs, build_table
from softbench.tables.cells import ALPHA, Method, Table
from softbench.tables.layout import ARROWS_MEAN, differences, heads, means, name_of
from softbench.tables.sheet import Grid, Line, Sheet
from softbench.tables.table import TEMPERATURE, scaled_rows
from softbench.tables.temperatures import Temperature, choose, describe, mark
from softbench.tables.view import View
from softbench.tables.wording import failed_runs, members, missing_seeds, untested

VERSION = 3
ABOUT_VS_TEMPERATURE_OF_ONE_RUN = (
    "Method, raw, minus {control}, over the cases defined in both. {why}. One-hot was trained with cross-entropy "
    "alone: where a method has another loss, the difference is of both."
)
ABOUT_VS_TEMPERATURE = (
    "Method, raw, minus {control}, paired over seeds and over the cases defined in both, with its 95 % t interval "
    "(each by itself). What is beyond noise after Holm's adjustment for the {tests} differences here (p < {alpha:g}) "
    "is named below. One-hot was trained with cross-entropy alone: where a method has another loss, the difference is "
    "of both."
)


def build_vs_temperature(runs: Runs, settings: Mapping[str, Any]) -> Table | None:
    """Return every trained method of a table against one-hot at its own temperature; None where it has no such row.

    Of several such rows it is that whose method is the control of most others: of tuned methods, the tuned one-hot.

    Args:
        runs: of the table, with the predictions `raw` and `temperature`.
        settings: of the table, as `assemble.table` takes them.
    Raises: InputError: as `assemble.table`.
    """
    scaled = scaled_rows(settings)
    if not scaled:
        return None
    controls = [row["control"] for row in settings["methods"] if not row.get("scaled")]
    own = max(scaled, key=controls.count)
    key = scaled[own]
    trained = [row for row in settings["methods"] if row.get("trained", True)]
    others = [{**row, "control": key} for row in trained if row["key"] not in (own, key) and not row.get("scaled")]
    first = next(row for row in trained if row["key"] == key)
    if not others:
        return None
    rows = [{**first, "control": None}, *others]
    failed = [failure for failure in runs.failed if failure["method"] != own]
    alone = Runs(runs.scores, runs.reliability, failed, runs.ensembles, runs.temperatures)
    return build_table(alone, {**settings, "methods": rows, "prediction": RAW})


def grid_vs_temperature(table: Table) -> Grid:
    """Return the differences; nothing is marked, the notes name what is beyond noise."""
    control = table.methods[0].title
    why = untested(table)
    about = (
        ABOUT_VS_TEMPERATURE_OF_ONE_RUN.format(control=control, why=why)
        if why
        else ABOUT_VS_TEMPERATURE.format(control=control, tests=table.tests, alpha=ALPHA)
    )
    lines = [Line(line.title, tuple(entry.unmarked for entry in line.entries)) for line in differences(table)]
    return Grid(
        heads(table),
        tuple(lines),
        title=f"Against {control}",
        about=about,
        notes=tuple(_verdicts(table)),
        look="stacked",
    )


def _verdicts(table: Table) -> Iterable[str]:
    """Name, column by column, who is better and who is worse beyond noise."""
    for column, head in enumerate(heads(table)):
        titles = {
            word: [
                row.title
                for row, cells in zip(table.methods, table.cells, strict=True)
                if cells[column].verdict == word
            ]
            for word in ("better", "worse")
        }
        if said := [f"{word}: {', '.join(names)}" for word, names in titles.items() if names]:
            yield f"{name_of(head)}, beyond noise {'; '.join(said)}."


def records_vs_temperature(table: Table) -> Iterable[list[object]]:
    """Give method, structure, metric, roi, difference, low, high, p, p after Holm and verdict of each cell."""
    for method, cells in zip(table.methods[1:], table.cells[1:], strict=True):
        for column, cell in zip(table.columns, cells, strict=True):
            gap = cell.difference
            numbers = [gap.mean, gap.low, gap.high, gap.p] if gap else [None] * 4
            yield [method.key, column.structure, column.metric, column.roi, *numbers, cell.p_holm, cell.verdict]


ENSEMBLE, SCALED_ENSEMBLE = OF_ENSEMBLES
LABELS = {
    RAW: "raw",
    TEMPERATURE: "own temperature",
    ENSEMBLE: "ensemble of {}",
    SCALED_ENSEMBLE: "ensemble of {}, scaled",
}
ABOUT = (
    "Every method as it was trained, and what needs no further training. Raw: {raw}. Own temperature: the same runs, "
    "their logits divided by one number a run, fitted on its validation cases. {ensemble}Nothing is marked here. "
    f"{ARROWS_MEAN}"
)
OF_ENSEMBLE = (
    "Ensemble: the mean of the probabilities of all seeds; it uses all seeds up, so it is one number without ±. "
    "Scaled: the same at a temperature fitted for the ensemble. "
)
ASKED_BY = {TEMPERATURE: "temperature: true", ENSEMBLE: "ensemble: true"}
COLUMNS = [
    *("method", "title", "prediction", "seeds", "structure", "metric", "roi", "unit", "better"),
    *("mean", "sd_over_seeds", "n_cases", "n_undefined", "n_penalised"),
    *("temperature", "temperature_se", "temperature_cases", "temperature_patients"),
]
AGAINST = [
    "method",
    "structure",
    "metric",
    "roi",
    *(f"to_scaled_{name}" for name in ("mean", "low", "high", "p", "p_holm", "verdict")),
]


@dataclass(frozen=True)
class PostHoc:
    """A table for each prediction that was made, raw first, all with the same methods and columns."""

    tables: Mapping[str, Table]
    missing: tuple[str, ...]  # sentences on those that were not made
    vs_temperature: Table | None = None  # every method against one-hot at its own temperature

    def seeds_of(self, method: Method, prediction: str) -> int:
        """Return how many seeds a line is made of: runs, or members of the ensemble; 0 where there is none."""
        shown = self.tables[prediction]
        if shown.ensembles:
            made = (ensemble for ensemble in shown.ensembles if not ensemble.reason)
            return next((len(ensemble.seeds) for ensemble in made if ensemble.method == method.key), 0)
        place = [row.key for row in shown.methods].index(method.key)
        return max(cell.n_seeds for cell in shown.cells[place])

    def fitted(self, method: Method, prediction: str) -> list[Temperature]:
        """Return the temperatures that a line shows; none where it shows unscaled probabilities."""
        if prediction not in (TEMPERATURE, SCALED_ENSEMBLE):
            return []
        return choose(self.tables[RAW].temperatures, method.key, ensembles=prediction == SCALED_ENSEMBLE)

    def lines(self) -> Iterable[tuple[int, Method, str]]:
        """Give place, method and prediction of each line, grouped by method; an ensemble that failed has none."""
        for place, method in enumerate(self.tables[RAW].methods):
            for prediction in self.tables:
                if prediction == RAW or self.seeds_of(method, prediction):
                    yield place, method, prediction


def build(runs: Runs, settings: Mapping[str, Any], predictions: Sequence[str]) -> PostHoc:
    """Summarise every prediction of a table's trained methods.

    Args:
        runs: with the ensembles that were asked for.
        settings: of the table, as `assemble.table` takes them; its own prediction does not matter.
        predictions: that the experiment's scoring asks for, raw first.
    Returns: the predictions that were made.
    Raises: InputError: as `assemble.table`.
    """
    rows = [
        {"key": row["key"], "title": row["title"]}
        for row in settings["methods"]
        if row.get("trained", True) and not row.get("scaled")
    ]
    there = set(runs.scores["prediction"][runs.scores["grid"] == settings.get("grid", "full")].unique())
    made = [prediction for prediction in predictions if prediction in there]
    alone = {**settings, "methods": rows}
    tables = {prediction: build_table(runs, {**alone, "prediction": prediction}) for prediction in made}
    missing = tuple(_missing(runs, predictions, made, {row["key"]: row["title"] for row in rows}))
    return PostHoc(tables, missing, build_vs_temperature(runs, settings) if TEMPERATURE in made else None)


def _missing(runs: Runs, asked: Sequence[str], made: Sequence[str], titles: Mapping[str, str]) -> Iterable[str]:
    """Say what was not asked for, and what was and is not there."""
    if words := [f"`{word}`" for prediction, word in ASKED_BY.items() if prediction not in asked]:
        yield f"Shown is what the experiment's `scoring` asks for; {in_words(words)} there would add lines."
    for prediction in (word for word in asked if word not in made):
        yield f"Asked for, but not scored on this grid: {LABELS[prediction].format('all seeds')}."
    if ENSEMBLE in asked and ENSEMBLE not in made:
        for ensemble in runs.ensembles:
            if ensemble.reason and ensemble.method in titles:
                yield f"{titles[ensemble.method]}: no ensemble; {ensemble.reason}."


def sheet(post_hoc: PostHoc) -> Sheet:
    """Return a line a method and prediction; above them every method against one-hot at its own temperature."""
    raw = post_hoc.tables[RAW]
    texts = {prediction: means(shown) for prediction, shown in post_hoc.tables.items()}
    lines = [
        Line(
            mark(LABELS[prediction].format(post_hoc.seeds_of(method, prediction)), post_hoc.fitted(method, prediction)),
            tuple(entry.unmarked for entry in texts[prediction][place].entries),
            group=method.title,
        )
        for place, method, prediction in post_hoc.lines()
    ]
    first = [grid_vs_temperature(post_hoc.vs_temperature)] if post_hoc.vs_temperature else []
    about = ABOUT.format(raw=wording.spread(raw), ensemble=OF_ENSEMBLE if ENSEMBLE in post_hoc.tables else "")
    grid = Grid(heads(raw), tuple(lines), first="Prediction", title="Every prediction" if first else "")
    return Sheet(
        f"{raw.title}: what needs no further training", about, (*first, grid), tuple(_notes(post_hoc)), _frame(post_hoc)
    )


def _notes(post_hoc: PostHoc) -> list[str]:
    raw = post_hoc.tables[RAW]
    pooled = post_hoc.tables.get(ENSEMBLE)
    made = [f"{name}: the mean over {', '.join(parts)}, case by case." for name, parts in raw.composites.items()]
    whose = list(members(pooled)) if pooled else []
    return [
        *post_hoc.missing,
        *made,
        *whose,
        *_fits(post_hoc),
        *missing_seeds(raw),
        *failed_runs(raw, ", in no mean"),
        wording.POLICIES[raw.policy],
    ]


def _fits(post_hoc: PostHoc) -> Iterable[str]:
    """Say how the temperatures of runs and of ensembles were fitted."""
    for prediction, whose in ((TEMPERATURE, "Own temperature"), (SCALED_ENSEMBLE, "Scaled ensembles")):
        lines = (method for _, method, shown in post_hoc.lines() if shown == prediction)
        if said := describe([fit for method in lines for fit in post_hoc.fitted(method, prediction)]):
            yield f"{whose}: {said}"


def _frame(post_hoc: PostHoc) -> pd.DataFrame:
    """Return one row a line and column; raw lines also hold their difference to one-hot at its own temperature."""
    frame = pd.DataFrame(list(_records(post_hoc)), columns=COLUMNS)
    against = pd.DataFrame(
        list(records_vs_temperature(post_hoc.vs_temperature)) if post_hoc.vs_temperature else [], columns=AGAINST
    )
    return frame.merge(against.assign(prediction=RAW), how="left", on=["prediction", *AGAINST[:4]])


def _records(post_hoc: PostHoc) -> Iterable[list[object]]:
    for place, method, prediction in post_hoc.lines():
        shown = post_hoc.tables[prediction]
        for column, cell in zip(shown.columns, shown.cells[place], strict=True):
            metric = column.described
            what = [column.structure, column.metric, column.roi, metric.unit, metric.better]
            counts = [cell.n_cases, cell.n_undefined, cell.n_penalised]
            seeds = post_hoc.seeds_of(method, prediction)
            fit = _fit(post_hoc.fitted(method, prediction))
            yield [method.key, method.title, prediction, seeds, *what, cell.mean, cell.sd_seeds, *counts, *fit]


def _fit(fitted: Sequence[Temperature]) -> list[object]:
    """Return T, mean over runs, its standard error, the median of theirs, and the fewest cases and patients."""
    if not fitted:
        return [None] * 4
    known = [fit.se for fit in fitted if not math.isnan(fit.se)]
    counts = (min(getattr(fit, name) for fit in fitted) for name in ("cases", "patients"))
    return [fmean(fit.value for fit in fitted), median(known) if known else None, *counts]


VIEW = View(
    name="post_hoc",
    file="free_{table}",
    title="Temperature and ensembles",
    caption="Every method raw, at its own temperature and as an ensemble: what needs no further training; and every "
    "method against one-hot at its own temperature, paired over seeds.",
    needs=("scores", "ensembles", "predictions"),
    build=lambda given: sheet(build(given.all_runs, given.settings, given.needs["predictions"])),
    place=50,
)
