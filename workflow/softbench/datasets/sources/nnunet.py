"""Own data in nnU-Net's layout: `imagesTr/<case>_0000.nii.gz`, one file a channel, and `labelsTr/<case>.nii.gz`.

The Decathlon's layout, `imagesTr/<case>.nii.gz` with all channels in one file, is read too. A source is a module that
calls `find_cases`; `make dataset NAME=... FOLDER=...` writes one from the folder's dataset.json.
"""

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

from softbench import given
from softbench.datasets.case import RawCase
from softbench.datasets.sources import layout
from softbench.datasets.sources.reading import read_case
from softbench.given import CHANNEL

VERSION = 1
LAYOUT = "imagesTr/<case>_0000.nii.gz (one file a channel) or imagesTr/<case>.nii.gz, and labelsTr/<case>.nii.gz"
read = read_case  # where own sources of an earlier version look for it


def find_cases(folder: Path, channels: int, *, patient_of: Callable[[str], str] = str) -> list[RawCase]:
    """List the cases of a folder, sorted by their names; none found is an empty list.

    A case has its files' name as id, or where that has spaces or other letters than an id may have, `given.plain_id`.

    Args:
        folder: holds `imagesTr` and `labelsTr`; test images without labels (`imagesTs`) are not used.
        channels: of each image; a case that has files for fewer, or others, is refused when it is read.
        patient_of: case id -> patient; by default each case is a patient of its own.
    """
    images, labels = layout.volumes(folder / "imagesTr"), layout.volumes(folder / "labelsTr")
    is_numbered = not _has_numbers_in_names(images, labels)
    beside = {
        _case_name(name) for name in given.channels_beside(images) if is_numbered
    }  # label maps that lie among the images
    images = {name: paths for name, paths in images.items() if name not in beside}
    if is_numbered and any(CHANNEL.fullmatch(name) for name in images):
        files = layout.regroup(sorted(images.items()), _case_name)  # channels in the order of their numbers
        pairs = layout.pair({name: paths[:1] for name, paths in files.items()}, labels)
        cases = [replace(case, images=tuple(files.get(case.id, ()))) for case in pairs]
    else:
        cases = [replace(case, images=case.images * channels) for case in layout.pair(images, labels)]
    named = [(given.plain_id(case.id), case) for case in cases]
    return [replace(case, id=name, patient=patient_of(name)) for name, case in named]


def _has_numbers_in_names(images: Collection[str], labels: Collection[str]) -> bool:
    """Return whether the number that ends images' names is part of a case's name: more label maps have it than not."""
    numbered = [name for name in images if CHANNEL.fullmatch(name)]
    return sum(name in labels for name in numbered) > sum(name in labels for name in set(map(_case_name, numbered)))


def _case_name(name: str) -> str:
    """Return the name of a file without the number of its channel."""
    numbered = CHANNEL.fullmatch(name)
    return numbered[1] if numbered else name
