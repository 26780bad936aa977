"""What the KiTS releases share: where images come from, how a folder of cases is read, and pointers in place of files.

The CT images of all releases are one set, published file by file; each release publishes its own masks in its
repository. Files store axes (z, y, x) in the orientation IPL, masks as uint8 or uint16, some images as float64.
"""

from collections.abc import Iterable
from pathlib import Path

from softbench.datasets.case import Archive
from softbench.datasets.fetch import archives

VERSION = 1
IMAGING = (  # pinned: the commit of the images' repository, 2026
    "https://huggingface.co/datasets/neheller/KiTS-Challenge-Imaging/resolve/"
    "65f1f295873a326230153c7e1de0c7dba10f0b29/images/"
)
WINDOW_HU = [-79, 304]  # 0.5 and 99.5 percentile of kidney voxels: Isensee and Maier-Hein, arXiv:1908.02182


def name_of(number: int) -> str:
    """Return the id of a case."""
    return f"case_{number:05d}"


def downloads(repository: str, commit: str, folder: str, numbers: Iterable[int]) -> tuple[Archive, ...]:
    """Return what to download: the repository at a commit, and an image a case, put beside the case's mask.

    Nobody publishes checksums; GitHub may also pack an archive anew with other bytes.
    """
    top = f"{repository}-{commit}"
    masks = Archive(f"https://github.com/neheller/{repository}/archive/{commit}.zip", f"{top}.zip")
    images = (
        Archive(
            f"{IMAGING}{name_of(number)}.nii.gz",
            f"{name_of(number)}.nii.gz",
            unpack=False,
            path=f"{top}/{folder}/{name_of(number)}/imaging.nii.gz",
        )
        for number in numbers
    )
    return (masks, *images)


def case_folders(folder: Path, name: str) -> list[Path]:
    """List the folders `case_#####` in a folder, in `name` in it, or in `<repository>/name`, sorted by their names."""
    roots = [folder, folder / name, *sorted(folder.glob(f"*/{name}"))]
    found = [path for root in roots if root.is_dir() for path in root.glob("case_*") if path.is_dir()]
    return sorted(found, key=lambda path: path.name)


def present(folder: Path, name: str) -> tuple[Path, ...]:
    """Return the file of this name in a folder, or nothing."""
    return (folder / name,) if (folder / name).is_file() else ()


def require_volumes(paths: Iterable[Path]) -> None:
    """Raise `InputError` if a file is a Git LFS pointer or a page of a server: clones may hold such instead of data."""
    for path in paths:
        with open(path, "rb") as file:
            archives.require_archive_bytes(file.read(archives.HEAD_BYTES), str(path))
