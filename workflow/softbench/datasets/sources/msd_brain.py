"""Brain tumours, Medical Segmentation Decathlon task 1: the open stand-in for BraTS, of its years 2016 and 2017.

484 labelled cases of 240 x 240 x 155 voxels of 1 mm, skull-stripped; all four contrasts of a case lie in one 4-D file.
Its ids differ from those of BraTS (1 is oedema there); the classes and structures here are those of `brats2019`.
MSD tells no patients: each case counts as one, though BraTS 2016 scanned some patients more than once. The archive's
test images have no labels and are not used.
"""

import json
import re
from dataclasses import replace
from pathlib import Path

from softbench.datasets.case import Archive, RawCase
from softbench.datasets.sources import layout
from softbench.errors import InputError

VERSION = 1
TITLE = "Brain tumour (Medical Segmentation Decathlon, task 1)"
LICENCE = "CC-BY-SA 4.0"
CITATION = (
    "Antonelli et al., The Medical Segmentation Decathlon, Nature Communications 13, 4128 (2022); "
    "Simpson et al., arXiv:1902.09063 (2019); Menze et al., IEEE TMI 34(10), 1993-2024 (2015)"
)
ACCESS = "open"
SIZE_GB = (7.6, 7.6)  # the tar holds compressed volumes
ARCHIVES = (
    Archive(
        url="https://msd-for-monai.s3-us-west-2.amazonaws.com/Task01_BrainTumour.tar",
        name="Task01_BrainTumour.tar",
        md5="240a19d752f0d9e9101544901065d872",
        sha256="d423911308d2ae5396d9c6bf4fad2b68cfde2dd09044269da9c0d639c22753c4",
    ),
)
LAYOUT = "imagesTr/BRATS_###.nii.gz (4-D) and labelsTr/BRATS_###.nii.gz, themselves or in Task01_BrainTumour/"
MODALITIES = ("flair", "t1", "t1ce", "t2")  # the file's order: FLAIR, T1w, T1gd, T2w
CLASSES = ("background", "necrotic_core", "oedema", "enhancing")
STRUCTURES = {"WT": (1, 2, 3), "TC": (1, 3), "ET": (3,)}
DIMS = 3
TOP = "Task01_BrainTumour"
SHAPE = (155, 240, 240)  # voxels; published, all cases
LABEL_MAPS = 1  # of a case, one a rater
PATIENTS_UNKNOWN = "BraTS 2016 scanned some patients more than once"
LABEL_IDS = {0: 0, 1: 2, 2: 1, 3: 3}  # published: 1 oedema, 2 non-enhancing tumour, 3 enhancing
OTHER_RELEASES = {  # with their published ids; BraTS 2023 has those of this release, and 1 and 2 mean the other there
    "BraTS 2017 to 2021 (source `brats2019`)": (1, 2, 4),
    "BRATS 2015 or older": (1, 2, 3, 4),
    "BraTS 2024": (1, 2, 3, 4),
}
OTHER_NAMES = {
    "BraTS 2023 or later": r"BraTS-[A-Z]+-\d{5}-\d{3}",
    "BraTS 2017 to 2021 (source `brats2019`)": r"(Brats1[78]|BraTS(19|20|2021))_\w+",
}
OEDEMA = re.compile(r"o?edema|SNFH|\bED\b", re.IGNORECASE)
DEFAULTS = {  # as `brats2019`
    "crop": {"size": [128, 192, 192], "at": "centre"},
    "normalise": "zscore_nonzero",
}


def find_cases(folder: Path) -> list[RawCase]:
    """List the cases of a folder that is, or holds, `Task01_BrainTumour`, sorted by id; none found is an empty list.

    The one file of a case stands once for each modality.

    Raises: InputError: if the folder's `dataset.json` gives oedema another id than the Decathlon.
    """
    for root in (folder, folder / TOP):
        _require_ids(root / "dataset.json")
    cases = layout.find_in_folders(folder, TOP)
    return [replace(case, images=case.images * len(MODALITIES)) for case in cases]


def _require_ids(path: Path) -> None:
    """Raise where `dataset.json` says that other data lie in this layout: those of BraTS 2023 have the same ids.

    Names of labels are keys, as nnU-Net has them, or values, as the Decathlon; a file that says nothing is passed over.
    """
    try:
        labels = json.loads(path.read_text(encoding="utf-8")).get("labels", {})
        pairs = [(str(name), str(number)) for number, name in labels.items()]
    except (OSError, ValueError, AttributeError):
        return
    ids = {number if OEDEMA.search(name) else name for name, number in pairs if OEDEMA.search(f"{name} {number}")}
    found = sorted(word for word in ids if word.isdigit())  # several ids are a region
    if found and found != ["1"]:
        raise InputError(
            f"{path} says that oedema is {', '.join(found)}, but in the Decathlon it is 1, and 2 is non-enhancing "
            "tumour. These data are of another release: take a source of your own, `make dataset`, or correct the file."
        )
