"""Score folders of predictions: match and check all files first, then score case by case, then show."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from softbench.errors import InputError
from softbench.jobs import pieces, progress
from softbench.jobs.progress import Log
from softbench.tables.cells import Table
from softbench.tools.score import cases, grids, inputs, report, volumes
from softbench.tools.score.inputs import Predicted, References, Settings, Show, Source

VERSION = 1


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
    predictions, raters = inputs.match(sources, references)
    log(f"{len(raters)} cases, {len(sources)} folder(s) of predictions, {len(references)} rater(s)")
    channels = grids.check(predictions, raters, log)
    known = sorted({count for count in channels.values() if count is not None})
    looked = output / "cases" / ".references"
    complete = complete_settings(settings, known, raters, looked, workers=workers, log=log)
    report.check(complete, show, list(dict.fromkeys(source.method for source in sources)))
    folders = _score(predictions, raters, output, complete, versions, workers=workers, log=log)
    runs = cases.collect(folders, " + ".join(folder.name for folder in references))
    cases.write(runs.scores, output)
    return report.write(runs, complete, show, sources, references, output)


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
        source: {case: output / "cases" / source.method / f"seed-{source.seed}" / case for case in files}
        for source, files in predictions.items()
    }
    orders = [
        cases.Order(f"{source}, case {case}", folders[source][case], files, raters[case], settings, versions)
        for source, of_case in predictions.items()
        for case, files in of_case.items()
    ]
    outcomes = progress.each(cases.score, [(order,) for order in orders], workers=workers, what="score", log=log)
    if kept := sum(outcome.kept for outcome in outcomes):
        log(f"{kept} of {len(orders)} cases were there from an earlier call")
    if bad := [outcome.reason for outcome in outcomes if outcome.reason]:
        raise InputError(
            f"{len(bad)} of {len(orders)} cases cannot be scored; the others are kept in {output / 'cases'}:\n"
            + "\n".join(bad)
        )
    return folders


def complete_settings(
    settings: Settings, channels: Sequence[int], references: References, folder: Path, *, workers: int, log: Log
) -> Settings:
    """Fill in the classes and structures that were not told.

    Args:
        settings: as told.
        channels: numbers of classes that predictions have; empty where all are label maps.
        references: whose label ids are looked up where they are needed.
        folder: keeps what was looked up.
        workers, log: as `progress.each`.
    Returns: settings with `classes`: as told, or the predictions' channels, or the largest label + 1; and with
        `structures`: as told, or `label <id>` for each id above 0 in the references.
    Raises: InputError: if predictions have other numbers of classes, a structure names an unknown class, or a
        reference cannot be read.
    """
    classes = _told(settings, channels)
    ids: list[int] = []
    if classes is None or settings.structures is None:
        ids = _label_ids(references, settings.ignore_label, folder, workers=workers, log=log)
    structures = settings.structures or {f"label {label}": (label,) for label in ids if label > 0}
    named = [label for members in structures.values() for label in members]
    classes = max([1, *ids, *named]) + 1 if classes is None else classes
    _require_classes(structures, classes)
    return replace(settings, structures=structures, classes=classes)


def _told(settings: Settings, channels: Sequence[int]) -> int | None:
    """Return the number of classes that is known without a look at the labels."""
    known = sorted({*channels, *([settings.classes] if settings.classes is not None else [])})
    if len(known) > 1:
        said = f", and --classes says {settings.classes}" if settings.classes is not None else ""
        raise InputError(
            f"all predictions must have the same classes, but have {', '.join(map(str, sorted(set(channels))))} "
            f"channels{said}. Score the others in a call of their own, or correct --classes."
        )
    return known[0] if known else None


def _label_ids(references: References, ignore_label: int | None, folder: Path, *, workers: int, log: Log) -> list[int]:
    """Return every label id of all references but the one to ignore."""
    items = [
        (folder / f"rater-{number}" / case, path)
        for case, paths in references.items()
        for number, path in enumerate(paths, start=1)
    ]
    found = progress.each(_look, items, workers=workers, what="label ids", log=log)
    if bad := [facts["reason"] for facts in found if "reason" in facts]:
        raise InputError("the label ids of these references cannot be read:\n" + "\n".join(bad))
    ids = sorted({label for facts in found for label in facts["ids"]} - {ignore_label})
    if not any(label > 0 for label in ids):
        raise InputError(
            "the references hold no label above 0, so there is nothing to score. Are they the right files?"
        )
    return ids


def _look(folder: Path, path: Path) -> dict[str, Any]:
    """Return the label ids of one file, from an earlier call where they are there."""
    try:
        key = pieces.key_of(file=pieces.hash_file(path), version=VERSION)
        return pieces.make(folder, "ids", key, lambda scratch: {"ids": np.unique(volumes.label_map(path)).tolist()})
    except InputError as error:
        return {"reason": f"- {error}"}


def _require_classes(structures: Mapping[str, Sequence[int]], classes: int) -> None:
    wrong = {name: ids for name, ids in structures.items() if not ids or not set(ids) <= set(range(classes))}
    if wrong:
        listed = "; ".join(f"{name}={','.join(map(str, ids))}" for name, ids in wrong.items())
        raise InputError(
            f"--structures must list class ids from 0 to {classes - 1}, but holds {listed}. "
            "Correct it, or say --classes."
        )
    if "all" in structures:
        raise InputError("a structure cannot be called 'all': rows over all classes are. Rename it.")
