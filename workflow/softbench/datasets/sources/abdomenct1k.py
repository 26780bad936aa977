"""AbdomenCT-1K: liver, kidneys, spleen and pancreas in CT of 12 centres; open, and of the same origin as FLARE 2021.

1062 scans, 1000 with a mask; the other masks stay with the publisher's own benchmarks, so those scans are left out
(`find_dropped` lists them). The scans are of LiTS, KiTS 2019, the Decathlon (pancreas, spleen), NIH Pancreas-CT and
Nanjing University. Which is whose is not published, nor are patients: each scan counts as one, though the collections
overlap. It is prepared as FLARE 2021; that its scans contain those of FLARE 2021 is likely, but not verified.
"""

import re
from functools import partial
from pathlib import Path

from softbench.datasets.case import Archive, RawCase
from softbench.datasets.sources import layout

VERSION = 1
TITLE = "AbdomenCT-1K"
LICENCE = "see zenodo.org/records/5903099; research only, for it holds KiTS 2019 (CC BY-NC-SA 4.0)"
CITATION = (
    "Ma et al., AbdomenCT-1K: Is Abdominal Organ Segmentation A Solved Problem?, IEEE TPAMI 44(10), 6695-6714 (2022)"
)
ACCESS = "open"
SIZE_GB = (80.0, 80.0)  # about: volumes are compressed already
ARCHIVES = (
    Archive(
        url="https://zenodo.org/records/5903099/files/AbdomenCT-1K-ImagePart1.zip",
        name="AbdomenCT-1K-ImagePart1.zip",
        md5="946325d0209179d767bea914c93e9a54",
        sha256="3d0d8edd2a8777f8807c6715f633e2fea104f16a8514572664021ed88f97cd03",
    ),
    Archive(
        url="https://zenodo.org/records/5903846/files/AbdomenCT-1K-ImagePart2.zip",
        name="AbdomenCT-1K-ImagePart2.zip",
        md5="eb24ba869589d15fe1d89ccf7f13aaa4",
        sha256="3178bd3021dfed0440c4dc269b7f3125b27b60aec96e81b210d7c4c55d0fe894",
    ),
    Archive(
        url="https://zenodo.org/records/5903769/files/AbdomenCT-1K-ImagePart3.zip",
        name="AbdomenCT-1K-ImagePart3.zip",
        md5="7f5a131e83f3bb38932e8fb62d040a3f",
        sha256="76bf789589a13ca1aef9b9c8b771f05c165e6d2013284bbfdb4c4656d4931c30",
    ),
    Archive(
        url="https://zenodo.org/records/5903769/files/Mask.7z",
        name="Mask.7z",
        md5="dfca75d15912d5d7323585c53e1d75d9",
        sha256="cefa7cab51fb0781876550b032278ca6a1ed2a8c776c8567410ea2b2a6984e50",
        into="Mask",
    ),
)
LAYOUT = (
    "Case_#####_0000.nii.gz (in AbdomenCT-1K-ImagePart1/ to 3/) and their masks Case_#####.nii.gz (in Mask/), "
    "in any folders below"
)
IMAGE, MASK = re.compile(r"(Case_\d{5})_0000"), re.compile(r"(Case_\d{5})")
MODALITIES = ("ct",)
CLASSES = ("background", "liver", "kidneys", "spleen", "pancreas")  # the published ids
STRUCTURES = {"liver": (1,), "kidneys": (2,), "spleen": (3,), "pancreas": (4,)}
DIMS = 3
CASES = 1000  # published with a mask; `softbench plan` counts with them before the split is made
LABEL_MAPS = 1  # of a case, one a rater
OTHER_RELEASES = {"FLARE 2022, where 2 is the right kidney alone": tuple(range(1, 14))}  # with their published ids
PATIENTS_UNKNOWN = "the collections that it joins overlap"
DEFAULTS = {  # as `flare2021`
    "spacing_mm": [2.5, 2.0, 2.0],  # D H W
    "window": {"percentiles": [0.5, 99.5]},
    "crop": {"size": [112, 160, 208], "at": "centre"},  # voxels D H W
    "normalise": "zscore",
}
SPLITS = {"main": {"train": 0.7, "val": 0.1, "test": 0.2}}  # of the cases; the shares of GeoLS on FLARE 2021


def find_cases(folder: Path) -> list[RawCase]:
    """List the cases with a mask anywhere below a folder, sorted by id; none found is an empty list.

    A mask without its image still makes a case, which reading refuses.
    """
    return [case for case in _found(folder) if case.labels]


def find_dropped(folder: Path) -> dict[str, str]:
    """Return the scans that are no cases, each with the reason."""
    return {case.id: "published without a mask" for case in _found(folder) if not case.labels}


def _found(folder: Path) -> list[RawCase]:
    below = [folder, *sorted(path for path in folder.rglob("*") if path.is_dir())]
    volumes = [item for place in below for item in layout.volumes(place).items()]
    images, masks = (layout.regroup(volumes, partial(_scan, pattern)) for pattern in (IMAGE, MASK))
    return layout.pair(images, masks)


def _scan(pattern: re.Pattern[str], name: str) -> str | None:
    """Return the id in a name that fits as a whole."""
    match = pattern.fullmatch(name)
    return match and match[1]
