"""Layers for CPUs compute what torch's compute, with the same weights, in the layout that they are given."""

import pytest
import torch
from softbench import networks
from softbench.networks.layers import convolution
from softbench.networks.layers.head import Head2d, Head3d
from softbench.networks.layers.normalisation import InstanceNormLeakyReLU, is_fast
from torch import nn
from torch.nn import functional

LAST = {4: torch.channels_last, 5: torch.channels_last_3d}
SHAPES = [(2, 8, 6, 8, 10), (1, 3, 5, 7, 3), (3, 16, 12, 14), (2, 1, 4, 4), (2, 300, 2, 3), (1, 8, 40, 48, 32)]


def draw(shape: tuple[int, ...], mean: float = 0.0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(sum(shape))
    values = torch.randn(shape, generator=generator) * torch.linspace(0.5, 2, shape[1]).view(
        -1, *[1] * (len(shape) - 2)
    )
    return (values + mean).contiguous(memory_format=LAST[len(shape)])


def of_torch(layer: InstanceNormLeakyReLU, features: torch.Tensor) -> torch.Tensor:
    """What the layer stands for, in float64 by torch."""
    scale, shift = layer.weight.double(), layer.bias.double()
    normal = functional.group_norm(features.double(), len(scale), scale, shift, layer.eps)
    return functional.leaky_relu(normal, layer.slope)


def with_weights(channels: int) -> InstanceNormLeakyReLU:
    layer = InstanceNormLeakyReLU(channels)
    with torch.no_grad():
        layer.weight.copy_(torch.linspace(-1, 2, channels))
        layer.bias.copy_(torch.linspace(0.5, -0.5, channels))
    return layer


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("mean", [0.0, 50.0])
def test_normalisation_and_its_gradients_are_those_of_torch(shape: tuple[int, ...], mean: float) -> None:
    layer, features = with_weights(shape[1]), draw(shape, mean).requires_grad_()
    assert is_fast(features)
    out, expected = layer(features), of_torch(layer, features)
    assert out.is_contiguous(memory_format=LAST[len(shape)])
    torch.testing.assert_close(out.double(), expected, rtol=1e-5, atol=2e-5)
    inputs, gradient = (features, layer.weight, layer.bias), draw(shape)
    for ours, theirs in zip(
        torch.autograd.grad(out, inputs, gradient),
        torch.autograd.grad(expected, inputs, gradient.double()),
        strict=True,
    ):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4 * float(theirs.abs().max()))


def test_large_mean_takes_no_digits_away() -> None:
    layer, features = InstanceNormLeakyReLU(8), draw((2, 8, 16, 16, 16), mean=1000)
    torch.testing.assert_close(layer(features).double(), of_torch(layer, features), rtol=0, atol=1e-3)


def test_constant_channel_becomes_the_shift() -> None:
    layer, features = with_weights(4), torch.full((1, 4, 6, 6), 7.0).contiguous(memory_format=torch.channels_last)
    expected = functional.leaky_relu(layer.bias, 0.01)[None, :, None, None].expand(1, 4, 6, 6)
    assert torch.equal(layer(features), expected)


def test_gradient_in_another_layout_counts_alike() -> None:
    layer, features = with_weights(8), draw((2, 8, 6, 8, 10)).requires_grad_()
    gradient = draw((2, 8, 6, 8, 10))
    one, other = (
        torch.autograd.grad(layer(features), features, given)[0] for given in (gradient, gradient.contiguous())
    )
    assert torch.equal(one, other)


@pytest.mark.parametrize(
    "features",
    [
        draw((2, 8, 6, 8, 10)).contiguous(),
        draw((2, 8, 6, 8, 10)).double(),
        draw((2, 8, 6, 8, 10)).bfloat16(),
    ],
)
def test_other_layouts_and_types_are_left_to_torch(features: torch.Tensor) -> None:
    layer = with_weights(8).to(features.dtype)
    expected = functional.leaky_relu(functional.group_norm(features, 8, layer.weight, layer.bias), 0.01)
    assert not is_fast(features)
    assert torch.equal(layer(features), expected)


def test_weights_have_the_names_of_torch() -> None:
    plain = nn.Sequential(nn.Conv3d(1, 8, 3, padding=1, bias=False), nn.GroupNorm(8, 8), nn.LeakyReLU(0.01))
    ours = nn.Sequential(convolution.NarrowConvolution3d(1, 8), InstanceNormLeakyReLU(8))
    ours.load_state_dict(plain.state_dict())
    images = draw((1, 1, 6, 6, 6))
    torch.testing.assert_close(ours(images), plain(images), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [(2, 8, 6, 8, 10), (1, 8, 7, 5, 4), (3, 8, 12, 14), (2, 4, 6, 8, 10), (3, 2, 12, 14)])
def test_convolution_in_pairs_and_its_gradients_are_those_of_torch(shape: tuple[int, ...]) -> None:
    dims = len(shape) - 2
    layer = (convolution.NarrowConvolution2d, convolution.NarrowConvolution3d)[dims - 2](shape[1], 8)
    features = draw(shape).requires_grad_()
    exact = convolution.CONVOLUTION[dims](features.double(), layer.weight.double(), padding=1)
    out = convolution.convolve(features, layer.weight)
    assert out.is_contiguous(memory_format=LAST[len(shape)])
    torch.testing.assert_close(out.double(), exact, rtol=1e-5, atol=1e-5)
    inputs, gradient = (features, layer.weight), draw((shape[0], 8, *shape[2:]))
    own, right = torch.autograd.grad(out, inputs, gradient), torch.autograd.grad(exact, inputs, gradient.double())
    for ours, theirs in zip(own, right, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5 * float(theirs.abs().max()))


def test_convolution_goes_in_pairs_only_where_that_is_faster(monkeypatch) -> None:
    layer, features = convolution.NarrowConvolution2d(8, 8), draw((1, 8, 6, 6))
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    assert convolution.pays(features, layer.weight)
    assert not convolution.pays(features[..., :5], layer.weight)  # an odd length
    assert not convolution.pays(features.contiguous(), layer.weight)
    assert convolution.pays(draw((1, 4, 6, 6)), convolution.NarrowConvolution2d(4, 8).weight)
    assert not convolution.pays(draw((1, 1, 6, 6)), convolution.NarrowConvolution2d(1, 8).weight)
    assert not convolution.pays(draw((1, 8, 6, 6)), convolution.NarrowConvolution2d(8, 16).weight)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    assert not convolution.pays(features, layer.weight)


@pytest.mark.parametrize("shape", [(2, 8, 6, 8, 10), (1, 8, 7, 5, 3), (3, 8, 12, 14)])
@pytest.mark.parametrize("classes", [1, 3])
def test_head_and_its_gradients_are_those_of_torch(shape: tuple[int, ...], classes: int) -> None:
    dims = len(shape) - 2
    layer = (Head2d, Head3d)[dims - 2](8, classes)
    features = draw(shape).requires_grad_()
    exact = convolution.CONVOLUTION[dims](features.double(), layer.weight.double(), layer.bias.double())
    out = layer(features)
    assert out.is_contiguous()
    torch.testing.assert_close(out.double(), exact, rtol=1e-5, atol=1e-5)
    inputs, gradient = (features, layer.weight, layer.bias), draw((shape[0], classes, *shape[2:]))
    own, right = torch.autograd.grad(out, inputs, gradient), torch.autograd.grad(exact, inputs, gradient.double())
    assert own[0].is_contiguous(memory_format=LAST[len(shape)])
    for ours, theirs in zip(own, right, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5 * float(theirs.abs().max()))


def test_head_leaves_another_layout_to_torch() -> None:
    layer, features = Head3d(8, 3), draw((2, 8, 6, 8, 10)).contiguous()
    assert torch.equal(layer(features), functional.conv3d(features, layer.weight, layer.bias))


@pytest.mark.parametrize("dims", [2, 3])
def test_network_is_the_same_function_in_both_layouts(dims: int) -> None:
    torch.manual_seed(0)
    network = networks.build("compact_unet", 2, 3, dims, widths=[8, 16, 32])
    images = draw((2, 2, 8, 12, 16)[: dims + 2])
    last = network.to(memory_format=LAST[dims + 2])(images)
    first = network.to(memory_format=torch.contiguous_format)(images.contiguous())
    torch.testing.assert_close(last, first, rtol=1e-3, atol=1e-4)
