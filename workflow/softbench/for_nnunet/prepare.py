"""Making the targets of a data set: softened on the grid as given, then brought onto that of the preprocessed cases.

nnU-Net transposes, crops and resamples the image and the label map; here the same is done to the probabilities.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from softbench.errors import InputError
from softbench.for_nnunet import targets
from softbench.for_nnunet.data_set import DataSet, Place
from softbench.for_nnunet.recipe import Recipe
from softbench.jobs import pieces, progress
from softbench.soft_labels.contract import fill

VERSION = 1


@dataclass(frozen=True)
class Job:
    """What all cases share; can be handed to another process."""

    place: Place
    recipe: Recipe
    folder: Path
    key: str


def prepare(
    data_set: DataSet, recipe: Recipe, name: str, *, workers: int = 1, log: Callable[[str], None] = print
) -> Path:
    """Make the target of every preprocessed case that has none yet, and the manifest last; return their folder.

    Args:
        data_set: as `data_set.find` and `DataSet` open it.
        recipe: with all settings.
        name: of the targets' folder.
        workers: processes.
        log: takes a line of progress.
    Raises: InputError: if the folder holds targets of another recipe or of other settings, plans or VERSIONs, a file of
        the data set is missing, or the recipe cannot soften a case. Finished cases are kept.
    """
    shared = targets.facts(data_set, recipe)
    folder = targets.folder_of(data_set, name)
    targets.claim(folder, shared)
    job = Job(data_set.place, recipe, folder, pieces.key_of(**shared))
    cases = data_set.cases()
    images = data_set.image_files() if recipe.module.NEEDS_IMAGE else {}
    items = [(job, case, tuple(images.get(case, ()))) for case in cases]
    records = progress.each(make, items, workers=workers, what=name, log=log)
    noted = ("segmentation", "file", "hash")
    listed = {case: {key: record[key] for key in noted} for case, record in zip(cases, records, strict=True)}
    pieces.write_json(folder / "manifest.json", {**shared, "cases": listed})
    return folder


def make(job: Job, case: str, images: tuple[str, ...]) -> dict[str, Any]:
    """Make the target of a case unless it is there; return its record."""
    data_set = DataSet(job.place)
    label_file, segmentation_file = data_set.label_file(case), data_set.segmentation_file(case)
    hashes = {
        "segmentation": pieces.hash_array(data_set.segmentation(case)),
        "given": [pieces.hash_file(file) for file in (label_file, *map(Path, images))],
    }

    def build(scratch: Path) -> dict[str, Any]:
        soft = on_grid(data_set, case, soften(data_set, job.recipe, case, images), job.recipe.is_normalised)
        codes = targets.encode(soft, normalised=job.recipe.is_normalised)
        targets.write(scratch / f"{case}.b2nd", codes, data_set.configuration.patch_size)
        return {**hashes, "hash": pieces.hash_array(codes)}

    record = pieces.make(job.folder, case, pieces.key_of(target=job.key, **hashes), build)
    return {**record, "file": pieces.hash_file(segmentation_file)}


def soften(data_set: DataSet, recipe: Recipe, case: str, images: tuple[str, ...]) -> np.ndarray:
    """Return the soft label of a case on the grid as it was given, (C, D, H, W) float32, axes as nnU-Net's reader's.

    A slice (D = 1) is softened in 2-D. Voxels with the label to ignore take the label of the nearest other voxel, so
    that the recipe sees no edge there; a case without any other is background.
    Raises: InputError: if label ids or grids do not fit, or the recipe refuses the case; the message names it.
    """
    reader = data_set.plans.image_reader_writer_class()
    read, noted = reader.read_seg(str(data_set.label_file(case)))
    labels = np.rint(read).astype(np.int64)
    ignored = data_set.labels.ignore_label
    valid = labels[0] != ignored if ignored is not None else np.ones(labels.shape[1:], bool)
    allowed = labels[0][valid]
    if allowed.size and not (allowed.min() >= 0 and allowed.max() < data_set.classes):
        raise InputError(
            f"case {case}: the label map holds the ids {allowed.min()} to {allowed.max()}, but dataset.json names "
            f"0 to {data_set.classes - 1}. Correct one of them, and preprocess again."
        )
    spacing = tuple(float(step) for step in noted["spacing"])
    image = np.asarray(reader.read_images(list(images))[0], np.float32) if images else None
    if recipe.module.NEEDS_IMAGE and image is None:
        raise InputError(f"case {case}: the recipe {recipe.recipe!r} reads the image, but nnUNet_raw has none of it.")
    if not valid.all():
        labels = fill(labels, valid, spacing) if valid.any() else np.zeros_like(labels)
    if labels.shape[1] != 1:
        return recipe.soften(labels, image, spacing, classes=data_set.classes, case=case)
    flat = None if image is None else image[:, 0]
    return recipe.soften(labels[:, 0], flat, spacing[1:], classes=data_set.classes, case=case)[:, None]


def on_grid(data_set: DataSet, case: str, soft: np.ndarray, normalised: bool) -> np.ndarray:
    """Return a soft label on the grid of the preprocessed case, (C, D, H, W) float32.

    As nnU-Net does it with an image: axes transposed, cropped, resampled; with its function for probabilities, each
    class by itself. Then clipped to [0, 1], and, where classes summed to 1 before, divided by their sum.
    Raises: InputError: if the label map has not the shape that nnU-Net noted when it preprocessed the case.
    """
    noted, order = data_set.properties(case), [int(axis) for axis in data_set.plans.transpose_forward]
    turned = soft.transpose([0, *(axis + 1 for axis in order)])
    if turned.shape[1:] != tuple(noted["shape_before_cropping"]):
        raise InputError(
            f"case {case}: the label map is {turned.shape[1:]}, but was {tuple(noted['shape_before_cropping'])} when "
            "nnU-Net preprocessed it. Preprocess again."
        )
    box = tuple(slice(int(low), int(high)) for low, high in noted["bbox_used_for_cropping"])
    cropped = np.ascontiguousarray(turned[(slice(None), *box)])
    spacing = [float(noted["spacing"][axis]) for axis in order]
    wanted = [float(step) for step in data_set.configuration.spacing]
    wanted = [*spacing[: len(spacing) - len(wanted)], *wanted]  # 2d leaves the distance of slices as it is
    shape = data_set.segmentation(case).shape[1:]
    resampled = data_set.configuration.resampling_fn_probabilities(cropped, shape, spacing, wanted)
    result = np.clip(np.asarray(resampled, np.float32), 0, 1)
    if normalised:
        result /= result.sum(axis=0, keepdims=True)
    return result
