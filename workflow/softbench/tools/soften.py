"""`softbench soften`: turn one label map into a soft label, without the workflow."""

import argparse
from pathlib import Path

import numpy as np

from softbench import given, images, soft_labels
from softbench.checks import require_same_shape
from softbench.errors import InputError, explain_error
from softbench.plan import calls
from softbench.tools.command import Command, add_choices, add_settings, print_progress, read_choices

NOTES = """\
The recipes are in docs/methods.md. Geodesic label smoothing of a case with two channels:
  softbench soften --recipe geols --labels case_label.nii.gz --image case_t1.nii.gz case_t2.nii.gz \\
      --classes 4 --set alpha=0.2 --output soft.nii.gz
"""
NEAR_MM = 1e-3  # by which the corners of two grids may differ


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    add = parser.add_argument
    add("--recipe", required=True, metavar="NAME", help="of a soft label, e.g. svls")
    add("--labels", type=Path, nargs="+", required=True, metavar="FILE", help="label map; several: one a rater")
    add("--image", type=Path, nargs="+", default=[], metavar="FILE", help="one a channel, or one 4-D file")
    add("--classes", type=int, required=True, metavar="C", help="background included")
    add_settings(parser, "settings of the recipe")
    add_choices(add)
    add("--output", type=Path, required=True, metavar="FILE", help="ends in .nii or .nii.gz")


def run(options: argparse.Namespace) -> None:
    """Soften, write, and print the quality numbers."""
    if not given.split_name(options.output):
        raise InputError(f"--output is {options.output}, but must end in .nii or .nii.gz.")
    module, settings = soft_labels.recipe(options.recipe), calls.read(options.set)
    unknown = sorted(set(settings) - set(module.SETTINGS))
    if unknown:
        known = ", ".join(f"{name}={value}" for name, value in module.SETTINGS.items()) or "none"
        raise InputError(f"--set names {', '.join(unknown)}, which {options.recipe} does not know; known: {known}.")
    first, labels, image = _read(options.labels, options.image, read_choices(options))
    for path, rater in zip(options.labels, labels, strict=True):
        _require_classes(path, rater, options.classes)
    if getattr(module, "NEEDS_TEACHER", False):
        raise InputError(f"{options.recipe} needs networks that were trained: only snakemake makes it.")
    if module.NEEDS_IMAGE and image is None:
        raise InputError(f"{options.recipe} reads the image as well as the labels: give it by --image.")
    try:
        soft = module.soften(labels, image, first.spacing_mm, classes=options.classes, **settings)
    except InputError:
        raise
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{options.recipe} stopped with {explain_error(error, Path(str(module.__file__)))}."
        ) from error
    if soft.shape[1:] != labels.shape[1:]:
        raise InputError(
            f"{options.recipe} gives a coarser grid, {soft.shape[1:]}, which a file of the labels cannot hold."
        )
    if first.oriented:
        images.write(options.output, soft, first.affine)
    else:
        images.write(options.output, soft, first.affine, first.axcodes, oriented=False)
    _print(soft_labels.quality(soft, labels, first.spacing_mm))


def _read(
    labels: list[Path], image: list[Path], choices: images.Choices
) -> tuple[images.Image, np.ndarray, np.ndarray | None]:
    """Return the first label map, all of them as (R, D, H, W), and the channels of all images, (M, D, H, W) float32."""
    maps = [(path, images.read_label_map(path, choices)) for path in labels]
    channels = [(path, channel) for path in image for channel in images.read_channels(path, choices)]
    paths, files = zip(*maps, *channels, strict=True)
    placed = images.on_one_grid(files)
    first = placed[0]
    for path, file in zip(paths, placed, strict=True):
        _require_grid(path, file, paths[0], first)
    if not any(file.oriented for file in placed):
        print_progress(f"WARNING: {paths[0]}: {images.UNORIENTED}")
    ids = [images.to_label_map(file.array, str(path)) for path, file in zip(labels, placed[: len(labels)], strict=True)]
    intensities = [file.array for file in placed[len(labels) :]]
    return first, np.stack(ids), np.stack(intensities).astype(np.float32) if intensities else None


def _require_classes(path: Path, labels: np.ndarray, classes: int) -> None:
    """Raise where a label map holds an id that is no class; how many classes there may be, the recipe checks."""
    first, last = int(labels.min()), int(labels.max())
    if first < 0:
        raise InputError(f"{path} holds the id {first}, but ids of classes begin at 0. Renumber them.")
    if last >= classes >= 2:
        raise InputError(
            f"{path} holds the ids {first} to {last}, but --classes {classes} allows 0 to {classes - 1}. Give "
            f"--classes {last + 1} if each is a class, or renumber them."
        )


def _require_grid(path: Path, file: images.Image, other: Path, first: images.Image) -> None:
    require_same_shape(str(path), file.array.shape, str(other), first.array.shape)
    if not np.allclose(file.affine, first.affine, rtol=0, atol=images.within(NEAR_MM, first.affine)):
        raise InputError(
            f"{path} and {other} have the same shape, but lie elsewhere. Resample one onto the other first."
        )


def _print(numbers: dict[str, float]) -> None:
    for name, value in numbers.items():
        if np.isfinite(value):
            print(f"{name:15} {value:.5g}")


COMMAND = Command(
    description="Write class probabilities (x, y, z, class), and print the quality numbers of docs/methods.md.",
    notes=NOTES,
    add_arguments=add_arguments,
    run=run,
)
