"""KiTS 2019: kidneys and their tumours in arterial-phase CT of 210 patients; each patient is one case.

**Kidney.** The published id 1 is kidney without the tumour. The challenge scores "kidney" as both ids together
(structure `kidney_and_tumour`). The SVLS paper names the classes Kidney and Tumor and prints their mean as "Comp", but
not which kidney it means; its code scores BraTS by the id's own definition, so `kidney` (id 1) is taken for its rows.

**Preparation of the SVLS paper.** Voxels of 3.22 x 1.62 x 1.62 mm and the central 80 x 160 x 160 of them. Centre is
read as the centre of the volume (labels are not looked at; its code crops BraTS at random), so a kidney may be cut;
with `crop.at: foreground` it is not, but a new patient has no labels to find it by. The paper prints no window: ours
is that of the work which the grid stems from (nnU-Net of the challenge), then z-scores per case.
"""

import sys
from pathlib import Path

from softbench.datasets.case import RawCase
from softbench.datasets.sources import kits, reading
from softbench.datasets.volumes import Volumes

VERSION = 1
TITLE = "KiTS 2019 (kidney tumour segmentation challenge)"
LICENCE = "CC BY-NC-SA 4.0"
CITATION = (
    "Heller et al., The state of the art in kidney and kidney tumor segmentation in contrast-enhanced CT imaging, "
    "Medical Image Analysis 67, 101821 (2021); Heller et al., arXiv:1904.00445 (2019)"
)
ACCESS = "open"
SIZE_GB = (22.0, 22.0)  # estimated: 210 of 489 images that take 49 GB together, and the masks
COMMIT = "456b293435b25303bbc7995f094f83a0afdff0eb"  # of neheller/kits19; masks lie in it as plain files
ARCHIVES = kits.downloads("kits19", COMMIT, "data", range(210))
LAYOUT = "case_#####/{imaging,segmentation}.nii.gz, themselves, in data/ or in <repository>/data/"
MODALITIES = ("ct",)
CLASSES = ("background", "kidney", "tumour")
STRUCTURES = {"kidney": (1,), "tumour": (2,), "kidney_and_tumour": (1, 2)}
DIMS = 3
LABEL_MAPS = 1  # of a case, one a rater
LABEL_IDS = {0: 0, 1: 1, 2: 2}
DEFAULTS = {
    "spacing_mm": [3.22, 1.62, 1.62],  # D H W; SVLS Sec. 3.1
    "window": {"hu": kits.WINDOW_HU},  # ours, see above
    "crop": {"size": [80, 160, 160], "at": "centre"},  # voxels; SVLS Sec. 3.1
}
DROPPED = {kits.name_of(number): "test case of the challenge: no labels are published" for number in range(210, 300)}


def find_cases(folder: Path) -> list[RawCase]:
    """List the cases of a folder, sorted by id; none found is an empty list."""
    return [
        RawCase(path.name, path.name, kits.present(path, "imaging.nii.gz"), kits.present(path, "segmentation.nii.gz"))
        for path in kits.case_folders(folder, "data")
    ]


def read(case: RawCase) -> Volumes:
    """Read a case; errors as `reading.read_case`, and for Git LFS pointers in place of files."""
    kits.require_volumes((*case.images, *case.labels))
    return reading.read_case(case, sys.modules[__name__])
