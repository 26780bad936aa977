"""Writes label maps and probabilities of two cases as NIfTI, with nothing but what the package needs:

python tests/package/score_example.py FOLDER
"""

import sys
from pathlib import Path

import nibabel as nib
import numpy as np
from softbench import soft_labels

folder = Path(sys.argv[1])
for number in range(2):
    labels = np.zeros((12, 12, 12), np.uint8)
    labels[3:8, 3:8, 3 : 8 + number] = 1
    soft = soft_labels.svls.soften(labels[None], None, (1.0, 1.0, 1.0), classes=2)
    for name, array in {"references": labels, "soft": np.moveaxis(soft, 0, -1)}.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        nib.save(nib.Nifti1Image(array, np.eye(4)), folder / name / f"case_{number}.nii.gz")
