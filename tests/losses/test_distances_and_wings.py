"""`sdc` and `adaptive_wing`: worked examples, and a second way to compute them."""

import math

import numpy as np
import pytest
import torch
from scipy.ndimage import binary_dilation, binary_erosion, distance_transform_edt
from softbench import losses
from softbench.losses.sdc import signed_distances, soft_margins


def of_labels(labels: list[list[int]], classes: int = 2) -> losses.Target:
    hard = torch.tensor(labels)[None]
    soft = torch.nn.functional.one_hot(hard, classes).movedim(-1, 1).float()
    return losses.Target(soft, hard, torch.ones(hard.shape, dtype=torch.bool))


def masks(target: losses.Target, classes: int = 2) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    inside = torch.nn.functional.one_hot(target.hard, classes).movedim(-1, 1).bool()
    counted = target.valid.unsqueeze(1)
    return inside & counted, ~inside & counted, counted


def test_distance_is_positive_inside_and_one_where_it_is_largest() -> None:
    # a row of five: class 1 in the last two; voxels to the nearest one of the other class: 3 2 1 | 1 2
    target = of_labels([[0, 0, 0, 1, 1]])
    background, tumour = signed_distances(*masks(target)[:2])[0]
    np.testing.assert_allclose(tumour[0], [-1, -2 / 3, -1 / 3, 1 / 3, 2 / 3], atol=1e-6)
    np.testing.assert_allclose(background[0], [1, 2 / 3, 1 / 3, -1 / 3, -2 / 3], atol=1e-6)


def test_class_that_fills_the_image_is_inside_everywhere() -> None:
    found = signed_distances(*masks(of_labels([[0, 0], [0, 0]]))[:2])[0]
    assert found[0].eq(1).all()
    assert found[1].eq(-1).all()


def test_voxels_that_nobody_labelled_are_no_border() -> None:
    target = of_labels([[0, 0, 1, 0, 0]])
    target.valid[0, 0, 2] = False
    found = signed_distances(*masks(target)[:2])[0]
    assert found[0, 0, [0, 1, 3, 4]].eq(1).all()
    assert not soft_margins(*masks(target)).any()


@pytest.mark.parametrize("shape", [(12, 14), (7, 8, 9)], ids=["2-D", "3-D"])
def test_parts_are_those_of_scipy_away_from_the_rim(shape: tuple[int, ...]) -> None:
    generator = np.random.default_rng(0)
    smooth = generator.standard_normal(shape).cumsum(axis=0).cumsum(axis=1)
    labels = np.digitize(smooth, np.quantile(smooth, [0.4, 0.8]))
    target = of_labels(labels.tolist(), 3)
    margins, distances = soft_margins(*masks(target, 3))[0].numpy(), signed_distances(*masks(target, 3)[:2])[0].numpy()
    box, inner = np.ones((3,) * len(shape)), (slice(1, -1),) * len(shape)
    raw = []
    for c in range(3):
        mask = labels == c
        d = distance_transform_edt(mask) - distance_transform_edt(~mask)
        np.testing.assert_allclose(distances[c], d / np.abs(d).max(), atol=1e-6)
        edge = binary_dilation(mask, box) & ~binary_erosion(mask, box, border_value=1)
        raw.append(_mean(edge))
    total = np.maximum(sum(raw), 1e-6)
    for c in range(3):
        np.testing.assert_allclose(margins[c][inner], (raw[c] / total)[inner], atol=1e-6)


def _mean(edge: np.ndarray) -> np.ndarray:
    from scipy.ndimage import uniform_filter

    return uniform_filter(edge.astype(float), 3, mode="constant")


def test_sdc_by_hand() -> None:
    # p = 1/2 everywhere. u: both classes have the margin of voxels 1 and 2, so u = 1/2 near it and |u - p| = 0 there,
    # in voxels 0 to 3; 2 p - 1 = 0, so the last part is the mean of |s| = 2/2, 1/2, 1/2, 2/2
    target = of_labels([[0, 0, 1, 1]])
    value = losses.build("sdc(alpha=3, distance=40)")(torch.zeros(1, 2, 1, 4), target)
    assert value.item() == pytest.approx(math.log(2) + 40 / 100 * 0.75, abs=1e-6)


def test_distances_of_the_authors_code_pull_away_from_the_reference() -> None:
    target = of_labels([[0, 0, 0, 1, 1, 1]])
    agreeing = 3 * (2 * target.soft - 1)
    values = {}
    for name in ("sdc(alpha=0, distance=100)", "sdc(alpha=0, distance=100, code=true)"):
        loss, entropy = losses.build(name), losses.build("ce")
        values[name] = [(loss(z, target) - entropy(z, target)).item() for z in (agreeing, -agreeing)]
    right, code = values.values()
    assert right[0] < right[1]
    assert code[0] > code[1]
    assert right == pytest.approx(code[::-1], abs=1e-5)


def probability_logits(p: float) -> torch.Tensor:
    return torch.tensor([1 - p, p]).log().reshape(1, 2, 1)


def two_classes(y: float) -> losses.Target:
    soft = torch.tensor([1 - y, y]).reshape(1, 2, 1)
    return losses.Target(soft, torch.ones(1, 1, dtype=torch.int64), torch.ones(1, 1, dtype=torch.bool))


def test_adaptive_wing_is_a_power_for_small_differences() -> None:
    # |y - p| = 0.2 for both classes; exponents 2.1 - 0.9 and 2.1 - 0.1
    expected = (14 * math.log(1 + 0.2**1.2) + 14 * math.log(1 + 0.2**2.0)) / 2
    value = losses.build("adaptive_wing")(probability_logits(0.7), two_classes(0.9))
    assert value.item() == pytest.approx(expected, abs=1e-5)


def test_adaptive_wing_is_a_line_from_theta_on() -> None:
    # y = 1 and 0, |y - p| = 0.8. A = 14 k 0.5^(k - 1) / (1 + 0.5^k) with k = 1.1, 2.1; B = A / 2 - 14 ln(1 + 0.5^k)
    expected = 0.0
    for k in (1.1, 2.1):
        a = 14 * k * 0.5 ** (k - 1) / (1 + 0.5**k)
        expected += (a * 0.8 - (a / 2 - 14 * math.log(1 + 0.5**k))) / 2
    value = losses.build("adaptive_wing")(probability_logits(0.2), two_classes(1.0))
    assert value.item() == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("y", [0.0, 0.3, 1.0])
def test_adaptive_wing_and_its_slope_have_no_step_at_theta(y: float) -> None:
    def at(difference: float) -> tuple[float, float]:
        p = torch.tensor(y + difference if y < 0.5 else y - difference, dtype=torch.float64, requires_grad=True)
        logits = torch.stack([1 - p, p]).log().reshape(1, 2, 1)
        value = losses.build("adaptive_wing")(logits, two_classes(y)._replace(soft=two_classes(y).soft.double()))
        value.backward()
        return value.item(), p.grad.item()

    below, above = at(0.5 - 1e-7), at(0.5 + 1e-7)
    assert below == pytest.approx(above, abs=1e-4)
    assert at(0.0 if 0 < y < 1 else 1e-9)[0] == pytest.approx(0, abs=1e-6)
