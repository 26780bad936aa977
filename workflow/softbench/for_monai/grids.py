"""What MONAI's tensors say of their grid, and their labels as this package takes them."""

from typing import Any

import numpy as np
import torch
from monai.data.meta_tensor import MetaTensor
from monai.utils.type_conversion import convert_to_numpy

from softbench.errors import InputError

VERSION = None  # reads what it is given


def spacing_of(affine: Any, dims: int) -> tuple[float, ...]:
    """Return the distance of voxel centres along each axis of an array, mm.

    Args:
        affine: (dims + 1, dims + 1), array index to world mm; (4, 4) of a slice is taken as of its first two axes.
        dims: 2 or 3.
    Raises: InputError: if the matrix has fewer axes than the array.
    """
    matrix = np.asarray(convert_to_numpy(affine), np.float64)
    if matrix.ndim != 2 or matrix.shape[1] <= dims:
        raise InputError(f"an affine of the shape {matrix.shape} cannot be of {dims} axes. Give `spacing_mm`.")
    return tuple(float(step) for step in np.sqrt((matrix[:-1, :dims] ** 2).sum(axis=0)))


def affine_of(tensor: Any, index: int | None = None) -> Any:
    """Return the affine of a MetaTensor, or of one item of a batch of them; None where the tensor carries none."""
    if not isinstance(tensor, MetaTensor):
        return None
    affine: Any = tensor.affine
    return affine[index] if index is not None and affine.ndim == 3 else affine


def as_array(values: Any) -> np.ndarray:
    """Return what a tensor or an array holds as an array."""
    plain = values.as_tensor() if isinstance(values, MetaTensor) else values
    return plain.detach().cpu().numpy() if isinstance(plain, torch.Tensor) else np.asarray(plain)


def class_ids(name: str, labels: Any) -> np.ndarray:
    """Return label maps as integers: MONAI reads them as floats.

    Raises: InputError: if a value is no whole number, as after resampling by interpolation.
    """
    array = as_array(labels)
    if array.dtype == bool:
        return array.astype(np.uint8)
    if np.issubdtype(array.dtype, np.integer):
        return array
    whole = np.rint(array)
    if not np.array_equal(whole, array):
        some = np.unique(array[whole != array])[:3]
        raise InputError(
            f"`{name}` must hold class ids, but holds {', '.join(f'{value:g}' for value in some)}. "
            'Resample label maps with mode="nearest", and make soft labels of them before any other interpolation.'
        )
    return whole.astype(np.int64)
