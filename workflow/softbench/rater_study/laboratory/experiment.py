"""All cases of the laboratory: one keyed piece a case and population, so that a killed run goes on and one is added."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from softbench.checks import require_one_of
from softbench.datasets.phantoms import lesions
from softbench.datasets.phantoms.annotators import Habits, Population, Structure
from softbench.errors import InputError
from softbench.jobs import pieces, progress, storage
from softbench.rater_study.laboratory import panels
from softbench.rater_study.trials import ONE_HOT, OTHERS, Line, lines

VERSION = 1
SVLS = "svls"  # the line that mOH is to beat


@dataclass(frozen=True)
class Laboratory:
    """What config says of the laboratory.

    size: of the phantom's cases. cases: how many. raters: of the largest panel. people: of each population. seed: of
    people and panels. band_mm: half width of the band. populations: their habits, by name.
    """

    size: str
    cases: int
    raters: int
    people: int
    seed: int
    band_mm: float
    populations: Mapping[str, Habits]


def produce(
    laboratory: Laboratory,
    output: Path,
    *,
    sweeps: Mapping[str, Mapping[str, Any]],
    versions: Mapping[str, Mapping[str, int]],
    version: Mapping[str, int],
    workers: int = 1,
    log: Callable[[str], None] = print,
) -> None:
    """Let panels of each population read all cases, score their labels, and write `output/manifest.json` last.

    Args:
        laboratory: of config.
        output: the folder; `cases/<case>/` takes the pieces.
        sweeps: of config, by the name of a line; one-hot is added where it is missing.
        versions: VERSIONs that decide the soft label of each recipe.
        version: those that decide cases, panels and scores.
        workers: processes; changes no number.
        log: takes lines of progress.
    Raises: InputError: if habits are not allowed, there are fewer than two cases, more raters than people, or no line
        `svls`.
    """
    tried = tuple(line for line in lines({ONE_HOT: {"recipe": ONE_HOT}, **sweeps}, []) if line.name != OTHERS)
    require_one_of("lines", SVLS, [line.name for line in tried])
    if laboratory.cases < 2:
        raise InputError(
            f"`cases` must be 2 or more, for settings are chosen on other cases, but is {laboratory.cases}."
        )
    people = {name: _population(laboratory, name) for name in laboratory.populations}
    for population in people.values():
        population.panel(0, laboratory.raters)
    shared = {
        "laboratory": {
            name: value for name, value in asdict(laboratory).items() if name not in ("populations", "cases")
        },
        "lines": list(map(asdict, tried)),
        "versions": {line.recipe: versions.get(line.recipe) for line in tried},
        "version": version,
    }
    keys = {
        name: pieces.key_of(**shared, habits={key: list(ends) for key, ends in population.ranges.items()})
        for name, population in people.items()
    }
    items = [(number,) for number in range(laboratory.cases)]
    job = functools.partial(_case, laboratory, output, tried, people, keys)
    progress.each(job, items, workers=workers, what="panels", log=log)
    manifest = {
        "title": lesions.TITLE,
        **asdict(laboratory),
        "populations": [  # lists, for the keys of a mapping are sorted
            {"name": name, "habits": [[habit, *ends] for habit, ends in population.ranges.items()]}
            for name, population in people.items()
        ],
        "lines": shared["lines"],
        "case_names": [_name(number) for number in range(laboratory.cases)],
        "key": pieces.key_of(keys=keys, cases=laboratory.cases),
    }
    pieces.write_json(output / "manifest.json", manifest)


def _population(laboratory: Laboratory, name: str) -> Population:
    try:
        return Population(laboratory.populations[name], laboratory.people, laboratory.seed)
    except InputError as error:
        raise InputError(f"population {name!r}: {error}") from error


def _name(number: int) -> str:
    return f"phantom_lesions_{number:03d}"


def _case(
    laboratory: Laboratory,
    output: Path,
    tried: Sequence[Line],
    people: Mapping[str, Population],
    keys: Mapping[str, str],
    number: int,
) -> None:
    """Make the pieces of a case; its anatomy is made only if one is missing."""

    @functools.cache
    def structures() -> list[Structure]:
        return lesions.anatomy(number, size=laboratory.size)[1]

    def build(name: str, scratch: Path) -> dict[str, Any]:
        reading = panels.read(
            number,
            structures(),
            lesions.SIZES[laboratory.size],
            lesions.SPACING_MM,
            people[name],
            raters=laboratory.raters,
            classes=len(lesions.CLASSES),
            band_mm=laboratory.band_mm,
        )
        scores: dict[str, Any] = panels.measure(reading, tried)
        np.savez_compressed(scratch / f"{name}.npz", **scores)
        return {"structures": reading.structures}

    for name in people:
        pieces.make(output / "cases" / _name(number), name, keys[name], functools.partial(build, name))


@dataclass(frozen=True)
class Collected:
    """The laboratory's scores.

    manifest: as `produce` wrote it. lines: by name. scores: population -> line, majority, staple or `missed` -> arrays
    as `panels.measure`, with the case first. structures: of all cases, by case.
    """

    manifest: Mapping[str, Any]
    lines: Mapping[str, Line]
    scores: Mapping[str, Mapping[str, np.ndarray]]
    structures: np.ndarray


def collect(output: Path) -> Collected:
    """Read all pieces.

    Raises: InputError: if one is missing.
    """
    manifest = storage.read_json(output / "manifest.json")
    named = {entry["name"]: Line.of(entry) for entry in manifest["lines"]}
    scores, structures = {}, np.zeros(0)
    for name in (each["name"] for each in manifest["populations"]):
        read = [_read(output, case, name) for case in manifest["case_names"]]
        scores[name] = {key: np.stack([each[key] for each, _ in read]) for key in read[0][0]}
        structures = np.array([count for _, count in read])
    return Collected(manifest, named, scores, structures)


def _read(output: Path, case: str, name: str) -> tuple[dict[str, np.ndarray], int]:
    folder = output / "cases" / case
    record, path = pieces.read_record(folder, name), folder / f"{name}.npz"
    if record is None or not path.exists():
        raise InputError(f"{path} is missing. Delete {output / 'manifest.json'} and run the laboratory again.")
    with np.load(path) as file:
        return dict(file), int(record["structures"])
