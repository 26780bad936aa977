"""Hippocampus, Medical Segmentation Decathlon task 4: T1-weighted MRI, 1 mm, anterior and posterior part.

260 labelled cases of about 35 x 50 x 36 voxels. Their intensities span 112 to 1.7e6, so each case must be normalised
on its own. MSD tells no patients: each case counts as one. The archive's test images have no labels and are not used.
"""

from pathlib import Path

from softbench.datasets.case import Archive, RawCase
from softbench.datasets.sources import layout

VERSION = 1
TITLE = "Hippocampus (Medical Segmentation Decathlon, task 4)"
LICENCE = "CC-BY-SA 4.0"
CITATION = (
    "Antonelli et al., The Medical Segmentation Decathlon, Nature Communications 13, 4128 (2022); "
    "Simpson et al., arXiv:1902.09063 (2019)"
)
ACCESS = "open"
SIZE_GB = (0.027, 0.03)  # download, unpacked
ARCHIVES = (
    Archive(
        url="https://msd-for-monai.s3-us-west-2.amazonaws.com/Task04_Hippocampus.tar",
        name="Task04_Hippocampus.tar",
        md5="9d24dba78a72977dbd1d2e110310f31b",
        sha256="282d808a3e84e5a52f090d9dd4c0b0057b94a6bd51ad41569aef5ff303287771",
    ),
)
LAYOUT = "imagesTr/hippocampus_###.nii.gz and labelsTr/hippocampus_###.nii.gz, themselves or in Task04_Hippocampus/"
MODALITIES = ("t1",)
CLASSES = ("background", "anterior", "posterior")
STRUCTURES = {"anterior": (1,), "posterior": (2,), "hippocampus": (1, 2)}
DIMS = 3
SHAPE = (47, 59, 43)  # voxels; the longest of all published cases along each axis
LABEL_MAPS = 1  # of a case, one a rater
PATIENTS_UNKNOWN = "whether a patient has several cases is not known"


def find_cases(folder: Path) -> list[RawCase]:
    """List the cases of a folder that is, or holds, `Task04_Hippocampus`, sorted by id; none found is an empty list."""
    return layout.find_in_folders(folder, "Task04_Hippocampus")
