"""A training of seconds on made data, by the loop that a campaign uses."""

from pathlib import Path

import numpy as np
import torch
from torch import nn

from softbench import store
from softbench.datasets.case import Case
from softbench.soft_labels import one_hot
from softbench.training import resident, train
from softbench.training.protocol import Protocol

STEPS = 10
PROTOCOL = Protocol(
    steps=STEPS, batch=2, patch_size=[16, 16, 16], learning_rate=0.01, flips=["W"], intensity_scale=0.1,
    intensity_shift=0.1, validate_every=STEPS // 2,
)  # fmt: skip
NETWORK = {"name": "compact_unet", "widths": [8, 16, 32]}
CASES = 5


def run(folder: Path, device: torch.device, deadline: float | None = None) -> nn.Module:
    """Return the network after ten steps; past the deadline it stops at the fifth, with a checkpoint in `folder`."""
    cases = [_case(number) for number in range(CASES)]
    targets = [(_codes(case)[None], case.labels) for case in cases]
    data = resident.load(cases, targets, PROTOCOL.patch_size, device)
    threads = torch.get_num_threads()
    try:
        model, _ = train(
            data, cases[:1], network=NETWORK, loss="ce", protocol=PROTOCOL, classes=2, seed=0, folder=folder,
            key="check", deadline=deadline, log=lambda line: None,
        )  # fmt: skip
    finally:
        torch.set_num_threads(threads)
    return model


def difference(one: nn.Module, other: nn.Module) -> float:
    """Return the largest difference between the weights of two networks of one make."""
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return max(float((a.double() - b.double()).abs().max()) for a, b in pairs)


def _case(number: int) -> Case:
    """Return a noisy image of a cube."""
    rng = np.random.default_rng(number)
    labels = np.zeros((1, 18, 20, 17), np.uint8)
    d, h, w = rng.integers(1, 8, 3)
    labels[0, d : d + 8, h : h + 8, w : w + 8] = 1
    images = (labels + 0.2 * rng.normal(size=labels.shape)).astype(np.float32)
    return Case(f"cube_{number}", images, labels, (1.0, 1.0, 1.0), np.eye(4))


def _codes(case: Case) -> np.ndarray:
    return store.encode(one_hot.soften(case.labels, None, case.spacing_mm, classes=2))
