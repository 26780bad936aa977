"""From host memory to the device of training, without waiting for it."""

import numpy as np
import torch

VERSION = 1


def send(values: np.ndarray | torch.Tensor, device: torch.device) -> torch.Tensor:
    """Return values on a device; floats of numpy become float32. A tensor that is there already is returned as it is.

    To a GPU the copy goes by way of pinned memory, so that it runs beside the work that the GPU has already been given;
    torch keeps the pinned memory until the copy is done.
    """
    if isinstance(values, np.ndarray):
        values = torch.from_numpy(values.astype(np.float32) if values.dtype.kind == "f" else values)
    if values.device.type == device.type:
        return values
    staged = torch.empty(values.shape, dtype=values.dtype, pin_memory=True).copy_(values)
    return staged.to(device, non_blocking=True)
