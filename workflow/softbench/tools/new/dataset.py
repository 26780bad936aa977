"""An own data set from a folder in nnU-Net's layout: a source, its config and its test."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from softbench import nifti
from softbench.datasets.case import RawCase
from softbench.datasets.sources import nnunet
from softbench.errors import InputError
from softbench.tools.new.files import require_free, write

PATCH_VOXELS = 64  # of a training patch along an axis at most: ours, so that one core trains a run in minutes
MULTIPLE = 8  # what compact_unet's three halvings want
EVEN = 0.02  # spacings that differ by less than this share are one
EXAMPLE = '{"channel_names": {"0": "T2"}, "labels": {"background": 0, "tumour": 1}}'


@dataclass(frozen=True)
class Folder:
    """What the folder says of itself.

    Attributes:
        title, licence, citation: as in dataset.json, or what stands in for it.
        channels: names of the channels in order.
        names: label id -> name of its class, background (0) included, without `ignored`.
        regions: names that dataset.json gives to several ids at once.
        ignored: id of voxels that nobody labelled, as a tuple; () where there is none.
        cases: those found.
    """

    title: str
    licence: str
    citation: str
    channels: tuple[str, ...]
    names: Mapping[int, str]
    regions: Mapping[str, tuple[int, ...]]
    ignored: tuple[int, ...]
    cases: list[RawCase]

    @property
    def whole(self) -> list[RawCase]:
        """The cases that have image and label map."""
        return [case for case in self.cases if case.images and case.labels]

    @property
    def one_file(self) -> bool:
        """Whether one file holds all channels."""
        return any(len(set(case.images)) < len(case.images) for case in self.cases)


def make_dataset(name: str, folder: Path, root: Path) -> str:
    """Write the files of a source for a folder in nnU-Net's layout; return what to type next.

    Raises: InputError: as `look`, `require_free` and `write`.
    """
    found = look(folder)
    require_free(name, root, "datasets", "protocols", "experiments", "tables")
    files = {
        "source.py": Path("workflow", "softbench", "datasets", "sources", f"{name}.py"),
        "config.yaml": Path(f"{name}.yaml"),
        "test.py": Path("tests", "datasets", f"test_{name}.py"),
    }
    written = write("dataset", name, files, root, folder=folder.resolve(), **_values(found))
    return "\n".join([*_told(name, found), *(f"wrote {path}" for path in written), *_next(name)])


def _values(found: Folder) -> dict[str, Any]:
    """Return what the templates name."""
    ids = sorted(found.names)
    index = {number: place for place, number in enumerate(ids)}
    structures: dict[str, tuple[int, ...]] = {found.names[number]: (index[number],) for number in ids[1:]}
    structures |= {name: tuple(index[number] for number in of) for name, of in found.regions.items()}
    shapes, spacings = grid_of(found.whole)
    return {
        "source": found,
        "classes": tuple(found.names[number] for number in ids),
        "structures": structures,
        "parts": found.regions or {found.names[number]: () for number in ids[1:]},
        "label_ids": {} if list(index) == list(index.values()) else index,
        "dims": shapes.shape[1],
        "spacing_mm": _spacing(spacings),
        "patch_size": _patch_size(shapes, spacings),
        "is_ct": found.channels == ("ct",),
    }


def _spacing(spacings: np.ndarray) -> list[float] | None:
    """Return the median spacing where cases differ; None where one grid serves all."""
    median = np.median(spacings, axis=0)
    differ = (np.abs(spacings / median - 1) > EVEN).any()
    return [float(f"{length:.3g}") for length in median] if differ else None


def _patch_size(shapes: np.ndarray, spacings: np.ndarray) -> list[int]:
    """Return the size of a training patch: half or more of a usual case, at most `PATCH_VOXELS`."""
    resampled = shapes * spacings / np.median(spacings, axis=0)
    lengths = np.median(resampled, axis=0)
    return [int(max(MULTIPLE, min(PATCH_VOXELS, length // MULTIPLE * MULTIPLE))) for length in lengths]


def _told(name: str, found: Folder) -> list[str]:
    """Return what was found, in lines."""
    wanting = incomplete(found.cases)
    lines = [f"{name}: {len(found.whole)} cases, channels {', '.join(found.channels)}, "
             f"classes {', '.join(found.names.values())}"]  # fmt: skip
    if wanting:
        lines.append(f"{len(wanting)} more cannot be used, and the run will stop at them: {'; '.join(wanting[:10])}")
    return lines


def _next(name: str) -> list[str]:
    return [
        f"Next: read {name}.yaml, then",
        f"  snakemake --cores all {name} --configfile {name}.yaml",
    ]


def look(folder: Path) -> Folder:
    """Read dataset.json and list the cases.

    Raises: InputError: if there is no readable dataset.json, it names no channels or labels, or no case has both files.
    """
    facts = _facts(folder)
    channels = _in_order(facts, "channel_names", "modality")
    single, regions, ignored = _labels(facts["labels"], folder)
    known = Folder(
        str(facts.get("name") or folder.resolve().name),
        str(facts.get("licence") or facts.get("license") or "not stated: see who gave you the data"),
        str(facts.get("reference") or "own data"),
        channels,
        single,
        regions,
        ignored,
        nnunet.find_cases(folder, len(channels)),
    )
    if not known.whole:
        raise InputError(
            f"{folder} holds no case with an image and a label map. Expected in it: {nnunet.LAYOUT}; "
            "other formats (.mha, .nrrd, .png) must be written as NIfTI first."
        )
    return known


def grid_of(cases: list[RawCase]) -> tuple[np.ndarray, np.ndarray]:
    """Return the shapes and spacings (case, D H W) of volumes, from their headers; axes are those of RAS."""
    shapes, spacings = [], []
    for case in cases:
        with nifti.opened(case.images[0]) as file:
            turned = nib.as_closest_canonical(file)
            shapes.append(turned.shape[2::-1])
            spacings.append([float(length) for length in turned.header.get_zooms()[2::-1]])
    return np.array(shapes), np.array(spacings)


def _facts(folder: Path) -> dict[str, Any]:
    path = folder / "dataset.json"
    try:
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"{path} cannot be read ({error}). It says what channels and labels mean, at least: {EXAMPLE}"
        ) from error
    lacking = [] if facts.get("channel_names") or facts.get("modality") else ["channel_names"]
    lacking += [] if facts.get("labels") else ["labels"]
    if lacking:
        raise InputError(f"{path} lacks {' and '.join(lacking)}. At least wanted: {EXAMPLE}")
    return facts


def _in_order(facts: Mapping[str, Any], *keys: str) -> tuple[str, ...]:
    """Return the names of the channels, each one another."""
    named: Mapping[str, str] = next(facts[key] for key in keys if facts.get(key))
    names = [_word(named[number]) for number in sorted(named, key=int)]
    return tuple(name if names.count(name) == 1 else f"{name}_{place}" for place, name in enumerate(names))


def _labels(
    labels: Mapping[str, Any], folder: Path
) -> tuple[dict[int, str], dict[str, tuple[int, ...]], tuple[int, ...]]:
    """Return id -> class, the regions, and the ignored ids, from {name: id} or, as the Decathlon has it, {id: name}."""
    if all(key.isdigit() for key in labels):
        labels = {name: int(number) for number, name in labels.items()}
    try:
        ids = {_word(name): _ids(value) for name, value in labels.items()}
    except (TypeError, ValueError) as error:
        raise InputError(f"{folder / 'dataset.json'}: labels is {labels}. Write it like {EXAMPLE}") from error
    ignored = ids.pop("ignore", ())
    single = {of[0]: name for name, of in ids.items() if len(of) == 1}
    regions = {name: of for name, of in ids.items() if len(of) > 1}
    every = sorted({0, *(number for of in ids.values() for number in of)})
    names = {number: single.get(number, f"label_{number}") for number in every} | {0: "background"}
    return names, regions, ignored


def _ids(value: Any) -> tuple[int, ...]:
    return tuple(int(number) for number in value) if isinstance(value, list | tuple) else (int(value),)


def _word(name: str) -> str:
    """Return a name as classes and channels are called here: small letters, digits and underscores."""
    return "_".join("".join(c if c.isalnum() else " " for c in str(name).lower()).split()) or "unnamed"


def incomplete(cases: list[RawCase]) -> list[str]:
    """Return what is wrong with cases that lack a file, each in words."""
    return [
        f"{case.id} has {'no label map' if case.images else 'no image'}"
        for case in cases
        if not (case.images and case.labels)
    ]
