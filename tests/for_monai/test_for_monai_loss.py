"""SoftLoss is the loss of our trainer, and MONAI's where both have the same function."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.losses import DiceCELoss, DiceLoss, FocalLoss, NACLLoss, TverskyLoss
from softbench import losses, store
from softbench.datasets.case import Case
from softbench.errors import InputError
from softbench.for_monai import SoftLabel, SoftLoss
from softbench.for_monai.loss import OF_HARD, OF_LOGITS
from softbench.soft_labels import svls
from softbench.training import batches, cached_data, loop, parts
from softbench.training.protocol import Protocol

SHAPES = {2: (2, 9, 8), 3: (2, 6, 5, 7)}
CLASSES = 3
FREQUENCIES = (0.7, 0.2, 0.1)


def batch(dims: int, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Logits and a soft target (B, C, ...), and class ids (B, 1, ...)."""
    generator = torch.Generator().manual_seed(seed)
    batch, *grid = SHAPES[dims]
    logits = 2 * torch.randn((batch, CLASSES, *grid), generator=generator)
    soft = torch.softmax(2 * torch.randn(logits.shape, generator=generator), dim=1)
    return logits, soft, torch.randint(CLASSES, (batch, 1, *grid), generator=generator)


def close(one: torch.Tensor, other: torch.Tensor) -> None:
    torch.testing.assert_close(one, other, atol=1e-6, rtol=1e-6)


def make_case(number: int) -> Case:
    rng = np.random.default_rng(number)
    labels = np.zeros((1, 9, 10, 7), np.uint8)
    start = rng.integers(1, 3, 3)
    labels[(0, *(slice(s, s + 4) for s in start))] = 1
    images = (labels + 0.2 * rng.normal(size=labels.shape)).astype(np.float32)
    return Case(f"case_{number}", images, labels, (1.0, 1.0, 1.0), np.eye(4))


@pytest.mark.parametrize("expression", ["ce + dice", "ce(hard) + dice(hard) + 0.5*kl", "wce + tversky"])
def test_first_step_of_our_trainer_has_this_loss(expression: str, tmp_path: Path) -> None:
    cases = [make_case(number) for number in range(3)]
    codes = [store.encode(svls.soften(case.labels, None, case.spacing_mm, classes=2)) for case in cases]
    targets = [(code[None], case.labels) for code, case in zip(codes, cases, strict=True)]
    crop = [8, 8, 8]  # beyond the last axis: some voxels are not valid
    data = cached_data.load(cases, targets, crop, torch.device("cpu"))
    protocol = Protocol(steps=1, batch=2, patch_size=crop, learning_rate=0.01, validate_every=1)
    network: dict[str, Any] = {"name": "compact_unet", "widths": [4, 8]}
    common: dict[str, Any] = {"network": network, "loss": expression, "protocol": protocol, "classes": 2, "seed": 0}
    _, history = loop.train(data, cases[:1], **common, folder=tmp_path, key="key", log=lambda line: None)

    images, target = batches.draw_batch(data, protocol, 0, 0)
    assert not target.valid.all()
    frequencies = cached_data.class_frequencies(data, 2)
    loss = SoftLoss(expression, softmax=True, frequencies=frequencies)
    model = parts.make(data, network, expression, protocol, 2, 0).model.train()
    with torch.no_grad():
        logits = model(images)
        value = loss(logits, target.soft, hard=target.hard[:, None], valid=target.valid[:, None])
    close(value, torch.tensor(history[0]["loss"]))
    softened = SoftLabel("svls", classes=2, spacing_mm=cases[0].spacing_mm)(cases[0].labels)
    assert np.abs(softened.numpy() - codes[0] / np.float32(store.ONE)).max() < 1.01 / store.ONE


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("name", losses.names())
def test_every_loss_is_that_of_the_package(name: str, dims: int) -> None:
    logits, soft, hard = batch(dims)
    valid = torch.ones_like(hard)
    valid[:, :, 0] = 0
    target = losses.Target(soft, hard[:, 0], valid[:, 0] != 0)
    want = losses.build(name, frequencies=FREQUENCIES)
    loss = SoftLoss(name, softmax=True, frequencies=FREQUENCIES)
    close(loss(logits, soft, hard=hard, valid=valid), want(logits, target))
    each = SoftLoss(name, softmax=True, frequencies=FREQUENCIES, reduction="none")(logits, soft, hard=hard, valid=valid)
    alone = [want(logits[n : n + 1], losses.Target(*(part[n : n + 1] for part in target))) for n in range(2)]
    close(each, torch.stack(alone))
    total = SoftLoss(name, softmax=True, frequencies=FREQUENCIES, reduction="sum")
    close(total(logits, soft, hard=hard, valid=valid), torch.stack(alone).sum())


@pytest.mark.parametrize("name", losses.names())
def test_probabilities_do_where_logits_are_not_needed(name: str) -> None:
    logits, soft, hard = batch(2)
    target = losses.Target(soft, hard[:, 0], torch.ones_like(hard[:, 0], dtype=torch.bool))
    want = losses.build(name, frequencies=FREQUENCIES)
    moved = not torch.allclose(want(logits + 3, target), want(logits, target), atol=1e-4)
    assert moved == (name in OF_LOGITS and name == "nacl")  # differences of logits do for the others
    if name in OF_LOGITS:
        with pytest.raises(InputError, match=f"{name} needs logits"):
            SoftLoss(name)
        return
    loss = SoftLoss(name, frequencies=FREQUENCIES)
    value, expected = loss(torch.softmax(logits, dim=1), soft, hard=hard), want(logits, target)
    torch.testing.assert_close(value, expected, atol=1e-5, rtol=1e-5)
    needed = not torch.allclose(want(logits, target), want(logits, target._replace(hard=0 * target.hard)))
    assert needed == (name in OF_HARD)


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("background", [True, False])
def test_overlaps_are_those_of_monai_on_soft_targets(dims: int, background: bool) -> None:
    logits, soft, _ = batch(dims)
    ours: dict[str, Any] = {"include_background": background, "softmax": True}
    both: dict[str, Any] = {**ours, "batch": True}
    close(SoftLoss("dice", **ours)(logits, soft), DiceLoss(**both, soft_label=True)(logits, soft))
    close(SoftLoss("jaccard", **ours)(logits, soft), DiceLoss(**both, soft_label=True, jaccard=True)(logits, soft))
    close(SoftLoss("dice_vnet", **ours)(logits, soft), DiceLoss(**both, squared_pred=True)(logits, soft))
    close(SoftLoss("soft_dice", **ours)(logits, soft), DiceLoss(**both)(logits, soft))
    tversky = TverskyLoss(**both, alpha=0.3, beta=0.7, soft_label=True)
    close(SoftLoss("tversky", **ours)(logits, soft), tversky(logits, soft))
    each = DiceLoss(**ours, soft_label=True, reduction="none")(logits, soft)
    close(SoftLoss("dice", **ours, reduction="none")(logits, soft), each.flatten(1).mean(dim=1))


@pytest.mark.parametrize("dims", [2, 3])
def test_others_are_those_of_monai_and_torch(dims: int) -> None:
    logits, soft, hard = batch(dims)
    close(SoftLoss("ce", softmax=True)(logits, soft), torch.nn.CrossEntropyLoss()(logits, soft))
    ours: dict[str, Any] = {"softmax": True, "to_onehot_y": True}
    close(SoftLoss("nacl", **ours)(logits, hard), NACLLoss(CLASSES, dims)(logits, hard[:, 0]))
    for background in (True, False):
        both: dict[str, Any] = {**ours, "include_background": background}
        close(SoftLoss("ce + dice", **both)(logits, hard), DiceCELoss(**both, batch=True)(logits, hard))
    focal = FocalLoss(use_softmax=True, to_onehot_y=True, gamma=2.0)  # its mean is over classes, too
    close(SoftLoss("focal", **ours)(logits, hard), CLASSES * focal(logits, hard))


def test_metadata_and_half_precision_change_nothing() -> None:
    logits, soft, _ = batch(2)
    loss = SoftLoss("ce + dice", softmax=True)
    value = loss(MetaTensor(logits), MetaTensor(soft))
    assert type(value) is torch.Tensor
    close(value, loss(logits, soft))
    assert loss(logits.bfloat16(), soft).dtype == torch.float32


def test_learned_weights_are_parameters() -> None:
    loss = SoftLoss("learned(ce + dice)", softmax=True)
    assert len(list(loss.parameters())) > 0
    logits, soft, _ = batch(2)
    loss(logits.requires_grad_(), soft).backward()
    assert all(one.grad is not None for one in (logits, *loss.parameters()))


def test_errors_say_what_to_do() -> None:
    logits, soft, _ = batch(2)
    with pytest.raises(InputError, match="`softmax=True`"):
        SoftLoss("ce")(logits, soft)
    with pytest.raises(InputError, match="no loss of 'ce' can leave the background out; dice, "):
        SoftLoss("ce", include_background=False)
    with pytest.raises(InputError, match="`reduction` must be one of mean, sum, none"):
        SoftLoss("ce", reduction="batch")
    with pytest.raises(InputError, match="call it with `hard`"):
        SoftLoss("ce(hard)", softmax=True)(logits, soft)
    with pytest.raises(InputError, match="second channel"):
        SoftLoss("ce", softmax=True)(logits[:, :1], soft[:, :1])
    with pytest.raises(InputError, match="`target` and `input`"):
        SoftLoss("ce", softmax=True)(logits, soft[:, :1])
    with pytest.raises(InputError, match="class ids 0 to 2, but spans 0 to 3"):
        SoftLoss("ce", softmax=True, to_onehot_y=True)(logits, torch.arange(144).view(2, 1, 9, 8) % 4)
