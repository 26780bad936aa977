"""A module whose output on a phantom changed has a new VERSION, or everybody's cached results are stale."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from softbench import losses, metrics, networks, soft_labels, store
from softbench.datasets import phantoms
from softbench.datasets.case import Case
from softbench.datasets.prepare import intensities
from softbench.soft_labels import quality
from softbench.soft_labels.reader import compute
from softbench.training import cached_data, loop
from softbench.training.inference import predict
from softbench.training.loop import validate
from softbench.training.protocol import Protocol

LOSSES = {name: name for name in losses.names()} | {
    "superpixel": "ce(hard) + dice(hard) + 0.5*kl",
    "learned": "learned(l1 + soft_dice)",
}
NETWORKS = {
    "compact_unet": {"widths": [4, 8, 16]}, "unet3d": {"widths": [4, 8, 16]}, "epd_net": {"widths": [4, 4, 6, 6, 8, 8]},
    "xception_unet": {"width": 4, "middle": 1}, "monai": {"network": "UNet", "channels": [4, 8, 16], "strides": [2, 2]},
}  # fmt: skip


def case_of(number: int) -> Case:
    return phantoms.make("phantom_brain", number, size="tiny")


def summary(array: np.ndarray) -> dict[str, float]:
    """Numbers that any change of an array moves: its mean, spread, and a weighted sum over places."""
    values = array.astype(np.float64).ravel()
    places = np.cos(np.arange(values.size))
    return {"mean": values.mean(), "sd": values.std(), "places": float(values @ places)}


@pytest.mark.parametrize("name", soft_labels.names())
def test_recipe(name: str, check_snapshot) -> None:
    case = case_of(0)
    case = replace(case, shares=store.encode(case.truth)[None])  # any will do for a recipe that reads them
    soft = compute(name, case, 4, soft_labels.recipe(name).SETTINGS)
    check_snapshot(name, [f"soft_labels/{name}.py", "soft_labels/reader.py"], summary(soft))


@pytest.mark.parametrize("name", phantoms.names())
def test_phantom(name: str, check_snapshot) -> None:
    case = phantoms.make(name, 0, size="tiny")
    parts = {"images": case.images, "labels": case.labels, "truth": case.truth}
    numbers = {f"{part} {key}": n for part, array in parts.items() for key, n in summary(array).items()}
    stem = name.removeprefix("phantom_")
    check_snapshot(name, [f"datasets/phantoms/{stem}.py"], numbers)


def test_preparation(check_snapshot) -> None:
    channel = case_of(0).images[0]
    numbers = {
        f"{how} {key}": n
        for how in intensities.NORMALISATIONS
        for key, n in summary(intensities.normalise(channel, how=how)).items()
    }
    check_snapshot("normalise", ["datasets/prepare/intensities.py"], numbers)


def test_store(check_snapshot) -> None:
    check_snapshot("store", ["store.py"], summary(store.encode(compute("geols", case_of(0), 4, {"normalise": "sum"}))))


def test_quality(check_snapshot) -> None:
    case = case_of(0)
    soft = compute("svls", case, 4, {})
    numbers = quality(soft, case.labels, case.spacing_mm, case.truth)
    known = {name: value for name, value in numbers.items() if np.isfinite(value)}
    check_snapshot("quality", ["soft_labels/measures.py"], known)


def test_metrics(check_snapshot) -> None:
    case, other = case_of(0), case_of(1)
    probabilities = 0.7 * case.truth + 0.2 * other.truth + 0.1 * compute("one_hot", case, 4, {})
    rows = metrics.score_case(
        probabilities, case.labels, case.spacing_mm, {"WT": [1, 2, 3], "core": [1]}, tolerances_mm=(1.0, 2.0)
    )
    numbers = {f"{r.structure} {r.metric} {r.roi}": r.value for r in rows.itertuples()}
    finite = {key: value for key, value in numbers.items() if np.isfinite(value)}
    assert len(finite) > 20
    check_snapshot("metrics", ["metrics/score.py"], finite)


@pytest.mark.parametrize("name", LOSSES)
def test_loss(name: str, check_snapshot) -> None:
    case = case_of(0)
    images = torch.from_numpy(case.images)[None]
    logits = (images - images.mean()) / images.std()  # probabilities of all sizes
    hard = torch.from_numpy(case.labels.astype(np.int64))
    soft = torch.from_numpy(compute("ls", case, 4, {}))[None]
    frequencies = np.bincount(case.labels.ravel(), minlength=4) / case.labels.size
    with torch.no_grad():
        loss = losses.build(LOSSES[name], frequencies=frequencies)
        value = loss(logits, losses.Target(soft, hard, torch.ones_like(hard, dtype=torch.bool)))
    check_snapshot(f"loss_{name}", losses.catalogue.modules(LOSSES[name]), {"value": float(value)})


@pytest.mark.parametrize("name", networks.names())
def test_network(name: str, check_snapshot) -> None:
    images = case_of(0).images
    images = images[:, images.shape[1] // 2] if 3 not in networks.known_dims(name) else images
    torch.manual_seed(0)
    network = networks.build(name, 4, 4, images.ndim - 1, **NETWORKS.get(name, {})).eval()
    with torch.no_grad():
        logits = network(torch.from_numpy(cached_data.padded(images, network.multiple))[None]).numpy()
    check_snapshot(f"network_{name}", [f"networks/{name}.py"], summary(logits), tolerance=1e-3)


def test_training(tmp_path: Path, check_snapshot) -> None:
    cases = [case_of(n) for n in range(3)]
    targets = [(store.encode(compute("ls", case, 4, {}))[None], case.labels) for case in cases]
    protocol = Protocol(
        steps=20, batch=2, patch_size=[16, 24, 24], learning_rate=5e-3, flips=["W"], intensity_shift=0.1
    )
    data = cached_data.load(cases, targets, protocol.patch_size, torch.device("cpu"))
    model, history = loop.train(
        data, cases[:1], network={"name": "compact_unet", **NETWORKS["compact_unet"]}, loss="ce", protocol=protocol,
        classes=4, seed=0, folder=tmp_path, key="key", log=lambda line: None,
    )  # fmt: skip
    numbers = {"loss": history[-1]["loss"], **validate(model, cases), **summary(predict([model], cases[0].images))}
    files = ["training/loop.py", "networks/compact_unet.py", *losses.catalogue.modules("ce")]
    check_snapshot("training", files, numbers, tolerance=1e-3)
