"""The calibration error of a batch is that of a plain loop over images, classes and bins."""

import numpy as np
import pytest
import torch
from softbench import losses


def two_classes(p: list[float], q: list[float]) -> tuple[torch.Tensor, losses.Target]:
    """One image of some voxels; p and q are those of class 1."""
    both = torch.tensor([[[1 - x for x in p], p]])
    soft = torch.tensor([[[1 - x for x in q], q]])
    return both.log(), losses.Target(soft, soft.argmax(dim=1), torch.ones(1, len(p), dtype=torch.bool))


def by_loops(logits: torch.Tensor, target: losses.Target, bins: int, *, soft_bins: bool) -> float:
    """The definition, voxel by voxel."""
    p, q = (x.flatten(2).double().numpy() for x in (logits.softmax(dim=1), target.soft))
    valid = target.valid.flatten(1).numpy()
    of_images = []
    for image in range(len(p)):
        errors = []
        for c in range(p.shape[1]):
            sums = np.zeros((3, bins))
            for x, y in zip(p[image, c][valid[image]], q[image, c][valid[image]], strict=True):
                low = int(np.floor(x * bins - 0.5)) if soft_bins else min(int(x * bins), bins - 1)
                near = x * bins - 0.5 - low
                shares = [(low, 1 - near), (low + 1, near)] if soft_bins else [(low, 1)]
                for index, share in shares:
                    sums[:, min(max(index, 0), bins - 1)] += share * np.array([1, x, y])
            filled = sums[0] >= (0.01 if soft_bins else 0.5)
            errors.append(np.abs((sums[1] - sums[2])[filled] / sums[0][filled]).mean())
        of_images.append(np.mean(errors))
    return float(np.mean(of_images))


@pytest.mark.parametrize("soft_bins", [False, True])
@pytest.mark.parametrize("shape", [(2, 5, 6), (3, 4, 5, 6)], ids=["2-D", "3-D"])
def test_value_is_that_of_plain_loops(batch, shape: tuple[int, ...], soft_bins: bool) -> None:
    logits, target = batch(*shape)
    target.valid[0, 2:] = False
    value = losses.build(f"ml1_ace(bins=10, soft_bins={str(soft_bins).lower()})")(logits, target)
    assert value.item() == pytest.approx(by_loops(logits, target, 10, soft_bins=soft_bins), abs=1e-6)


def test_hard_bins_by_hand() -> None:
    # class 1, two bins: 0.2 and 0.4 with q 0 and 1 (0.3 against 0.5), 0.8 with q 1; class 0 mirrors it
    value = losses.build("ml1_ace(bins=2)")(*two_classes([0.2, 0.4, 0.8], [0, 1, 1]))
    assert value.item() == pytest.approx((0.2 + 0.2) / 2, abs=1e-6)


def test_soft_bins_by_hand() -> None:
    # centres 0.25 and 0.75; 0.5 counts half in each, 0.25 in the first: (0.5 * 0.5 + 0.25) / 1.5 = 1 / 3 against 1 / 3
    logits, target = two_classes([0.5, 0.25], [1, 0])
    value = losses.build("ml1_ace(bins=2, soft_bins=true)")(logits, target)
    assert value.item() == pytest.approx((0 + 0.5) / 2, abs=1e-6)


def test_class_that_the_image_lacks_costs_nothing_and_counts() -> None:
    logits, target = two_classes([0.3, 0.3], [0, 0])
    assert losses.build("ml1_ace")(logits, target).item() == pytest.approx(0.3 / 2, abs=1e-6)


def test_image_without_valid_voxels_does_not_count(batch) -> None:
    logits, target = batch(2, 5, 6)
    target.valid[1] = False
    alone = losses.Target(*(part[:1] for part in target))
    loss = losses.build("ml1_ace")
    assert loss(logits, target).item() == pytest.approx(loss(logits[:1], alone).item())


def test_soft_bins_have_no_jump() -> None:
    below, above = (two_classes([p, 0.3, 0.6], [1, 0, 1]) for p in (0.4999, 0.5001))
    soft, hard = losses.build("ml1_ace(bins=4, soft_bins=true)"), losses.build("ml1_ace(bins=4)")
    assert abs(soft(*below) - soft(*above)) < 1e-3 < 1e-2 < abs(hard(*below) - hard(*above))
