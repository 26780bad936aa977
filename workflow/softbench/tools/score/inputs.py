"""What is scored and how: sources of predictions, the files of each case, matched by name, and the settings."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from softbench.errors import InputError

NIFTI = (".nii.gz", ".nii")
NPZ = (".npz",)
CHANNEL = re.compile(r"_\d{4}$")  # nnU-Net's ending of an image channel, _0000


@dataclass(frozen=True)
class Source:
    """One run of one method: its name, its training seed and the folder of its predictions."""

    method: str
    seed: int
    folder: Path

    def __str__(self) -> str:
        return f"predictions {self.method}, seed {self.seed} ({self.folder})"


@dataclass(frozen=True)
class Files:
    """The files of one case in one folder: a NIfTI, an npz, or both: nnU-Net writes a label map beside its npz."""

    nifti: Path | None = None
    npz: Path | None = None

    @property
    def path(self) -> Path:
        """The file that is scored: probabilities before a label map."""
        file = self.npz or self.nifti
        assert file is not None, "a case has a file"
        return file


@dataclass(frozen=True)
class Settings:
    """How predictions are scored; the names are those of `metrics.score.assess`.

    `structures` and `classes` are None where they are still to be found in the files.
    """

    structures: Mapping[str, tuple[int, ...]] | None
    classes: int | None
    tolerances_mm: tuple[float, ...] = (2.0,)
    band_mm: float = 3.0
    bins: int = 10
    ignore_label: int | None = None
    cross_check: tuple[str, ...] = ()


@dataclass(frozen=True)
class Show:
    """What tables and page say: a title, the control's name, and composites (None: the average of all structures)."""

    title: str
    control: str | None = None
    composites: Mapping[str, tuple[str, ...]] | None = None


Predicted = dict[Source, dict[str, Files]]  # source -> case -> files
References = dict[str, tuple[Path, ...]]  # case -> label maps, one a rater


def match(sources: Sequence[Source], folders: Sequence[Path]) -> tuple[Predicted, References]:
    """Return the files of each case in each folder, cases in the order of their names.

    Args:
        sources: the folders of predictions.
        folders: of references, one a rater.
    Raises: InputError: one, that lists every missing folder, prediction without reference, reference without
        prediction, and name that stands for two files.
    """
    references = {folder: _list(folder, NIFTI) for folder in folders}
    predictions = {source: _list(source.folder, (*NIFTI, *NPZ)) for source in sources}
    cases = sorted({case for files in references.values() for case in files})
    problems = [
        *(line for folder in folders for line in _of_references(folder, references[folder], cases)),
        *(line for source in sources for line in _of_predictions(source, predictions[source], cases)),
    ]
    if problems:
        raise InputError("predictions and references do not fit together:\n" + "\n".join(problems))
    raters = {case: tuple(references[folder][case][0] for folder in folders) for case in cases}
    return {source: {case: _files(predictions[source][case]) for case in cases} for source in sources}, raters


def case_name(path: Path) -> str | None:
    """Return the case of a file, its name without .nii.gz, .nii or .npz; None for any other file."""
    endings = [ending for ending in (*NIFTI, *NPZ) if path.name.endswith(ending)]
    return path.name.removesuffix(endings[0]) if endings else None


def _list(folder: Path, endings: tuple[str, ...]) -> dict[str, list[Path]]:
    """Return the files of each case; hidden files (`._case.nii.gz`, which macOS leaves) are none."""
    files: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        name = case_name(path)
        if name and path.name.endswith(endings) and not path.name.startswith("."):
            files.setdefault(name, []).append(path)
    return files


def _of_references(folder: Path, files: dict[str, list[Path]], cases: Sequence[str]) -> Iterator[str]:
    label = f"references {folder}"
    if not files:
        yield f"- {label}: {_nothing(folder, '.nii or .nii.gz file')}"
        return
    yield from _twice(label, {case: paths for case, paths in files.items() if len(paths) > 1})
    if missing := [case for case in cases if case not in files]:
        yield f"- {label}: no reference for {_list_cases(missing)}, which another rater has."


def _of_predictions(source: Source, files: dict[str, list[Path]], cases: Sequence[str]) -> Iterator[str]:
    if not files:
        yield f"- {source}: {_nothing(source.folder, '.nii, .nii.gz or .npz file')}"
        return
    npz = {case: sum(path.suffix == ".npz" for path in paths) for case, paths in files.items()}
    pair_or_one = {case for case, paths in files.items() if len(paths) == 1 or (len(paths), npz[case]) == (2, 1)}
    yield from _twice(str(source), {case: paths for case, paths in files.items() if case not in pair_or_one})
    missing, extra = [case for case in cases if case not in files], [case for case in files if case not in cases]
    if missing:
        yield f"- {source}: no prediction for {_list_cases(missing)}. Predict them, or take their references away."
    if extra:
        yield f"- {source}: no reference for {_list_cases(extra)}.{_hint(extra, cases)}"


def _nothing(folder: Path, what: str) -> str:
    if not folder.is_dir():
        return "there is no such folder."
    below = sum(1 for path in folder.iterdir() if path.is_dir())
    return f"it holds no {what}." + (f" It has {below} folder(s); name the one with the files." if below else "")


def _twice(label: str, doubles: dict[str, list[Path]]) -> Iterator[str]:
    for case, paths in doubles.items():
        yield f"- {label}: {case} is there {len(paths)} times: {', '.join(p.name for p in paths)}. Keep one."


def _hint(extra: Sequence[str], cases: Iterable[str]) -> str:
    """Say if the names would match without an ending like _0000; it is not cut off silently."""
    known = set(cases)
    fitting = [case for case in extra if CHANNEL.sub("", case) in known and CHANNEL.search(case)]
    if not fitting:
        return " Add their references, or take the predictions away."
    new = CHANNEL.sub("", fitting[0])
    return f" {len(fitting)} of them would match without the ending _0000: rename them, e.g. {fitting[0]} to {new}."


def _list_cases(cases: Sequence[str]) -> str:
    return f"{len(cases)} case(s) ({', '.join(cases)})"


def _files(paths: Sequence[Path]) -> Files:
    return Files(**{"npz" if path.suffix == ".npz" else "nifti": path for path in paths})
