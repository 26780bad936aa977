"""Every network found keeps the grid, and says what its input must be a multiple of."""

import pytest
import torch
from softbench import InputError, networks

SETTINGS = {"compact_unet": {"widths": [4, 8, 16]}}


@pytest.mark.parametrize("name", networks.names())
@pytest.mark.parametrize("dims", [2, 3])
def test_logits_lie_on_the_grid_of_the_image(name: str, dims: int) -> None:
    network = networks.build(name, 2, 3, dims, **SETTINGS[name])
    grid = (2 * network.multiple,) * dims
    assert network(torch.zeros(1, 2, *grid)).shape == (1, 3, *grid)


def test_compact_unet_has_the_weights_that_config_states() -> None:
    network = networks.build("compact_unet", 1, 3, 3, widths=[8, 16, 32, 64])
    assert sum(weight.numel() for weight in network.parameters()) == 276_395


def test_gradients_are_deterministic() -> None:
    def gradients() -> list[torch.Tensor]:
        torch.manual_seed(0)
        network = networks.build("compact_unet", 1, 2, 3, widths=[4, 8])
        network(torch.ones(1, 1, 8, 8, 8)).square().mean().backward()
        return [weight.grad for weight in network.parameters()]

    assert all(torch.equal(a, b) for a, b in zip(gradients(), gradients(), strict=True))


def test_unknown_network_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match="compact_unet"):
        networks.build("resnet", 1, 2, 3)
