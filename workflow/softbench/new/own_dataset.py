"""`make dataset NAME=bar FOLDER=/data/Dataset001_Bar`: a source, its config and its test, from a folder."""

from pathlib import Path
from typing import Any

import numpy as np

from softbench.new import nnunet_folder, require_free, write
from softbench.new.nnunet_folder import Folder

PATCH_VOXELS = 64  # of a training patch along an axis at most: ours, so that one core trains a run in minutes
MULTIPLE = 8  # what compact_unet's three halvings want
EVEN = 0.02  # spacings that differ by less than this share are one


def make(name: str, folder: Path, root: Path) -> str:
    """Write the files of a source for a folder in nnU-Net's layout; return what to type next.

    Raises: InputError: as `nnunet_folder.look`, `require_free` and `write`.
    """
    found = nnunet_folder.look(folder)
    require_free(name, root, "datasets", "protocols", "experiments", "tables")
    files = {
        "source.py": Path("workflow", "softbench", "datasets", f"{name}.py"),
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
    shapes, spacings = nnunet_folder.grid_of(found.whole)
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
    wanting = nnunet_folder.incomplete(found.cases)
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
