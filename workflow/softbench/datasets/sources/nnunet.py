"""Own data in nnU-Net's layout: `imagesTr/<case>_0000.nii.gz`, one file a channel, and `labelsTr/<case>.nii.gz`.

The Decathlon's layout, `imagesTr/<case>.nii.gz` with all channels in one file, is read too. A source is a module that
calls these functions; `make dataset NAME=... FOLDER=...` writes one from the folder's dataset.json.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from softbench import images
from softbench.datasets.case import RawCase, Volumes
from softbench.datasets.sources import layout, reading
from softbench.errors import InputError

VERSION = 1
LAYOUT = "imagesTr/<case>_0000.nii.gz (one file a channel) or imagesTr/<case>.nii.gz, and labelsTr/<case>.nii.gz"
CHANNEL = re.compile(r"(.+)_(\d{4})")


def find_cases(folder: Path, channels: int, *, patient_of: Callable[[str], str] = str) -> list[RawCase]:
    """List the cases of a folder, sorted by id; none found is an empty list.

    Args:
        folder: holds `imagesTr` and `labelsTr`; test images without labels (`imagesTs`) are not used.
        channels: of each image; a case that has files for fewer, or others, is refused when it is read.
        patient_of: case id -> patient; by default each case is a patient of its own.
    """
    found = layout.volumes(folder / "imagesTr")
    by_channel = any(CHANNEL.fullmatch(name) for name in found)
    grouped = _by_case(found) if by_channel else found
    pairs = _one_case_each(grouped, folder) if by_channel else layout.pair(found, layout.volumes(folder / "labelsTr"))
    cases = pairs if by_channel else [replace(case, images=case.images * channels) for case in pairs]
    return [replace(case, patient=patient_of(case.id)) for case in cases]


def read(case: RawCase, source: ModuleType) -> Volumes:
    """Read a case in either layout; raise `InputError` as `reading.read_case`, or if a file lacks channels."""
    reading.require_files(case, len(source.MODALITIES))
    if len(set(case.images)) == len(case.images):
        return reading.read_case(case, source)
    channels = images.read_channels(case.images[0])
    if len(channels) != len(source.MODALITIES):
        raise InputError(
            f"{case.images[0]} must hold {len(source.MODALITIES)} channels ({', '.join(source.MODALITIES)}), but holds "
            f"{len(channels)}. Copy or download it again, or correct the MODALITIES of its module."
        )
    return reading.join(channels, [images.read(path) for path in case.labels], case, source)


def _by_case(found: dict[str, list[Path]]) -> dict[str, list[Path]]:
    """Put the files of a case's channels together, in the order of their numbers; others stay under their own name."""
    cases: dict[str, list[Path]] = {}
    for name in sorted(found):
        numbered = CHANNEL.fullmatch(name)
        cases.setdefault(numbered[1] if numbered else name, []).extend(found[name])
    return cases


def _one_case_each(images_of: dict[str, list[Path]], folder: Path) -> list[RawCase]:
    """Make a case of every name that has an image or a label; two label files of a name make two, later refused."""
    labels_of = layout.volumes(folder / "labelsTr")
    names = sorted(images_of.keys() | labels_of.keys())
    maps: dict[str, list[tuple[Path, ...]]] = {name: [(path,) for path in labels_of.get(name, [])] for name in names}
    return [RawCase(name, name, tuple(images_of.get(name, [])), one) for name in names for one in maps[name] or [()]]
