"""Read the files of a case as published, and refuse what no later step could notice."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType, ModuleType

import numpy as np

from softbench import images
from softbench.checks import require_finite, require_spacing
from softbench.datasets.case import RawCase, Volumes
from softbench.errors import InputError

VERSION = 2
ANOTHER = "Is it an image, or a label map of another release? Fix it, or leave the case out."
OF_RELEASE = (
    "It looks like {}, whose ids mean other things. Put the files of this release into the folder, or take the source "
    "of that one."
)
AFFINE_TOLERANCE_MM = 1e-3  # headers store float32; two writers of one grid differ by less


class UnknownIdsError(InputError):
    """A label map holds ids that its source has not; `ids` are all that it holds."""

    def __init__(self, message: str, ids: Collection[int]) -> None:
        """Keep the ids beside the message."""
        super().__init__(message)
        self.ids = sorted(ids)

    def __reduce__(self) -> tuple[type, tuple[str, list[int]]]:
        return type(self), (str(self), self.ids)


def read_case(case: RawCase, source: ModuleType) -> Volumes:
    """Read a case of NIfTI files in RAS, axes (D, H, W): how every source is read that has no `read` of its own.

    The source's `LABEL_IDS` (published id -> class id) and `IGNORED` ids, where it has them, decide what a label means.
    An image file that the case names once for each modality holds all of them, as (x, y, z, channel).

    Raises: InputError: if the image or a label map is missing, cut short or not 3-D, or a file of several channels does
        not hold all modalities; if shapes or affines differ; if an image holds NaN, Inf or one single value; if a label
        is no whole number or no id of the source.
    """
    require_files(case, len(source.MODALITIES))
    in_one_file = len(set(case.images)) < len(case.images)
    channels = _channels(case, source) if in_one_file else read_images(case)
    return join(channels, read_label_maps(case), case, source)


def read_images(case: RawCase) -> list[images.Image]:
    """Read the images of a case, one a file; errors as `images.read`."""
    return [images.read(path, case.choices) for path in case.images]


def read_label_maps(case: RawCase) -> list[images.Image]:
    """Read the label maps of a case; errors as `images.read_label_map`."""
    return [images.read_label_map(path, case.choices) for path in case.labels]


def _channels(case: RawCase, source: ModuleType) -> list[images.Image]:
    path = case.images[0]
    channels = images.read_channels(path, case.choices)
    if len(channels) != len(source.MODALITIES):
        raise InputError(
            f"{path} must hold {len(source.MODALITIES)} channels ({', '.join(source.MODALITIES)}), but holds "
            f"{len(channels)}. Copy or download it again, or correct the MODALITIES of its module."
        )
    return channels


def join(
    channels: Sequence[images.Image], raters: Sequence[images.Image], case: RawCase, source: ModuleType
) -> Volumes:
    """Put channels and raters of one grid together, checked; `case` gives their names, the source what ids mean.

    Raises: InputError: as `read_case`.
    """
    volumes = images.on_one_grid([*channels, *raters])
    channels, raters = volumes[: len(channels)], volumes[len(channels) :]
    labelled = _join((*case.images, *case.labels), volumes, raters, case, source)
    return replace(
        labelled,
        channels=np.stack([intensities(p, c.array) for p, c in zip(case.images, channels, strict=True)]),
    )


def join_raters(raters: Sequence[images.Image], case: RawCase, source: ModuleType) -> Volumes:
    """Put the label maps of raters together, checked, without any image: `channels` has the shape (0, D, H, W).

    Raises: InputError: as `read_case`.
    """
    volumes = images.on_one_grid(list(raters))
    return _join(case.labels, volumes, volumes, case, source)


def _join(
    paths: Sequence[Path],
    volumes: Sequence[images.Image],
    raters: Sequence[images.Image],
    case: RawCase,
    source: ModuleType,
) -> Volumes:
    """Check that volumes lie on one grid, and return the raters among them."""
    first = volumes[0]
    for path, volume in zip(paths, volumes, strict=True):
        require_same_grid(path, volume, paths[0], first)
    known = [
        class_ids(rater.array, str(path), label_ids(source), ignored_ids(source), other_releases(source))
        for path, rater in zip(case.labels, raters, strict=True)
    ]
    valid = np.logical_and.reduce([mask for _, mask in known])
    return Volumes(
        np.zeros((0, *first.array.shape), np.float32),
        np.stack([labels for labels, _ in known]),
        require_spacing(first.spacing_mm, 3),
        first.affine,
        first.axcodes,
        None if valid.all() else valid,
        oriented=any(volume.oriented for volume in volumes),
    )


def label_ids(source: ModuleType) -> Mapping[int, int]:
    """Return which class each published id means; without `LABEL_IDS`, each id its own."""
    return getattr(source, "LABEL_IDS", {number: number for number in range(len(source.CLASSES))})


def ignored_ids(source: ModuleType) -> tuple[int, ...]:
    """Return the ids of voxels that nobody labelled."""
    return getattr(source, "IGNORED", ())


def other_releases(source: ModuleType) -> Mapping[str, Sequence[int]]:
    """Return the releases that a source's label maps could be taken for, each with its published ids but 0."""
    return getattr(source, "OTHER_RELEASES", {})


def of_other_names(cases: Sequence[str], source: ModuleType) -> list[tuple[str, str]]:
    """Return the cases that are named as another release names its cases, each with what to do.

    The ids alone do not tell them where both have the same ones.
    """
    names: Mapping[str, str] = getattr(source, "OTHER_NAMES", {})
    meant = {number: source.CLASSES[index] for number, index in label_ids(source).items() if number}
    here = ", ".join(f"{number} is {name}" for number, name in meant.items())
    return [
        (
            case,
            f"has a name of {release}, where ids mean other things. Here {here}. Take the source of that release; or, "
            "if its label map was written anew with these ids, a source of your own: `make dataset`.",
        )
        for case in cases
        for release, pattern in names.items()
        if re.fullmatch(pattern, case)
    ]


def fitting_release(ids: Collection[int], releases: Mapping[str, Sequence[int]]) -> str:
    """Return the names of the releases that have all of these ids; empty where none has.

    >>> fitting_release({0, 3}, {"BraTS 2023": (1, 2, 3), "BraTS 2021": (1, 2, 4)})
    'BraTS 2023'
    """
    return ", or ".join(name for name, known in releases.items() if set(ids) <= {0, *known})


def require_files(case: RawCase, modalities: int) -> None:
    """Raise if a case lacks its image, one of its modalities, or its label map."""
    if not case.images and not case.labels:
        raise InputError("holds neither image nor label map. Add them, or delete its folder.")
    if not case.images:
        raise InputError(f"has a label map ({_names(case.labels)}) but no image. Add the image or take the label away.")
    if not case.labels:
        raise InputError(
            f"has an image ({_names(case.images)}) but no label map. Add the label or take the image away."
        )
    if len(case.images) != modalities:
        raise InputError(
            f"has {len(case.images)} images ({_names(case.images)}) where {modalities} are expected. "
            "Add those that are missing, or leave the case out."
        )


def _names(paths: Sequence[Path]) -> str:
    return ", ".join(dict.fromkeys(path.name for path in paths))  # one file may hold several modalities


def require_same_grid(path: Path, volume: images.Image, first_path: Path, first: images.Image) -> None:
    """Raise unless two images have one shape and, to a thousandth of a mm or `images.within`, one affine."""
    if volume.array.shape != first.array.shape:
        raise InputError(
            f"{path} has the shape {volume.array.shape}, but {first_path} {first.array.shape} (D, H, W). "
            "Resample one onto the other first."
        )
    if not np.allclose(volume.affine, first.affine, rtol=0, atol=images.within(AFFINE_TOLERANCE_MM, first.affine)):
        off = np.abs(volume.affine - first.affine).max()
        raise InputError(
            f"{path} and {first_path} have the same shape, but their affines differ by up to {off:.3g} mm. "
            f"{_unknown(path, volume, first_path, first)}Fix the header that is wrong, or resample one onto the other."
        )


def _unknown(path: Path, volume: images.Image, first_path: Path, first: images.Image) -> str:
    """Say which of two files has no orientation, where one has."""
    if volume.oriented == first.oriented:
        return ""
    lacking = first_path if volume.oriented else path
    return f"{lacking} has no orientation (the codes of sform and qform are 0), so where it lies is not certain. "


def intensities(path: Path | str, array: np.ndarray) -> np.ndarray:
    """Return an image as float32; raise if it holds NaN, Inf or one single value."""
    require_finite(str(path), array)
    if array.min() == array.max():
        raise InputError(f"{path} is constant: every voxel is {array.flat[0]}. Fix the file or leave the case out.")
    with np.errstate(over="ignore"):
        single = array.astype(np.float32)
    if not np.isfinite(single).all():
        raise InputError(
            f"{path} holds intensities up to {np.abs(array).max():.3g}, beyond what 32 bits can hold: most likely its "
            "bytes or its scale (scl_slope) are wrong. Fix the file or leave the case out."
        )
    return single


def class_ids(
    array: np.ndarray,
    name: str,
    ids: Mapping[int, int],
    ignored: Sequence[int] = (),
    releases: Mapping[str, Sequence[int]] = MappingProxyType({}),
) -> tuple[np.ndarray, np.ndarray]:
    """Turn published ids into class ids.

    Args:
        array: of any shape, whole numbers of any type.
        name: of the file, for messages.
        ids: published id -> class id; an id that is not named does not exist.
        ignored: ids of voxels that nobody labelled; they become background, and are not valid.
        releases: others that the label map could be of, each with its ids; the message names those that fit.
    Returns: class ids, uint8, and which voxels are valid, bool.
    Raises: InputError: if a value is no whole number; UnknownIdsError: if an id is unknown, ids with their counts.
    """
    classes, usable = np.empty(array.shape, np.uint8), np.empty(array.shape, bool)
    unknown: Counter[int] = Counter()
    seen: set[int] = set()
    for place in range(len(array)):  # slice by slice: whole numbers of a large volume would take gigabytes
        whole = images.to_label_map(array[place], name)
        numbers, places, counts = np.unique(whole, return_inverse=True, return_counts=True)
        seen.update(map(int, numbers))
        strange = [index for index, number in enumerate(numbers) if number not in ids and number not in ignored]
        unknown.update({int(numbers[index]): int(counts[index]) for index in strange})
        shape = array[place].shape
        classes[place] = np.array([ids.get(int(number), 0) for number in numbers], np.uint8)[places].reshape(shape)
        usable[place] = np.array([int(number) not in ignored for number in numbers], bool)[places].reshape(shape)
    if unknown:
        fits = fitting_release(seen, releases)
        raise UnknownIdsError(
            f"{name} must hold the ids {sorted({*ids, *ignored})}, but holds {_shortened(unknown)} "
            f"(id: voxels). {OF_RELEASE.format(fits) if fits else ANOTHER}",
            seen,
        )
    return classes, usable


def _shortened(counts: Mapping[int, int]) -> str:
    """Write down at most eight ids with their counts: an image in place of a label map holds thousands."""
    first = dict(sorted(counts.items())[:8])
    return f"{first}" if len(counts) == len(first) else f"{first} and {len(counts) - len(first)} ids more"
