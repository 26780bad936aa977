"""Tissues of body composition, from body regions and the HU of fat: our derivation, nobody's annotation."""

import numpy as np
from scipy.ndimage import affine_transform

from softbench.images import Image

VERSION = 1
REGIONS = (  # of SAROS; the index is the published id
    "background",
    "subcutaneous tissue",
    "muscle",
    "abdominal cavity",
    "thoracic cavity",
    "bone",
    "parotid glands",
    "pericardium",
    "breast implant",
    "mediastinum",
    "brain",
    "spinal cord",
    "thyroid glands",
    "submandibular glands",
)
SUBCUTANEOUS, MUSCLE, ABDOMINAL_CAVITY = 1, 2, 3
FAT_HU = (-190.0, -30.0)  # the usual range of adipose tissue, both ends included
MUS, IMAT, SAT, VAT, OTHER = 1, 2, 3, 4, 5
AIR_HU = -1024.0  # where there is no CT


def derive(regions: np.ndarray, hu: np.ndarray) -> np.ndarray:
    """Return tissues (H, W) uint8: 1 muscle, 2 fat in muscle, 3 under the skin, 4 visceral fat, 5 the rest of the body.

    Args:
        regions: (H, W), ids of `REGIONS`.
        hu: (H, W).
    """
    fat = (hu >= FAT_HU[0]) & (hu <= FAT_HU[1])
    tissues = np.where(regions > 0, OTHER, 0)
    tissues[regions == SUBCUTANEOUS] = SAT
    tissues[regions == MUSCLE] = MUS
    tissues[(regions == MUSCLE) & fat] = IMAT
    tissues[(regions == ABDOMINAL_CAVITY) & fat] = VAT
    return tissues.astype(np.uint8)


def on_slice(series: Image, grid: Image, level: int) -> np.ndarray | None:
    """Return the HU (H, W) of a CT on one slice of another grid: trilinear, -1024 outside; None where it never reaches.

    Args:
        series: the CT, (D, H, W).
        grid: the label map.
        level: index of the slice along D of `grid`.
    """
    to_index = np.round(np.linalg.inv(series.affine) @ grid.affine, 6)  # rounded: borders that coincide must do so
    start = to_index[:3, 3] + to_index[:3, 0] * level
    middle = start + to_index[:3, 1:3] @ (np.array(grid.array.shape[1:]) - 1) / 2
    if (middle < -0.5).any() or (middle > np.array(series.array.shape) - 0.5).any():
        return None
    matrix = np.column_stack([np.zeros(3), to_index[:3, 1:3]])
    shape = (1, *grid.array.shape[1:])
    hu = affine_transform(
        series.array.astype(np.float32), matrix, start, shape, order=1, mode="grid-constant", cval=AIR_HU
    )
    return np.asarray(hu[0], np.float32)
