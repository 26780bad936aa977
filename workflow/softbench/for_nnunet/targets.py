"""The store of targets: soft labels on the grid of nnU-Net's preprocessed cases, one blosc2 file a case.

`nnUNet_preprocessed/<data set>/softbench/<plans>_<configuration>/<name>/` holds `<case>.b2nd` (K, ...) uint16, where
65535 is 1, and its record `<case>.key.json`; `target.json`, what all cases share; and, written last, `manifest.json`.
The K channels are those of classes 1 to C - 1: the background is what is left to 1. So whatever lies outside of the
image, where nnU-Net pads with 0, is background, and however they are interpolated, all classes sum to 1. A recipe whose
classes do not sum to 1 has a channel more in front: 1 less the background's value.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import blosc2
import numpy as np

from softbench import store
from softbench.errors import InputError, counted, in_words
from softbench.for_nnunet.data_set import DataSet
from softbench.for_nnunet.recipe import Recipe
from softbench.jobs import pieces, storage

VERSION = 1
ROOM = "softbench"  # folder of a preprocessed data set that nnU-Net does not know
ONE = np.float32(store.ONE)
CODEC = {"codec": blosc2.Codec.ZSTD, "clevel": 5, "filters": [blosc2.Filter.SHUFFLE], "nthreads": 1}
REMADE = "Remove the folder and make it again, or give the new targets a name of their own: --name NAME."


def folder_of(data_set: DataSet, name: str) -> Path:
    """Return where the targets of this name lie."""
    return data_set.place.folder / ROOM / data_set.folder.name / name


def facts(data_set: DataSet, recipe: Recipe) -> dict[str, Any]:
    """Return what all cases of a target share: nnU-Net's plans, the recipe with settings and VERSIONs, the classes."""
    return {
        **recipe.facts(),
        "normalised": recipe.is_normalised,
        "classes": data_set.classes,
        "ignored": data_set.labels.ignore_label,
        "nnunet": data_set.facts(),
        "plans_hash": data_set.key(),
        "version": VERSION,
    }


def claim(folder: Path, shared: Mapping[str, Any]) -> None:
    """Note in a folder what its targets are.

    Raises: InputError: if it holds targets of anything else: they are never mixed.
    """
    path = folder / "target.json"
    if path.is_file():
        require_same(folder, storage.read_json(path), shared)
        return
    pieces.write_json(path, dict(shared))


def require_same(folder: Path, found: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    """Raise `InputError` if targets were made of something else than what is asked for; say what differs."""
    if names := differing(found, asked):
        said = "; ".join(f"{name} was {found.get(name)}, and is {asked[name]}" for name in names)
        raise InputError(f"{folder} holds targets made of something else: {said}. {REMADE}")


def differing(found: Mapping[str, Any], asked: Mapping[str, Any]) -> list[str]:
    """Return the names of what is asked for and was not found, or was found to be something else."""
    return [name for name in asked if pieces.key_of(v=found.get(name)) != pieces.key_of(v=asked[name])]


def encode(soft: np.ndarray, *, normalised: bool) -> np.ndarray:
    """Return what is stored of a soft label (C, ...): (C - 1, ...) uint16, or (C, ...) where its sums are not 1."""
    if normalised:
        return store.encode(soft)[1:]
    return store.encode(np.concatenate([1 - soft[:1], soft[1:]]))


def decode(codes: np.ndarray, *, normalised: bool) -> np.ndarray:
    """Return the soft label (C, ...) float32 of stored integers."""
    values = codes.astype(np.float32) / ONE
    if normalised:
        return np.concatenate([1 - values.sum(axis=0, keepdims=True), values])
    return np.concatenate([1 - values[:1], values[1:]])


def write(path: Path, codes: np.ndarray, patch: Sequence[int]) -> None:
    """Write the integers of a case, in chunks that suit nnU-Net's patches.

    Args:
        path: ends in .b2nd.
        codes: (K, D, H, W) uint16.
        patch: of the configuration, voxels, (D, H, W) or (H, W).
    """
    from nnunetv2.training.dataloading.nnunet_dataset import comp_blosc2_params

    blocks, chunks = comp_blosc2_params(codes.shape, tuple(patch), codes.itemsize)
    blosc2.asarray(
        np.ascontiguousarray(codes), urlpath=str(path), mode="w", chunks=chunks, blocks=blocks, cparams=CODEC
    )


def read(folder: Path, case: str) -> Any:
    """Open the integers of a case, (K, D, H, W) uint16, which are read where they are sliced."""
    mapped = {} if os.name == "nt" else {"mmap_mode": "r"}  # as nnU-Net opens its own
    return blosc2.open(urlpath=str(folder / f"{case}.b2nd"), mode="r", dparams={"nthreads": 1}, **mapped)


def require_complete(folder: Path, data_set: DataSet, recipe: Recipe, cases: Sequence[str]) -> dict[str, Any]:
    """Return the manifest of targets that a network can learn from.

    Raises: InputError: if there are none, they were made of something else, a case is missing, or its label map has
        changed since; the message says how to make them.
    """
    command = f"softbench nnunet prepare {data_set.place.folder.name} --recipe {recipe.recipe}"
    path = folder / "manifest.json"
    if not path.is_file():
        raise InputError(f"{path} is missing: no targets were made, or not all cases of them. Make them: {command} …")
    manifest: dict[str, Any] = storage.read_json(path)
    require_same(folder, manifest, facts(data_set, recipe))
    known = manifest["cases"]
    if missing := [case for case in cases if case not in known or not (folder / f"{case}.b2nd").is_file()]:
        raise InputError(
            f"{folder} has no target of {counted(len(missing), 'case')} ({in_words(missing[:3])}). "
            f"Go on with them: {command} …"
        )
    if changed := [case for case in cases if not _is_same(data_set, case, known[case])]:
        raise InputError(
            f"the label maps of {counted(len(changed), 'case')} ({in_words(changed[:3])}) were preprocessed anew since "
            f"their targets in {folder} were made. Make these again: {command} …"
        )
    return manifest


def _is_same(data_set: DataSet, case: str, noted: Mapping[str, str]) -> bool:
    """Return whether a label map is the one that was noted: its file, or what is in it."""
    if pieces.hash_file(data_set.segmentation_file(case)) == noted["file"]:
        return True
    return pieces.hash_array(data_set.segmentation(case)) == noted["segmentation"]
