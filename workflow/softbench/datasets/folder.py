"""A prepared dataset on disk: `manifest.json`, `cases.parquet` and one folder of arrays a case.

`manifest.json` says what the dataset is and lists a hash per case; it is written last, so a folder without it is not
finished. `cases.parquet` has a row per case (columns: `COLUMNS`). `cases/<case>/` holds `images.npy`, `labels.npy`
and, where a phantom knows it, `truth.npy` as the store's 16-bit integers, where not all of it was labelled,
`valid.npy`, and, with `label_interpolation: soft`, `shares.npy`: (R, C, ...) of the same integers. `prepared.npz` has
the image before normalisation (see `write_prepared`); it is missing where `images.npy` is the same.

A network sees images that are normalised, each case by itself; `zscore_nonzero` moves the brain's mean to 0, where the
background is. Soft labels that look at the image need it as the papers publish it, resampled, windowed and cropped: a
linear function of the published intensities over the whole crop, background included. So that is kept exactly too.

`local_copy` makes a copy of a dataset on a node's own disk, once, for every job there to read.
"""

import fcntl
import hashlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from softbench import store
from softbench.datasets.case import Case
from softbench.errors import InputError
from softbench.jobs import pieces, storage

VERSION = 1
COLUMNS = (
    "case",
    "patient",
    "shape",  # of one channel, (D, H, W)
    "spacing_mm",
    "affine",  # row by row
    "axcodes",  # of the file as published
    "raters",
    "voxels",  # per class id, summed over the raters
    "image_sha256",  # of the voxels as published, in RAS, before normalisation
    "hash",  # of everything that `load` returns, but for the image before normalisation
    "prepared",  # hash of the image before normalisation
)


@dataclass(frozen=True)
class Dataset:
    """A prepared dataset; `open_folder` makes it."""

    path: Path
    manifest: dict[str, Any]
    cases: pd.DataFrame
    part: tuple[int, ...] | None = None  # voxels along each axis that `load` cuts a case to; see `cropped`
    _whole: set[str] = field(default_factory=set, compare=False, repr=False)  # cases whose hash was seen to fit

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes; the index is the class id."""
        return tuple(self.manifest["classes"])

    @property
    def structures(self) -> dict[str, tuple[int, ...]]:
        """Names of the structures that are scored, each with its class ids."""
        return {name: tuple(ids) for name, ids in self.manifest["structures"].items()}

    @property
    def modalities(self) -> tuple[str, ...]:
        """Names of the image channels."""
        return tuple(self.manifest["modalities"])

    @property
    def keeps_shares(self) -> bool:
        """Whether labels were kept soft through resampling."""
        return bool(self.manifest["settings"].get("label_interpolation") == "soft")

    @cached_property
    def _rows(self) -> dict[str, dict[str, Any]]:
        return {row["case"]: row for row in self.cases.to_dict("records")}

    def load(self, case: str) -> Case:
        """Return a case; images, labels and shares are read-only and memory-mapped.

        The first time that a process loads a case, all of it is read, to see whether it still has its hash.

        Raises: InputError: if the dataset has no such case, or its files are damaged, be it in a single bit.
        """
        if case not in self._rows:
            raise InputError(
                f"the dataset {self.path} has no case {case!r}; it has {len(self._rows)}: "
                f"{', '.join(list(self._rows)[:3])}, ... Does the split belong to this dataset?"
            )
        row = self._rows[case]
        affine = np.asarray(row["affine"], np.float64).reshape(len(row["shape"]) + 1, -1)
        arrays = {name: self._array(case, name) for name in self._names(case)}
        self._require_whole(case, affine, arrays)
        truth = arrays.get("truth")
        whole = Case(
            id=case,
            images=np.asanyarray(arrays["images"], np.float32),
            labels=arrays["labels"],
            spacing_mm=tuple(float(s) for s in row["spacing_mm"]),
            affine=affine,
            truth=None if truth is None else store.decode(truth),
            valid=arrays.get("valid"),
            shares=arrays.get("shares"),
            prepared=None if are_images(self.manifest["settings"]) else partial(self.prepared, case),
        )
        return whole if self.part is None else whole.cut(self.box(case))

    def cropped(self, part: Sequence[int]) -> "Dataset":
        """Return the dataset of which `load` gives a part of each case, (D, H, W) or (H, W) voxels at a random place.

        The place is drawn from the case's id alone: one for all methods, seeds and runs. An axis that is shorter stays.
        """
        return replace(self, part=tuple(part))

    def shape(self, case: str) -> tuple[int, ...]:
        """Return the lengths of a whole case, (D, H, W) or (H, W)."""
        return tuple(int(length) for length in self._rows[case]["shape"])

    def box(self, case: str) -> tuple[slice, ...]:
        """Return where `load` cuts a case; all of it unless the dataset is `cropped`."""
        shape = self.shape(case)
        wanted = [min(pair) for pair in zip(shape, self.part or shape, strict=True)]
        digest = hashlib.sha256(case.encode()).digest()
        rng = np.random.Generator(np.random.Philox(int.from_bytes(digest[:8], "big")))
        starts = [int(rng.integers(have - want + 1)) for have, want in zip(shape, wanted, strict=True)]
        return tuple(slice(start, start + want) for start, want in zip(starts, wanted, strict=True))

    def uncut(self, case: str, label_map: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return a label map on the grid of the whole case, background where `load` cuts it away; and its affine."""
        whole = np.zeros(self.shape(case), label_map.dtype)
        whole[self.box(case)] = label_map
        return whole, np.asarray(self._rows[case]["affine"], np.float64).reshape(whole.ndim + 1, -1)

    def prepared(self, case: str) -> np.ndarray:
        """Return the image of a case before normalisation, (M, ...) float32, exactly as it was.

        Raises: InputError: if the dataset was prepared without it, or the file is damaged.
        """
        path, manifest = self.path / "cases" / case / f"{NAME}.npz", self.path / "manifest.json"
        with storage.reading(path, path.parent, manifest), np.load(path) as file:
            kept: np.ndarray = file[NAME]
        if pieces.hash_array(kept) != self.prepared_hash(case):
            raise InputError(
                f"{storage.shown(path)} is damaged (it has not the hash that the manifest lists). "
                f"{storage.way_out(path.parent, manifest)}"
            )
        return kept.astype(np.float32)

    def prepared_hash(self, case: str) -> str:
        """Return the hash of a case's image before normalisation, which no choice of normalisation changes.

        Raises: InputError: if the dataset was prepared without it.
        """
        if "prepared" not in self.manifest:
            raise InputError(
                f"{self.path} was prepared by an older version, which kept only normalised intensities, but a soft "
                "label needs those before normalisation. Delete "
                f"{self.path / 'manifest.json'} and prepare it again, or say "
                "`intensities: normalised` in the soft label's map (or in the soft label, where it has none)."
            )
        mark: str = self.manifest["prepared"][case]
        return mark

    def _names(self, case: str) -> list[str]:
        """Return which arrays a case has."""
        valid = array_path(self.path, case, "valid").exists()
        there = {"truth": self.manifest["truth"], "valid": valid, "shares": self.keeps_shares}
        return ["images", "labels", *(name for name, is_there in there.items() if is_there)]

    def _require_whole(self, case: str, affine: np.ndarray, arrays: dict[str, np.ndarray]) -> None:
        """Raise InputError unless a case has the hash that the manifest lists; look once a process."""
        if case in self._whole:
            return
        read = hash_arrays(affine, arrays)
        if read != self.manifest["cases"][case]:
            folder = array_path(self.path, case, "images").parent
            way_out = storage.way_out(folder, self.path / "manifest.json")
            said = "is damaged (its arrays have not the hash that the manifest lists)"
            raise InputError(f"{storage.shown(folder)} {said}. {way_out}")
        self._whole.add(case)

    def axcodes(self, case: str) -> str:
        """Return the orientation of a case's file as published, e.g. "LPS", for predictions that lie in its grid."""
        return str(self._rows[case]["axcodes"])

    def is_oriented(self, case: str) -> bool:
        """Return whether a file of a case says where its axes point; if not, neither do predictions of it."""
        return case not in self.manifest.get("unoriented", [])

    def _array(self, case: str, name: str) -> np.ndarray:
        path = array_path(self.path, case, name)
        with storage.reading(path, path.parent, self.path / "manifest.json"):
            array: np.ndarray = np.load(path, mmap_mode="r")
        return array


def hash_arrays(affine: np.ndarray, arrays: dict[str, np.ndarray]) -> str:
    """Return one hash over all that a case holds: its arrays as stored, and where they lie in the world."""
    return pieces.key_of(affine=affine, **{name: pieces.hash_array(array) for name, array in arrays.items()})


def array_path(folder: Path, case: str, name: str) -> Path:
    """Return where an array (`images`, `labels`, `truth`, `valid`, `shares`) of a case lies in a dataset's folder."""
    return Path(folder) / "cases" / case / f"{name}.npy"


def open_folder(folder: Path | str) -> Dataset:
    """Open a prepared dataset.

    Raises: InputError: if the folder holds none, one that was not finished, or one that is damaged.
    """
    path = Path(folder)
    listed = path / "manifest.json"
    if storage.condition(listed) == storage.MISSING:
        named = storage.shown(listed)
        raise InputError(f"{storage.shown(path)} holds no finished dataset. Prepare it: `snakemake --cores 1 {named}`.")
    manifest = storage.read_json(listed)
    return Dataset(path, manifest, storage.read_parquet(path / "cases.parquet", listed))


def open_again(folder: Path) -> Dataset:
    """Return a prepared dataset that this process may have opened for another case; errors as `open_folder`."""
    try:
        listed = (folder / "manifest.json").stat()
    except OSError:
        return open_folder(folder)
    return _opened(folder, listed.st_mtime_ns, listed.st_ino)


@lru_cache(maxsize=1)
def _opened(folder: Path, written_ns: int, file: int) -> Dataset:
    return open_folder(folder)


NAME = "prepared"  # of the file, of its array, and of the hashes in the manifest


def smallest(channels: np.ndarray) -> np.ndarray:
    """Return channels as int16 where that holds each value exactly (published MR and CT), else as float32."""
    if channels.min() >= np.iinfo(np.int16).min and channels.max() <= np.iinfo(np.int16).max:
        whole = channels.astype(np.int16)
        if np.array_equal(whole, channels):
            return whole
    return np.asarray(channels, np.float32)


def are_images(settings: Mapping[str, Any]) -> bool:
    """Return whether the images of a dataset with these settings are the prepared intensities, unchanged."""
    changed = settings["normalise"] != "none" or settings.get("subtract") is not None
    return bool(not changed and settings["dtype"] == "float32")


def write_prepared(folder: Path, channels: np.ndarray, settings: Mapping[str, Any]) -> str:
    """Keep the prepared intensities of a case, unless its images are the same.

    Args:
        folder: of the case.
        channels: (M, ...) float32, before normalisation.
        settings: of the dataset.
    Returns: a hash of the intensities, which no setting of `normalise` or `dtype` changes.
    """
    kept = smallest(channels)
    if not are_images(settings):
        _save_prepared(folder / f"{NAME}.npz", kept)
    return pieces.hash_array(kept)


def _save_prepared(path: Path, array: np.ndarray) -> None:
    """Write an array as `np.savez_compressed` does, at a third of its time for a few percent more bytes."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed,
        packed.open(f"{NAME}.npy", "w", force_zip64=True) as file,
    ):
        np.lib.format.write_array(file, array)


ROOM = 1.1  # of its size that must be free for a copy


def local_copy(folder: Path, scratch: str | None, log: Callable[[str], None]) -> Path:
    """Return where a job reads a dataset: its copy below `scratch`, or the dataset itself where there can be none.

    Args:
        folder: a prepared dataset.
        scratch: a folder on the node; `$TMPDIR` and the like are filled in there. None: nothing is copied.
        log: takes a line that says what is read, and why not the copy.
    Returns: a folder with the same files. A copy is called after the dataset's manifest, so that of changed data is
        another one; each use compares names and sizes of all files, since scratch folders are cleaned up by age.
    """
    if scratch is None:
        return folder
    place = Path(os.path.expandvars(scratch))
    copy = place / "softbench" / hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()[:16]
    try:
        with _locked(copy):
            _fill(folder, copy, log)
    except (OSError, shutil.Error) as error:
        log(f"scratch: {place} cannot be used ({error}); reading {folder}.")
        return folder
    return copy


def _fill(folder: Path, copy: Path, log: Callable[[str], None]) -> None:
    """Make the copy, unless a whole one is there."""
    wanted = _sizes(folder)
    if copy.is_dir() and _sizes(copy) == wanted:
        log(f"scratch: reading the copy {copy}.")
        return
    size, free = sum(wanted.values()), shutil.disk_usage(copy.parent).free
    if size * ROOM > free:
        raise OSError(f"the data take {size / 1e9:.1f} GB, {free / 1e9:.1f} GB are free")
    log(f"scratch: copying {size / 1e9:.2f} GB to {copy}.")
    with tempfile.TemporaryDirectory(prefix=f".{copy.name}.", dir=copy.parent) as part:
        shutil.copytree(folder, Path(part) / "data")
        if _sizes(Path(part) / "data") != wanted:
            raise OSError("the copy is not like the original")
        shutil.rmtree(copy, ignore_errors=True)
        os.replace(Path(part) / "data", copy)


def _sizes(folder: Path) -> dict[str, int]:
    """Return the size in bytes of each file below a folder, by its relative path."""
    files = (Path(root, name) for root, _, names in os.walk(folder) for name in names)
    return {str(file.relative_to(folder)): file.stat().st_size for file in files}


@contextmanager
def _locked(copy: Path) -> Iterator[None]:
    """Hold a lock: of several jobs of a node one copies, and the others wait for it."""
    copy.parent.mkdir(parents=True, exist_ok=True)
    with open(copy.with_name(f".{copy.name}.lock"), "a", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
