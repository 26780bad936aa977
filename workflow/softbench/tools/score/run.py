"""Score folders of predictions: match and check all files first, then score case by case, then show."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from softbench.errors import InputError, counted, in_words
from softbench.jobs import available, pieces, progress
from softbench.jobs.faults import Fault, first_names
from softbench.jobs.progress import Log
from softbench.metrics import Reliability
from softbench.metrics.pooled import Pool
from softbench.metrics.rows import tidy
from softbench.tables.assemble import Runs
from softbench.tables.cells import Table
from softbench.tools.score import cost, facts, grids, inputs, layouts, one_case, report, volumes
from softbench.tools.score.inputs import Settings, Show, Source
from softbench.tools.score.left_out import LeftOut
from softbench.tools.score.one_case import Order

VERSION = 2
UNLABELLED = (255, 65535)  # largest ids of 8 and 16 bits
BYTES = 20  # that a worker holds for each voxel and class, at most: measured
LIBRARIES = 4  # times as much where other libraries score, too
SHARE = 0.8  # of the memory that is free


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
    skip_bad: bool = False,
    tool: str | None = None,
    folds: tuple[str, ...] | None = None,
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
        tool: whose folders these are, one of `layouts.TOOLS`; None where files are named as their references.
        folds: of a model's folder, those that are scored, by their names; None: all.
        skip_bad: whether to leave out what cannot be scored, as `left_out.LeftOut` says, and to score the rest.
    Raises: InputError: one for all files that do not match, one for all grids that differ, one for all cases whose
        values cannot be used; before the last, every other case is scored and kept.
    """
    inputs.require_apart(output, sources, references)
    found = layouts.read(tool, layouts.Given(sources, references, settings, output, workers, log, folds))
    settings = layouts.complete(settings, found)
    for line in found.notes:
        log(line)
    matched = inputs.match(sources, references, found.files)
    if matched.images:
        count = counted(len(matched.images), "image")
        log(f"{count} beside label maps of the references, which no prediction has: {first_names(matched.images)}")
    out = LeftOut(matched.predictions, matched.references, skip_bad, log)
    out.add([*found.faults, *layouts.without(list(matched.faults), found)], inputs.UNFIT)
    log(
        f"{counted(len(out.references), 'case')}, {counted(len(sources), 'folder')} of predictions, "
        f"{counted(len(references), 'rater')}"
    )
    channels, bad = grids.check(out.predictions, out.references, settings, log)
    out.add(bad, "these files cannot be scored; nothing was computed:")
    of_source = {source: next(iter(channels[source].values())) for source in out.predictions}
    complete = complete_settings(settings, of_source, out, output / "cases" / ".references", workers=workers, log=log)
    report.check(complete, show, list(dict.fromkeys(source.method for source in out.predictions)))
    folders = _score(out, output, complete, versions, workers=workers, log=log)
    runs = collect(folders, " + ".join(folder.name for folder in references))
    write(runs.scores, output)
    out.write(output / "left_out.csv")
    notes = [*found.said, *out.notes(), *facts.notes(folders, complete)]
    for line in facts.turned(folders):
        log(f"WARNING: {line}")
    return report.write(runs, complete, show, list(folders), references, output, notes)


def _score(
    out: LeftOut, output: Path, settings: Settings, versions: Mapping[str, int], *, workers: int, log: Log
) -> dict[Source, dict[str, Path]]:
    """Score every case that is not there yet; return where each lies."""
    folders = {
        source: {case: output / "cases" / source.method / f"seed-{source.seed}" / case for case in files}
        for source, files in out.predictions.items()
    }
    workers = _fitting(out, settings, workers, log)
    if "medpy" in settings.cross_check:
        predictions = sum(map(len, out.predictions.values()))
        seconds = cost.medpy_s(out.references, settings, predictions=predictions, workers=workers)
        log(
            f"--cross-check medpy takes about {progress.duration(seconds)} ({counted(workers, 'core')}); more where a "
            "prediction has voxels far from its reference"
        )
    tasks = _tasks(out, folders, workers)
    of_task = progress.each(
        one_case.score,
        [(name, orders, out.references[name], settings, versions) for name, orders in tasks],
        workers=workers, what="score", log=log, imported=True,
    )  # fmt: skip
    outcomes = [outcome for of_orders in of_task for outcome in of_orders]
    if kept := outcomes.count(None):
        log(f"{kept} of {len(outcomes)} cases were there from an earlier call")
    bad = [outcome for outcome in outcomes if isinstance(outcome, Fault)]
    out.add(
        bad,
        f"{len(bad)} of {len(outcomes)} predictions cannot be scored"
        + (f"; the others are kept in {output / 'cases'}:" if len(bad) < len(outcomes) else ":"),
    )
    out.add(facts.strangers(_left(folders, out)), "these predictions have no label in common with the references:")
    return _left(folders, out)


def _fitting(out: LeftOut, settings: Settings, workers: int, log: Log) -> int:
    """Return how many of the workers the memory has room for, one at least; say where these are fewer."""
    voxels = max(math.prod(volumes.header(raters[0], settings.choices).shape) for raters in out.references.values())
    assert settings.classes is not None, "settings are complete"
    need = voxels * BYTES * settings.classes * (LIBRARIES if settings.cross_check else 1)
    room = max(1, int(available.available_bytes() * SHARE / need)) if available.MEMINFO.exists() else workers
    if room < workers:
        log(f"{counted(room, 'case')} at a time, not {workers}: a case takes up to {progress.gib(need)} of memory")
    return min(room, workers)


def _tasks(out: LeftOut, folders: Mapping[Source, Mapping[str, Path]], workers: int) -> list[tuple[str, list[Order]]]:
    """Return what a worker does at a time: the predictions of a case, or a share of them where cases are few."""
    tasks = []
    for name in out.references:
        orders = [
            Order(str(source), folders[source][name], files[name])
            for source, files in out.predictions.items()
            if name in files
        ]
        shares = min(len(orders), -(-workers // len(out.references)))
        tasks += [(name, orders[first::shares]) for first in range(shares)]
    return tasks


def _left(folders: dict[Source, dict[str, Path]], out: LeftOut) -> dict[Source, dict[str, Path]]:
    """Return the folders of what was not left out."""
    return {source: {case: folders[source][case] for case in files} for source, files in out.predictions.items()}


def complete_settings(
    settings: Settings, channels: Mapping[Source, int | None], out: LeftOut, folder: Path, *, workers: int, log: Log
) -> Settings:
    """Fill in the classes and structures that were not told.

    Args:
        settings: as told.
        channels: number of classes that each source's predictions have; None for label maps.
        out: whose references' label ids are looked up where they are needed; takes those that cannot be read.
        folder: keeps what was looked up.
        workers, log: as `progress.each`.
    Returns: settings with `classes`: as told, or the predictions' channels, or the largest label + 1; and with
        `structures`: as told, or `label <id>` for each id above 0 in the references.
    Raises: InputError: if predictions have other numbers of classes, references hold more labels than these or one
        that may mean "not labelled", a structure names an unknown class, or a reference cannot be read.
    """
    classes = _told(settings, {source: count for source, count in channels.items() if source in out.predictions})
    ids: list[int] = []
    if classes is None or settings.structures is None:
        ids = _label_ids(out, settings, folder, workers=workers, log=log)
    structures = settings.structures or {f"label {label}": (label,) for label in ids if label > 0}
    named = [label for members in structures.values() for label in members]
    if classes is not None and settings.structures is None and max(ids) >= classes:
        raise InputError(_too_few(max(ids), classes, channels, out, settings))
    classes = max([1, *ids, *named]) + 1 if classes is None else classes
    _require_classes(structures, classes)
    return replace(settings, structures=structures, classes=classes)


def _told(settings: Settings, channels: Mapping[Source, int | None]) -> int | None:
    """Return the number of classes that is known without a look at the labels."""
    counts = {source: count for source, count in channels.items() if count is not None}
    known = sorted({*counts.values(), *([settings.classes] if settings.classes is not None else [])})
    if len(known) > 1:
        each = in_words(f"{source.method} (seed {source.seed}) {count}" for source, count in counts.items())
        said = f", and --classes says {settings.classes}" if settings.classes is not None else ""
        raise InputError(
            f"all predictions must have the same classes, but have as many channels: {each}{said}. Score the others in "
            "a call of their own, or correct --classes."
        )
    return known[0] if known else None


def _too_few(label: int, classes: int, channels: Mapping[Source, int | None], out: LeftOut, settings: Settings) -> str:
    """Say why the references have a label that the predictions have no channel for."""
    found = f"the references hold labels up to {label}, which take {label + 1} classes with background"
    source = next((source for source in out.predictions if channels[source] is not None), None)
    if source is None:
        return f"{found}, but --classes says {classes}. Correct it, or name the labels to score with --structures."
    name, files = next(iter(out.predictions[source].items()))
    try:
        complete = replace(settings, classes=label + 1)
        volumes.read_case(files, volumes.read_raters(out.references[name], complete), complete)
        first = ""
    except InputError as error:
        first = f" The first says: {error}"
    if settings.foreground_probability:
        return (
            f"{found}, but --foreground-probability says that there is one structure. Write references of 0 and 1, or "
            "predictions of all classes."
        )
    return (
        f"{found}, but {source} have {classes} channels. If the background has none, put it before the others; if the "
        f"networks do not know the label, name the labels to score with --structures.{first}"
    )


def _label_ids(out: LeftOut, settings: Settings, folder: Path, *, workers: int, log: Log) -> list[int]:
    """Return every label id of all references but the one to ignore."""
    items = [
        (folder / f"rater-{number}" / case, path, case, settings.choices)
        for case, paths in out.references.items()
        for number, path in enumerate(paths, start=1)
    ]
    looked_up = progress.each(one_case.look, items, workers=workers, what="label ids", log=log, imported=True)
    bad = [found for found in looked_up if isinstance(found, Fault)]
    out.add(bad, "the label ids of these references cannot be read:")
    counts = {
        path: found["voxels"]
        for (_, path, *_), found in zip(items, looked_up, strict=True)
        if not isinstance(found, Fault)
    }
    ids = sorted({int(label) for voxels in counts.values() for label in voxels} - {settings.ignore_label})
    if not any(label > 0 for label in ids):
        raise InputError(
            "the references hold no label above 0, so there is nothing to score. Are they the right files?"
        )
    _require_labelled(counts, ids, settings)
    return ids


def _require_labelled(counts: Mapping[Path, Mapping[str, int]], ids: Sequence[int], settings: Settings) -> None:
    """Raise if a label beside others is one that stands for "not labelled" in many data sets, and none said which."""
    named = {label for members in (settings.structures or {}).values() for label in members}
    odd = [label for label in ids if (label < 0 or label in UNLABELLED) and label not in named]
    if not odd or not any(label > 0 and label not in odd for label in ids):
        return
    label = odd[-1]
    files = {path: voxels[str(label)] for path, voxels in counts.items() if str(label) in voxels}
    held = sum(files.values()) / sum(sum(counts[path].values()) for path in files)
    raise InputError(
        f"{len(files)} of {len(counts)} references ({first_names([path.name for path in files])}) hold {label}, in "
        f"{100 * held:.2g} % of their voxels. If it means not labelled, leave these voxels out of every score: "
        f"--ignore-label {label}. If it is a structure, name those to score: --structures NAME={label} ..."
    )


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


NAMES = {"experiment": "own", "split": "given", "network": "given"}


def collect(folders: dict[Source, dict[str, Path]], dataset: str) -> Runs:
    """Read the scored cases of all sources.

    Args:
        folders: source -> case -> where its scores lie.
        dataset: fills that column.
    Returns: tidy scores, with the calibration of all voxels together as case `pooled`, and (method, seed, roi) -> bins
        merged over the cases.
    """
    tables: list[pd.DataFrame] = []
    statistics: dict[tuple[str, int, str], Reliability] = {}
    for source, cases in folders.items():
        rows, merged = _of_source(cases)
        names = {**NAMES, "dataset": dataset, "method": source.method}
        tables.append(tidy(rows, names, source.seed))
        statistics |= {(source.method, source.seed, roi): bins for roi, bins in merged.items()}
    return Runs(pd.concat(tables, ignore_index=True), statistics, failed=[])


def _of_source(cases: dict[str, Path]) -> tuple[pd.DataFrame, dict[str, Reliability]]:
    tables: list[pd.DataFrame] = []
    merged: dict[str, Reliability] = {}
    for case, folder in cases.items():
        rows, statistics = one_case.read(folder)
        tables.append(rows.assign(case=case))
        for roi, bins in statistics.items():
            merged[roi] = merged[roi].merge(bins) if roi in merged else bins
    return pd.concat([*tables, *([Pool(merged).rows()] if merged else [])], ignore_index=True), merged


def write(scores: pd.DataFrame, output: Path) -> None:
    """Write the tidy scores as `scores.parquet` and `scores.csv`, unrounded."""
    pieces.write_file(output / "scores.parquet", lambda part: scores.to_parquet(part, index=False))
    pieces.write_text(output / "scores.csv", scores.to_csv(index=False, lineterminator="\n"))
