"""How tensors lie in memory."""

from typing import Any

import torch
from torch import nn

VERSION = 1


def channels_last(thing: Any) -> Any:
    """Lay the channels of images (B, M, ...) or of a network's weights last, in 2-D and 3-D.

    It makes convolutions 1.1 to 1.7 times faster on CPUs, and is what GPUs want too; the numbers differ in their last
    digits from the other layout, so training and inference both use it.
    """
    dims = {p.ndim for p in thing.parameters()} if isinstance(thing, nn.Module) else {thing.ndim}
    return thing.to(memory_format=torch.channels_last_3d if 5 in dims else torch.channels_last)
