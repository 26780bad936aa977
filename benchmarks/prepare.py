"""What a case costs before training and in it: preparing files of BraTS size, and batches from memory or from files.

Usage: python benchmarks/prepare.py [--keep]     (in the project's folder, with .venv active; a CPU minute, 2 GB)
Three made cases of 4 x 155 x 240 x 240 voxels as int16 .nii.gz, stored LPS as BraTS 2019 is. One worker, one thread.
Preparing is the source `brats2019` with its defaults: hash, read, turn, crop to 128 x 192 x 192, z-scores, write, and
keep the image before normalisation; in a process of its own, whose largest resident size (Linux: VmHWM) is printed
beside what its imports alone take.
`--tiny`: small cases.
The loader is `training.cached_data`, three epochs in batches of one. For comparison nibabel decodes the same cases'
five files and cuts the same part, as a loader that reads each case anew does at the least. CPU seconds of one run.
"""

import multiprocessing
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import nibabel as nib
import numpy as np
import options
import torch
from measure import SHAPE, cpu_s, make_case
from rows import Peer, Rows
from softbench import datasets
from softbench.arrays import one_hot
from softbench.datasets.prepare import prepare
from softbench.datasets.sources import brats2019
from softbench.store import encode
from softbench.training import batches, cached_data
from softbench.training.protocol import Protocol

CASES, EPOCHS = 3, 3
AUGMENTATIONS = {"plain": {}, "augmented": {"flips": ["D", "H", "W"], "intensity_scale": 0.1, "intensity_shift": 0.1}}
TARGET = 20  # times as fast as decoding
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


@dataclass(frozen=True)
class Sizes:
    """Grids, D, H, W: of a case as published, as prepared, and of a patch."""

    published: tuple[int, int, int] = (155, 240, 240)
    crop: tuple[int, int, int] = SHAPE
    patch: tuple[int, int, int] = (96, 96, 96)


TINY = Sizes((40, 48, 48), (32, 40, 40), (16, 16, 16))


@dataclass(frozen=True)
class Cost:
    """Of preparing: CPU seconds a case, resident sizes in MiB."""

    case_s: float
    imports_mib: float
    largest_mib: float


def main() -> None:
    """Print what preparing costs, then what a case of a batch costs from memory and from files."""
    chosen = options.parser(__doc__, keeps=True).parse_args()
    tiny, rows = chosen.tiny, Rows("prepare", chosen, "numpy", "nibabel", "torch")
    sizes = TINY if tiny else Sizes()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as scratch:
        raw, output = Path(scratch, "raw"), Path(scratch, "data")
        megabytes = write_source(raw, sizes) / CASES / 1e6
        with multiprocessing.get_context("fork" if tiny else "spawn").Pool(1) as pool:  # forked, imports cost nothing
            cost = pool.apply(prepared, (raw, output, sizes))
        decode_s, read_s = decoded(raw, sizes)
        print(f"a case: {megabytes:.1f} MB as .nii.gz")
        more = f", {cost.case_s / read_s:.1f} times decoding its files alone"
        rows.add("preparing a case of BraTS size", [cost.case_s], more=more)
        more = f", of which imports {cost.imports_mib:.0f} MiB"
        rows.add("largest memory while cases of BraTS size are prepared", [cost.largest_mib], unit="MiB", more=more)
        add_loader(rows, output, decode_s, sizes)


def write_source(raw: Path, sizes: Sizes) -> int:
    """Write cases in the layout of BraTS 2019; return their bytes."""
    labels, image = make_case(sizes.published)
    published = np.array([0, 1, 2, 4], np.uint8)[labels[0]]
    for number in range(CASES):
        folder = raw / "HGG" / f"BraTS19_made_{number}_1"
        folder.mkdir(parents=True)
        volumes = dict(zip(brats2019.MODALITIES, np.round(200 * image).astype(np.int16), strict=True))
        for kind, array in {**volumes, "seg": published}.items():
            turned = np.roll(array, number, axis=0).T[::-1, ::-1]  # (x, y, z), towards left and posterior
            nib.save(nib.Nifti1Image(turned, LPS), folder / f"{folder.name}_{kind}.nii.gz")
    return sum(path.stat().st_size for path in raw.rglob("*.nii.gz"))


def prepared(raw: Path, output: Path, sizes: Sizes) -> Cost:
    """Prepare all cases; this process does nothing else."""
    before = largest_mib()
    settings = {"crop": {"size": list(sizes.crop), "at": "centre"}}
    took_s, _ = cpu_s(
        lambda: prepare.run("brats2019", raw, output, versions={}, settings=settings, log=lambda line: None)
    )
    return Cost(took_s / CASES, before, largest_mib())


def largest_mib() -> float:
    """Return the largest resident size of this process so far."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def decoded(raw: Path, sizes: Sizes) -> tuple[float, float]:
    """Return the CPU seconds that a case's image and label take from .nii.gz to a crop; and without the crop."""
    files = [(*case.images, *case.labels) for case in brats2019.find_cases(raw)]
    crop_s = sum(cpu_s(lambda paths=paths: cropped(paths, sizes))[0] for paths in files)
    read_s = sum(cpu_s(lambda paths=paths: load_arrays(paths))[0] for paths in files)
    return crop_s / len(files), read_s / len(files)


def load_arrays(paths: tuple[Path, ...]) -> list[np.ndarray]:
    """Return the voxels of files as they are stored."""
    return [np.asanyarray(nib.load(path).dataobj) for path in paths]


def cropped(paths: tuple[Path, ...], sizes: Sizes) -> tuple[np.ndarray, np.ndarray]:
    """Return the central part of a case: images (M, x, y, z) float32 and labels int64, as a loss wants them."""
    *channels, labels = load_arrays(paths)
    window = tuple(
        slice((n - s) // 2, (n + s) // 2) for n, s in zip(sizes.published[::-1], sizes.crop[::-1], strict=True)
    )
    return np.stack([channel[window] for channel in channels]).astype(np.float32), labels[window].astype(np.int64)


def add_loader(rows: Rows, output: Path, decode_s: float, sizes: Sizes) -> None:
    """Add the CPU seconds that a case takes in a batch from memory, beside decoding and cropping its files."""
    peer = Peer("nibabel's decoding and cropping", [decode_s])
    dataset = datasets.open(output)
    cases = [dataset.load(case) for case in dataset.cases["case"]]
    targets = [(encode(one_hot(case.labels[0], len(dataset.classes)))[None], case.labels) for case in cases]
    for name, crop in (("a case", sizes.crop), ("a patch of 96³ voxels", sizes.patch)):
        data = cached_data.load(cases, targets, crop, torch.device("cpu"))
        for how, augmentation in AUGMENTATIONS.items():
            steps = EPOCHS * len(cases)
            protocol = Protocol(steps=steps, batch=1, patch_size=list(crop), learning_rate=1.0, **augmentation)
            case_s = fed_s(data, protocol) / steps
            rows.add(f"{name} of a batch from memory, {how}", [case_s], peer, more=f" (target: {TARGET})")


def fed_s(data: cached_data.CachedData, protocol: Protocol) -> float:
    """Return the CPU seconds of all steps; each batch is written over the last one, as in training."""
    into = batches.buffers(data, protocol)
    return sum(cpu_s(lambda n=n: batches.draw_batch(data, protocol, 0, n, into))[0] for n in range(protocol.steps))


if __name__ == "__main__":
    main()
