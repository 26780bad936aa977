"""The layout of the Decathlon and of nnU-Net: images in one folder, label maps in another, paired by name."""

from collections.abc import Sequence
from pathlib import Path

from softbench.datasets.case import RawCase
from softbench.datasets.sources import layout

VERSION = 1
FOLDERS = (("imagesTr", "labelsTr"),)


def find_cases(
    folder: Path, top: str, *, folders: Sequence[tuple[str, str]] = FOLDERS, suffix: str = ""
) -> list[RawCase]:
    """List the cases of a folder that is, or holds, `top`, sorted by id; none found is an empty list.

    Args:
        folder: where to look.
        top: name of the folder as published.
        folders: names of the folders of images and of labels; the first pair whose images exist counts.
        suffix: what image names may have and label names have not, e.g. nnU-Net's "_0000" of the first channel.
    """
    for root in (folder, folder / top):
        for images, labels in folders:
            if (root / images).is_dir():
                found = layout.volumes(root / images)
                return layout.pair(_without(suffix, found), layout.volumes(root / labels))
    return []


def _without(suffix: str, found: dict[str, list[Path]]) -> dict[str, list[Path]]:
    """Take a suffix off the names; files that are then called alike stay together, so that reading refuses them."""
    names: dict[str, list[Path]] = {}
    for name, files in found.items():
        names.setdefault(name.removesuffix(suffix), []).extend(files)
    return names
