"""What the contestants of `training.py` share: cases as published, network, protocol, and one clock for all of them."""

import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import torch
import yaml
from measure import make_case
from softbench import datasets, networks
from softbench.datasets import brats2019, prepare, splits
from softbench.datasets.case import RawCase
from softbench.soft_labels.produce import produce
from softbench.training.batch import Batch, Run
from softbench.training.protocol import Protocol
from torch.optim.optimizer import register_optimizer_step_post_hook

CONFIG = yaml.safe_load(Path("config.yaml").read_text(encoding="utf-8"))
HIPPOCAMPUS_SPLIT = Path("workflow/splits/hippocampus/main.csv")
MADE = [f"BraTS19_made_{number}_1" for number in range(8)]
TRAIN = 6  # of these
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
Reading = float | torch.cuda.Event


@dataclass(frozen=True)
class Cost:
    """Seconds: before the first step and in it beyond the others', and of a step."""

    start_s: float
    step_s: float


@dataclass(frozen=True)
class Work:
    """What is trained, and on what: `dataset` and `network` are keys of config, `raw` is the source's folder."""

    dataset: str
    raw: Path
    split: Path
    network: str
    protocol: Protocol
    whole_run: int  # steps
    device: torch.device
    label_ids: dict[int, int]  # published label -> class

    @property
    def settings(self) -> dict[str, Any]:
        """Return how the suite prepares a case; the crop is the protocol's."""
        settings = {name: value for name, value in CONFIG["datasets"][self.dataset].items() if name != "source"}
        return settings | ({"crop": settings["crop"] | {"size": self.protocol.crop}} if "crop" in settings else {})

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
        split = splits.read(self.split)
        return [found[case] for case in split.loc[split["part"] == "train", "case"]]

    def model(self) -> torch.nn.Module:
        """Return the network as peers make it: torch's own draw of weights, in torch's own layout."""
        settings = {name: value for name, value in CONFIG["networks"][self.network].items() if name != "name"}
        size = (self.channels, len(datasets.source(self.source).CLASSES), len(self.protocol.crop))
        return networks.build(CONFIG["networks"][self.network]["name"], *size, **settings)

    def batch(self, folder: Path) -> Batch:
        """Open the prepared cases and their one-hot labels as a job of the suite does."""
        settings = {
            "names": {},
            "network": CONFIG["networks"][self.network],
            "loss": "ce",
            "protocol": vars(self.protocol),
            "scoring": {"tolerances_mm": []},
            "versions": {"training": {}, "scoring": {}},
        }
        where = (folder / "data", folder / "soft", splits.read(self.split))
        return Batch(Run.of(settings), *where, self.device, lambda line: None)


def hippocampus(raw: Path, device: torch.device) -> Work:
    """Return the hippocampus protocol of config on the training part of its split."""
    if not datasets.source("hippocampus").find_cases(raw):
        raise SystemExit(f"{raw} holds no case of MSD Task04_Hippocampus. Say where it lies: --folder.")
    protocol = Protocol(**CONFIG["protocols"]["hippocampus"])
    labels = {0: 0, 1: 1, 2: 2}
    whole_run = protocol.steps or 0
    return Work("hippocampus", raw, HIPPOCAMPUS_SPLIT, "compact_unet", protocol, whole_run, device, labels)


def brats(scratch: Path, device: torch.device, published: tuple[int, ...], crop: list[int]) -> Work:
    """Make cases in the layout of BraTS 2019, for the protocol of GeoLS (batch 4) and the U-Net of SVLS."""
    write_brats(scratch / "raw" / "HGG", published)
    rows = [f"{case},{case},{part}" for case, part in zip(MADE, [*["train"] * TRAIN, "val", "test"], strict=True)]
    split = scratch / "split.csv"
    split.write_text("\n".join(["case,patient,part", *rows]) + "\n")
    geols = Protocol(**CONFIG["protocols"]["geols"])
    protocol = replace(geols, crop=crop, transposes=[], epochs=None, steps=1)  # MONAI has no random transpose
    whole_run = (geols.epochs or 0) * -(-269 // geols.batch)  # training cases of SVLS and GeoLS
    labels = brats2019.LABEL_IDS
    return Work("brats2019_geols", scratch / "raw", split, "unet3d", protocol, whole_run, device, labels)


def write_brats(folder: Path, shape: tuple[int, ...]) -> None:
    """Write a made case as int16 .nii.gz, stored LPS, linked under the names of the others; two are shifted.

    They validate and test, and the suite refuses an image that it would train on as well.
    """
    labels, image = make_case(shape)
    published = np.array([0, 1, 2, 4], np.uint8)[labels[0]]
    kinds = zip((*brats2019.MODALITIES, "seg"), (*np.round(200 * image).astype(np.int16), published), strict=True)
    for case in MADE:
        (folder / case).mkdir(parents=True)
    for kind, array in kinds:
        paths = [folder / case / f"{case}_{kind}.nii.gz" for case in MADE]
        for shift, path in enumerate([paths[0], *paths[TRAIN:]]):
            turned = np.roll(array, shift, axis=0).T[::-1, ::-1]  # (x, y, z), towards left and posterior
            nib.save(nib.Nifti1Image(turned, LPS), path)
        for path in paths[1:TRAIN]:
            os.link(paths[0], path)


def prepare_all(work: Work, folder: Path) -> None:
    """Prepare all cases and their one-hot labels below `folder`, as the suite does once for all models."""
    prepare.run(work.source, work.raw, folder / "data", settings=work.settings, log=lambda line: None)
    produce("one_hot", folder / "data", folder / "soft", settings={}, version={}, log=lambda line: None)


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
