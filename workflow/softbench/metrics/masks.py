"""Check of the masks that the mask metrics receive."""

from typing import Any

import numpy as np

from softbench.errors import InputError

VERSION = 1


def require_mask(name: str, mask: Any) -> np.ndarray:
    """Return a mask (D, H, W) or (H, W) as booleans.

    Raises: InputError: if it is neither 2-D nor 3-D, or holds anything but False and True (or 0 and 1).
    """
    array = np.asarray(mask)
    if array.ndim not in (2, 3):
        raise InputError(f"`{name}` must be (D, H, W) or (H, W), but its shape is {array.shape}.")
    if array.dtype == bool:
        return array
    if not np.issubdtype(array.dtype, np.integer) or (array.size and (array.min() < 0 or array.max() > 1)):
        found = f"{array.dtype} from {array.min()} to {array.max()}" if array.size else f"{array.dtype}"
        raise InputError(
            f"`{name}` must be a mask of False and True, but holds {found}. "
            "Pick a structure first: `labels == 3`, or `probabilities > 0.5`."
        )
    return array.astype(bool)
