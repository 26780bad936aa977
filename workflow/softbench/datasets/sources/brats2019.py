"""BraTS 2019: gliomas in four MRI contrasts, the brain tumours of SVLS and GeoLS.

335 labelled cases of 240 x 240 x 155 voxels of 1 mm, stored LPS, skull-stripped and co-registered. One merged label map
a case; the maps of single raters were never released. The releases of other years have other ids under the same
names, so a label map that is not of this one is refused, and the message names the release that it fits.
"""

from itertools import zip_longest
from pathlib import Path

from softbench.datasets.case import Archive, RawCase
from softbench.datasets.sources import layout

VERSION = 1
TITLE = "BraTS 2019 (training data)"
LICENCE = "BraTS data use agreement: own research, with citation; no redistribution"
CITATION = (
    "Menze et al., IEEE TMI 34(10), 1993-2024 (2015); Bakas et al., Scientific Data 4, 170117 (2017); "
    "Bakas et al., arXiv:1811.02629 (2018)"
)
ACCESS = "manual"
SIZE_GB = None  # not published
TOP = "MICCAI_BraTS_2019_Data_Training"
ARCHIVES = (
    Archive(url="https://www.med.upenn.edu/cbica/brats2019/data.html", name=f"{TOP}.zip"),
)  # from a mirror only
STEPS = (
    "Make an account at the CBICA Image Processing Portal, https://ipp.cbica.upenn.edu.",
    "Ask there for the data of BraTS 2019 (see https://www.med.upenn.edu/cbica/brats2019/registration.html).",
    f"Download and unpack the training data, {TOP}.zip.",
)
LAYOUT = (
    "HGG/<case>/ and LGG/<case>/ with <case>_flair, _t1, _t1ce, _t2 and _seg (.nii or .nii.gz), "
    f"themselves or in {TOP}/"
)
GRADES = ("HGG", "LGG")
MODALITIES = ("flair", "t1", "t1ce", "t2")  # as in GeoLS
CLASSES = ("background", "necrotic_core", "oedema", "enhancing")
STRUCTURES = {"WT": (1, 2, 3), "TC": (1, 3), "ET": (3,)}
DIMS = 3
SHAPE = (155, 240, 240)  # voxels; published, all cases
LABEL_MAPS = 1  # of a case, one a rater
LABEL_IDS = {0: 0, 1: 1, 2: 2, 4: 3}  # 1 necrotic and non-enhancing core, 2 oedema, 4 enhancing tumour
OTHER_RELEASES = {  # with their published ids
    "BraTS 2023": (1, 2, 3),
    "the Decathlon's task 1 (source `msd_brain`)": (1, 2, 3),
    "BRATS 2015 or older": (1, 2, 3, 4),
    "BraTS 2024": (1, 2, 3, 4),
}
OTHER_NAMES = {  # without enhancing tumour the ids 1 and 2 alone tell no release
    "BraTS 2023 or later": r"BraTS-[A-Z]+-\d{5}-\d{3}",
    "the Decathlon's task 1 (source `msd_brain`)": r"BRATS_\d{3}",
}
DEFAULTS = {  # the grid stays as published: 1 mm, as both papers use it
    "crop": {"size": [128, 192, 192], "at": "centre"},  # voxels D H W; SVLS and GeoLS, section on data
    "normalise": "zscore_nonzero",  # each channel, over the brain within the crop
}


def find_cases(folder: Path) -> list[RawCase]:
    """List the cases of a folder that is, or holds, the published one, sorted by id; none found is an empty list."""
    grades = [root / grade for root in (folder, folder / TOP) for grade in GRADES if (root / grade).is_dir()]
    cases = [path for grade in grades for path in grade.iterdir() if path.is_dir() and not path.name.startswith(".")]
    return [case for path in sorted(cases, key=lambda path: path.name) for case in _cases_in(path)]


def _cases_in(folder: Path) -> list[RawCase]:
    """Return the case of a folder; two, which preparation refuses by name, where a file is there in two formats."""
    files = layout.volumes(folder)
    columns = [files.get(f"{folder.name}_{kind}", []) for kind in (*MODALITIES, "seg")]
    rows = list(zip_longest(*columns)) or [(None,) * len(columns)]
    return [
        RawCase(folder.name, folder.name, tuple(file for file in row[:-1] if file), row[-1:] if row[-1] else ())
        for row in rows
    ]
