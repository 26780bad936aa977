"""Score folders of predictions: match and check all files first, then score case by case, then show."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from softbench.errors import InputError
from softbench.jobs import pool
from softbench.jobs.progress import Log
from softbench.own_predictions import grids, names, page, results, scoring, structures, tables
from softbench.own_predictions.parts import Predicted, References, Settings, Show, Source
from softbench.tables.parts import Table


def run(
    sources: Sequence[Source],
    references: Sequence[Path],
    output: Path,
    *,
    settings: Settings,
    show: Show,
    versions: Mapping[str, int],
    workers: int,
    log: Log,
) -> Table:
    """Score predictions, write scores, tables, diagrams and page below `output`, and return the first table.

    Args:
        sources: folders of predictions.
        references: folders of label maps, one a rater.
        output: where results go; finished cases lie in `output/cases` and are not scored again.
        settings: how to score.
        show: what tables say.
        versions: VERSION of each module that decides scores.
        workers: processes.
        log: takes a line of progress.
    Raises: InputError: one for all files that do not match, one for all grids that differ, one for all cases whose
        values cannot be used; before the last, every other case is scored and kept.
    """
    predictions, raters = names.match(sources, references)
    log(f"{len(raters)} cases, {len(sources)} folder(s) of predictions, {len(references)} rater(s)")
    channels = grids.check(predictions, raters, log)
    known = sorted({count for count in channels.values() if count is not None})
    looked = output / "cases" / ".references"
    complete = structures.complete(settings, known, raters, looked, workers=workers, log=log)
    tables.check(complete, show, list(dict.fromkeys(source.method for source in sources)))
    folders = _score(predictions, raters, output, complete, versions, workers=workers, log=log)
    runs = results.collect(folders, " + ".join(folder.name for folder in references))
    results.write(runs.scores, output)
    return page.write(runs, complete, show, sources, references, output)


def _score(
    predictions: Predicted,
    raters: References,
    output: Path,
    settings: Settings,
    versions: Mapping[str, int],
    *,
    workers: int,
    log: Log,
) -> dict[Source, dict[str, Path]]:
    """Score every case that is not there yet; return where each lies."""
    folders = {
        source: {case: output / "cases" / source.method / f"seed-{source.seed}" / case for case in cases}
        for source, cases in predictions.items()
    }
    orders = [
        scoring.Order(f"{source}, case {case}", folders[source][case], files, raters[case], settings, versions)
        for source, cases in predictions.items()
        for case, files in cases.items()
    ]
    outcomes = pool.each(scoring.score, [(order,) for order in orders], workers=workers, what="score", log=log)
    if kept := sum(outcome.kept for outcome in outcomes):
        log(f"{kept} of {len(orders)} cases were there from an earlier call")
    if bad := [outcome.reason for outcome in outcomes if outcome.reason]:
        raise InputError(
            f"{len(bad)} of {len(orders)} cases cannot be scored; the others are kept in {output / 'cases'}:\n"
            + "\n".join(bad)
        )
    return folders
