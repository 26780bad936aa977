"""One seed of config's hippocampus experiments, trained on prepared cases: for `hippocampus.py` and `gpu.py`."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from softbench.datasets import Dataset, splits
from softbench.datasets.case import Case
from softbench.training import train
from softbench.training.protocol import Protocol
from training_suite import in_memory
from training_work import CONFIG, ROOT


@dataclass(frozen=True)
class Parts:
    """Ids of the cases to learn from, to look at, and to score."""

    train: list[str]
    val: list[str]
    test: list[str]


def split_parts(name: str, dataset: Dataset, most: int | None = None) -> Parts:
    """Return an experiment's split, of the cases that are there; at most so many of each part."""
    split = splits.read(ROOT / "workflow" / "splits" / "hippocampus" / f"{CONFIG['experiments'][name]['split']}.csv")
    there = split[split["case"].isin(dataset.cases["case"])]
    return Parts(*(list(there.loc[there["part"] == part, "case"])[:most] for part in ("train", "val", "test")))


def protocol_of(name: str, steps: int | None = None) -> Protocol:
    """Return an experiment's protocol, with another number of steps where one is given."""
    protocol = Protocol(**CONFIG["protocols"][CONFIG["experiments"][name]["protocol"]])
    return protocol if steps is None else replace(protocol, steps=steps, validate_every=steps)


def train_seed(
    name: str, method: str, dataset: Dataset, parts: Parts, protocol: Protocol, seed: int, device: torch.device
) -> torch.nn.Module:
    """Read the cases into memory and train one seed of an experiment's method with one-hot labels."""
    classes = len(dataset.classes)
    data = in_memory(cases_of(dataset, parts.train), classes, protocol.patch_size, device)
    with tempfile.TemporaryDirectory() as folder:
        model, _ = train(
            data,
            cases_of(dataset, parts.val),
            network=CONFIG["networks"][CONFIG["experiments"][name]["networks"][0]],
            loss=CONFIG["methods"][method]["loss"],
            protocol=protocol,
            classes=classes,
            seed=seed,
            folder=Path(folder),
            key="benchmark",
            log=lambda line: None,
        )
    return model


def cases_of(dataset: Dataset, ids: Sequence[str]) -> list[Case]:
    """Load cases."""
    return [dataset.load(case) for case in ids]
