"""The output norm-ReLU: SoftSeg's of one class, a distribution of several, and logarithms that a softmax undoes."""

from pathlib import Path

import pytest
import torch
from softbench import InputError, networks
from softbench.networks.layers.norm_relu import LEAST, NormReLU, norm_relu
from softbench.training import inference

SHAPES = pytest.mark.parametrize("shape", [(2, 3, 5, 6), (2, 4, 3, 4, 5)], ids=["2-D", "3-D"])


def test_one_foreground_class_is_rectified_and_divided_by_the_largest_of_its_image() -> None:
    logits = torch.tensor([[[9.0, 9.0, 9.0]], [[-1.0, 1.0, 4.0]]]).movedim(0, 1)  # B 1, C 2
    p = norm_relu(torch.cat([logits, 2 * logits]))  # two images: each by its own largest
    expected = torch.tensor([0.0, 0.25, 1.0])
    for image in p:
        torch.testing.assert_close(image[1], expected, atol=2 * LEAST, rtol=0)
        torch.testing.assert_close(image[0], 1 - expected, atol=2 * LEAST, rtol=0)


def test_foreground_classes_that_exceed_one_together_are_divided_by_their_sum() -> None:
    # largest 4; voxel 0: 1 and 3/4 of 4 -> 4/7, 3/7; voxel 1: 1/4 and 1/2, background 1/4
    logits = torch.tensor([[0.0, 0.0], [4.0, 1.0], [3.0, 2.0]])[None]
    expected = torch.tensor([[0.0, 0.25], [4 / 7, 0.25], [3 / 7, 0.5]])
    torch.testing.assert_close(norm_relu(logits)[0], expected, atol=3 * LEAST, rtol=0)


@SHAPES
def test_probabilities_sum_to_one_and_no_class_is_impossible(shape: tuple[int, ...]) -> None:
    p = norm_relu(torch.randn(shape, generator=torch.Generator().manual_seed(0)))
    torch.testing.assert_close(p.sum(dim=1), torch.ones_like(p[:, 0]))
    assert p.min() > 0
    nothing = norm_relu(-torch.ones(shape))
    assert nothing[:, 0].min() > 1 - 10 * LEAST  # background


@SHAPES
def test_gradient_is_the_numerical_one(shape: tuple[int, ...]) -> None:
    small = (1, *shape[1:2], *(2 for _ in shape[2:]))
    logits = torch.randn(small, generator=torch.Generator().manual_seed(1), dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(lambda z: norm_relu(z).log(), (logits,))


def test_half_precision_becomes_float32_and_nan_stays() -> None:
    logits = torch.randn(1, 3, 4, 4)
    assert norm_relu(logits.bfloat16()).dtype == torch.float32
    logits[0, 1, 0, 0] = torch.nan
    assert norm_relu(logits).isnan().any()


def test_network_with_it_gives_logarithms_of_probabilities_and_survives_its_file(tmp_path: Path) -> None:
    settings = {"name": "compact_unet", "widths": [4, 8], "activation": "norm_relu"}
    network = networks.build("compact_unet", 1, 3, 2, widths=[4, 8], activation="norm_relu").eval()
    images = torch.randn(2, 1, 8, 8)
    logits = network(images)
    torch.testing.assert_close(logits.exp(), torch.softmax(logits, dim=1))
    torch.testing.assert_close(logits.exp(), norm_relu(network.network(images)))
    assert (network.multiple, network.head) == (2, None)
    inference.save_model(tmp_path / "model.pt", network, settings, 1, 3, 2)
    again = inference.load_model(tmp_path / "model.pt", torch.device("cpu"))
    assert isinstance(again, NormReLU)
    torch.testing.assert_close(again(images).exp(), logits.exp())


def test_unknown_output_is_named() -> None:
    with pytest.raises(InputError, match="`activation` must be one of norm_relu"):
        networks.build("compact_unet", 1, 3, 2, widths=[4, 8], activation="sigmoid")
