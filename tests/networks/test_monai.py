"""MONAI's networks by name: what is filled in, what is found by trial, and what is said when it fails."""

import inspect
from typing import Any

import pytest
import torch
from monai.networks import nets
from softbench import InputError, networks
from softbench.networks import monai, monai_arguments
from softbench.networks.monai import full_resolution
from torch import nn

UNET = {"network": "UNet", "channels": [4, 8, 16], "strides": [2, 2]}
DYNUNET = {
    "network": "DynUNet", "kernel_size": [3, 3, 3], "strides": [1, 2, 2], "upsample_kernel_size": [2, 2],
    "filters": [4, 8, 16],
}  # fmt: skip
UNETPP = {"network": "BasicUNetPlusPlus", "features": [4, 4, 4, 8, 8, 4]}


def build(dims: int = 3, **settings: Any) -> nn.Module:
    torch.manual_seed(0)
    return networks.build("monai", 2, 3, dims, **settings)


class Fixed(nn.Module):
    """A network of one image size, as vision transformers are."""

    def __init__(self, in_channels: int, num_classes: int, img_size: list[int], spatial_dims: int = 3) -> None:
        super().__init__()
        self.size = list(img_size)
        self.layer = (nn.Conv2d, nn.Conv3d)[spatial_dims - 2](in_channels, num_classes, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        if list(images.shape[2:]) != self.size:
            raise ValueError(f"I take only {self.size}.")
        return self.layer(images)


@pytest.mark.parametrize(
    ("settings", "multiple"),
    [
        (UNET, 4),  # halves the grid twice
        (DYNUNET, 4),
        ({"network": "SegResNet", "init_filters": 8}, 8),  # halves it three times by default
        ({"network": "HighResNet"}, 1),  # never
        ({"network": "SwinUNETR", "feature_size": 12}, 32),  # patches of 2, merged four times
        (UNETPP, 16),  # pads odd lengths, but four poolings need sixteen voxels
    ],
    ids=lambda one: one["network"] if isinstance(one, dict) else str(one),
)
def test_multiple_is_found(settings: dict[str, Any], multiple: int) -> None:
    assert build(dims=2, **settings).multiple == multiple


def test_multiple_of_the_settings_is_kept() -> None:
    assert build(**UNET, multiple=12).multiple == 12


def test_multiple_that_will_not_do_is_refused() -> None:
    with pytest.raises(InputError, match="whose lengths are multiples of 6"):
        build(**UNET, multiple=6)


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize(
    "settings",
    [
        {**DYNUNET, "deep_supervision": True, "deep_supr_num": 1},
        {"network": "SegResNetDS", "init_filters": 8, "dsdepth": 2, "blocks_down": [1, 1]},
        {**UNETPP, "deep_supervision": True},
    ],
    ids=lambda one: one["network"],
)
def test_deeply_supervised_networks_give_one_map_in_training_and_after(settings: dict[str, Any], dims: int) -> None:
    network = build(dims=dims, **settings)
    grid = [2 * network.multiple, *[network.multiple] * (dims - 1)]
    images = torch.randn(2, 2, *grid)
    assert network.train()(images).shape == network.eval()(images).shape == (2, 3, *grid)


def test_training_and_inference_read_the_same_output() -> None:
    network = build(**DYNUNET, deep_supervision=True, deep_supr_num=1)
    images = torch.randn(2, 2, 8, 8, 8)  # instance norm alone: both modes compute the same
    torch.testing.assert_close(network.train()(images), network.eval()(images))


def test_full_resolution_output_is_chosen() -> None:
    full, coarse = torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 4, 4)
    grid = full.shape[2:]
    assert full_resolution([full, coarse], 3, grid) is full  # SegResNetDS
    assert full_resolution((full, None), 3, grid) is full  # SegResNetVAE
    assert full_resolution([coarse + 1, full + 1, full], 3, grid) is full  # UNet++: the deepest comes last
    assert full_resolution(torch.stack([full, full + 1], dim=1), 3, grid).sum() == 0  # DynUNet: a stack
    with pytest.raises(InputError, match=r"must give \(B, 3, 8, 8\), but gives \(1, 3, 4, 4\)"):
        full_resolution([coarse], 3, grid)


def test_head_is_the_layer_before_the_logits() -> None:
    network = build(**DYNUNET, deep_supervision=True, deep_supr_num=1)
    assert network.head is network.network.output_block.conv.conv


def test_head_with_a_norm_behind_it_is_none() -> None:
    assert build(dims=2, network="HighResNet").head is None


def test_looking_for_the_head_leaves_the_weights_alone() -> None:
    network = build(**UNET)
    torch.manual_seed(0)
    untouched = nets.UNet(3, 2, 3, channels=[4, 8, 16], strides=[2, 2])
    weights = zip(network.network.parameters(), untouched.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in weights)
    assert network.training


def test_network_of_one_image_size_takes_it_as_multiple(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nets, "Fixed", Fixed, raising=False)
    assert build(network="Fixed", img_size=[24, 24, 24]).multiple == 24
    assert build(network="Fixed", img_size=[24, 32, 16]).multiple == 1  # no padding makes another size fit


def test_arguments_read_from_the_text_of_monai_are_those_of_its_classes() -> None:
    assert monai_arguments.names() == monai.names()
    for name in monai_arguments.names():
        taken = inspect.signature(getattr(nets, name)).parameters
        plain = [n for n, p in taken.items() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        needed = [n for n in plain if taken[n].default is inspect.Parameter.empty]
        has = monai_arguments.find(name)
        assert has == monai_arguments.Arguments(tuple(plain), tuple(needed), len(plain) < len(taken)), name


def test_nothing_is_said_of_networks_where_monai_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(monai_arguments, "_modules", dict)
    monai_arguments.find.cache_clear()
    assert monai_arguments.problem({"name": "monai", "network": "SegRes"}) is None
    monai_arguments.find.cache_clear()


def test_missing_image_size_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nets, "Fixed", Fixed, raising=False)
    with pytest.raises(InputError, match="network Fixed of MONAI needs 'img_size'; its arguments: img_size"):
        build(network="Fixed")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"network": "SegRes"}, "`network` must be one of .*SegResNet, .*but is 'SegRes'"),
        (
            {"network": "SegResNet", "init_filter": 8},
            "'init_filter', which it does not know; its arguments: init_filters",
        ),
        ({"network": "SegResNet", "out_channels": 8}, "'out_channels', which follow from the data set"),
        (
            {"network": "SegResNet", "init_filters": 4},
            r"cannot be built with the arguments \{'init_filters': 4\}; it says: ",
        ),
        ({"network": "UNet", "channels": [4, 8]}, "needs 'strides'"),
        ({"network": "DenseNet121"}, r"no logits on the grid of 3-D .* gives \(1, 3\)"),
        ({"network": "DenseNet121", "pretrained": True}, "each seed draws its own weights"),
    ],
)
def test_what_cannot_be_is_said(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        build(**settings)
