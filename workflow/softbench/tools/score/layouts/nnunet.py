"""nnU-Net v2: predictions of `nnUNetv2_predict`, one fold's validation, or the validations of all folds."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from softbench.errors import InputError, counted, in_words
from softbench.given import NIFTI, split_name
from softbench.jobs.faults import first_names
from softbench.tools.score.inputs import NPZ, list_cases
from softbench.tools.score.layouts.layout import Given, Layout, read_json, same_in_all
from softbench.tools.score.volumes import header

VERSION = None  # names and places of files: no number
ENDINGS = (*NIFTI, *NPZ)
VALIDATION, SUMMARY = "validation", "summary.json"
HIGHER = 3  # levels: fold_0/validation lies two below the folder of the model, which has dataset.json


@dataclass(frozen=True)
class Labels:
    """What a dataset.json says: name -> label ids, the label to ignore, and whether structures overlap (regions)."""

    structures: Mapping[str, tuple[int, ...]]
    ignore: int | None
    regions: bool

    @property
    def classes(self) -> int:
        """Number of classes, with background."""
        return max(label for ids in self.structures.values() for label in ids) + 1


def read(given: Given) -> Layout:
    """Return the cases of each folder, and the labels that dataset.json names.

    Probabilities of region-based models overlap and are no distribution over classes: their label maps are scored.
    """
    folders = [source.folder for source in given.sources]
    files = {folder: _cases(folder, given.folds) for folder in folders}
    said = _unit(given)
    labels: Labels | None = None
    if given.settings.structures is None:
        labels = same_in_all(folders, _labels)
    chosen, notes = _references(given)
    if labels is None:
        return Layout(files | chosen, notes=notes, said=said)
    if labels.regions:
        return Layout(
            {folder: _label_maps(cases) for folder, cases in files.items()} | chosen,
            labels.structures, labels.classes, labels.ignore, notes=[*notes, *_left(files)], said=said,
        )  # fmt: skip
    for cases in files.values():
        _require_channels(cases, labels)
    return Layout(files | chosen, labels.structures, labels.classes, labels.ignore, notes=notes, said=said)


def _references(given: Given) -> tuple[dict[Path, dict[str, list[Path]]], list[str]]:
    """Return the references of the cases that the folds validate, where not all do, and a line for the screen.

    A fold's `summary.json` names these cases, so that one without a prediction is still found.
    """
    wanted: set[str] = set()
    for source in given.sources:
        places = _validations(source.folder, given.folds)
        validated = [_validated(place / SUMMARY) for place in places]
        if not all(validated) or not validated:
            return {}, []
        wanted |= set(_cases(source.folder, given.folds)).union(*validated)
    listed = {folder: list_cases(folder, NIFTI) for folder in given.references}
    others = {case for cases in listed.values() for case in cases} - wanted
    if not others:
        return {}, []
    chosen = {folder: {case: cases[case] for case in cases if case in wanted} for folder, cases in listed.items()}
    count = counted(len(others), "reference")
    return chosen, [f"{count} of cases that these folds do not validate: {first_names(sorted(others))}"]


def _validated(summary: Path) -> set[str]:
    """Return the cases of a `summary.json`; none where there is none that can be read."""
    try:
        files = [Path(row["reference_file"]) for row in read_json(summary)["metric_per_case"]]
    except (InputError, KeyError, TypeError):
        return set()
    return {parts[0] for path in files if (parts := split_name(path, NIFTI))}


def _validations(folder: Path, wanted: tuple[str, ...] | None) -> list[Path]:
    """Return the folders of validation cases that a folder is or holds; none where it holds predictions of its own.

    Raises: InputError: if a fold that is wanted is not there.
    """
    if folder.name == VALIDATION and folder.parent.name.startswith("fold_"):
        return [folder]
    if list_cases(folder, ENDINGS):
        return []
    folds = sorted(folder.glob("fold_[0-9]*")) or sorted(folder.glob("fold_all"))
    if folds and wanted is not None:
        there = {fold.name.removeprefix("fold_"): fold for fold in folds}
        if missing := [name for name in wanted if name not in there]:
            raise InputError(f"{folder} has no fold {in_words(missing)}; it has {in_words(there)}. Correct --folds.")
        folds = [there[name] for name in wanted]
    return [fold / VALIDATION for fold in folds] or [place for place in [folder / VALIDATION] if place.is_dir()]


def _cases(folder: Path, wanted: tuple[str, ...] | None) -> dict[str, list[Path]]:
    """Return the files of each case: in the folder itself, in its `validation`, or in those of its folds."""
    places = _validations(folder, wanted)
    if not places or places == [folder]:
        return list_cases(folder, ENDINGS)
    cases: dict[str, list[Path]] = {}
    for place in places:
        of_fold = list_cases(place, ENDINGS)
        if not of_fold:
            raise InputError(
                f"{place.parent} has no predictions of validation cases. Make them: nnUNetv2_train ... --val --npz, "
                f"or name the folds that have them: {folder.name}={places[0].parent}"
            )
        for case, paths in of_fold.items():
            cases.setdefault(case, []).extend(paths)
    return cases


def _unit(given: Given) -> list[str]:
    """Say what folds and seeds are, to readers of a table; nothing of predictions that no fold made."""
    places = [place for source in given.sources for place in _validations(source.folder, given.folds)]
    folds = sorted({place.parent.name.removeprefix("fold_") for place in places})
    if not folds or "all" in folds:
        return []
    said = (
        f"Folds ({in_words(folds)}) are parts of the cases: each was predicted by the network of the fold without it."
    )
    if len(folds) == 1:
        said = (
            f"Fold {folds[0]} alone: its validation cases were predicted by the network that was trained without them."
        )
    seeds = Counter(source.method for source in given.sources)
    if max(seeds.values()) == 1:
        return [f"{said} One training seed a method, so nothing here says how much another seed would change."]
    runs = in_words(f"{method} has {count}" for method, count in seeds.items())
    return [f"{said} A run is a training seed with all its folds ({runs}): spread and tests are over runs, not folds."]


def _labels(folder: Path) -> Labels | None:
    path = next((p for place in _upwards(folder) if (p := place / "dataset.json").is_file()), None)
    if path is None:
        return None
    described = read_json(path)
    labels = described.get("labels") if isinstance(described, dict) else None
    try:
        return _parse(labels)
    except (AttributeError, TypeError, ValueError) as error:
        raise InputError(
            f'{path} must name its labels as {{"labels": {{"background": 0, "kidney": 1}}}}, but holds {labels!r}. '
            "Correct it, or name the structures: --structures NAME=IDS ..."
        ) from error


def _upwards(folder: Path) -> list[Path]:
    place = folder.absolute()
    return [place, *place.parents][:HIGHER]


def _parse(labels: Any) -> Labels:
    """Return labels of nnU-Net v2 (name -> id, or ids of a region), or of v1 (id -> name)."""
    if labels and all(str(key).isdigit() for key in labels):
        labels = {name: int(label) for label, name in labels.items()}
    ids = {
        str(name): tuple(map(int, label)) if isinstance(label, list | tuple) else (int(label),)
        for name, label in labels.items()
    }
    ignore = ids.pop("ignore", (None,))[0]
    structures = {name: members for name, members in ids.items() if members != (0,)}
    if not structures:
        raise ValueError("no label above 0")
    return Labels(structures, ignore, any(len(members) > 1 for members in ids.values()))  # as nnU-Net tells regions


def _label_maps(cases: Mapping[str, list[Path]]) -> dict[str, list[Path]]:
    of_case = {case: [path for path in paths if path.suffix.lower() != ".npz"] for case, paths in cases.items()}
    if bare := [case for case, paths in of_case.items() if not paths]:
        raise InputError(
            f"{in_words(bare[:3])}: an npz of a region-based model holds probabilities that overlap, and its label map "
            "is not beside it. Write the label maps, too (nnUNetv2_predict does)."
        )
    return of_case


def _left(files: Mapping[Path, Mapping[str, list[Path]]]) -> list[str]:
    npz = [path for cases in files.values() for paths in cases.values() for path in paths if path.suffix == ".npz"]
    text = (
        f"{counted(len(npz), 'npz file')} of a region-based model: its probabilities overlap, so label maps are scored"
    )
    return [text] if npz else []


def _require_channels(cases: Mapping[str, list[Path]], labels: Labels) -> None:
    """Raise if the first probabilities that can be read have another number of classes than dataset.json."""
    npz = (path for paths in cases.values() for path in paths if path.suffix.lower() == ".npz")
    path, channels = next(((path, count) for path in npz if (count := _channels(path))), (None, None))
    if path is not None and channels != labels.classes:
        raise InputError(
            f"{path} holds probabilities of {channels} classes, but dataset.json names {labels.classes} with "
            f"background ({in_words(labels.structures)}). Was it written by another model? Predict again with "
            "--save_probabilities, or move the npz files away."
        )


def _channels(path: Path) -> int | None:
    """Return how many classes an npz has; None where it cannot be read, which is found with all other files."""
    try:
        return header(path).channels
    except InputError:
        return None
