"""Files read: NIfTI of 2 to 5 axes and nnU-Net's npz; the header alone, all voxels, or a whole case as arrays.

The grids of all files are compared by their headers before anything is scored: a shifted file is no bad network.
"""

import gzip
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np

from softbench import images
from softbench.checks import require_label_map
from softbench.errors import InputError
from softbench.images import spacing_of
from softbench.jobs.progress import Log, Progress
from softbench.metrics.inputs import require_probabilities
from softbench.tools.score.inputs import Files, Predicted, References, Source

VERSION = 1
KEYS = ("probabilities", "softmax")  # of nnU-Net v2 and v1
FILE_ERRORS = (EOFError, OSError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, ValueError, KeyError)
AGREEMENT = 0.5  # post-processing changes few voxels; another orientation leaves hardly any in place
DAMAGE = (*FILE_ERRORS, nib.filebasedimages.ImageFileError)
SPACING_MM = 1e-3
ORIGIN_MM = 1e-2
DIRECTION_MM = 1e-2  # in a step of 1 mm
RESAMPLE = "Export the prediction in the grid of its image, or resample it onto the reference."
HEADER = (
    "If the voxels are in place and only the header is wrong, write the file with the reference's affine; else "
    "resample it onto the reference."
)


@dataclass(frozen=True, eq=False)
class Header:
    """The grid of a file.

    shape: (x, y, z) as stored; a picture has z = 1. affine: (4, 4), voxel (x, y, z, 1) to world mm; None in an npz.
    channels: number of classes of probabilities; None for a label map.
    """

    shape: tuple[int, int, int]
    affine: np.ndarray | None
    channels: int | None


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn what damaged files raise into one error that names the file."""
    try:
        yield
    except InputError:
        raise
    except DAMAGE as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            f"{path} cannot be read: {reason} The file is cut short or damaged: copy or make it again."
        ) from error


def header(path: Path) -> Header:
    """Read the grid of a NIfTI or npz file, not its voxels.

    Raises: InputError: if the file is damaged or has other axes than the README names.
    """
    with _readable(path):
        if path.suffix == ".npz":
            return _npz_header(path)
        file: Any = nib.load(path)
        shape, channels = _axes(path, file.shape)
        return Header(shape, np.asarray(file.affine, np.float64), channels)


def _axes(path: Path, shape: tuple[int, ...]) -> tuple[tuple[int, int, int], int | None]:
    """Tell places from classes: (x, y), (x, y, z), (x, y, z, C), or (x, y, z, 1, C), as ITK writes vectors."""
    places, rest = (*shape, 1, 1)[:3], [n for n in shape[3:] if n != 1]
    if len(shape) < 2 or len(rest) > 1:
        raise InputError(
            f"{path} must be a label map (x, y, z) or probabilities (x, y, z, classes), but its shape is {shape}."
        )
    return (places[0], places[1], places[2]), (rest[0] if rest else None)


def _npz_header(path: Path) -> Header:
    with zipfile.ZipFile(path) as archive, archive.open(f"{_key(path, archive.namelist())}.npy") as file:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape = read(file)[0]
    if len(shape) == 3:
        shape = (shape[0], 1, *shape[1:])
    if len(shape) != 4:
        raise InputError(f"{path} must hold probabilities (classes, z, y, x), but its shape is {shape}.")
    return Header((shape[3], shape[2], shape[1]), None, shape[0])


def _key(path: Path, names: list[str]) -> str:
    held = [name.removesuffix(".npy") for name in names]
    for key in KEYS:
        if key in held:
            return key
    raise InputError(
        f"{path} must hold an array called {' or '.join(KEYS)}, (classes, z, y, x), but holds {', '.join(held)}."
    )


def voxels(path: Path, affine: np.ndarray | None = None) -> np.ndarray:
    """Read all voxels of a file, turned to RAS.

    Args:
        path: NIfTI or npz.
        affine: the grid of an npz, which has none of its own.
    Returns: a label map (D, H, W) or probabilities (C, D, H, W), in the file's type, native byte order.
    Raises: InputError: if the file is damaged.
    """
    with _readable(path):
        stored = header(path)
        if path.suffix == ".npz":
            with np.load(path) as arrays:
                array: np.ndarray = arrays[_key(path, arrays.files)].T
        else:
            with images.opened(path) as file:
                array = np.asanyarray(file.dataobj)
            images.require_numbers(path, array)
    places = affine if stored.affine is None else stored.affine
    assert places is not None, "an npz needs the affine of its reference"
    classes = () if stored.channels is None else (stored.channels,)
    return turn(array.reshape(*stored.shape, *classes), places)


def turn(array: np.ndarray, affine: np.ndarray) -> np.ndarray:
    """Turn voxels (x, y, z) or (x, y, z, C) of a file to RAS, as `images.read` does, and put the axes in our order."""
    turned = nib.orientations.apply_orientation(array, nib.io_orientation(affine))
    return np.ascontiguousarray(turned.T, dtype=turned.dtype.newbyteorder("="))


def grid(stored: Header) -> tuple[tuple[int, ...], np.ndarray]:
    """Return the shape (D, H, W) of a file turned to RAS, and the affine that maps (d, h, w, 1) to mm."""
    assert stored.affine is not None, "an npz has no grid"
    orientation = nib.io_orientation(stored.affine)
    affine = stored.affine @ nib.orientations.inv_ornt_aff(orientation, stored.shape)
    order = np.argsort(orientation[:, 0])  # the file's axis that runs along x, y, z
    return tuple(stored.shape[int(axis)] for axis in order[::-1]), affine[:, [2, 1, 0, 3]]


@dataclass(frozen=True)
class Loaded:
    """A case that can be scored: (D, H, W), or (H, W) of a picture.

    `prediction` (C, ...) float probabilities or (...) class ids; `references` (R, ...) class ids; `valid` marks the
    voxels that count, None where all do.
    """

    prediction: np.ndarray
    references: np.ndarray
    spacing_mm: tuple[float, ...]
    valid: np.ndarray | None

    @property
    def is_label_map(self) -> bool:
        """Whether the prediction has no probabilities."""
        return self.prediction.ndim == self.references.ndim - 1


def read_case(files: Files, raters: Sequence[Path], classes: int, ignore_label: int | None) -> Loaded:
    """Read a case whose headers were found to agree.

    Args:
        files: of the prediction.
        raters: label maps.
        classes: number of classes C.
        ignore_label: voxels that any rater gave this id count for nothing.
    Raises: InputError: if probabilities are no distribution, a label is no whole number or no class; names the file.
    """
    stored = header(raters[0])
    spacing = images.spacing_of(grid(stored)[1])
    maps = [label_map(path) for path in raters]
    valid = None if ignore_label is None else np.logical_and.reduce([labels != ignore_label for labels in maps])
    if valid is not None and valid.all():
        valid = None
    for path, labels in zip(raters, maps, strict=True):
        _require_classes(path, labels, classes, valid)
    prediction = _prediction(files, classes, stored, valid)
    loaded = Loaded(prediction, np.stack(maps), spacing, valid)
    return _picture(loaded) if loaded.references.shape[1] == 1 else loaded


def label_map(path: Path) -> np.ndarray:
    """Read a label map: (D, H, W), unsigned or signed integers of the smallest type that holds the ids."""
    array = images.to_label_map(voxels(path), str(path))
    return array.astype(np.result_type(np.min_scalar_type(array.min(initial=0)), np.min_scalar_type(array.max())))


def _prediction(files: Files, classes: int, reference: Header, valid: np.ndarray | None) -> np.ndarray:
    if header(files.path).channels is None:
        labels = _predicted_labels(files.path)
        _require_classes(files.path, labels, classes, valid)
        return labels
    beside = header(files.nifti).affine if files.nifti else None
    probabilities = voxels(files.path, reference.affine if beside is None else beside)
    try:
        require_probabilities(probabilities, valid)
    except InputError as error:
        raise InputError(f"{files.path}: {error}") from error
    if files.npz and files.nifti:
        _require_agreement(probabilities, files.npz, files.nifti)
    return probabilities


def _predicted_labels(path: Path) -> np.ndarray:
    try:
        return label_map(path)
    except InputError as error:
        raise InputError(
            f"{error} If they are probabilities of a foreground, write (x, y, z, 2), background first."
        ) from error


def _require_classes(path: Path, labels: np.ndarray, classes: int, valid: np.ndarray | None) -> None:
    try:
        require_label_map(str(path), labels if valid is None else labels[valid], classes)
    except InputError as error:
        raise InputError(f"{error} For `softbench score`: --classes, or --ignore-label.") from error


def _require_agreement(probabilities: np.ndarray, npz: Path, nifti: Path) -> None:
    """Raise if the label map beside an npz shows other voxels: the npz then lies in another orientation."""
    labels, top = label_map(nifti), probabilities.argmax(axis=0)
    either = np.count_nonzero((labels > 0) | (top > 0))
    agree = np.count_nonzero((labels > 0) & (labels == top))
    if either and agree / either < AGREEMENT:
        raise InputError(
            f"{npz} and the label map beside it, {nifti.name}, agree on {agree} of {either} foreground voxels. The "
            "npz must hold (classes, z, y, x) in the orientation of that file. If only the label map is right, move "
            "the npz away; if only the npz is, move the label map away."
        )


def _picture(loaded: Loaded) -> Loaded:
    """Drop the axis of a single slice: surfaces and bands of a picture have no third dimension."""
    axis = 0 if loaded.is_label_map else 1
    valid = None if loaded.valid is None else loaded.valid[0]
    return Loaded(np.take(loaded.prediction, 0, axis), loaded.references[:, 0], loaded.spacing_mm[1:], valid)


def check(predictions: Predicted, references: References, log: Log) -> dict[Source, int | None]:
    """Read the headers of all cases and compare each prediction's grid, and each rater's, with the first rater's.

    Returns: the number of classes of each source of probabilities; None for one of label maps.
    Raises: InputError: one, that lists every damaged file, every grid that differs (spacing by more than 1e-3 mm,
        origin or direction by more than 1e-2 mm, after both are turned to RAS) and every source that mixes label maps
        with probabilities, or probabilities of different numbers of classes.
    """
    problems: list[str] = []
    channels: dict[Source, dict[str, int | None]] = {source: {} for source in predictions}
    progress = Progress(log, "headers", len(references), "cases", every_s=10)
    for done, (case, raters) in enumerate(references.items(), start=1):
        first = _reference_header(case, raters, problems)
        for source, cases in predictions.items():
            predicted = _predicted_header(f"{source}, case {case}", cases[case], raters[0], first, problems)
            if predicted:
                channels[source][case] = predicted.channels
        progress.at(done)
    for method in dict.fromkeys(source.method for source in predictions):
        problems += _mixture(method, {s: counts for s, counts in channels.items() if s.method == method})
    if problems:
        raise InputError("these files cannot be scored; nothing was computed:\n" + "\n".join(problems))
    return {source: next(iter(counts.values())) for source, counts in channels.items()}


def _reference_header(case: str, raters: tuple[Path, ...], problems: list[str]) -> Header | None:
    """Return the first rater's header; None where it is of no use."""
    read = [_try_header(f"references, case {case}", path, problems) for path in raters]
    for path, own in zip(raters, read, strict=True):
        if own and own.channels is not None:
            problems.append(f"- references, case {case}: {path} must be a label map, but is 4-D ({own.channels}).")
        if own and path != raters[0] and read[0]:
            problems += _difference(f"references, case {case}", path, own, raters[0], read[0])
    return read[0]


def _predicted_header(
    label: str, files: Files, path: Path, reference: Header | None, problems: list[str]
) -> Header | None:
    """Return the header of the file that is scored; None where it is of no use."""
    read = {file: _try_header(label, file, problems) for file in (files.nifti, files.npz) if file}
    for file, own in read.items():
        if own and file is files.nifti and files.npz and own.channels is not None:
            problems.append(f"- {label}: {file.name} and {files.npz.name} both hold probabilities. Keep one.")
        if own:
            beside = read.get(files.nifti) if files.nifti and file is files.npz else None
            against = beside or reference
            problems += _difference(label, file, own, path, against) if against else ()
    return read[files.path]


def _try_header(label: str, path: Path, problems: list[str]) -> Header | None:
    try:
        read = header(path)
    except InputError as error:
        problems.append(f"- {label}: {error}")
        return None
    if read.affine is not None and not _has_spacing(read.affine):
        problems.append(
            f"- {label}: {path} has voxels of {spacing_of(read.affine)} mm (x, y, z), and no voxel is that thin. "
            "Correct its header."
        )
        return None
    return read


def _has_spacing(affine: np.ndarray) -> bool:
    spacing = spacing_of(affine)
    return bool(np.isfinite(affine).all() and min(spacing) > 0 and abs(np.linalg.det(affine[:3, :3])) > 0)


def _difference(label: str, path: Path, own: Header, other_path: Path, other: Header) -> Iterator[str]:
    """Say how the grid of a file differs from that of its reference; an npz has a shape alone."""
    place = f"- {label}: {path} does not lie on the grid of {other_path}"
    if own.affine is None:
        if own.shape != other.shape:
            shapes = f"{own.shape} against {other.shape} (x, y, z)"
            yield f"{place}: the shapes are {shapes}. {RESAMPLE}"
        return
    (shape, affine), (other_shape, other_affine) = grid(own), grid(other)
    if shape != other_shape:
        yield f"{place}: {_words(own)} against {_words(other)}. {RESAMPLE}"
    elif reasons := _reasons(affine, other_affine):
        yield f"{place}: {', '.join(reasons)}; {_words(own)} against {_words(other)}. {HEADER}"


def _reasons(affine: np.ndarray, other: np.ndarray) -> list[str]:
    """Name what differs between two grids in RAS, (d, h, w) to mm."""
    spacing, other_spacing = (np.linalg.norm(a[:3, :3], axis=0) for a in (affine, other))
    directions = affine[:3, :3] / spacing - other[:3, :3] / other_spacing
    gaps = {
        "spacing": (np.abs(spacing - other_spacing).max(), SPACING_MM, "mm"),
        "origin": (np.abs(affine[:3, 3] - other[:3, 3]).max(), ORIGIN_MM, "mm"),
        "direction": (np.linalg.norm(directions, axis=0).max(), DIRECTION_MM, "mm in a step of 1 mm"),
    }
    return [f"the {name} differs by {gap:.3g} {unit}" for name, (gap, limit, unit) in gaps.items() if gap > limit]


def _words(own: Header) -> str:
    if own.affine is None:
        return f"shape {own.shape}"
    rows = "; ".join(" ".join(f"{value:.6g}" for value in row) for row in own.affine[:3])
    return f"shape {own.shape} and affine [{rows}]"


def _mixture(method: str, channels: dict[Source, dict[str, int | None]]) -> Iterator[str]:
    """Say where a method has label maps and probabilities, or different numbers of classes."""
    kinds: dict[int | None, list[str]] = {}
    for source, counts in channels.items():
        for case, count in counts.items():
            kinds.setdefault(count, []).append(f"{case} of seed {source.seed}")
    if len(kinds) > 1:
        parts = [
            f"{f'probabilities of {count} classes' if count else 'label maps'} for {', '.join(cases)}"
            for count, cases in kinds.items()
        ]
        yield f"- predictions {method}: there are {' and '.join(parts)}. All of a method must be of one kind."
