"""Losses of training steps agree to four digits with MONAI's recipe on the same network, first weights and batches.

The other side is the one that the benchmark of a training step times (`benchmarks/training_monai.py`).
"""

import importlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from softbench import store
from softbench.datasets.case import Case
from softbench.plan.config import read
from softbench.soft_labels import one_hot
from softbench.training import cached_data
from softbench.training.protocol import Protocol

STEPS, CROP = 6, [24, 24, 24]  # rounding grows with steps: benchmarks/training_losses.py
WORK = {"demo_brain": (4, 4), "hippocampus": (1, 3)}  # protocol -> channels, classes
CPU = torch.device("cpu")


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


@pytest.fixture
def benchmarks(monkeypatch: pytest.MonkeyPatch, root: Path) -> SimpleNamespace:
    """The modules that the benchmark of a training step uses."""
    monkeypatch.syspath_prepend(root / "benchmarks")
    names = {"losses": "training_losses", "monai": "training_monai"}
    return SimpleNamespace(**{name: importlib.import_module(module) for name, module in names.items()})


@pytest.mark.parametrize("loss", ["ce", "ce + dice"])
@pytest.mark.parametrize("name", WORK)
def test_losses_are_those_of_monais_recipe(name: str, loss: str, root: Path, benchmarks: SimpleNamespace) -> None:
    config = read(root).values
    network = config["networks"]["compact_unet"]
    protocol = replace(Protocol(**config["protocols"][name]), patch_size=CROP, steps=STEPS, epochs=None)
    channels, classes = WORK[name]
    cases = [make_case(number, channels, classes) for number in range(4)]
    codes = (store.encode(one_hot.soften(case.labels, None, case.spacing_mm, classes=classes)) for case in cases)
    targets = [(code[None], case.labels) for code, case in zip(codes, cases, strict=True)]
    data = cached_data.load(cases, targets, CROP, CPU)
    seen = benchmarks.losses.ours(data, network, protocol, classes, STEPS, loss)
    model = benchmarks.monai.MonaiCompactUNet(channels, classes, network["widths"])
    theirs = benchmarks.losses.monais(model, protocol, seen, CPU, loss)
    assert len(seen.losses) == STEPS
    assert seen.losses[-1] < 0.9 * seen.losses[0]  # they have learned, so that steps count
    np.testing.assert_allclose(seen.losses, theirs, rtol=benchmarks.losses.LIMIT)


def test_benchmark_stops_where_losses_differ(benchmarks: SimpleNamespace) -> None:
    assert benchmarks.losses.largest_difference([1.0, 2.0], [1.0, 2.0001]) == pytest.approx(5e-5, rel=1e-3)
    for theirs in (2.001, float("nan")):
        with pytest.raises(SystemExit, match="of their value at step 2, from the same weights"):
            benchmarks.losses.largest_difference([1.0, 2.0], [1.0, theirs])
