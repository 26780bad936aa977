"""MRBrainS18: eight brain structures in MRI of three sequences, 3 x 0.958 x 0.958 mm; patients of 60 and more.

Seven subjects train in the challenge; the labels of its 23 test subjects are released too and are used where a folder
holds them in `test/` (they are not downloaded). Seven cases are few: a mean over two test subjects says little.

**Labels.** Ids 9 (infarction) and 10 (other) are left out of the challenge's scores. They are neither background nor a
structure: such voxels are not valid, so they count in no loss and no score.

**Strip.** Li et al. strip the skull and crop to what is not zero, and do not say how. Ours, by the setting `strip`:
`air` (default): voxels outside the head become 0, the head being the largest part of the T1 image above Otsu's
threshold, holes filled slice by slice; no label is looked at, and the skull stays.
`labels`: voxels further than `strip_margin_mm` from every labelled voxel become 0, as after skull stripping; this
shows the network the reference's outer border, in test cases too, so no score of it is to be compared with others.
`none`: nothing. After the first two the case is cropped to the box of what is left.

The files are in each subject's FLAIR space and share one spacing, so nothing is resampled; training takes patches, so
nothing else is cropped.
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy import ndimage
from skimage.filters import threshold_otsu

from softbench.checks import require_one_of
from softbench.datasets import case as words
from softbench.datasets.case import Volumes
from softbench.datasets.sources import layout, reading
from softbench.errors import InputError

VERSION = 1
TITLE = "MRBrainS18"
LICENCE = "UMC Utrecht terms shipped with the data: research, no redistribution"
CITATION = (
    "Kuijf et al., MR Brain Segmentation Challenge 2018 Data, DataverseNL, doi 10.34894/E0U32Q (2024); "
    "https://mrbrains18.isi.uu.nl"
)
ACCESS = "open"
SIZE_GB = None  # not published
ARCHIVES = (
    words.Archive(
        url="https://dataverse.nl/api/access/datafile/402709",
        name="MRBrainS18_training.zip",
        sha256="c29b133c0d0e7486563d3a92f09e3ae67986880130bb8a91096fc1fdf0c93e95",
    ),
)
LAYOUT = (
    "training/<subject>/segm.nii.gz and training/<subject>/pre/{reg_T1,reg_IR,FLAIR}.nii.gz with numbers as subjects, "
    "and test/<subject>/... alike where wanted"
)
MODALITIES = ("t1", "ir", "flair")
FILES = ("reg_T1", "reg_IR", "FLAIR")  # of each modality, below pre/
CLASSES = (  # csf: extracerebral
    "background", "cortical_gm", "basal_ganglia", "wm", "wm_lesions", "csf", "ventricles", "cerebellum", "brain_stem",
)  # fmt: skip
STRUCTURES = {
    "cortical_gm": (1,), "basal_ganglia": (2,), "wm": (3,), "wm_lesions": (4,), "csf": (5,), "ventricles": (6,),
    "cerebellum": (7,), "brain_stem": (8,),
}  # fmt: skip
DIMS = 3
SHAPE = (48, 240, 240)  # voxels; published, all cases
LABEL_MAPS = 1  # of a case, one a rater
LABEL_IDS = {number: number for number in range(9)}
IGNORED = (9, 10)  # infarction, other: left out by the challenge's evaluation.py
DEFAULTS = {"normalise": "zscore_nonzero"}  # superpixel paper: "normalise"; no target given
SETTINGS = {"strip": "air", "strip_margin_mm": 6.0}
STRIPS = ("air", "labels", "none")
ALLOWED = {
    "strip": {"constant": "datasets/sources/mrbrains18.py:STRIPS", "description": "what is set to 0 and cut away"},
    "strip_margin_mm": {"type": "number", "minimum": 0, "description": "mm, kept around it"},
}


def find_cases(folder: Path) -> list[words.RawCase]:
    """List the subjects of a folder that is, or holds, `training` (and `test`), sorted by id; none is an empty list."""
    roots = [root for root in (folder, folder / "training", folder / "test") if root.is_dir()]
    subjects = [path for root in roots for path in root.iterdir() if path.is_dir() and path.name.isdigit()]
    return sorted((_case(path) for path in subjects), key=lambda case: case.id)


def _case(subject: Path) -> words.RawCase:
    name = f"subject_{int(subject.name):02d}"
    images = layout.volumes(subject / "pre")
    labels = layout.volumes(subject).get("segm", [])
    return words.RawCase(name, name, tuple(path for stem in FILES for path in images.get(stem, [])), tuple(labels))


def read(case: words.RawCase, *, strip: str = "air", strip_margin_mm: float = 6.0) -> Volumes:
    """Read a subject, with voxels outside the head or brain set to 0 and cropped away; see the module.

    Raises: InputError: as `reading.read_case`; if `strip` is unknown, or labelled voxels lie outside the head.
    """
    require_one_of("strip", strip, STRIPS)
    volumes = reading.read_case(case, sys.modules[__name__])
    if strip == "none":
        return volumes
    unknown = np.zeros(volumes.shape, bool) if volumes.valid is None else ~volumes.valid
    labelled = np.asarray(volumes.labels.any(axis=0) | unknown)
    inside = find_head(volumes.channels[0]) if strip == "air" else _near(labelled, volumes.spacing_mm, strip_margin_mm)
    lost = int((labelled & ~inside).sum())
    if lost:
        raise InputError(
            f"{lost} of {labelled.sum()} labelled voxels lie outside the head that was found in the T1 image. "
            "Use `strip: none` for this dataset, or look at the image."
        )
    (box,) = ndimage.find_objects(inside.astype(np.uint8))
    return replace(volumes, channels=volumes.channels * inside).cut(box)


def _near(labelled: np.ndarray, spacing_mm: tuple[float, ...], margin_mm: float) -> np.ndarray:
    near: np.ndarray = ndimage.distance_transform_edt(~labelled, sampling=spacing_mm) <= margin_mm
    return near


def find_head(image: np.ndarray) -> np.ndarray:
    """Return which voxels (D, H, W) belong to the head.

    The largest connected part above Otsu's threshold of the image, then holes (sinuses, dark skull) filled in each
    axial slice, where the scalp closes around them. The threshold is moved to the middle of the means of its two
    classes, where Otsu's lies anyway unless there is a gap between them: then his may be any place in the gap.
    """
    bright = image > threshold_otsu(image)
    parts, count = ndimage.label(image > (image[bright].mean() + image[~bright].mean()) / 2)
    if not count:
        return np.ones(image.shape, bool)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return np.stack([ndimage.binary_fill_holes(level) for level in parts == sizes.argmax()])
