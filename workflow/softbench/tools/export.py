"""`softbench export`: write the cases of a prepared dataset as NIfTI, for a program in any language."""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from softbench import datasets, images
from softbench.datasets.case import Case
from softbench.jobs import pieces
from softbench.soft_labels.contract import fill
from softbench.soft_labels.maps import DEFAULT
from softbench.tools.command import Command

VERSION = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    add = parser.add_argument
    add("--data", type=Path, required=True, metavar="FOLDER", help="results/data/NAME")
    add("--output", type=Path, required=True, metavar="FOLDER", help="made where it is missing")
    text = "of the images: prepared (before normalisation, default), or normalised (as networks see them)"
    add("--intensities", choices=("prepared", "normalised"), default="prepared", help=text)


def run(options: argparse.Namespace) -> None:
    """Write the cases."""
    cases = export(find_folder(options.data), options.output, intensities=options.intensities)
    print(f"{len(cases)} cases, and cases.csv, in {options.output}")


def find_folder(path: Path) -> Path:
    """Return the folder of a manifest, or the folder itself."""
    return path.parent if path.suffix == ".json" else path


def export(data: Path, output: Path, *, intensities: str = DEFAULT) -> list[str]:
    """Write every case of a dataset, and a list of them; return their ids.

    Args:
        data: the folder of a prepared dataset.
        output: `<case>.labels.nii`: uint8 class ids (x, y, z) of the first rater; `<case>.labels_2.nii` ... of others;
            `<case>.image.nii`: float32 (x, y, z, channel); `cases.csv`: case, classes, raters,
            channels, nx, ny, nz, dx_mm, dy_mm, dz_mm. A 2-D case has nz = 1. Uncompressed; from byte 352 on, x runs
            fastest. Voxels that nobody labelled have the nearest label, as for every recipe.
        intensities: of the image, `prepared` (before normalisation) or `normalised` (as networks see it).
    Raises: InputError: if the folder holds no finished dataset, `intensities` is unknown, or the dataset does not keep
        them.
    """
    dataset = datasets.open(data)
    rows = []
    for case_id in dataset.cases["case"]:
        case = dataset.load(case_id)
        _write(case, output, intensities)
        rows.append(_row(case, len(dataset.classes)))
    text = pd.DataFrame(rows).to_csv(index=False)
    pieces.write_text(output / "cases.csv", text)
    return list(dataset.cases["case"])


def _write(case: Case, output: Path, intensities: str) -> None:
    labels = case.labels if case.valid is None else fill(case.labels, case.valid, case.spacing_mm)
    for number, label_map in enumerate(labels, start=1):
        name = "labels" if number == 1 else f"labels_{number}"
        images.write(output / f"{case.id}.{name}.nii", in_3d(label_map.astype(np.uint8)), case.affine)
    pixels = np.asarray(case.intensities(intensities), np.float32)
    images.write(output / f"{case.id}.image.nii", np.stack([in_3d(channel) for channel in pixels]), case.affine)


def in_3d(array: np.ndarray) -> np.ndarray:
    """Return (D, H, W) as it is, and (H, W) as one slice."""
    return array if array.ndim == 3 else array[None]


def _row(case: Case, classes: int) -> dict[str, object]:
    shape, spacing = case.labels.shape[1:][::-1], case.spacing_mm[::-1]
    sizes = dict(zip(("nx", "ny", "nz"), (*shape, 1), strict=False))
    steps = dict(zip(("dx_mm", "dy_mm", "dz_mm"), (*spacing, 1.0), strict=False))
    return (
        {"case": case.id, "classes": classes, "raters": len(case.labels), "channels": len(case.images)} | sizes | steps
    )


COMMAND = Command(
    description="Write the cases of a prepared dataset as NIfTI, for a program in any language.",
    add_arguments=add_arguments,
    run=run,
)
