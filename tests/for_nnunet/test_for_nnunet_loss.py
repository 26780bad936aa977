"""Losses of nnU-Net against soft targets. Needs torch; nnU-Net's own losses are compared with where it is installed."""

import pytest
import torch
from softbench import losses
from softbench.errors import InputError
from softbench.for_nnunet.loss import AsNnunet, Labels, SemimetricDice, SoftTargetLoss, build, require_loss

SHAPE = (2, 3, 6, 7, 5)


def random(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits (B, 3, ...) and class ids (B, 1, ...)."""
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(SHAPE, generator=draw), torch.randint(0, 3, (2, 1, *SHAPE[2:]), generator=draw)


def packed(ids: torch.Tensor, soft: torch.Tensor) -> torch.Tensor:
    """What the data loader gives: class ids and the classes above 0."""
    return torch.cat([ids.float(), soft[:, 1:]], dim=1)


def ours(
    labels: Labels, *, batch: bool = True, expression: str = "nnunet", table: list | None = None
) -> SoftTargetLoss:
    return build(expression, labels, batch_dice=batch, ddp=False, table=table)


def test_dice_of_two_voxels_by_hand() -> None:
    logits = torch.tensor([[[[0.6, 0.4]], [[0.4, 0.6]]]]).log()
    soft = torch.tensor([[[[0.9, 0.2]], [[0.1, 0.8]]]])
    dice = SemimetricDice(lambda values: values.softmax(1), batch=True, background=False)
    assert dice(logits, soft).item() == pytest.approx(-2 * (0.1 + 0.6) / (1.0 + 0.9), abs=1e-4)  # smoothed by 1e-5


def test_loss_is_smallest_at_the_target() -> None:
    soft = torch.rand(SHAPE).softmax(1)
    loss = AsNnunet(batch=False)
    read = ours(Labels(3)).read(packed(torch.zeros(2, 1, *SHAPE[2:]), soft))
    best = loss(soft.log(), read)
    for step in (-0.3, 0.3):
        moved = soft.log()
        moved[:, 1] += step
        assert loss(moved, read) > best


def test_class_ids_are_soft_while_training_and_one_hot_in_validation() -> None:
    loss = ours(Labels(2), table=[[0.9, 0.1], [0.2, 0.8]])
    ids = torch.tensor([[[[0, 1]]]])
    assert torch.allclose(loss.train().read(ids).soft[0, :, 0], torch.tensor([[0.9, 0.2], [0.1, 0.8]]))
    assert torch.equal(loss.eval().read(ids).soft[0, :, 0], torch.eye(2))


def test_background_is_what_is_left() -> None:
    soft = torch.tensor([[[[0.25]], [[0.5]], [[0.25]]]])
    assert torch.equal(ours(Labels(3)).read(packed(torch.zeros(1, 1, 1, 1), soft)).soft, soft)
    more = torch.tensor([[[[0.75]], [[0.5]], [[0.5]]]])  # 1 - background, and classes that do not sum to 1
    read = ours(Labels(3)).read(torch.cat([torch.zeros(1, 1, 1, 1), more], dim=1))
    assert read.soft.flatten().tolist() == [0.25, 0.5, 0.5]


def test_ignored_voxels_count_for_nothing() -> None:
    logits, ids = random(0)
    soft = torch.rand(SHAPE).softmax(1)
    loss = ours(Labels(3, ignored=3))
    ids[:, :, :3] = 3
    value = loss(logits, packed(ids, soft))
    logits[:, :, :3], soft[:, :, :3] = 7.0, 0.1
    assert loss(logits, packed(ids, soft)) == pytest.approx(value.item(), abs=1e-6)
    every = loss(logits, packed(torch.full_like(ids, 3), soft))
    assert every == 0


def test_regions_are_sums_of_their_classes() -> None:
    soft = torch.tensor([[[[0.5]], [[0.25]], [[0.25]]]])
    read = ours(Labels(3, regions=((1, 2), (2,)))).read(packed(torch.zeros(1, 1, 1, 1), soft))
    assert read.soft.flatten().tolist() == [0.5, 0.25]


def test_loss_of_the_suite_is_that_of_its_expression() -> None:
    logits, ids = random(1)
    soft = torch.rand(SHAPE).softmax(1)
    value = ours(Labels(3), expression="ce(hard) + dice")(logits, packed(ids, soft))
    target = losses.Target(soft, ids[:, 0], torch.ones(ids[:, 0].shape, dtype=torch.bool))
    assert value == pytest.approx(losses.build("ce(hard) + dice")(logits, target).item(), abs=1e-6)


@pytest.mark.parametrize(
    ("expression", "regions", "said"),
    [
        ("learned(ce + dice)", False, "learns weights of its own"),
        ("wce", False, "weighs classes by their frequency"),
        ("ce + dice", True, "trains regions, which overlap"),
        ("cee", False, "cee"),
    ],
)
def test_losses_that_cannot_be_trained_are_refused(expression: str, regions: bool, said: str) -> None:
    with pytest.raises(InputError, match=said):
        require_loss(expression, regions=regions)


@pytest.mark.parametrize("batch", [True, False])
@pytest.mark.parametrize("ignored", [None, 3])
def test_one_hot_targets_give_nnunets_value_and_gradient(nnunet: None, batch: bool, ignored: int | None) -> None:
    from nnunetv2.training.loss.compound_losses import DC_and_CE_loss
    from nnunetv2.training.loss.dice import MemoryEfficientSoftDiceLoss

    logits, ids = random(2)
    if ignored is not None:
        ids[:, :, 2] = ignored
    how = {"batch_dice": batch, "smooth": 1e-5, "do_bg": False, "ddp": False}
    theirs = DC_and_CE_loss(how, {}, ignore_label=ignored, dice_class=MemoryEfficientSoftDiceLoss)
    both = [logits.clone().requires_grad_() for _ in range(2)]
    values = [theirs(both[0], ids), ours(Labels(3, ignored), batch=batch)(both[1], ids)]
    for value in values:
        value.backward()
    assert values[1].item() == pytest.approx(values[0].item(), abs=1e-6)
    assert torch.allclose(both[1].grad, both[0].grad, atol=1e-7)


@pytest.mark.parametrize("ignored", [None, 3])
def test_one_hot_regions_give_nnunets_value(nnunet: None, ignored: int | None) -> None:
    from nnunetv2.training.loss.compound_losses import DC_and_BCE_loss

    logits, ids = random(3)
    if ignored is not None:
        ids[:, :, 2] = ignored
    regions = ((1, 2), (2,))
    theirs = torch.cat([torch.isin(ids, torch.tensor(region)) for region in regions], dim=1)
    if ignored is not None:
        theirs = torch.cat([theirs, ids == ignored], dim=1)
    how = {"batch_dice": False, "do_bg": True, "smooth": 1e-5, "ddp": False}
    expected = DC_and_BCE_loss({}, how, use_ignore_label=ignored is not None)(logits[:, :2], theirs).item()
    loss = ours(Labels(3, ignored, regions), batch=False)
    assert loss(logits[:, :2], ids).item() == pytest.approx(expected, abs=1e-6)
    assert loss(logits[:, :2], theirs).item() == pytest.approx(expected, abs=1e-6)  # as in validation
