"""Losses of training steps agree to four digits with MONAI's recipe on the same network, first weights and batches.

The other side is made of MONAI's blocks and torch's optimiser, with nothing of the suite's: no compiled normalisation,
no convolution in pairs, channels first, the loss on class indices.
"""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from monai.losses import DiceCELoss
from monai.networks.blocks import Convolution
from softbench import store
from softbench.datasets.case import Case
from softbench.plan.config import read
from softbench.soft_labels import one_hot
from softbench.training import cached_data, loop
from softbench.training.protocol import Protocol
from torch import nn

STEPS, CROP = 10, [24, 24, 24]
WORK = {"demo_brain": (4, 4), "hippocampus": (1, 3)}  # protocol -> channels, classes
DIGITS = 1e-4  # of a loss


class Recipe(nn.Module):
    """The layers of compact_unet as MONAI has them."""

    def __init__(self, channels: int, classes: int, widths: list[int]) -> None:
        super().__init__()
        pairs = list(itertools.pairwise(widths))
        self.stem = block(channels, widths[0])
        self.down = nn.ModuleList(nn.Sequential(block(a, b, 2), block(b, b)) for a, b in pairs)
        self.up = nn.ModuleList(nn.ConvTranspose3d(b, a, 2, stride=2) for a, b in reversed(pairs))
        self.merge = nn.ModuleList(block(a, a) for a, _ in reversed(pairs))
        self.head = nn.Conv3d(widths[0], classes, 1)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        features, skips = self.stem(images), []
        for down in self.down:
            skips.append(features)
            features = down(features)
        for up, merge in zip(self.up, self.merge, strict=True):
            features = merge(up(features) + skips.pop())
        return self.head(features)


def block(before: int, after: int, strides: int = 1) -> nn.Module:
    slope = ("leakyrelu", {"negative_slope": 0.01})
    norm = ("instance", {"affine": True})
    return Convolution(3, before, after, strides=strides, act=slope, norm=norm, adn_ordering="NA", bias=False)


def make_case(number: int, channels: int, classes: int) -> Case:
    """Boxes of each class in noise, a little larger than a crop."""
    rng, shape = np.random.default_rng(number), (26, 28, 28)
    labels = np.zeros((1, *shape), np.uint8)
    for class_id in range(1, classes):
        start = rng.integers(0, 12, 3)
        labels[(0, *(slice(s, s + 14) for s in start))] = class_id
    images = (labels + 0.5 * rng.normal(size=(channels, *shape))).astype(np.float32)
    return Case(f"case_{number}", images, labels, (1.0,) * 3, np.eye(4))


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


@pytest.mark.parametrize("name", WORK)
def test_losses_are_those_of_monais_recipe(
    name: str, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = read(root).values
    network = config["networks"]["compact_unet"]
    protocol = replace(Protocol(**config["protocols"][name]), steps=STEPS, epochs=None, patch_size=CROP)
    seen: list[dict[str, Any]] = []

    def noting(parts: Any, forward: Any, images: torch.Tensor, target: Any, *more: Any) -> torch.Tensor:
        weights = [] if seen else [value.detach().clone() for value in parts.model.parameters()]
        labels = target.soft.argmax(dim=1, keepdim=True)
        noted = {"weights": weights, "images": images.clone(), "labels": labels}
        assert torch.equal(target.soft.sum(dim=1), target.soft.amax(dim=1))  # one-hot, so that indices say all of it
        seen.append(noted | {"loss": step(parts, forward, images, target, *more)})
        return seen[-1]["loss"]

    step = loop._step
    monkeypatch.setattr(loop, "_step", noting)
    channels, classes = WORK[name]
    cases = [make_case(number, channels, classes) for number in range(4)]
    codes = (store.encode(one_hot.soften(case.labels, None, case.spacing_mm, classes=classes)) for case in cases)
    targets = [(code[None], case.labels) for code, case in zip(codes, cases, strict=True)]
    data = cached_data.load(cases, targets, CROP, torch.device("cpu"))
    loop.train(
        data, [], network=network, loss="ce", protocol=protocol, classes=classes, seed=0, folder=tmp_path, key="",
        log=lambda line: None,
    )  # fmt: skip

    ours = [float(noted["loss"]) for noted in seen]
    theirs = recipe(Recipe(channels, classes, network["widths"]), protocol, seen)
    assert len(ours) == STEPS
    assert ours[-1] < 0.9 * ours[0]  # they have learned, so that steps count
    np.testing.assert_allclose(ours, theirs, rtol=DIGITS)


def recipe(model: nn.Module, protocol: Protocol, seen: list[dict[str, Any]]) -> list[float]:
    """Return the loss of each step on the batches that were seen, from the same weights."""
    with torch.no_grad():
        for own, weight in zip(model.parameters(), seen[0]["weights"], strict=True):
            own.copy_(weight)
    rate = protocol.learning_rate
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=protocol.weight_decay, eps=protocol.eps)
    total = len(seen) + 1
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=total, pct_start=protocol.warm_up)
    criterion, losses = DiceCELoss(to_onehot_y=True, softmax=True, lambda_dice=0.0), []
    for batch in seen:
        optimiser.zero_grad()
        loss = criterion(model(batch["images"].contiguous()), batch["labels"])
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), protocol.clip_norm)
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
    return losses
