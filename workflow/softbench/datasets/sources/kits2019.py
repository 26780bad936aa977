"""KiTS 2019: kidneys and their tumours in arterial-phase CT of 210 patients; each patient is one case.

**Kidney.** The published id 1 is kidney without the tumour. The challenge scores "kidney" as both ids together
(structure `kidney_and_tumour`). The SVLS paper names the classes Kidney and Tumor and prints their mean as "Comp", but
not which kidney it means; its code scores BraTS by the id's own definition, so `kidney` (id 1) is taken for its rows.

**Preparation of the SVLS paper.** Voxels of 3.22 x 1.62 x 1.62 mm and the central 80 x 160 x 160 of them. Centre is
read as the centre of the volume (labels are not looked at; its code crops BraTS at random), so a kidney may be cut;
with `crop.at: foreground` it is not, but a new patient has no labels to find it by. The paper prints no window: ours
is that of the work which the grid stems from (nnU-Net of the challenge), then z-scores per case.

**All KiTS releases** share one set of CT images, published file by file; each publishes its own masks in its
repository. Files store axes (z, y, x) in the orientation IPL, masks as uint8 or uint16, some images as float64.
"""

from collections.abc import Iterable
from pathlib import Path

from softbench.datasets.case import Archive, RawCase

VERSION = 1
IMAGING = (  # pinned: the commit of the images' repository, 2026
    "https://huggingface.co/datasets/neheller/KiTS-Challenge-Imaging/resolve/"
    "65f1f295873a326230153c7e1de0c7dba10f0b29/images/"
)
WINDOW_HU = [-79, 304]  # 0.5 and 99.5 percentile of kidney voxels: Isensee and Maier-Hein, arXiv:1908.02182


def case_id(number: int) -> str:
    """Return the id of a case, of any KiTS release."""
    return f"case_{number:05d}"


def downloads(repository: str, commit: str, folder: str, numbers: Iterable[int]) -> tuple[Archive, ...]:
    """Return what to download: the repository at a commit, and an image a case, put beside the case's mask.

    Nobody publishes checksums; GitHub may also pack an archive anew with other bytes.
    """
    top = f"{repository}-{commit}"
    masks = Archive(f"https://github.com/neheller/{repository}/archive/{commit}.zip", f"{top}.zip")
    images = (
        Archive(
            f"{IMAGING}{case_id(number)}.nii.gz",
            f"{case_id(number)}.nii.gz",
            unpack=False,
            path=f"{top}/{folder}/{case_id(number)}/imaging.nii.gz",
        )
        for number in numbers
    )
    return (masks, *images)


def case_folders(folder: Path, name: str) -> list[Path]:
    """List the folders `case_#####` in a folder, in `name` in it, or in `<repository>/name`, sorted by their names."""
    roots = [folder, folder / name, *sorted(folder.glob(f"*/{name}"))]
    folders = [path for root in roots if root.is_dir() for path in root.glob("case_*") if path.is_dir()]
    return sorted(folders, key=lambda path: path.name)


def present(folder: Path, name: str) -> tuple[Path, ...]:
    """Return the file of this name in a folder, or nothing."""
    return (folder / name,) if (folder / name).is_file() else ()


TITLE = "KiTS 2019 (kidney tumour segmentation challenge)"
LICENCE = "CC BY-NC-SA 4.0"
CITATION = (
    "Heller et al., The state of the art in kidney and kidney tumor segmentation in contrast-enhanced CT imaging, "
    "Medical Image Analysis 67, 101821 (2021); Heller et al., arXiv:1904.00445 (2019)"
)
ACCESS = "open"
SIZE_GB = (22.0, 22.0)  # estimated: 210 of 489 images that take 49 GB together, and the masks
COMMIT = "456b293435b25303bbc7995f094f83a0afdff0eb"  # of neheller/kits19; masks lie in it as plain files
ARCHIVES = downloads("kits19", COMMIT, "data", range(210))
LAYOUT = "case_#####/{imaging,segmentation}.nii.gz, themselves, in data/ or in <repository>/data/"
MODALITIES = ("ct",)
CLASSES = ("background", "kidney", "tumour")
STRUCTURES = {"kidney": (1,), "tumour": (2,), "kidney_and_tumour": (1, 2)}
DIMS = 3
LABEL_MAPS = 1  # of a case, one a rater
LABEL_IDS = {0: 0, 1: 1, 2: 2}
OTHER_RELEASES = {"KiTS 2021 or 2023, where 3 is a cyst (source `kits2023`)": (1, 2, 3)}  # with their published ids
DEFAULTS = {
    "spacing_mm": [3.22, 1.62, 1.62],  # D H W; SVLS Sec. 3.1
    "window": {"hu": WINDOW_HU},  # ours, see above
    "crop": {"size": [80, 160, 160], "at": "centre"},  # voxels; SVLS Sec. 3.1
}
DROPPED = {case_id(number): "test case of the challenge: no labels are published" for number in range(210, 300)}


def find_cases(folder: Path) -> list[RawCase]:
    """List the cases of a folder, sorted by id; none found is an empty list."""
    return [
        RawCase(path.name, path.name, present(path, "imaging.nii.gz"), present(path, "segmentation.nii.gz"))
        for path in case_folders(folder, "data")
    ]
