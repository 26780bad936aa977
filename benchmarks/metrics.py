"""What scoring a case costs: ours beside MONAI's HD95 alone and medpy's distances, on the same masks.

Usage: python benchmarks/metrics.py [--keep]     (in the project's folder, with .venv active; about four CPU minutes)
One made case of 128 x 192 x 192 voxels at 1 mm, 4 classes, three nested structures; three predictions: a good one, a
bad one, and a good one with false positives far away, so that the masks' bounding box is the volume. One thread; CPU
seconds, median of 5 after one call that is not counted (medpy: a single call). Memory is that of a process of its own:
how far its largest resident size (Linux: VmHWM, set back before the call) rises. Last, `metrics_calibration.py`.
`--tiny`: a small case, each call once.
"""

import multiprocessing
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import metrics_calibration
import numpy as np
import options
import torch
from measure import CLASSES, SHAPE, SPACING_MM, TINY, cpu_s, hills, make_case, repeated
from medpy.metric import binary as medpy
from monai.metrics import compute_hausdorff_distance
from rows import Peer, Rows
from scipy import ndimage
from softbench import metrics
from softbench.metrics import surface

STRUCTURES = {"WT": [1, 2, 3], "TC": [1, 3], "ET": [3]}
TOLERANCE_MM, REPEATS = 2.0, 5
Pairs = list[tuple[np.ndarray, np.ndarray]]


def main() -> None:
    """Print the CPU seconds on each prediction, then the memory, then what calibration costs."""
    chosen = options.parser(__doc__, keeps=True).parse_args()
    tiny, rows = chosen.tiny, Rows("metrics", chosen, "numpy", "numba", "monai", "torch", "MedPy")
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # MONAI warns of its own arguments
    labels = make_case(TINY if tiny else SHAPE)[0][0]
    for name, probabilities in predictions(labels):
        time_prediction(rows, name, probabilities, labels, 1 if tiny else REPEATS)
        if name == "good prediction":
            add_memory(rows, probabilities, labels, "fork" if tiny else "spawn")
    metrics_calibration.compare(chosen)


def predictions(labels: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Make class probabilities: softmax of the signed distance to each class, mm, and smooth noise."""
    rng = np.random.default_rng(1)
    fine, wide, spots = (np.stack([hills(rng, labels.shape, width) for _ in range(CLASSES)]) for width in (3, 6, 3))
    away = np.stack([signed_distance(labels == class_id) for class_id in range(CLASSES)])
    yield "good prediction", softmax(away.clip(-20, 20) + 2 * fine)
    yield "bad prediction", softmax(away.clip(-8, 8) + 4 * wide)  # beyond 8 mm the noise alone decides
    spots[0] = 0
    yield "far false positives", softmax(away.clip(-20, 20) + 2 * fine + np.where(spots > 2.6, np.float32(30), 0))


def signed_distance(mask: np.ndarray) -> np.ndarray:
    """Return the distance to the mask's border in voxels, negative outside."""
    inside: np.ndarray = ndimage.distance_transform_edt(mask)
    return (inside - ndimage.distance_transform_edt(~mask)).astype(np.float32)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return class probabilities, float32."""
    powers = np.exp(logits - logits.max(axis=0))
    return powers / powers.sum(axis=0)


def time_prediction(rows: Rows, name: str, probabilities: np.ndarray, labels: np.ndarray, repeats: int) -> None:
    """Add what the measures of a prediction cost, beside the others."""
    pairs = structure_masks(probabilities, labels)
    one_hot = [torch.from_numpy(np.stack(side)[None]).float() for side in zip(*pairs, strict=True)]
    monai = Peer("MONAI's HD95 alone", repeated(lambda: monai_hd95(one_hot), repeats)[0])
    surface_s, _ = repeated(lambda: surfaces(pairs), repeats)
    case_s, _ = repeated(lambda: whole_case(pairs, probabilities, labels), repeats)
    score_s, _ = repeated(lambda: metrics.score_case(probabilities, labels[None], SPACING_MM, STRUCTURES), repeats)
    medpy_s, theirs = cpu_s(lambda: medpy_trio(pairs))
    rows.add(f"all surface metrics, {name}", surface_s, monai)
    rows.add(f"all surface metrics, {name}", surface_s, Peer("medpy's HD95, ASD and ASSD", [medpy_s]))
    rows.add(f"surface metrics and calibration, {name}", case_s, monai)
    rows.add(f"all scores of a case, {name}", score_s)
    found = [metrics.binary(*pair, SPACING_MM) for pair in pairs]
    ours = [[row[key] for key in ("hd95_pooled", "asd", "assd")] for row in found]
    dsc = ", ".join(f"{row['dsc']:.2f}" for row in found)
    print(f"  DSC {dsc}; largest difference from medpy {np.abs(np.subtract(ours, theirs)).max():.1e} mm", flush=True)


def structure_masks(probabilities: np.ndarray, labels: np.ndarray) -> Pairs:
    """Return prediction and reference of each structure."""
    predicted = probabilities.argmax(axis=0).astype(np.uint8)
    return [(np.isin(predicted, ids), np.isin(labels, ids)) for ids in STRUCTURES.values()]


def surfaces(pairs: Pairs) -> list[list[float]]:
    """Return all surface metrics of each structure."""
    found = [surface.between(*pair, SPACING_MM) for pair in pairs]
    distances = [metric for metric in surface.DISTANCES if metric.of == "surfaces"]
    return [
        [metric.compute(sides) for metric in distances]
        + [metric.compute(sides, TOLERANCE_MM) for metric in surface.SHARES]
        for sides in found
    ]


def whole_case(pairs: Pairs, probabilities: np.ndarray, labels: np.ndarray) -> list[dict[str, float]]:
    """Return all measures of a case: overlap and surface of each structure, calibration of all classes."""
    return [
        *(metrics.binary(*pair, SPACING_MM, TOLERANCE_MM) for pair in pairs),
        metrics.calibration(probabilities, labels, roi="all"),
    ]


def monai_hd95(one_hot: list[torch.Tensor]) -> torch.Tensor:
    """Return MONAI's HD95 of the structures as channels."""
    return compute_hausdorff_distance(*one_hot, percentile=95, include_background=True, spacing=1)


def medpy_trio(pairs: Pairs) -> list[list[float]]:
    """Return medpy's HD95, ASD and ASSD of each structure."""
    return [[measure(*pair, SPACING_MM) for measure in (medpy.hd95, medpy.asd, medpy.assd)] for pair in pairs]


def add_memory(rows: Rows, probabilities: np.ndarray, labels: np.ndarray, start: str) -> None:
    """Add by how much all measures of a case, and the surfaces alone, raise the memory of a process of its own.

    Args: start: "spawn" for a fresh one; "fork" saves its imports, where the number is of no interest.
    """
    with tempfile.TemporaryDirectory() as folder:
        pairs = structure_masks(probabilities, labels)
        for name, array in (("probabilities", probabilities), ("labels", labels), ("masks", np.array(pairs))):
            np.save(Path(folder) / name, array)
        with multiprocessing.get_context(start).Pool(1) as pool:
            surface_mib, case_mib = pool.apply(extra_mib, (folder,))
    rows.add("memory of all surface metrics beyond the input", [surface_mib], unit="MiB")
    rows.add("memory of surface metrics and calibration beyond the input", [case_mib], unit="MiB")


def extra_mib(folder: str) -> tuple[float, float]:
    """Return the rise of the largest resident size for surfaces, and for all measures, MiB."""
    small = np.zeros((8, 8, 8), bool)
    small[2:4, 2:4, 2:4] = True
    even = np.full((2, *small.shape), 0.5, np.float32)
    whole_case([(small, small), (small, small[::-1])], even, small.astype(np.uint8))  # loads what is compiled
    probabilities, labels, masks = (np.load(Path(folder) / f"{n}.npy") for n in ("probabilities", "labels", "masks"))
    pairs = [(prediction, reference) for prediction, reference in masks]
    return rise_mib(lambda: surfaces(pairs)), rise_mib(lambda: whole_case(pairs, probabilities, labels))


def rise_mib(action: Callable[[], Any]) -> float:
    """Return by how much a call raises the largest resident size of this process, MiB."""
    Path("/proc/self/clear_refs").write_text("5")  # sets the largest resident size back to the present one
    before = largest_kib()
    action()
    return (largest_kib() - before) / 1024


def largest_kib() -> int:
    """Return the largest resident size of this process since it was set back, KiB."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1])


if __name__ == "__main__":
    main()
