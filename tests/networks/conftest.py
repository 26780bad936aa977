"""The networks of the tests: each one that exists, as narrow as it can be, in each dimension that it has."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from softbench import networks
from torch import nn

SETTINGS: dict[str, dict[str, Any]] = {  # of a network that is not here, its defaults
    "compact_unet": {"widths": [4, 8, 16]},
    "unet3d": {"widths": [4, 8, 16]},
    "xception_unet": {"width": 4, "middle": 1},
    "epd_net": {"widths": [4, 4, 6, 6, 8, 8]},
    "monai": {"network": "UNet", "channels": [4, 8, 16], "strides": [2, 2], "num_res_units": 1},
}
KINDS = [(name, dims) for name in networks.names() for dims in networks.known_dims(name)]


@pytest.fixture(params=KINDS, ids=[f"{name}-{dims}d" for name, dims in KINDS])
def kind(request: pytest.FixtureRequest) -> tuple[str, int]:
    """A network's name and the dimensions of its images."""
    return request.param


@pytest.fixture
def make(kind: tuple[str, int]) -> Callable[..., nn.Module]:
    """Return a function that builds the network of `kind` from a seed."""
    name, dims = kind

    def build(in_channels: int = 2, classes: int = 3, seed: int = 0) -> nn.Module:
        torch.manual_seed(seed)
        return networks.build(name, in_channels, classes, dims, **SETTINGS.get(name, {}))

    return build


@pytest.fixture
def images(kind: tuple[str, int]) -> Callable[..., torch.Tensor]:
    """Return a function that draws two images for a network, their first axis `long` multiples, the others one."""
    dims = kind[1]

    def draw(network: nn.Module, in_channels: int = 2, long: int = 2) -> torch.Tensor:
        grid = [long * network.multiple, *[network.multiple] * (dims - 1)]
        return torch.randn(2, in_channels, *grid, generator=torch.Generator().manual_seed(1))

    return draw


@pytest.fixture
def deterministic() -> Iterator[None]:
    """Let torch raise on any operation that it knows to be nondeterministic."""
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(False)
