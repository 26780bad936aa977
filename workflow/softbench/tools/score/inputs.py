"""What is scored and how: sources of predictions, the files of each case, matched by name, and the settings."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from softbench.errors import InputError
from softbench.given import NIFTI, channels_beside, list_folder, split_name
from softbench.images import NONE, Choices
from softbench.jobs.faults import Fault, lines
from softbench.tools.score import hints

NPZ = (".npz",)
TOOLS = ("nnunet", "monai", "totalsegmentator", "brats")  # of --from, each a module of layouts
REFERENCES = "references"  # where a fault lies that is no fault of a prediction


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

    `structures` and `classes` are None where they are still to be found in the files. `renormalise`: whether to divide
    what is near probabilities by its sums. `foreground_probability`: whether files hold that of the foreground alone.
    `choices`: how files are read whose headers leave it open. `lesion_matching`: what `lesions.Matching` takes.
    """

    structures: Mapping[str, tuple[int, ...]] | None
    classes: int | None
    tolerances_mm: tuple[float, ...] = (2.0,)
    band_mm: float = 3.0
    bins: int = 10
    ignore_label: int | None = None
    cross_check: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    renormalise: bool = False
    foreground_probability: bool = False
    choices: Choices = NONE
    lesion_matching: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Show:
    """What tables and page say: a title, the control's name, and composites (None: the average of all structures)."""

    title: str
    control: str | None = None
    composites: Mapping[str, tuple[str, ...]] | None = None


Predicted = dict[Source, dict[str, Files]]  # source -> case -> files
References = dict[str, tuple[Path, ...]]  # case -> label maps, one a rater
ELSEWHERE = "Name a folder of its own, e.g. --output scored/"
UNFIT = "predictions and references do not fit together:"


@dataclass(frozen=True)
class Matched:
    """The files of each case in each folder, cases in the order of their names, and what does not match.

    `images`: names among the references that were taken for images of nnU-Net, and left out.
    """

    predictions: Predicted
    references: References
    faults: Sequence[Fault]
    images: Sequence[str] = ()


def match(
    sources: Sequence[Source], folders: Sequence[Path], listed: Mapping[Path, dict[str, list[Path]]] | None = None
) -> Matched:
    """Return the files of each case that are there, and a fault for each that is not.

    Args:
        sources: the folders of predictions.
        folders: of references, one a rater.
        listed: folder -> case -> files, of folders that another tool wrote; the others are listed here.
    Raises: InputError: if a folder is not there or holds no file that could be scored; lists all faults.
    """
    known = listed or {}
    references = {folder: {**known.get(folder, {})} or list_cases(folder, NIFTI) for folder in folders}
    predictions = {
        source: {**known.get(source.folder, {})} or list_cases(source.folder, (*NIFTI, *NPZ)) for source in sources
    }
    images = _drop_images([*references.values()], [*predictions.values()])
    cases = sorted({case for files in references.values() for case in files})
    empty = [*_empty(references, predictions)]
    faults = [
        *(fault for folder, files in references.items() if files for fault in _of_references(folder, files, cases)),
        *(fault for source, files in predictions.items() if files for fault in _of_predictions(source, files, cases)),
    ]
    if empty:
        raise InputError("\n".join([UNFIT, *lines([*empty, *faults])]))
    raters = {
        case: tuple(files[case][0] for files in references.values())
        for case in cases
        if all(case in files for files in references.values())
    }
    matched = {
        source: {case: _files(files[case]) for case in raters if case in files} for source, files in predictions.items()
    }
    return Matched(matched, raters, faults, images)


def require_apart(output: Path, sources: Sequence[Source], references: Sequence[Path]) -> None:
    """Raise `InputError` if results would be written among the files that are scored."""
    place = Path(os.path.realpath(output))  # unlike resolve, it does not stop at links that lead to themselves
    written = [place / name for name in ("cases", "tables", "figures", "label_maps")]
    inputs = [(str(source), source.folder) for source in sources]
    inputs += [(f"{REFERENCES} ({folder})", folder) for folder in references]
    for name, folder in inputs:
        own = Path(os.path.realpath(folder))
        if place == own or own in place.parents:
            where = "the folder of" if place == own else "inside the folder of"
            raise InputError(
                f"--output {output} is {where} {name}: results would lie among the files that are scored. {ELSEWHERE}"
            )
        if any(own == made or made in own.parents for made in written):
            raise InputError(f"--output {output} would write its results among the {name}. {ELSEWHERE}")


def case_name(path: Path) -> str | None:
    """Return the case of a file, its name without .nii.gz, .nii or .npz; None for any other file."""
    parts = split_name(path, (*NIFTI, *NPZ))
    return parts[0] if parts else None


def list_cases(folder: Path, endings: tuple[str, ...]) -> dict[str, list[Path]]:
    """Return the files of each case; hidden files (`._case.nii.gz`, which macOS leaves) are none."""
    files: dict[str, list[Path]] = {}
    for path in list_folder(folder):
        if parts := split_name(path, endings):
            files.setdefault(parts[0], []).append(path)
    return files


def _drop_images(
    references: Sequence[dict[str, list[Path]]], predictions: Sequence[dict[str, list[Path]]]
) -> list[str]:
    """Leave out images of nnU-Net (`case_0000.nii.gz`) beside label maps (`case.nii.gz`), in place.

    A name that both references and predictions have, or several raters, is a case. In a folder of references images are
    beside every label map, or else such a name is a case, too, so that no case is left out for its name.

    Args: references, predictions: the files of each case in each folder.
    Returns: the names of the images that are left out among references.
    """
    counts = Counter(name for files in references for name in files)
    predicted = {name for files in predictions for name in files}
    images = [channels_beside(files) - predicted - {n for n in files if counts[n] > 1} for files in references]
    images = [
        names if all(f"{case}_0000" in names for case in files.keys() - names) else set()
        for files, names in zip(references, images, strict=True)
    ]
    of_predictions = [channels_beside(files) - set(counts) for files in predictions]
    for files, names in zip([*references, *predictions], [*images, *of_predictions], strict=True):
        for name in names:
            del files[name]
    return sorted(set().union(*images))


def _empty(
    references: Mapping[Path, Mapping[str, list[Path]]], predictions: Mapping[Source, Mapping[str, list[Path]]]
) -> Iterator[Fault]:
    for folder, files in references.items():
        if not files:
            yield Fault(f"{REFERENCES} {folder}", "", hints.nothing(folder, NIFTI))
    for source, files in predictions.items():
        if not files:
            yield Fault(str(source), "", hints.nothing(source.folder, (*NIFTI, *NPZ)))


def _of_references(folder: Path, files: Mapping[str, list[Path]], cases: Sequence[str]) -> Iterator[Fault]:
    where = f"{REFERENCES} {folder}"
    yield from _twice(where, {case: paths for case, paths in files.items() if len(paths) > 1})
    for case in cases:
        if case not in files:
            yield Fault(where, case, "no reference, which another rater has. Add it, or take the other's away.")


def _of_predictions(source: Source, files: Mapping[str, list[Path]], cases: Sequence[str]) -> Iterator[Fault]:
    npz = {case: sum(path.suffix.lower() == ".npz" for path in paths) for case, paths in files.items()}
    pair_or_one = {case for case, paths in files.items() if len(paths) == 1 or (len(paths), npz[case]) == (2, 1)}
    yield from _twice(str(source), {case: paths for case, paths in files.items() if case not in pair_or_one})
    missing, extra = [case for case in cases if case not in files], [case for case in files if case not in cases]
    advice = hints.other_names(source.folder, {case: files[case][0].name for case in extra}, missing)
    for case in missing:
        text = "no prediction of this name." if advice else "no prediction. Predict it, or take its reference away."
        yield Fault(str(source), case, text)
    for case in extra:
        yield Fault(str(source), case, "no reference. " + (advice or "Add it, or take the prediction away."))


def _twice(where: str, doubles: Mapping[str, list[Path]]) -> Iterator[Fault]:
    for case, paths in doubles.items():
        yield Fault(where, case, f"it is there {len(paths)} times: {', '.join(p.name for p in paths)}. Keep one.")


def _files(paths: Sequence[Path]) -> Files:
    return Files(**{"npz" if path.suffix.lower() == ".npz" else "nifti": path for path in paths})
