"""Which `compactness` of SLIC holds the number of superpixels asked for, and whose superpixels follow the labels best.

Usage: python benchmarks/compactness.py [--tiny] [--thick N] [--case NAME LABELS IMAGE [IMAGE ...]] ...
           (in the project's folder, with .venv active; a minute without real cases)
`--tiny` takes two small images.
Made images: a B-scan of 384 x 768 pixels at OCT's spacing with three levels of noise, and phantoms. Real ones: NIfTI
files, an IMAGE a channel, cut to 128 x 192 x 192 voxels; cases of the same NAME share a row; with --thick each is
measured once more on the means of N slices (labels: the middle one). Asks for 500 and 3500 superpixels, the ends of the
paper's sweep, and prints a Markdown table: the boundary recall (share of the voxels beside a class boundary that lie
within 2 voxels of a voxel beside a superpixel's boundary; Achanta et al. 2012), the mean over the cases of a row, and
the number found in % of that asked for. A dash stands where a case lies outside 60 to 140 %: too few superpixels soften
everything. Below it, over the rows: in how many the number holds, and the mean recall.
"""

import argparse
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import options
from scipy import ndimage
from softbench import images
from softbench.datasets import phantoms
from softbench.soft_labels import superpixel

GRID = (0.01, 0.0316, 0.1, 0.316, 1.0, 3.16, 10.0)  # compactness, in half decades
COUNTS = (500, 3500)
HELD = (0.6, 1.4)  # found over asked for
WITHIN = 2.0  # voxels
SHAPE = (128, 192, 192)  # of real cases, at most
OCT_MM, NOISE = (0.00387, 0.01133), (0.02, 0.08, 0.2)
BRIGHTNESS = np.array([0.06, 0.85, 0.52, 0.32, 0.50, 0.32, 0.78, 0.90])  # from the vitreous down
THICKNESS_MM = np.array([0.035, 0.075, 0.045, 0.02, 0.1, 0.018, 0.034])
PHANTOMS = (("phantom_retina", "small"), ("phantom_brain", "small"), ("phantom_brain", "tiny"))


class Case(NamedTuple):
    """An image (M, ...) and its label map, with their spacing in mm."""

    name: str
    image: np.ndarray
    labels: np.ndarray
    spacing_mm: tuple[float, ...]


class Result(NamedTuple):
    """What one value of compactness gives: the number found over that asked for, and the boundary recall."""

    found: float
    recall: float


def main() -> None:
    """Print the table of the made images and of the real cases named."""
    chosen = _options()
    counts, cases = COUNTS, _made()
    if chosen.tiny:
        counts, cases = (60, 200), [b_scan(0.08, (48, 96)), phantom("phantom_brain", "tiny")]
    given = [real(name, Path(labels), [Path(f) for f in files]) for name, labels, *files in chosen.case]
    cases += given + ([thick(case, chosen.thick) for case in given] if chosen.thick else [])
    rows = {(name, count): results for count in counts for name, results in _rows(cases, count).items()}
    print(f"| image | asked | {' | '.join(f'{value:g}' for value in GRID)} |\n|---|--:{'|--:' * len(GRID)}|")
    for (name, count), results in rows.items():
        print(f"| {name} | {count} | {' | '.join(_cell(results[value]) for value in GRID)} |")
    print("\ncompactness: rows in which the number holds, mean recall over all rows")
    for value in GRID:
        column = [results[value] for results in rows.values()]
        recall = np.mean([np.mean([one.recall for one in cell]) for cell in column])
        print(f"{value:g}: {sum(map(_holds, column))} of {len(column)}, {recall:.3f}")


def _options() -> argparse.Namespace:
    parser = options.parser(__doc__)
    parser.add_argument("--thick", type=int, metavar="N", help="measure real cases on the means of N slices, too")
    parser.add_argument("--case", nargs="+", action="append", default=[], metavar="NAME LABELS IMAGE")
    chosen = parser.parse_args()
    if any(len(case) < 3 for case in chosen.case):
        parser.error("--case needs a name, a file of labels and at least one of an image")
    return chosen


def _made() -> list[Case]:
    return [*(b_scan(noise) for noise in NOISE), *(phantom(name, size) for name, size in PHANTOMS)]


def _rows(cases: list[Case], count: int) -> dict[str, dict[float, list[Result]]]:
    """Return name -> compactness -> the results of the cases of that name."""
    rows: dict[str, dict[float, list[Result]]] = defaultdict(lambda: defaultdict(list))
    for case in cases:
        for value in GRID:
            rows[case.name][value].append(measure(case, count, value))
    return rows


def measure(case: Case, count: int, compactness: float) -> Result:
    """Cut a case into superpixels and compare them with its labels."""
    segments = superpixel.segments(case.image, case.spacing_mm, count=count, compactness=compactness)
    return Result(segments.max() / count, boundary_recall(segments, case.labels))


def boundary_recall(segments: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of the labels' boundary voxels near one of the segments; NaN where labels have no boundary."""
    wanted, there = beside_a_boundary(labels), beside_a_boundary(segments)
    if not wanted.any():
        return float("nan")
    return float((ndimage.distance_transform_edt(~there)[wanted] <= WITHIN).mean()) if there.any() else 0.0


def beside_a_boundary(label_map: np.ndarray) -> np.ndarray:
    """Return which voxels share a face with one of another label."""
    beside = np.zeros(label_map.shape, bool)
    for axis in range(label_map.ndim):
        after = np.diff(label_map.astype(np.int64), axis=axis) != 0
        pad = [(0, 0)] * label_map.ndim
        for pair in ((0, 1), (1, 0)):
            pad[axis] = pair
            beside |= np.pad(after, pad)
    return beside


def _cell(results: list[Result]) -> str:
    if not _holds(results):
        return f"– ({_share(results)})"
    return f"{np.mean([one.recall for one in results]):.3f} ({_share(results)})"


def _holds(results: list[Result]) -> bool:
    return all(HELD[0] <= one.found <= HELD[1] for one in results)


def _share(results: list[Result]) -> str:
    low, high = (f"{100 * end([one.found for one in results]):.0f}" for end in (min, max))
    return f"{low} %" if low == high else f"{low} to {high} %"


def b_scan(noise: float, shape: tuple[int, int] = (384, 768)) -> Case:
    """Make a B-scan: wavy layers between vitreous and choroid, and noise of a standard deviation; the range is 0.84."""
    rng, across = np.random.default_rng(0), np.linspace(0, 2 * np.pi, shape[1])
    scale = shape[0] / 384
    wave = 12 * np.sin(1.3 * across + rng.uniform(0, 6))
    uneven = 1 + 0.25 * np.sin(rng.uniform(1, 3, (7, 1)) * across + rng.uniform(0, 6, (7, 1)))
    below = np.cumsum(THICKNESS_MM[:, None] / OCT_MM[0] * uneven, axis=0)
    tops = scale * (0.35 * 384 + wave + np.concatenate([np.zeros((1, shape[1])), below]))
    layer = (np.arange(shape[0])[:, None] >= tops[:, None]).sum(axis=0)  # 0 to 8
    image = np.append(BRIGHTNESS, 0.3)[layer] + noise * rng.standard_normal(shape)
    return Case(f"B-scan, noise {noise:g}", image[None].astype(np.float32), layer % 8, OCT_MM)


def phantom(name: str, size: str) -> Case:
    """Make a case of a phantom; the first of its raters draws the labels."""
    case = phantoms.make(name, 0, size=size)
    return Case(f"{name}, {' x '.join(map(str, case.labels.shape[1:]))}", case.images, case.labels[0], case.spacing_mm)


def real(name: str, labels: Path, files: list[Path]) -> Case:
    """Read a case and cut it to `SHAPE` around its middle."""
    drawn = images.read(labels)
    image = np.stack([_middle(images.read(file).array).astype(np.float32) for file in files])
    return Case(name, image, np.rint(_middle(drawn.array)).astype(np.int64), drawn.spacing_mm)


def thick(case: Case, slices: int) -> Case:
    """Return a case on slices that are so many times as thick."""
    whole = len(case.labels) // slices * slices
    image = case.image[:, :whole].reshape(len(case.image), -1, slices, *case.labels.shape[1:]).mean(axis=2)
    spacing = (case.spacing_mm[0] * slices, *case.spacing_mm[1:])
    return Case(f"{case.name}, {slices} slices in one", image, case.labels[slices // 2 : whole : slices], spacing)


def _middle(array: np.ndarray) -> np.ndarray:
    """Cut an array to at most `SHAPE`."""
    starts = [max(0, (have - want) // 2) for have, want in zip(array.shape, SHAPE, strict=True)]
    return array[tuple(slice(start, start + want) for start, want in zip(starts, SHAPE, strict=True))]


if __name__ == "__main__":
    main()
