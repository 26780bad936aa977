"""Headers written field by field, as programs write them that are not nibabel."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import pytest

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a NIfTI file of small whole numbers.

    Arguments: sform and qform, None where not set; pixdim; more fields of the header; shape; voxels; the file's name.
    """

    def make(
        sform: Any = None, qform: Any = None, *, pixdim: Any = None, shape: Any = (3, 4, 5), voxels: Any = None,
        name: str = "a.nii", **fields: Any,
    ) -> Path:  # fmt: skip
        header = nib.Nifti1Header()
        values = np.arange(np.prod(shape), dtype=np.int16) % 3 if voxels is None else np.ravel(voxels, order="F")
        header.set_data_dtype(values.dtype)
        header.set_data_shape(shape)
        if qform is not None:
            header.set_qform(qform, code=1)
        if sform is not None:
            header.set_sform(sform, code=1)
        if pixdim is not None:
            header["pixdim"][1:4] = pixdim
        header["magic"], header["vox_offset"] = b"n+1", 352
        for field, value in fields.items():
            header[field] = value
        path = tmp_path / name
        path.write_bytes(header.binaryblock + bytes(4) + values.tobytes())
        return path

    return make
