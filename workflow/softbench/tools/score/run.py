"""Score folders of predictions: match and check all files first, then score case by case, then show."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from softbench import metrics
from softbench.errors import InputError
from softbench.jobs import pieces, progress
from softbench.jobs.progress import Log
from softbench.metrics import Reliability
from softbench.metrics.pooled import Pool
from softbench.metrics.rows import tidy
from softbench.metrics.score import assess
from softbench.tables.assemble import Runs
from softbench.tables.cells import Table
from softbench.tools.score import inputs, report, volumes
from softbench.tools.score.inputs import Files, Predicted, References, Settings, Show, Source
from softbench.tools.score.volumes import Loaded

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
    channels = volumes.check(predictions, raters, log)
    known = sorted({count for count in channels.values() if count is not None})
    looked = output / "cases" / ".references"
    complete = complete_settings(settings, known, raters, looked, workers=workers, log=log)
    report.check(complete, show, list(dict.fromkeys(source.method for source in sources)))
    folders = _score(predictions, raters, output, complete, versions, workers=workers, log=log)
    runs = collect(folders, " + ".join(folder.name for folder in references))
    write(runs.scores, output)
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
        (f"{source}, case {case}", folders[source][case], files, raters[case], settings, versions)
        for source, of_case in predictions.items()
        for case, files in of_case.items()
    ]
    outcomes = progress.each(score, orders, workers=workers, what="score", log=log)
    if kept := outcomes.count(KEPT):
        log(f"{kept} of {len(orders)} cases were there from an earlier call")
    if bad := [outcome for outcome in outcomes if outcome and outcome != KEPT]:
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
    looked_up = progress.each(_look, items, workers=workers, what="label ids", log=log)
    if bad := [facts["reason"] for facts in looked_up if "reason" in facts]:
        raise InputError("the label ids of these references cannot be read:\n" + "\n".join(bad))
    ids = sorted({label for facts in looked_up for label in facts["ids"]} - {ignore_label})
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


PIECE, KEPT = "scores", "kept"
NAMES = {"experiment": "own", "split": "given", "network": "given"}


def score(
    label: str, folder: Path, files: Files, raters: Sequence[Path], settings: Settings, versions: Mapping[str, int]
) -> str:
    """Score a case into `folder` unless that is done; a bad case is no error here.

    Returns: `KEPT` where it was there from an earlier call, else why it could not be scored, or nothing where it could.
    """
    try:
        key = pieces.key_of(  # from the bytes of its files, not from their place
            prediction={kind: pieces.hash_file(path) for kind, path in vars(files).items() if path},
            references=[pieces.hash_file(path) for path in raters],
            settings=asdict(settings),
            libraries={name: metadata.version(name) for name in settings.cross_check},
            versions=dict(versions),
        )
        kept = (pieces.read_record(folder, PIECE) or {}).get("key") == key
        pieces.make(folder, PIECE, key, lambda scratch: _build(files, raters, settings, scratch))
    except InputError as error:
        return f"- {label}: {error}"
    return KEPT if kept else ""


def _build(files: Files, raters: Sequence[Path], settings: Settings, scratch: Path) -> dict[str, Any]:
    assert settings.classes is not None, "settings are complete"
    loaded = volumes.read_case(files, raters, settings.classes, settings.ignore_label)
    rows, statistics = _rows(loaded, settings)
    rows.to_parquet(scratch / "scores.parquet", index=False)
    arrays = {name: array for roi, bins in statistics.items() for name, array in bins.to_arrays(roi).items()}
    if arrays:
        np.savez_compressed(scratch / "reliability.npz", **arrays)  # type: ignore[arg-type]
    return {"regions": list(statistics)}


def _rows(loaded: Loaded, settings: Settings) -> tuple[pd.DataFrame, Mapping[str, Reliability]]:
    """Return the scores of a case, and the bins of its reliability diagrams where it has probabilities."""
    assert settings.structures is not None, "settings are complete"
    assert settings.classes is not None, "settings are complete"
    arrays = (loaded.prediction, loaded.references, loaded.spacing_mm, settings.structures)
    common: dict[str, Any] = {
        "tolerances_mm": settings.tolerances_mm,
        "valid": loaded.valid,
        "cross_check": settings.cross_check,
    }
    if loaded.is_label_map:
        return metrics.score_label_map(*arrays, classes=settings.classes, **common), {}
    assessment = assess(*arrays, band_mm=settings.band_mm, bins=settings.bins, **common)
    return assessment.rows, assessment.statistics


def read(folder: Path) -> tuple[pd.DataFrame, dict[str, Reliability]]:
    """Read what `score` left in a case's folder: its rows, and region -> bins."""
    record = pieces.read_record(folder, PIECE)
    assert record is not None, f"{folder} is scored"
    rows = pd.read_parquet(folder / "scores.parquet")
    if not record["regions"]:
        return rows, {}
    with np.load(folder / "reliability.npz") as arrays:
        return rows, {roi: Reliability.from_arrays(arrays, roi) for roi in record["regions"]}


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
        rows, statistics = read(folder)
        tables.append(rows.assign(case=case))
        for roi, bins in statistics.items():
            merged[roi] = merged[roi].merge(bins) if roi in merged else bins
    return pd.concat([*tables, *([Pool(merged).rows()] if merged else [])], ignore_index=True), merged


def write(scores: pd.DataFrame, output: Path) -> None:
    """Write the tidy scores as `scores.parquet` and `scores.csv`, unrounded."""
    pieces.write_file(output / "scores.parquet", lambda part: scores.to_parquet(part, index=False))
    pieces.write_text(output / "scores.csv", scores.to_csv(index=False, lineterminator="\n"))
