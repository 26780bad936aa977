"""What calibration measures cost: ours, against netcal's ECE and a TACE of plain numpy on the same map.

Usage: python benchmarks/metrics_calibration.py [--keep]     (in the project's folder, with .venv active; a CPU minute)
Probabilities of 4 classes in 128 x 192 x 192 voxels, float32; one thread each, CPU seconds, median of five after one
call that is not counted. Ours includes the checks of arguments and gives nine measures where the peers give two.
The memory is that of a process of its own: how far the largest resident size (Linux: VmHWM, set back before the call)
rises above the present one, when everything is compiled and loaded. `--tiny`: a small map, once.
"""

import argparse
import multiprocessing
import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import options
from measure import CLASSES, SHAPE, TINY, hills, make_case, repeated
from rows import Peer, Rows
from scipy import ndimage
from softbench import metrics

BINS, THRESHOLD, REPEATS = 10, 1e-3, 5


def main() -> None:
    """Read the command line."""
    compare(options.parser(__doc__, keeps=True).parse_args())


def compare(chosen: argparse.Namespace) -> None:
    """Print the CPU seconds of each, the ratio, how far the values are apart, and the memory of ours."""
    rows = Rows("metrics_calibration", chosen, "numpy", "numba", "netcal")
    tiny = chosen.tiny
    context = multiprocessing.get_context("fork" if tiny else "spawn")  # a fresh process, or one that saves imports
    shape, repeats = (TINY, 1) if tiny else (SHAPE, REPEATS)
    p, y = make_map(shape)
    ours, found = repeated(lambda: metrics.calibration(p, y, bins=BINS), repeats)
    theirs, (ece, tace) = repeated(lambda: (netcal_ece(p, y), numpy_tace(p, y)), repeats)
    peer = Peer("netcal's ECE, and TACE in numpy", theirs)
    rows.add("nine measures of calibration of a case", ours, peer, more=" (target: 5)")
    print(f"differences: ECE {abs(found['ece'] - ece):.1e}, TACE {abs(found['tace'] - tace):.1e}")
    with context.Pool(1) as pool:
        mib = pool.apply(extra_mib, (shape,))
    rows.add(
        "memory of nine measures of calibration beyond the input",
        [mib],
        unit="MiB",
        more=f", the map has {p.nbytes / 2**20:.0f} MiB",
    )


def make_map(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return the softmax of distances to the classes' borders plus smooth noise, and the labels."""
    labels, rng = make_case(shape)[0][0], np.random.default_rng(1)
    logits = np.empty((CLASSES, *shape), np.float32)
    for class_id in range(CLASSES):
        inside = labels == class_id
        distance = ndimage.distance_transform_edt(inside) - ndimage.distance_transform_edt(~inside)
        logits[class_id] = distance.clip(-15, 15) / 1.5 + hills(rng, shape, 3)
    np.exp(logits - logits.max(axis=0), out=logits)
    return logits / logits.sum(axis=0), labels


def netcal_ece(p: np.ndarray, y: np.ndarray) -> float:
    """Return netcal's ECE of the top label, by the call that has one meaning for any number of labels."""
    from netcal.metrics import ECE

    return float(ECE(BINS).measure(p.max(axis=0).ravel().astype(float), (p.argmax(axis=0) == y).ravel().astype(int)))


def numpy_tace(p: np.ndarray, y: np.ndarray) -> float:
    """Return Nixon's TACE: sort each class's probabilities above the threshold, cut into blocks of equal count."""
    gaps = []
    for class_id, values in enumerate(p):
        kept = values > THRESHOLD
        order = np.argsort(values[kept])
        error = (y == class_id)[kept][order] - values[kept][order].astype(np.float64)
        starts = np.linspace(0, len(error), BINS, endpoint=False).round().astype(int)
        gaps.append(np.abs(np.add.reduceat(error, starts)).sum() / len(error))
    return float(np.mean(gaps))


def extra_mib(shape: tuple[int, ...]) -> float:
    """Return by how much ours raises the largest resident size of this process, MiB."""
    small = np.full((2, 512, 512), 0.5, np.float32)
    metrics.calibration(small, np.zeros((512, 512), np.uint8))  # loads what is compiled
    p, y = make_map_for_memory(shape)
    Path("/proc/self/clear_refs").write_text("5")  # sets the largest resident size back to the present one
    before = _largest_kib()
    metrics.calibration(p, y, bins=BINS)
    return (_largest_kib() - before) / 1024


def _largest_kib() -> int:
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1])


def make_map_for_memory(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return a map of full size without temporary arrays, which would hide what the measures take."""
    p, y = np.empty((CLASSES, *shape), np.float32), np.zeros(shape, np.uint8)
    rng = np.random.default_rng(0)
    for plane in range(shape[0]):
        p[:, plane] = np.moveaxis(rng.dirichlet([0.2] * CLASSES, shape[1:]), -1, 0)
        y[plane] = p[:, plane].argmax(axis=0)
    return p, y


if __name__ == "__main__":
    main()
