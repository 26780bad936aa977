"""What the geodesic distances of GeoLS cost: ours, against GeodisTK called directly on the same input.

Usage: python benchmarks/soft_labels_geols.py [--keep]     (in the project's folder, with .venv active; a CPU minute)
Four modalities of 128 x 192 x 192 voxels, three classes, four iterations; one thread each, CPU seconds. Ours is the
median of three runs over all four modalities. GeodisTK is timed once for each class of the first modality and scaled by
four. The first call of ours, which compiles or loads what an earlier run compiled, is printed and not counted.
`--tiny`: a small case, once.
"""

import argparse

import GeodisTK
import numpy as np
import options
from measure import SHAPE, SPACING_MM, TINY, cpu_s, make_case
from rows import Peer, Rows
from softbench.soft_labels import geodesic, geols, seeds

MODALITIES, CLASSES, ITERATIONS = 4, 3, 4


def main() -> None:
    """Read the command line."""
    chosen = options.parser(__doc__, keeps=True).parse_args()
    measure(chosen, *((TINY, 1) if chosen.tiny else (SHAPE, 3)))


def measure(chosen: argparse.Namespace, shape: tuple[int, ...], repeats: int) -> None:
    """Print a line for each step, the ratio, and how far the distances are apart."""
    rows = Rows("soft_labels_geols", chosen, "numba", "GeodisTK")
    labels, image = make_case(shape)
    labels = labels[0]
    masks = np.stack([seeds.skeleton(labels == c) for c in range(1, CLASSES + 1)])
    first, _ = cpu_s(lambda: geodesic.distances(image[0, :8, :8, :8], masks[:, :8, :8, :8], SPACING_MM))
    print(f"first call: {first:.1f} CPU s (compiles, or loads what is compiled)")
    runs = [cpu_s(lambda: ours_of_all(image, masks)) for _ in range(repeats)]
    found = runs[0][1]
    calls = [cpu_s(lambda mask=mask: geodistk(image[0], mask)) for mask in masks]
    peer = Peer("GeodisTK", [MODALITIES * sum(seconds for seconds, _ in calls)])
    what = f"geodesic distances, {MODALITIES} modalities x {CLASSES} classes"
    rows.add(what, [seconds for seconds, _ in runs], peer)
    expected = np.stack([distance for _, distance in calls])
    relative = np.abs(found - expected) / np.maximum(expected, np.finfo(np.float32).tiny)
    print(f"relative difference: at most {relative.max():.1e}; voxels that differ: {int((found != expected).sum())}")
    exact, _ = cpu_s(lambda: geodesic.distances(image[0], masks, SPACING_MM, iterations=None))
    print(f"ours until nothing changes, 1 modality x {CLASSES} classes: {exact:.2f} CPU s")
    made, arrays = cpu_s(lambda: geols.make_map(labels[None], image, SPACING_MM, classes=CLASSES + 1))
    mixed, _ = cpu_s(lambda: geols.apply_map(labels[None], arrays, classes=CLASSES + 1))
    print(f"GeoLS of the case: map with seeds {made:.2f} CPU s, soft label of the map {mixed:.2f} CPU s")


def ours_of_all(image: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Measure all modalities; return the distances of the first."""
    found = [geodesic.distances(channel, masks, SPACING_MM, iterations=ITERATIONS) for channel in image]
    return found[0]


def geodistk(channel: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Call GeodisTK as the GeoLS authors do."""
    return GeodisTK.geodesic3d_raster_scan(channel, mask.astype(np.uint8), list(SPACING_MM), 1.0, ITERATIONS)


if __name__ == "__main__":
    main()
