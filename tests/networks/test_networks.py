"""What holds for every network found: grid, gradients, determinism, seeds, padding, layout, weights as a file."""

import copy

import numpy as np
import pytest
import torch
from softbench import InputError, networks
from softbench.training import inference
from softbench.training.device import channels_last
from softbench.training.inference import hash_weights
from torch.nn import functional


def test_logits_lie_on_the_grid_of_the_image(make, images) -> None:
    network = make()
    batch = images(network)
    assert network(batch).shape == (2, 3, *batch.shape[2:])


def test_one_multiple_along_most_axes_is_enough(make, images) -> None:
    network = make().eval()
    batch = images(network, long=3)
    assert network(batch).shape == (2, 3, *batch.shape[2:])


def test_any_numbers_of_channels_and_classes_will_do(make, images) -> None:
    network = make(in_channels=5, classes=7)
    batch = images(network, in_channels=5)
    assert network(batch).shape == (2, 7, *batch.shape[2:])


def test_inference_pads_other_lengths_and_cuts_them_off(kind, make) -> None:
    grid = (37, 19, 21)[: kind[1]]
    image = np.random.default_rng(0).normal(size=(2, *grid)).astype(np.float32)
    assert inference.logits(make(), image).shape == (3, *grid)


def test_every_weight_learns(make, images) -> None:
    network = make()
    batch = images(network)
    (network(batch) * torch.randn_like(network(batch))).sum().backward()
    dead = [name for name, one in network.named_parameters() if one.grad is None or not one.grad.abs().max() > 0]
    assert dead == []


@pytest.mark.usefixtures("deterministic")
def test_forward_and_backward_are_deterministic(make, images) -> None:
    def step() -> list[torch.Tensor]:
        network = make()
        logits = network(images(network))
        logits.square().mean().backward()
        return [logits, *(weight.grad for weight in network.parameters())]

    assert all(torch.equal(a, b) for a, b in zip(step(), step(), strict=True))


def test_a_seed_gives_its_own_weights(make) -> None:
    assert hash_weights(make(seed=1)) == hash_weights(make(seed=1))
    assert hash_weights(make(seed=1)) != hash_weights(make(seed=2))


def test_loss_falls(make, images) -> None:
    network = make(classes=2)
    batch = images(network)
    label = (functional.avg_pool1d(batch[:, 0].flatten(1), 3, 1, 1) > 0).long().reshape(batch[:, 0].shape)
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-2)
    losses = []
    for _ in range(15):
        loss = functional.cross_entropy(network(batch), label)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.9 * losses[0]


def test_weights_of_a_file_give_the_same_logits(make, images) -> None:
    trained, fresh = make(seed=1), make(seed=2)
    batch = images(trained)
    trained(batch)  # moves the statistics of batch normalisation
    fresh.load_state_dict(trained.state_dict())
    assert torch.equal(fresh.eval()(batch), trained.eval()(batch))


def test_each_weight_has_one_name(make) -> None:
    state = make().state_dict()
    assert len({value.data_ptr() for value in state.values()}) == len(state)


def test_channels_last_changes_no_more_than_the_last_digits(make, images) -> None:
    network = make().eval()
    batch = images(network)
    other = channels_last(copy.deepcopy(network))
    torch.testing.assert_close(other(channels_last(batch)), network(batch), rtol=1e-3, atol=1e-4)


def test_bias_of_the_head_is_added_to_the_logits(make, images) -> None:
    network = make().eval()
    if network.head is None:
        pytest.skip("has no layer whose bias is added to the logits")
    batch = images(network)
    change = torch.tensor([1.0, -2.0, 3.0])
    with torch.no_grad():
        before = network(batch)
        network.head.bias += change
        moved = (network(batch) - before).movedim(1, -1)
    torch.testing.assert_close(moved, change.expand_as(moved), rtol=0, atol=1e-4)


def test_unknown_network_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match=f"{', '.join(networks.names())}, but is 'no_such_network'"):
        networks.build("no_such_network", 1, 2, 3)


@pytest.mark.parametrize("name", ["epd_net", "xception_unet"])
def test_planar_networks_refuse_volumes(name: str) -> None:
    with pytest.raises(InputError, match=f"{name} is 2-D, but the images are 3-D"):
        networks.build(name, 1, 2, 3)


def test_missing_and_unknown_settings_are_named_with_the_known_ones() -> None:
    problem = r"network unet3d lacks 'widths' and sets 'width', which 'unet3d' does not know; its settings: widths\."
    with pytest.raises(InputError, match=problem):
        networks.build("unet3d", 1, 2, 3, width=8)


def test_settings_are_checked_without_building() -> None:
    networks.require_settings("here", "xception_unet", ["width"])
    networks.require_settings("here", "monai", ["network", "init_filters"])
    with pytest.raises(InputError, match=r"here sets 'depth'.*; its settings: middle \(optional\), width \(optional\)"):
        networks.require_settings("here", "xception_unet", ["depth"])


def test_compact_unet_refuses_an_image_that_leaves_nothing_to_normalise_over() -> None:
    network = networks.build("compact_unet", 1, 2, 3, widths=[4, 8, 16])
    assert network(torch.zeros(1, 1, 4, 4, 8)).shape == (1, 2, 4, 4, 8)
    with pytest.raises(InputError, match=r"4 x 4 x 4 is one voxel on .* coarsest grid.*crop of at least 8 along"):
        network(torch.zeros(2, 1, 4, 4, 4))
