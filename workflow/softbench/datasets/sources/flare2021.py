"""FLARE 2021: liver, kidneys, spleen and pancreas in abdominal CT, the second data set of GeoLS.

361 labelled scans, train_000 to train_360 (281 of the Decathlon's pancreas task, 80 of NIH Pancreas-CT, all portal
venous); voxels of 0.61 to 0.98 mm in slices 0.5 to 7.5 mm apart. The publisher tells no patients: each scan is one.

GeoLS prints the spacing along x, y, z (2, 2, 2.5 mm), and a crop of 112 x 160 x 208 without axes. Here that crop is
(D, H, W): 280 mm from head to foot, 320 mm from front to back, 416 mm from side to side. It is the order in which the
same paper crops BraTS (128 of 155 slices first), and read as (x, y, z) it would leave 224 mm of the body's width.
"""

from pathlib import Path

from softbench.datasets.case import RawCase
from softbench.datasets.sources import layout

VERSION = 1
TITLE = "FLARE 2021 (training data)"
LICENCE = "rules of the FLARE 2021 challenge, agreed to at registration; research only"
CITATION = (
    "Ma et al., Fast and Low-GPU-memory abdomen CT organ segmentation: The FLARE challenge, MedIA 82, 102616 (2022)"
)
ACCESS = "manual"
SIZE_GB = None  # not published
STEPS = (
    "Join the challenge at https://flare.grand-challenge.org and accept its rules.",
    "Download the training images and masks from the drive that its data page links to.",
    "Unpack them side by side: a folder of images and one of masks.",
)
FOLDERS = (
    ("imagesTr", "labelsTr"),
    ("images", "labels"),
    ("TrainingImg", "TrainingMask"),
    ("train_images", "train_mask"),
)
LAYOUT = (
    "imagesTr/train_###.nii.gz (or train_###_0000.nii.gz) and labelsTr/train_###.nii.gz, themselves or in FLARE21/; "
    "the two folders may also be called images and labels, TrainingImg and TrainingMask, or train_images and train_mask"
)
MODALITIES = ("ct",)
CLASSES = ("background", "liver", "kidneys", "spleen", "pancreas")  # the published ids
STRUCTURES = {"liver": (1,), "kidneys": (2,), "spleen": (3,), "pancreas": (4,)}
DIMS = 3
LABEL_MAPS = 1  # of a case, one a rater
OTHER_RELEASES = {"FLARE 2022, where 2 is the right kidney alone": tuple(range(1, 14))}  # with their published ids
PATIENTS_UNKNOWN = "whether a patient has several scans is not known"
DEFAULTS = {
    "spacing_mm": [2.5, 2.0, 2.0],  # D H W; GeoLS, section on data
    "window": {"percentiles": [0.5, 99.5]},  # GeoLS prints "[0.5, 0.95] percentile"; the other reading is [0.5, 95]
    "crop": {"size": [112, 160, 208], "at": "centre"},  # voxels D H W; GeoLS, see above
    "normalise": "zscore",  # not printed
}


def find_cases(folder: Path) -> list[RawCase]:
    """List the cases of a folder that is, or holds, `FLARE21`, sorted by id; none found is an empty list."""
    return layout.find_in_folders(folder, "FLARE21", folders=FOLDERS, suffix="_0000")
