"""Losses that penalise logits: by worked examples, and MONAI's where it has them."""

import math

import pytest
import torch
from monai.losses import NACLLoss
from softbench import losses

SURE = torch.tensor([[[12.0], [0.0], [1.0]]])  # one voxel, three classes
CE = math.log(1 + math.exp(-12) + math.exp(-11))


def one_voxel(*soft: float) -> losses.Target:
    hard = torch.tensor([[max(range(len(soft)), key=soft.__getitem__)]])
    return losses.Target(torch.tensor(soft)[None, :, None], hard, torch.ones(1, 1, dtype=torch.bool))


@pytest.mark.parametrize("shape", [(2, 5, 6), (2, 4, 5, 6)], ids=["2-D", "3-D"])
@pytest.mark.parametrize("alpha", [0.1, 2.0])
def test_nacl_of_hard_labels_is_monais(batch, shape: tuple[int, ...], alpha: float) -> None:
    logits, target = batch(*shape)
    expected = NACLLoss(classes=3, dim=len(shape) - 1, alpha=alpha)(logits, target.hard)
    value = losses.build(f"nacl(hard, alpha={alpha})")(logits, target)
    assert value.item() == pytest.approx(expected.item(), rel=1e-6)


def test_nacl_of_soft_labels_has_soft_shares() -> None:
    # a row of two voxels, y of class 1 = 1/4 and 3/4: 1 / 9 of the window around each is class 1, and class 0
    soft = torch.tensor([[[[0.75, 0.25]], [[0.25, 0.75]]]])
    target = losses.Target(soft, torch.tensor([[[0, 1]]]), torch.ones(1, 1, 2, dtype=torch.bool))
    logits = torch.zeros(1, 2, 1, 2)
    assert losses.build("nacl(alpha=9)")(logits, target).item() == pytest.approx(math.log(2) + 1)


@pytest.mark.parametrize("name", ["nacl", "ecp"])
def test_without_its_penalty_a_loss_is_cross_entropy(batch, name: str) -> None:
    logits, target = batch(2, 3, 4)
    value = losses.build(f"{name}(alpha=0)")(logits, target)
    torch.testing.assert_close(value, losses.build("ce")(logits, target))


def test_mbls_counts_what_exceeds_the_margin() -> None:
    # 12 - 0 and 12 - 1 exceed 10 by 2 and 1
    value = losses.build("mbls(alpha=0.5)")(SURE, one_voxel(1, 0, 0))
    assert value.item() == pytest.approx(CE + 0.5 * 3, abs=1e-6)


def test_acls_squares_what_exceeds_the_margin() -> None:
    # the largest logit lies 12 above the smallest; the others 12 and 11 below it
    value = losses.build("acls(top=0.5, others=0.25)")(SURE, one_voxel(1, 0, 0))
    assert value.item() == pytest.approx(CE + 0.5 * 2**2 + 0.25 * (2**2 + 1**2), abs=1e-6)


@pytest.mark.parametrize("name", ["mbls", "acls"])
def test_within_the_margin_is_cross_entropy(batch, name: str) -> None:
    logits, target = batch(2, 3, 4)
    assert torch.equal(losses.build(name)(logits, target), losses.build("ce")(logits, target))


def test_ecp_subtracts_the_entropy() -> None:
    logits = torch.tensor([0.75, 0.25]).log()[None, :, None]
    entropy = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    value = losses.build("ecp(alpha=0.5)")(logits, one_voxel(1, 0))
    assert value.item() == pytest.approx(-math.log(0.75) - 0.5 * entropy, abs=1e-6)
