"""TotalSegmentator: one mask a structure in a folder a case, or one label map a case (`--ml`)."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import nibabel as nib
import numpy as np

from softbench import images
from softbench.errors import InputError, counted, in_words
from softbench.given import NIFTI, list_folder, split_name
from softbench.images import Choices, headers
from softbench.jobs import progress
from softbench.jobs.faults import Fault, FileError, fault, lines
from softbench.tools.score.inputs import REFERENCES, UNFIT, list_cases
from softbench.tools.score.layouts.layout import Given, Layout, Structures

VERSION = None  # names and places of files: no number
LABEL = re.compile(r'<Label\s[^>]*Key="(\d+)"[^>]*>\s*(?:<!\[CDATA\[)?([^\]<]+)')
Masks = dict[str, dict[str, Path]]  # case -> structure -> file


def read(given: Given) -> Layout:
    """Return the label map of each case; masks of structures are put together into one, below the output folder.

    Structures have the ids that `--structures` gives, else those that a label map of `--ml` names in its header; where
    there are only masks, they are numbered in the order of their names.

    Raises: InputError: if masks stand beside label maps whose ids nothing names, or a named structure has no mask.
    """
    of_source = {str(source): source.folder for source in given.sources}
    places = of_source | {f"{REFERENCES} {folder}": folder for folder in given.references}
    masks = {where: _masks(folder) for where, folder in places.items()}
    label_maps = [folder for where, folder in places.items() if not masks[where]]
    of_folder = {where: {name for named in cases.values() for name in named} for where, cases in masks.items() if cases}
    structures = given.settings.structures
    if structures is None:
        structures = _common(_named(label_maps), of_folder, label_maps)
    if structures is None:
        return Layout({})
    ids = {name: members[0] for name, members in structures.items() if len(members) == 1}
    files: dict[Path, dict[str, list[Path]]] = {}
    faults: list[Fault] = []
    for number, (where, names) in enumerate(of_folder.items()):
        _require_masks(where, names, ids)
        made = given.output / "label_maps" / str(number)
        files[places[where]], bad = _merge_all(given, where, masks[where], ids, made)
        faults += bad
        if not files[places[where]]:
            raise InputError("\n".join([UNFIT, *lines(faults)]))
    return Layout(files, structures, faults=faults, notes=_left_out(of_folder, ids))


def _masks(folder: Path) -> Masks:
    """Return the masks of each case: `<case>/<structure>.nii.gz`, or `<case>/segmentations/…` of the published data."""
    cases: Masks = {}
    if list_cases(folder, NIFTI):
        return cases
    for place in list_folder(folder):
        inner = place / "segmentations" if (place / "segmentations").is_dir() else place
        named = {parts[0]: path for path in list_folder(inner) if (parts := split_name(path, NIFTI))}
        if named and not place.name.startswith("."):
            cases[place.name] = named
    return cases


def _named(folders: list[Path]) -> Structures | None:
    """Return the names that a label map of `--ml` has in its header; None where none has."""
    for folder in folders:
        for paths in list_cases(folder, NIFTI).values():
            extensions = getattr(nib.load(_checked(paths[0])).header, "extensions", [])
            text = "".join(str(extension.get_content()) for extension in extensions)
            if found := {name.strip(): (int(key),) for key, name in LABEL.findall(text) if int(key) > 0}:
                return found
            break  # one file tells for its folder
    return None


def _checked(path: Path) -> Path:
    """Return the path of a file that can be read; raise `InputError` where it cannot."""
    images.read_header(path)
    return path


def _common(named: Structures | None, of_folder: Mapping[str, set[str]], label_maps: list[Path]) -> Structures | None:
    """Return the structures that all folders have, with their ids; None where nothing names them."""
    if not of_folder:
        return named
    common = set.intersection(*of_folder.values())
    if not common or (named and not common & set(named)):
        listed = "; ".join(f"{where}: {in_words(sorted(names)[:3])} ..." for where, names in of_folder.items())
        raise InputError(f"the folders have no structure in common ({listed}). Rename the masks as the references are.")
    if named:
        return {name: ids for name, ids in named.items() if name in common}
    if label_maps:
        raise InputError(
            f"{label_maps[0]} holds label maps, and nothing says which label is which structure. Say it: --structures "
            f"{min(common)}=1 ..., with the ids of these label maps; masks of other structures are left out."
        )
    return {name: (number,) for number, name in enumerate(sorted(common), start=1)}


def _require_masks(where: str, names: set[str], ids: Mapping[str, int]) -> None:
    if missing := sorted(set(ids) - names):
        raise InputError(
            f"{where} hold no mask of {in_words(missing[:5])}, but of {in_words(sorted(names)[:5])}. Name structures "
            "as their files are called, --structures NAME=ID ..., and leave out those without a mask."
        )


def _left_out(of_folder: Mapping[str, set[str]], ids: Mapping[str, int]) -> list[str]:
    return [
        f"{where}: masks of {counted(len(names - set(ids)), 'other structure')} are not scored"
        for where, names in of_folder.items()
        if names - set(ids)
    ]


def _merge_all(
    given: Given, where: str, cases: Masks, ids: Mapping[str, int], folder: Path
) -> tuple[dict[str, list[Path]], list[Fault]]:
    """Put the masks of each case together; return the label maps, and the cases where that cannot be done."""
    items = [
        (folder / f"{case}.nii.gz", where, case, {name: (ids[name], named.get(name)) for name in sorted(ids)},
         given.settings.choices)
        for case, named in cases.items()
    ]  # fmt: skip
    found = progress.each(merge, items, workers=given.workers, what="masks", log=given.log)
    bad = [result for result in found if result is not None]
    failed = {result.case for result in bad}
    return {case: [folder / f"{case}.nii.gz"] for case in cases if case not in failed}, bad


def merge(
    target: Path, where: str, case: str, masks: Mapping[str, tuple[int, Path | None]], choices: Choices
) -> Fault | None:
    """Write the label map of a case from the masks of its structures; return why that cannot be done."""
    try:
        if missing := [name for name, (_, path) in masks.items() if path is None]:
            raise FileError(f"no mask of {in_words(missing)}, which other cases have. Add it, or leave the case out.")
        labels, known = None, None
        for name, label, mask in _read(masks, choices):
            if labels is None or known is None:
                known = mask
                labels = np.zeros(mask.array.shape, np.min_scalar_type(max(label for label, _ in masks.values())))
            if mask.array.shape != known.array.shape or not headers.near(mask.affine, known.affine):
                raise FileError(
                    f"the mask of {name} has another grid than that of {next(iter(masks))}. Predict it again."
                )
            inside = mask.array != 0
            if shared := np.unique(labels[inside & (labels > 0)]).tolist():
                others = [other for other, (number, _) in masks.items() if number in shared]
                raise FileError(
                    f"the mask of {name} overlaps with that of {in_words(others)}, which a label map cannot hold. "
                    "Score them in calls of their own: --structures NAME=ID ..."
                )
            labels[inside] = label
        assert labels is not None, "a case has masks"
        assert known is not None, "a case has masks"
        target.parent.mkdir(parents=True, exist_ok=True)
        images.write(target, labels, known.affine, known.axcodes, oriented=known.oriented)
    except InputError as error:
        return fault(where, case, error)
    return None


def _read(masks: Mapping[str, tuple[int, Path | None]], choices: Choices) -> Iterator[tuple[str, int, images.Image]]:
    """Yield name, id and mask of each structure; raise where a file holds more than one value beside 0."""
    for name, (label, path) in masks.items():
        assert path is not None, "missing masks were refused"
        mask = images.read_label_map(path, choices)
        if len(values := np.unique(mask.array[mask.array != 0])) > 1:
            raise FileError(
                f"{path} must be the mask of one structure, but holds {in_words(values[:5].tolist())}. If it is a "
                "label map of all structures, put it into one folder with those of the other cases: CASE.nii.gz"
            )
        yield name, label, mask
