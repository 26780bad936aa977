"""All cases of a study: one keyed piece a case and line, so that a killed study goes on and a new recipe is added."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from softbench import datasets
from softbench.datasets.case import RawCase
from softbench.errors import InputError
from softbench.jobs import pieces, progress
from softbench.rater_study import cases, measure
from softbench.rater_study.cut import Prepared, prepare
from softbench.rater_study.trials import Line, lines, reason_against, windows

VERSION = 1
FACTS = "case"  # the piece of a case that no soft label decides
FILE = "scores.npz"


@dataclass(frozen=True)
class Study:
    """What config says of a study.

    source: of the cases. band_mm: half width of the band. margin_mm: of the boxes around what raters labelled. size,
    number: of a phantom's cases, and how many. images: whether soft labels see them. left_out: known faulty cases.
    drop: further cases that are left out, each with its reason.
    """

    source: str
    band_mm: float
    margin_mm: float
    size: str | None = None
    number: int | None = None
    images: bool = True
    left_out: Sequence[str] = ()
    drop: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """What the pieces of a study share."""

    study: Study
    output: Path
    lines: tuple[Line, ...]
    versions: Mapping[str, Any]  # by recipe
    version: Mapping[str, int]


def produce(
    study: Study,
    folder: Path,
    output: Path,
    *,
    sweeps: Mapping[str, Mapping[str, Any]],
    versions: Mapping[str, Mapping[str, int]],
    version: Mapping[str, int],
    workers: int = 1,
    log: Callable[[str], None] = print,
) -> None:
    """Measure all cases of a study, and write `output/manifest.json` last.

    Args:
        study: of config.
        folder: where the files of its source lie; not looked at for a phantom.
        output: the study's folder; `cases/<case>/` takes the pieces.
        sweeps: of config, by the name of a line.
        versions: VERSIONs that decide the soft labels of each recipe that has a rule.
        version: those that decide the scores and how cases are read.
        workers: processes; changes no number.
        log: takes lines of progress.
    Raises: InputError: before any case is read, if some lack the label map of a rater; if a case cannot be read, has
        one rater, or a recipe breaks its contract.
    """
    module = datasets.source(study.source)
    every = cases.find(study.source, folder, study.number, study.left_out)
    found = cases.require_raters(study.source, every, output.name, study.drop)
    tried = lines(sweeps, list(versions))
    has_image = study.images and (module.ACCESS == "made" or all(case.images for case in found))
    against = {line.name: reason_against(line.recipe, has_image=has_image) for line in tried if line.recipe}
    kept = tuple(line for line in tried if against.get(line.name) is None)
    job = Job(study, output, kept, versions, version)
    items = [(case, key_of_case(study, case)) for case in found]
    progress.each(functools.partial(_case, job), items, workers=workers, what=f"raters of {study.source}", log=log)
    manifest = {
        "source": study.source,
        "title": module.TITLE,
        "licence": module.LICENCE,
        "pseudo_raters": getattr(module, "PSEUDO_RATERS", None),
        "band_mm": study.band_mm,
        "classes": list(module.CLASSES),
        "structures": {name: list(ids) for name, ids in module.STRUCTURES.items()},
        "lines": [asdict(line) for line in kept],
        "dropped": dict(study.drop),
        "left_out": {name: reason for name, reason in against.items() if reason},
        "cases": [case.id for case in found],
        "key": pieces.key_of(
            cases={case.id: key for case, key in items},
            version=version,
            lines=list(map(asdict, kept)),
            versions=versions,
            study=asdict(study),
        ),
    }
    pieces.write_json(output / "manifest.json", manifest)


def key_of_case(study: Study, case: RawCase) -> str:
    """Return the hash of the files of a case; of a phantom's, of what it is made from."""
    files = sorted({file for path in (*case.images, *case.labels) for file in _files(path)})
    hashes = [pieces.hash_file(file) for file in files]
    return pieces.key_of(case=case.id, details=dict(case.details), files=hashes, size=study.size)


def _of_each_case(study: Study) -> dict[str, Any]:
    """Return what decides the numbers of a case; other cases do not."""
    return {name: value for name, value in asdict(study).items() if name not in ("number", "left_out", "drop")}


def _files(path: Path) -> Sequence[Path]:
    return [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]


def _case(job: Job, case: RawCase, key: str) -> None:
    """Make the pieces of a case; it is read only if one is missing."""
    module, study = datasets.source(job.study.source), job.study

    @functools.cache
    def cut() -> Prepared:
        rated = cases.read(study.source, case, size=study.size, images=study.images)
        steps = windows(job.lines, len(rated.spacing_mm))
        how = {"band_mm": study.band_mm, "margin_mm": study.margin_mm}
        return prepare(rated, module.STRUCTURES, **how, windows=steps)

    folder = job.output / "cases" / case.id
    shared = {"case": key, "study": _of_each_case(job.study), "version": job.version}
    pieces.make(folder, FACTS, pieces.key_of(**shared), lambda scratch: measure.facts(cut()))
    for line in job.lines:
        of_line = pieces.key_of(**shared, line=asdict(line), versions=job.versions.get(line.recipe))
        pieces.make(folder, line.name, of_line, functools.partial(_line, cut, line, len(module.CLASSES)))


def _line(cut: Callable[[], Prepared], line: Line, classes: int, scratch: Path) -> dict[str, Any]:
    scores: dict[str, Any] = measure.measure(cut(), line, classes=classes)
    np.savez_compressed(scratch / f"{line.name}.npz", **scores)
    return {}


def read_line(output: Path, case: str, line: str) -> dict[str, np.ndarray]:
    """Return the scores of a line of a case, as `measure.measure` returns them.

    Raises: InputError: if the piece is not there.
    """
    path = output / "cases" / case / f"{line}.npz"
    if not path.exists():
        raise InputError(f"{path} is missing. Delete {output / 'manifest.json'} and run the study again.")
    with np.load(path) as file:
        return dict(file)


def read_facts(output: Path, case: str) -> dict[str, Any]:
    """Return what is known of a case, as `measure.facts` returned it; errors as `read_line`."""
    record = pieces.read_record(output / "cases" / case, FACTS)
    if record is None:
        raise InputError(f"the record of case {case} is missing. Delete {output / 'manifest.json'} and run it again.")
    return record
