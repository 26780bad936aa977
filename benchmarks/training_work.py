"""What the contestants of `training.py` and `gpu.py` share: cases as published, network, protocol, and one clock."""

import os
import resource
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import torch
from measure import make_case
from prepared import prepare_cases
from softbench import datasets, networks
from softbench.datasets import Dataset, phantoms, splits
from softbench.datasets.case import RawCase
from softbench.datasets.sources import brats2019
from softbench.plan.config import read
from softbench.training.protocol import Protocol
from torch.optim.optimizer import register_optimizer_step_post_hook

ROOT = Path(__file__).parents[1]
CONFIG = read(ROOT).values
HIPPOCAMPUS_SPLIT = ROOT / "workflow/splits/hippocampus/main.csv"
PHANTOM, PHANTOM_SPLIT = "phantom_brain", ROOT / "workflow/splits/phantom_brain/main.csv"
TINY_NETWORK = {"name": "unet3d", "widths": [4, 8, 16]}
MADE = [f"BraTS19_made_{number}_1" for number in range(4)]
Reading = float | torch.cuda.Event


@dataclass(frozen=True)
class Cost:
    """Seconds: before the first step and in it beyond the others', and of a step."""

    start_s: float
    step_s: float


@dataclass(frozen=True)
class Work:
    """What is trained, and on what: `dataset` is a key of config, `raw` is the source's folder."""

    name: str  # of `--work`
    dataset: str
    raw: Path
    chosen: list[str]  # ids of the training cases
    network: dict[str, Any]  # `name` and settings
    protocol: Protocol
    whole_run: int  # steps
    device: torch.device
    label_ids: dict[int, int]  # published label -> class

    @property
    def settings(self) -> dict[str, Any]:
        """Return how the suite prepares a case; the crop is the protocol's."""
        settings = {name: value for name, value in CONFIG["datasets"][self.dataset].items() if name != "source"}
        return settings | (
            {"crop": settings["crop"] | {"size": self.protocol.patch_size}} if "crop" in settings else {}
        )

    @property
    def channels(self) -> int:
        """Return the channels of an image."""
        return len(datasets.source(self.source).MODALITIES)

    @property
    def source(self) -> str:
        """Return the name of the source."""
        return CONFIG["datasets"][self.dataset]["source"]

    def cases(self) -> list[RawCase]:
        """Return the files of the training cases, in the order of the split."""
        found = {case.id: case for case in datasets.source(self.source).find_cases(self.raw)}
        return [found[case] for case in self.chosen]

    def model(self) -> torch.nn.Module:
        """Return the network as peers make it: torch's own draw of weights, in torch's own layout."""
        return build(self.network, self.channels, self.classes, len(self.protocol.patch_size))

    @property
    def classes(self) -> int:
        """Return the number of classes, background included."""
        return len(datasets.source(self.source).CLASSES)

    def prepare(self, folder: Path, workers: int = 1) -> Dataset:
        """Prepare the training cases below `folder`, as the suite does once for all models."""
        return prepare_cases(self.source, self.cases(), folder, self.settings, workers)


def build(network: dict[str, Any], channels: int, classes: int, dims: int) -> torch.nn.Module:
    """Build a network of config with weights that torch draws."""
    settings = {name: value for name, value in network.items() if name != "name"}
    return networks.build(network["name"], channels, classes, dims, **settings)


def hippocampus(raw: Path, device: torch.device) -> Work:
    """Return the hippocampus protocol of config on the training part of its split."""
    if not datasets.source("hippocampus").find_cases(raw):
        raise SystemExit(f"{raw} holds no case of MSD Task04_Hippocampus. Say where it lies: --folder.")
    protocol = Protocol(**CONFIG["protocols"]["hippocampus"])
    chosen = trained(HIPPOCAMPUS_SPLIT)
    labels = {0: 0, 1: 1, 2: 2}
    network = CONFIG["networks"]["compact_unet"]
    return Work("hippocampus", "hippocampus", raw, chosen, network, protocol, protocol.steps or 0, device, labels)


def trained(split: Path) -> list[str]:
    """Return the ids of the training cases of a split."""
    rows = splits.read(split)
    return list(rows.loc[rows["part"] == "train", "case"])


def phantom(scratch: Path, device: torch.device, *, tiny: bool = False) -> Work:
    """Write the demo's brain phantom in the layout of BraTS 2019, for the demo's protocol and network.

    The crop of BraTS cuts nothing: it has the size of the patch, which is that of the cases.
    """
    raw, chosen = scratch / "raw", trained(PHANTOM_SPLIT)[: 4 if tiny else None]
    for case in chosen:
        made = phantoms.make(PHANTOM, case, size=CONFIG["datasets"][PHANTOM]["size"])
        write_case(raw / "HGG" / case, 1000 * made.images, made.labels[0], made.spacing_mm)
    protocol = Protocol(**CONFIG["protocols"]["demo_brain"])
    network, labels = CONFIG["networks"]["compact_unet"], brats2019.LABEL_IDS
    return Work("phantom", "brats2019_geols", raw, chosen, network, protocol, protocol.steps or 0, device, labels)


def brats(scratch: Path, device: torch.device, *, tiny: bool = False) -> Work:
    """Make cases in the layout and size of BraTS 2019, for the protocol of GeoLS (batch 4) and the U-Net of SVLS."""
    write_brats(scratch / "raw" / "HGG", (40, 48, 48) if tiny else (155, 240, 240))
    geols = Protocol(**CONFIG["protocols"]["geols"])
    crop, batch = ([32, 32, 32], 2) if tiny else (geols.patch_size, geols.batch)
    protocol = replace(
        geols, patch_size=crop, batch=batch, transposes=[], epochs=None, steps=1
    )  # MONAI transposes nothing
    whole_run = (geols.epochs or 0) * -(-269 // batch)  # training cases of SVLS and GeoLS
    network = TINY_NETWORK if tiny else CONFIG["networks"]["unet3d"]
    raw, labels = scratch / "raw", brats2019.LABEL_IDS
    return Work("brats", "brats2019_geols", raw, MADE, network, protocol, whole_run, device, labels)


def write_brats(folder: Path, shape: tuple[int, ...]) -> None:
    """Write a made case, linked under the names of the others."""
    labels, image = make_case(shape)
    write_case(folder / MADE[0], 200 * image, labels[0])
    for case in MADE[1:]:
        (folder / case).mkdir(parents=True)
        for path in (folder / MADE[0]).iterdir():
            os.link(path, folder / case / path.name.replace(MADE[0], case))


def write_case(
    folder: Path, image: np.ndarray, labels: np.ndarray, spacing_mm: Sequence[float] = (1.0, 1.0, 1.0)
) -> None:
    """Write an image (4, D, H, W) and its classes (D, H, W) as BraTS 2019 has them: int16 .nii.gz, stored LPS."""
    folder.mkdir(parents=True)
    published = np.array(list(brats2019.LABEL_IDS), np.uint8)[labels]
    affine = np.diag([*(-1.0, -1.0, 1.0) * np.array(spacing_mm[::-1]), 1.0])
    kinds = zip((*brats2019.MODALITIES, "seg"), (*np.round(image).astype(np.int16), published), strict=True)
    for kind, array in kinds:
        turned = array.T[::-1, ::-1]  # (x, y, z), towards left and posterior
        nib.save(nib.Nifti1Image(turned, affine), folder / f"{folder.name}_{kind}.nii.gz")


def read_clock(device: torch.device) -> Reading:
    """Return CPU seconds of this process and of its children that have ended; on a GPU, an event of its stream."""
    if device.type == "cuda":
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def seconds_between(start: Reading, end: Reading) -> float:
    """Return the seconds between two readings; what a GPU waits for counts."""
    if isinstance(start, float) or isinstance(end, float):
        return float(end) - float(start)  # type: ignore[arg-type]
    end.synchronize()
    return start.elapsed_time(end) / 1000


@contextmanager
def clock_read_each_step(device: torch.device) -> Iterator[list[Reading]]:
    """Give a list that gets the clock's reading after each step of any optimiser."""
    readings: list[Reading] = []
    handle = register_optimizer_step_post_hook(lambda *_: readings.append(read_clock(device)))
    try:
        yield readings
    finally:
        handle.remove()
