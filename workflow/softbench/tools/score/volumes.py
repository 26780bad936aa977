"""Files read: NIfTI of 2 to 5 axes and nnU-Net's npz; the header alone, all voxels, or a whole case as arrays."""

import gzip
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from softbench import images
from softbench.errors import InputError, in_words
from softbench.given import is_lost, lost
from softbench.images import NONE, Choices
from softbench.jobs.faults import FileError
from softbench.tools.score import distribution
from softbench.tools.score.distribution import Read, share
from softbench.tools.score.inputs import Files, Settings

VERSION = 4
KEYS = ("probabilities", "softmax")  # of nnU-Net v2 and v1
FILE_ERRORS = (EOFError, OSError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile, ValueError, KeyError)
# whose largest value lies within (least, whole): else it is unclear what stands for 1
FOREGROUND = ((-1, 1), (100 * (1 + distribution.BOUND), 255), (1000 * (1 + distribution.BOUND), 65535))
MANY = 8  # unknown ids: these are no labels
AGREEMENT = 0.5  # post-processing changes few voxels; another orientation leaves hardly any in place


@dataclass(frozen=True, eq=False)
class Header:
    """The grid of a file.

    shape: (x, y, z) as stored; a picture has z = 1. affine: (4, 4), voxel (x, y, z, 1) to world mm; None in an npz.
    channels: number of classes of probabilities; None for a label map. axes: lengths of all axes in the order of the
    README: (x, y, z, ...) of a NIfTI, (classes, z, y, x) of an npz. oriented: whether a NIfTI says where axes point.
    """

    shape: tuple[int, int, int]
    affine: np.ndarray | None
    channels: int | None
    axes: tuple[int, ...]
    oriented: bool = True

    def beside(self, other: np.ndarray | None) -> "Header":
        """Return the header of a NIfTI without orientation as it fits beside the grid `other`; see `images.Header`."""
        if self.affine is None:
            return self
        stored = images.Header(self.shape, self.affine, self.channels, self.axes, self.oriented)
        return replace(self, affine=stored.beside(other).affine)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn what damaged files raise into one error that names the file."""
    start = images.require_file(path)
    try:
        yield
    except InputError:
        raise
    except FILE_ERRORS as error:
        if isinstance(error, OSError) and is_lost(path):
            raise lost(path, error) from error
        reason = str(error).splitlines()[0].rstrip(". ") if str(error) else type(error).__name__
        raise InputError(f"{path} cannot be read: {reason}. {images.advise(path, start)}") from error


def header(path: Path, choices: Choices = NONE) -> Header:
    """Read the grid of a NIfTI or npz file, not its voxels.

    Args:
        path: of the file.
        choices: how a NIfTI is read whose header leaves it open.
    Raises: InputError: if the file is damaged or has other axes than the README names.
    """
    with _readable(path):
        if path.suffix.lower() == ".npz":
            return _npz_header(path)
        stored = images.read_header(path, choices)
        return Header(stored.shape, stored.affine, stored.channels, stored.axes, stored.oriented)


def _npz_header(path: Path) -> Header:
    with zipfile.ZipFile(path) as archive, archive.open(f"{_key(path, archive.namelist())}.npy") as file:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        axes = read(file)[0]
    shape = (axes[0], 1, *axes[1:]) if len(axes) == 3 else axes
    if len(shape) != 4:
        raise InputError(
            f"{path} must hold probabilities (classes, z, y, x), but its shape is {axes}. Write them so, "
            "background first."
        )
    return Header((shape[3], shape[2], shape[1]), None, shape[0], tuple(axes))


def _key(path: Path, names: list[str]) -> str:
    held = [name.removesuffix(".npy") for name in names]
    for key in KEYS:
        if key in held:
            return key
    raise InputError(
        f"{path} must hold an array called {' or '.join(KEYS)}, (classes, z, y, x), but holds "
        f"{in_words(held) or 'none'}. If that is it, write it as np.savez_compressed(path, probabilities=array)."
    )


def oriented_grid(paths: Iterable[Path | None], choices: Choices) -> np.ndarray | None:
    """Return the affine, (d, h, w, 1) to mm, of the first NIfTI file that has an orientation; None where none has."""
    stored = (header(path, choices) for path in paths if path is not None)
    return next((grid(read)[1] for read in stored if read.oriented), None)


def voxels(
    path: Path, affine: np.ndarray | None = None, choices: Choices = NONE, beside: np.ndarray | None = None
) -> np.ndarray:
    """Read all voxels of a file, turned to RAS.

    Args:
        path: NIfTI or npz.
        affine: voxel (x, y, z, 1) to mm of an npz, which has no grid of its own.
        choices: how a NIfTI is read whose header leaves it open.
        beside: the grid of another file of the case, as `oriented_grid` gives it.
    Returns: a label map (D, H, W) or probabilities (C, D, H, W), in the file's type, native byte order.
    Raises: InputError: if the file is damaged.
    """
    if path.suffix.lower() != ".npz":
        array, stored = images.load(path, choices)
        return images.turn(array, stored.beside(beside).affine)
    with _readable(path), np.load(path) as arrays:
        held: np.ndarray = arrays[_key(path, arrays.files)].T
    assert affine is not None, "an npz needs the affine of its reference"
    return images.turn(held.reshape(*_npz_header(path).shape, -1), affine)


def grid(stored: Header) -> tuple[tuple[int, ...], np.ndarray]:
    """Return the shape (D, H, W) of a file turned to RAS, and the affine that maps (d, h, w, 1) to mm."""
    assert stored.affine is not None, "an npz has no grid"
    return images.grid(images.Header(stored.shape, stored.affine, stored.channels, stored.axes))


@dataclass(frozen=True)
class Loaded:
    """A case that can be scored: (D, H, W), or (H, W) of a picture.

    `prediction` (C, ...) float probabilities or (...) class ids; `references` (R, ...) class ids; `valid` marks the
    voxels that count, None where all do; `stored` says how probabilities were stored.
    """

    prediction: np.ndarray
    references: np.ndarray
    spacing_mm: tuple[float, ...]
    valid: np.ndarray | None
    stored: Read | None = None

    @property
    def is_label_map(self) -> bool:
        """Whether the prediction has no probabilities."""
        return self.prediction.ndim == self.references.ndim - 1


class BadReferenceError(FileError):
    """A reference that cannot be scored against: a fault of the case, whatever predicts it."""


@dataclass(frozen=True)
class Raters:
    """The references of a case.

    header: of the first rater's file. maps: (R, D, H, W) class ids. valid: voxels that count; None where all do.
    """

    header: Header
    maps: np.ndarray
    valid: np.ndarray | None


def read_raters(raters: Sequence[Path], settings: Settings) -> Raters:
    """Read the references of a case whose headers were found to agree.

    Raises: BadReferenceError: if a label is no whole number or no class, or no voxel counts; names the file.
    """
    assert settings.classes is not None, "settings are complete"
    known = oriented_grid(raters, settings.choices)
    first = header(raters[0], settings.choices).beside(known)
    return Raters(first, *_references(raters, settings, known))


def read_case(files: Files, raters: Raters, settings: Settings) -> Loaded:
    """Read the prediction of a case whose headers were found to agree, and put its references beside it.

    Args:
        files: of the prediction.
        raters: the references.
        settings: complete.
    Raises: InputError: if probabilities are no distribution, a label is no whole number or no class; names the file.
    """
    assert settings.classes is not None, "settings are complete"
    raters = _turned_beside(raters, files, settings)
    stored, references, valid = raters.header, raters.maps, raters.valid
    known = grid(stored)[1]
    spacing = images.spacing_of(known)
    if settings.foreground_probability or header(files.path, settings.choices).channels is not None:
        read = _probabilities(files, stored, references[0], valid, settings, known)
        loaded = Loaded(read.values, references, spacing, valid, read)
    else:
        labels = _predicted_labels(files.path, settings.choices, known)
        _require_classes(files.path, labels, settings.classes, valid, references[0])
        loaded = Loaded(labels, references, spacing, valid)
    return _picture(loaded) if references.shape[1] == 1 else loaded


def _turned_beside(raters: Raters, files: Files, settings: Settings) -> Raters:
    """Return references without orientation as they fit beside the prediction, where that has one."""
    if raters.header.oriented or files.nifti is None:
        return raters
    fitting = raters.header.beside(oriented_grid([files.nifti], settings.choices))
    if np.array_equal(grid(fitting)[1], grid(raters.header)[1]):
        return raters
    maps, valid = (
        None if array is None else np.ascontiguousarray(np.flip(array, -2)) for array in (raters.maps, raters.valid)
    )
    assert maps is not None, "references have voxels"
    return Raters(fitting, maps, valid)


def label_map(path: Path, choices: Choices = NONE, beside: np.ndarray | None = None) -> np.ndarray:
    """Read a label map: (D, H, W), unsigned or signed integers of the smallest type that holds the ids."""
    stored, own = images.load(path, choices)
    values = images.turn(images.scaled_as_meant(path, stored, own, choices), own.beside(beside).affine)
    array = values if values.dtype.kind in "iu" else images.to_label_map(values, str(path))
    return array.astype(np.result_type(np.min_scalar_type(array.min(initial=0)), np.min_scalar_type(array.max())))


def _references(
    raters: Sequence[Path], settings: Settings, beside: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the label maps (R, D, H, W) of a case, and the voxels that count; None where all do."""
    assert settings.classes is not None, "settings are complete"
    ignore_label = settings.ignore_label
    try:
        maps = [label_map(path, settings.choices, beside) for path in raters]
        valid = None if ignore_label is None else np.logical_and.reduce([labels != ignore_label for labels in maps])
        valid = None if valid is None or valid.all() else valid
        for path, labels in zip(raters, maps, strict=True):
            _require_classes(path, labels, settings.classes, valid)
        if valid is not None and not valid.any():
            raise FileError(f"{raters[0]} holds {ignore_label} in all voxels that all raters share: none is left.")
    except InputError as error:
        raise BadReferenceError(str(error), getattr(error, "kind", "")) from error
    return np.stack(maps), valid


def _probabilities(
    files: Files,
    grid_of: Header,
    reference: np.ndarray,
    valid: np.ndarray | None,
    settings: Settings,
    known: np.ndarray | None,
) -> Read:
    path = files.path
    beside = header(files.nifti, settings.choices).beside(known).affine if files.nifti else None
    array = voxels(path, grid_of.affine if beside is None else beside, settings.choices, known)
    if settings.foreground_probability:
        array = _with_background(path, array)
    try:
        read = distribution.read(array, reference, valid, renormalise=settings.renormalise)
    except FileError as error:
        raise FileError(f"{path}: {error}.", error.kind) from error
    if files.npz and files.nifti:
        _require_agreement(read.values, files.npz, label_map(files.nifti, settings.choices, known), files.nifti.name)
    return read


def _with_background(path: Path, array: np.ndarray) -> np.ndarray:
    """Return the probabilities of background and foreground, from the foreground's (D, H, W) or (1, D, H, W)."""
    inside = array.reshape(array.shape[-3:]) if array.size == np.prod(array.shape[-3:]) else None
    if inside is None:
        raise FileError(
            f"{path} holds {len(array)} classes, not the foreground alone: leave --foreground-probability out."
        )
    stored = inside.dtype
    inside = inside if np.issubdtype(stored, np.floating) else inside.astype(np.float32)
    most = float(np.nanmax(inside, initial=0))
    if most == 1 and not np.issubdtype(stored, np.floating):
        raise FileError(
            f"{path} holds the integers 0 and 1, so it is unclear whether its 1 means a probability of 1, or of 1/255. "
            "Store it as floating point numbers; if it is a label map, leave --foreground-probability out."
        )
    whole = next((whole for least, whole in FOREGROUND if least < most <= whole * (1 + distribution.BOUND)), None)
    if whole is None:
        raise FileError(
            f"{path} holds values up to {most:g}: a foreground's probability must lie in 0 to 1, or be bytes "
            "whose largest is above 100, or 16-bit integers whose largest is above 1000. Divide them by their 1."
        )
    return np.stack([whole - inside, inside])


def _predicted_labels(path: Path, choices: Choices, known: np.ndarray | None) -> np.ndarray:
    try:
        return label_map(path, choices, known)
    except images.NotWholeError as error:
        raise FileError(
            f"{error} If they are the probability of the foreground in a binary task, add --foreground-probability; "
            "else write (x, y, z, classes), background first.",
            "no label map",
        ) from error


def _require_classes(
    path: Path, labels: np.ndarray, classes: int, valid: np.ndarray | None, reference: np.ndarray | None = None
) -> None:
    """Raise if a label map, of a prediction where a reference is given, holds an id that is no class."""
    if labels.min(initial=0) >= 0 and labels.max(initial=0) < classes:  # the usual case, without a mask
        return
    unknown = (labels < 0) | (labels >= classes)
    unknown = unknown if valid is None else unknown & valid
    if not unknown.any():
        return
    ids = np.unique(labels[unknown]).tolist()
    held = in_words(ids) if len(ids) < MANY else f"{len(ids)} values, {ids[0]} to {ids[-1]},"
    found = f"{path} holds {held} in {share(unknown, valid)} of its voxels"
    raise FileError(
        f"{found}, but the classes are 0 to {classes - 1}. {_advise(ids, labels, reference)}", f"ids {held}"
    )


def _advise(ids: Sequence[int], labels: np.ndarray, reference: np.ndarray | None) -> str:
    """Say what to type where a label map holds ids that are no class."""
    more = f"--classes {ids[-1] + 1}"
    if len(ids) >= MANY:
        return "It looks like an image. If it is the foreground's probability, say so: --foreground-probability"
    if reference is None:
        only = f"If {ids[0]} means not labelled, leave these voxels out of every score: --ignore-label {ids[0]}. "
        return (only if len(ids) == 1 else "") + f"If it is a class, predictions need it, too: {more}"
    if set(np.unique(labels).tolist()) == {0, 255}:
        return "It looks like a picture of a mask, 255 for foreground: write its labels as 0 and 1."
    if ids[0] < 0:
        return "No class is negative: write the class that it stands for, 0 for background."
    return (
        "A prediction has an answer for each voxel that the reference labels: write the class that it stands for, "
        f"0 for background. If it is a class that no reference has: {more}"
    )


def _require_agreement(probabilities: np.ndarray, npz: Path, labels: np.ndarray, name: str) -> None:
    """Raise if the label map beside an npz shows other voxels: the npz then lies in another orientation."""
    top = probabilities.argmax(axis=0)
    either = np.count_nonzero((labels > 0) | (top > 0))
    agree = np.count_nonzero((labels > 0) & (labels == top))
    if either and agree / either < AGREEMENT:
        raise InputError(
            f"{npz} and the label map beside it, {name}, agree on {agree} of {either} foreground voxels. The "
            "npz must hold (classes, z, y, x) in the orientation of that file. If only the label map is right, move "
            "the npz away; if only the npz is, move the label map away."
        )


def _picture(loaded: Loaded) -> Loaded:
    """Drop the axis of a single slice: surfaces and bands of a picture have no third dimension."""
    axis = 0 if loaded.is_label_map else 1
    valid = None if loaded.valid is None else loaded.valid[0]
    flat = np.take(loaded.prediction, 0, axis)
    return Loaded(flat, loaded.references[:, 0], loaded.spacing_mm[1:], valid, loaded.stored)
