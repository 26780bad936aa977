"""What travels to a machine without network: packages as plain Python, and prepared cases in one file.

about.json          the commit that made it
packages/           monai, nibabel and what else is missing there, copied from this environment without compiled code
hippocampus.npz     prepared cases; an image as indices into its own values, which loses nothing
hippocampus.json    the dataset's settings and table
"""

import json
import shutil
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from prepared import dataset_of
from softbench.datasets import Dataset
from softbench.datasets.folder import array_path
from softbench.jobs import provenance

PACKAGES = ("monai", "nibabel", "importlib_resources", "PyYAML")
LEFT_OUT = (".so", ".pyc", ".pyd")
SOURCE = "hippocampus"


def pack_packages(folder: Path, names: Sequence[str] = PACKAGES) -> None:
    """Copy installed packages to `folder/packages`, their tests and compiled files left out."""
    for name in names:
        for file in metadata.files(name) or []:
            outside, of_tests = ".." in file.parts, "tests" in file.parts
            if not outside and not of_tests and file.suffix not in LEFT_OUT:
                copy = folder / "packages" / file
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(file.locate()), copy)


def write_about(folder: Path) -> None:
    """Write which commit made the bundle: where it is unpacked there may be no repository."""
    (folder / "about.json").write_text(json.dumps({"commit": provenance.commit()}), encoding="utf-8")


def pack_hippocampus(folder: Path, dataset: Dataset) -> None:
    """Write the cases of a prepared dataset to one file, and its table beside it."""
    arrays: dict[str, np.ndarray] = {}
    for case in dataset.cases["case"]:
        arrays |= packed(case, dataset)
    np.savez_compressed(folder / f"{SOURCE}.npz", **arrays)  # type: ignore[arg-type]
    facts = {"settings": dataset.manifest["settings"], "cases": dataset.cases.to_dict("records")}
    text = json.dumps(facts, default=lambda array: array.tolist())  # numpy's arrays and numbers
    (folder / f"{SOURCE}.json").write_text(text, encoding="utf-8")


def packed(case: str, dataset: Dataset) -> dict[str, np.ndarray]:
    """Return the arrays of a case: `values[indices]` is its image, to the bit."""
    found = dataset.load(case)
    values, indices = np.unique(found.images, return_inverse=True)
    kind = np.uint16 if len(values) <= 2**16 else np.uint32
    shaped = indices.reshape(found.images.shape).astype(kind)
    return {f"{case}/values": values, f"{case}/indices": shaped, f"{case}/labels": np.asarray(found.labels)}


def open_hippocampus(bundle: Path, folder: Path) -> Dataset:
    """Unpack the hippocampus of a bundle into `folder` and open it; each case is held to its hash when it is loaded.

    Raises: FileNotFoundError: if the bundle holds none.
    """
    file = bundle / f"{SOURCE}.npz"
    if not file.exists():
        raise FileNotFoundError(f"{file} is missing. Make it where the data are: make gpu-bundle HIPPOCAMPUS=FOLDER.")
    facts: dict[str, Any] = json.loads((bundle / f"{SOURCE}.json").read_text(encoding="utf-8"))
    with np.load(file) as arrays:
        for row in facts["cases"]:
            case = row["case"]
            array_path(folder, case, "images").parent.mkdir(parents=True)
            np.save(array_path(folder, case, "images"), arrays[f"{case}/values"][arrays[f"{case}/indices"]])
            np.save(array_path(folder, case, "labels"), arrays[f"{case}/labels"])
    return dataset_of(folder, SOURCE, facts["settings"], facts["cases"])
