"""The networks of the papers have the layers and the numbers of weights that their sources give."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
import torch
import yaml
from softbench import InputError, networks
from softbench.networks.epd_net import Attention, ResConv
from softbench.plan.config import read
from torch import nn

DOCUMENT = Path(__file__).parents[2] / "docs" / "networks.md"
ROW = re.compile(r"^\| `(\{.*\})` \| (\d+) \| (\d+) \| (\d) \| ([\d ]+) \|$", re.MULTILINE)
STATED = [
    (yaml.safe_load(m[1]), *map(int, m.groups()[1:4]), int(m[5].replace(" ", "")))
    for m in ROW.finditer(DOCUMENT.read_text())
]


def count(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


def kinds(module: nn.Module, kind: type[nn.Module]) -> int:
    return sum(isinstance(one, kind) for one in module.modules())


def test_document_states_every_network_of_the_config(root: Path) -> None:
    config = read(root).values
    used = {settings["name"] for settings in config["networks"].values()}
    stated = {settings["name"] for settings, *_ in STATED}
    assert used | {"monai"} <= stated <= set(networks.names())


@pytest.mark.parametrize(("settings", "channels", "classes", "dims", "weights"), STATED, ids=str)
def test_weights_are_as_many_as_the_document_states(settings, channels, classes, dims, weights) -> None:
    own = {name: value for name, value in settings.items() if name != "name"}
    assert networks.parameters(settings["name"], channels, classes, dims, **own) == weights


def test_networks_of_the_example_can_be_built() -> None:
    example = yaml.safe_load(re.search(r"```yaml\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)[1])["networks"]
    made = {name: networks.build(in_channels=1, classes=2, dims=3, **settings) for name, settings in example.items()}
    assert {name: network.multiple for name, network in made.items()} == {"segresnet": 8, "dynunet": 8}


def test_counting_weights_draws_no_random_numbers() -> None:
    state = torch.get_rng_state()
    networks.parameters("compact_unet", 1, 2, 2, widths=[4, 8])
    assert torch.equal(torch.get_rng_state(), state)


def test_unet3d_has_the_weights_of_its_layers() -> None:
    def block(narrow: int, wide: int) -> int:
        return 27 * narrow * wide + 2 * wide  # a 3 x 3 x 3 kernel without bias; scale and shift of the group norm

    # the encoder's first convolution of a level gives half the level's channels, never fewer than come in
    widths = [16, 32, 64, 128, 256, 512]
    encoder = sum(
        block(before, max(width // 2, before)) + block(max(width // 2, before), width)
        for before, width in pairwise([4, *widths])
    )
    decoder = sum(block(narrow + wide, narrow) + block(narrow, narrow) for narrow, wide in pairwise(widths))
    head = 16 * 4 + 4
    assert networks.parameters("unet3d", 4, 4, 3, widths=widths) == encoder + decoder + head


def test_unet3d_normalises_what_relu_gives() -> None:
    first = networks.build("unet3d", 4, 4, 3, widths=[16, 32]).encoder[0]
    assert [type(layer) for layer in first[0]] == [nn.Conv3d, nn.ReLU, nn.GroupNorm]
    assert [block[2].num_groups for block in first] == [8, 8]


def test_unet3d_doubles_the_grid_by_copies() -> None:
    network = networks.build("unet3d", 1, 2, 3, widths=[8, 8]).eval()
    seen = []
    network.decoder[0].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    network(torch.randn(1, 1, 4, 4, 4))
    doubled = seen[0][:, 8:]
    assert torch.equal(doubled[:, :, ::2, ::2, ::2], doubled[:, :, 1::2, 1::2, 1::2])


def planned(spacing: list[float], patch: list[int]) -> tuple[list[list[int]], list[list[int]]]:
    """Return nnU-Net's kernels and strides of each level: an axis is halved while its voxels are less than twice as
    large as the smallest of the axes that may be halved, and while four voxels of it are left."""
    spacing, patch, kernel = list(spacing), list(patch), [1, 1, 1]
    kernels, strides = [], [[1, 1, 1]]
    while may := [axis for axis in range(3) if patch[axis] >= 8]:
        fine = min(spacing[axis] for axis in may)
        halved = [axis for axis in may if spacing[axis] < 2 * fine]
        kernel = [3 if side == 3 or spacing[axis] < 2 * min(spacing) else 1 for axis, side in enumerate(kernel)]
        kernels.append(list(kernel))
        strides.append([2 if axis in halved else 1 for axis in range(3)])
        for axis in halved:
            spacing[axis], patch[axis] = 2 * spacing[axis], patch[axis] // 2
    return [*kernels, [3, 3, 3]], strides


def test_superpixel_network_is_the_one_that_nnunet_plans(root: Path) -> None:
    config = read(root).values
    experiment = config["experiments"]["superpixel_mrbrains18"]
    network = config["networks"][experiment["networks"][0]]
    patch = config["protocols"][experiment["protocol"]]["patch_size"]
    kernels, strides = planned([3.0, 0.958, 0.958], patch)
    assert (network["network"], network["kernel_size"], network["strides"]) == ("DynUNet", kernels, strides)
    assert network["upsample_kernel_size"] == strides[1:]
    assert network["filters"] == [min(320, 30 * 2**level) for level in range(6)]


def test_superpixel_network_has_one_output_and_a_head_for_the_prior(root: Path) -> None:
    config = read(root).values
    settings = {**config["networks"]["nnunet3d"], "filters": [2, 2, 2, 2, 2, 2]}
    network = networks.build(in_channels=3, classes=9, dims=3, **settings)
    assert network.multiple == 32
    assert network.head.out_channels == 9
    assert not network.network.deep_supervision
    assert {type(one) for one in network.modules() if "Norm" in type(one).__name__} == {nn.InstanceNorm3d}


def test_encoder_has_the_weights_of_xception() -> None:
    # Chollet 2017 counts 22,855,952; its classifier has 2048 x 1000 weights and 1000 biases
    encoder = networks.build("xception_unet", 3, 10, 2).encoder
    assert count(encoder) == 22_855_952 - (2048 * 1000 + 1000)


def test_xception_convolves_each_channel_on_its_own() -> None:
    encoder = networks.build("xception_unet", 3, 10, 2, width=4).encoder
    layers = [one for one in encoder.modules() if isinstance(one, nn.Conv2d)]
    depthwise = [one for one in layers if one.groups > 1]
    # entry 3 blocks of 2, middle 8 of 3, exit 2 + 2
    assert len(depthwise) == 3 * 2 + 8 * 3 + 4
    assert all(one.groups == one.in_channels == one.out_channels for one in depthwise)


def blocks_of(network: nn.Module) -> list[ResConv]:
    return [one for one in network.modules() if isinstance(one, ResConv)]


def test_epd_net_has_the_layers_that_the_paper_counts() -> None:
    network = networks.build("epd_net", 3, 6, 2)
    encoder, decoder = [network.encoder, network.deepest], [network.merge, network.up]
    assert sum(kinds(part, ResConv) for part in encoder) == 11
    assert kinds(network, nn.MaxPool2d) == 5
    assert sum(kinds(part, ResConv) for part in decoder) == 4
    assert kinds(network, nn.ConvTranspose2d) == 5
    assert (network.head.kernel_size, network.head.out_channels) == ((1, 1), 6)


def test_each_res_conv_of_epd_net_has_both_attentions_with_weights_of_its_own_and_nothing_else_has() -> None:
    network = networks.build("epd_net", 3, 6, 2)
    blocks = blocks_of(network)
    assert len(blocks) == 15
    assert [kinds(block, Attention) for block in blocks] == [1] * 15
    assert kinds(network, Attention) == 15
    for block in blocks:
        width = block.extract[-1].num_features
        assert (block.attend.spatial.in_channels, block.attend.spatial.out_channels) == (width, 1)
        assert (block.attend.channel[0].in_channels, block.attend.channel[-1].out_channels) == (width, width)
    learned = [one for name, one in network.named_parameters() if name.endswith("attend.weights")]
    assert [weights.shape for weights in learned] == [(2,)] * 15


def test_res_conv_joins_inputs_and_attended_features_element_by_element() -> None:
    torch.manual_seed(0)
    for block in (ResConv(4, 4), ResConv(3, 8)):
        width = block.extract[-1].num_features
        with torch.no_grad():
            block.attend.weights.copy_(torch.tensor([0.75, -0.5]))
        inputs = torch.randn(2, block.extract[0].in_channels, 6, 6)
        features = block.extract(inputs)
        spatial = torch.sigmoid(block.attend.spatial(features))
        channel = torch.sigmoid(block.attend.channel(features.mean(dim=(2, 3), keepdim=True)))
        assert (spatial.shape, channel.shape) == ((2, 1, 6, 6), (2, width, 1, 1))
        kept = inputs if width == inputs.shape[1] else block.shortcut(inputs)
        joined = torch.relu(kept + 0.75 * spatial * features - 0.5 * channel * features)
        torch.testing.assert_close(block(inputs), joined)


def test_res_conv_is_a_plain_residual_block_where_its_gates_know_nothing() -> None:
    block = ResConv(4, 4)
    with torch.no_grad():
        for gate in (block.attend.spatial, block.attend.channel[-1]):
            gate.weight.zero_()
            gate.bias.zero_()
    inputs = torch.randn(2, 4, 6, 6)
    # sigmoid(0) = 1/2 for both gates, and both weights start at 1
    torch.testing.assert_close(block(inputs), torch.relu(inputs + block.extract(inputs)))


def test_gradients_reach_every_attention_of_epd_net() -> None:
    torch.manual_seed(0)
    network = networks.build("epd_net", 1, 3, 2, widths=[4, 4, 6, 6, 8, 8])
    network(torch.randn(2, 1, 64, 64)).square().mean().backward()
    gates = {name: one.grad for name, one in network.named_parameters() if ".attend." in name}
    assert len(gates) == 15 * (1 + 2 + 4)  # weights; kernel and bias of the spatial gate, of two layers of the other
    assert [name for name, grad in gates.items() if not grad.abs().max() > 0] == []


def test_epd_net_is_as_large_as_its_source_says() -> None:
    """Ali et al. 2022 give around 5 million weights; they segment photographs into two classes."""
    assert 4.5e6 < networks.parameters("epd_net", 3, 2, 2) < 5.5e6


def test_epd_net_asks_for_six_widths() -> None:
    with pytest.raises(InputError, match=r"must hold 6 numbers, one a resolution, but is \[8, 16\]"):
        networks.build("epd_net", 3, 6, 2, widths=[8, 16])
