"""KiTS 2023: kidneys, tumours and cysts in CT; the 300 cases that have three annotations of each instance.

**Raters are pseudo-raters.** Three people outlined each kidney, tumour and cyst (an instance), but annotation 2 of one
instance need not be by the hand of annotation 2 of the next. Rater K of a case is all annotations K painted in the
challenge's order: kidney, then cyst, then tumour, the later over the earlier. The released `segmentation.nii.gz` is
the majority of each instance painted in the same order; it is not read.
An instance that lacks an annotation makes its case unusable: it is refused by name and can be left out with `drop`.
"""

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from softbench import images
from softbench.datasets.case import RawCase, Volumes
from softbench.datasets.sources import kits2019, reading
from softbench.errors import InputError
from softbench.images import NONE, Choices, Image

VERSION = 1
TITLE = "KiTS 2023, cases with three annotations (kidney tumour segmentation challenge)"
LICENCE = "CC BY-NC-SA 4.0"
CITATION = (
    "Heller et al., The KiTS21 Challenge, arXiv:2307.01984 (2023); Heller et al., The state of the art in kidney and "
    "kidney tumor segmentation in contrast-enhanced CT imaging, Medical Image Analysis 67, 101821 (2021)"
)
ACCESS = "open"
SIZE_GB = (31.0, 31.0)  # estimated: 300 of 489 images that take 49 GB together, and 0.44 GB of masks
COMMIT = "c1088353084c17b8882a11db71429e7c022b7785"  # of neheller/kits23
ARCHIVES = kits2019.downloads("kits23", COMMIT, "dataset", range(300))
LABEL_ARCHIVES = ARCHIVES[:1]  # the masks, 0.4 GB
LAYOUT = (
    "case_#####/imaging.nii.gz and case_#####/instances/<region>_instance-#_annotation-#.nii.gz, themselves, in "
    "dataset/ or in <repository>/dataset/"
)
MODALITIES = ("ct",)
CLASSES = ("background", "kidney", "tumour", "cyst")
STRUCTURES = {"kidney_and_mass": (1, 2, 3), "mass": (2, 3), "tumour": (2,)}  # the challenge's
DIMS = 3
LABEL_MAPS = 3  # of a case, one a rater
LABEL_IDS = {0: 0, 1: 1, 2: 2, 3: 3}
PAINTED = {"kidney": 1, "cyst": 3, "tumor": 2}  # in this order: LABEL_AGGREGATION_ORDER of kits23
RATERS = (1, 2, 3)
PSEUDO_RATERS = "each is put together from annotations of single objects by changing people"
DEFAULTS = {
    "spacing_mm": [3.22, 1.62, 1.62],  # D H W; as the SVLS paper prepares KiTS 2019: no paper here uses KiTS 2023
    "window": {"hu": kits2019.WINDOW_HU},
    "crop": {"size": [80, 160, 160], "at": "centre"},  # voxels
}
DROPPED = {kits2019.case_id(number): "each instance has one annotation, not three" for number in range(400, 589)}


def find_cases(folder: Path) -> list[RawCase]:
    """List the cases of a folder, sorted by id; `labels` are the files of all instances. None found: an empty list."""
    return [
        RawCase(path.name, path.name, kits2019.present(path, "imaging.nii.gz"), _instances(path))
        for path in kits2019.case_folders(folder, "dataset")
    ]


def _instances(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted((folder / "instances").glob("[!.]*_instance-*_annotation-*.nii.gz")))


def read(case: RawCase) -> Volumes:
    """Read a case with the label maps of its three pseudo-raters.

    Raises: InputError: as `reading.read_case`; if an instance lacks one of its three annotations, a region is unknown.
    """
    reading.require_files(case, len(MODALITIES))
    return reading.join(reading.read_images(case), *_raters(case), sys.modules[__name__])


def read_raters(case: RawCase) -> Volumes:
    """Read the label maps of the three pseudo-raters alone, without the image: `channels` has the shape (0, D, H, W).

    Raises: InputError: as `read`, but for the image.
    """
    maps, named = _raters(case)
    for path, volume in zip(named.labels, maps, strict=True):
        reading.require_same_grid(path, volume, named.labels[0], maps[0])
    first, labels = maps[0], np.stack([volume.array for volume in maps])
    nothing = np.zeros((0, *labels.shape[1:]), np.float32)
    return Volumes(nothing, labels, first.spacing_mm, first.affine, first.axcodes, oriented=first.oriented)


def require_raters(case: RawCase) -> None:
    """Raise unless each instance has its three annotations, by the names of the files."""
    by_rater(case.labels)
    if not case.labels:
        raise InputError("has no annotation of an instance. Add them, or `drop` the case.")


def _raters(case: RawCase) -> tuple[list[Image], RawCase]:
    """Return the three label maps, and the case with a name for each."""
    require_raters(case)
    annotations = by_rater(case.labels)
    folder = case.labels[0].parent
    named = replace(case, labels=tuple(folder / f"annotation-{rater}" for rater in RATERS))
    return [paint(annotations[rater], case.choices) for rater in RATERS], named


def by_rater(paths: Iterable[Path]) -> dict[int, dict[Path, int]]:
    """Return the files of each rater, each with its class, in the order of painting; raise if one is missing."""
    numbers: dict[str, dict[int, Path]] = defaultdict(dict)
    for path in paths:
        instance, _, number = path.name.removesuffix(".nii.gz").rpartition("_annotation-")
        numbers[instance][int(number) if number.isdigit() else 0] = path
    for instance, raters in numbers.items():
        if instance.split("_")[0] not in PAINTED:
            raise InputError(f"holds the instance {instance!r}, but known are {', '.join(PAINTED)}. Fix its name.")
        if tuple(sorted(raters)) != RATERS:
            has = ", ".join(map(str, sorted(raters)))
            raise InputError(
                f"{instance} has the annotation(s) {has} where 1, 2 and 3 are needed. Add them, or `drop` the case."
            )
    ordered = sorted(numbers, key=lambda instance: list(PAINTED).index(instance.split("_")[0]))
    return {
        rater: {numbers[instance][rater]: PAINTED[instance.split("_")[0]] for instance in ordered} for rater in RATERS
    }


def paint(instances: Mapping[Path, int], choices: Choices = NONE) -> Image:
    """Return one label map: the masks of instances, each in its class, later ones over earlier ones.

    Args:
        instances: file of a mask (0 and 1) -> class id, in the order of painting.
        choices: how files are read whose headers leave it open.
    Raises: InputError: if the grids differ, or a mask holds anything but 0 and 1.
    """
    painted: Image | None = None
    for path, class_id in instances.items():
        mask = images.read_label_map(path, choices)
        if ((mask.array != 0) & (mask.array != 1)).any():
            reading.class_ids(mask.array, str(path), {0: 0, 1: 1})  # raises; too slow for what is a mask
        if painted is None:
            painted = replace(mask, array=np.zeros(mask.array.shape, np.uint8))
            first = path
        reading.require_same_grid(path, mask, first, painted)
        painted.array[mask.array == 1] = class_id
    if painted is None:
        raise InputError("holds no instance. Fix it, or `drop` the case.")
    return painted
