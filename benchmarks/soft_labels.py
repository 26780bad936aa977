"""What each soft label costs at full size: ours beside a plain way with public packages, on the same input.

Usage: python benchmarks/soft_labels.py [--keep]     (in the project's folder, with .venv active; four CPU minutes)
One made case of 4 channels, 128 x 192 x 192 voxels, 4 classes; one thread; CPU seconds, median of 3. The plain ways:
one-hot by comparison, LS in numpy, SVLS by the grouped convolution of the authors' code (torch), EPD by scikit-image's
block_reduce; superpixel, blur and GeoLS in the two scripts beside this one, which it runs last. Then the store: size,
reading time, error. `--tiny`: a small case, each call once.
"""

import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import options
import soft_labels_geols
import soft_labels_superpixel
import torch
from measure import CLASSES, SHAPE, SPACING_MM, TINY, cpu_s, make_case
from measure import compare as compare_times
from rows import Rows
from skimage.measure import block_reduce
from softbench import store
from softbench.soft_labels import epd, geols, ls, one_hot, svls


def main() -> None:
    """Print a line for each recipe, then the store's, then the two slow recipes'."""
    chosen = options.parser(__doc__, keeps=True).parse_args()
    torch.set_num_threads(1)
    repeats, shape = (1, TINY) if chosen.tiny else (3, SHAPE)
    rows = Rows("soft_labels", chosen, "numpy", "torch", "scikit-image")
    compare = partial(compare_times, rows, repeats=repeats)
    labels, image = make_case(shape)
    convolution = "torch's grouped convolution"
    compare("label one_hot", lambda: soften(one_hot, labels), lambda: plain_one_hot(labels[0]), "comparison in numpy")
    compare("label ls", lambda: soften(ls, labels), lambda: 0.9 * plain_one_hot(labels[0]) + 0.1 / CLASSES, "numpy")
    compare("label svls", lambda: soften(svls, labels), lambda: grouped_convolution(labels[0]), convolution)
    blocks = np.random.default_rng(0).integers(0, CLASSES, [n // 8 for n in shape], np.uint8)
    spread = np.kron(blocks, np.ones((8, 8, 8), np.uint8))[None]
    everywhere = "label svls, another class each 8 voxels"
    compare(everywhere, lambda: soften(svls, spread), lambda: grouped_convolution(spread[0]), convolution)
    compare("label epd", lambda: soften(epd, labels), lambda: reduced(labels[0]), "scikit-image's block_reduce")
    stored("svls", soften(svls, labels))
    stored("geols", geols.soften(labels, image, SPACING_MM, classes=CLASSES))
    soft_labels_superpixel.measure(chosen, shape, repeats)
    soft_labels_geols.measure(chosen, shape, repeats)


def soften(recipe: object, labels: np.ndarray) -> np.ndarray:
    """Call a recipe of labels alone with its defaults."""
    soft: np.ndarray = recipe.soften(labels, None, SPACING_MM, classes=CLASSES)  # type: ignore[attr-defined]
    return soft


def plain_one_hot(label_map: np.ndarray) -> np.ndarray:
    """Compare with each class."""
    return (label_map == np.arange(CLASSES).reshape(-1, 1, 1, 1)).astype(np.float32)


def grouped_convolution(label_map: np.ndarray) -> np.ndarray:
    """Convolve each class with the 3 x 3 x 3 kernel after repeating the border, as the paper's code does."""
    weights = torch.tensor(svls.kernel(3), dtype=torch.float32)
    target = torch.from_numpy(plain_one_hot(label_map))[None]
    padded = torch.nn.functional.pad(target, (1,) * 6, mode="replicate")
    kernel = weights[None, None].repeat(CLASSES, 1, 1, 1, 1)
    return (torch.nn.functional.conv3d(padded, kernel, groups=CLASSES) / weights.sum())[0].numpy()


def reduced(label_map: np.ndarray) -> np.ndarray:
    """Average windows of 2 x 2 x 2 with scikit-image."""
    return block_reduce(plain_one_hot(label_map), (1, 2, 2, 2), np.mean)


def stored(name: str, soft: np.ndarray) -> None:
    """Print size, CPU seconds and error of a soft label in the store."""
    with tempfile.TemporaryDirectory() as folder:
        write_s, _ = cpu_s(lambda: store.write(folder, "a", soft))
        read_s, back = cpu_s(lambda: store.read(folder, "a"))
        mib = store.path_of(Path(folder), "a").stat().st_size / 2**20
    error = np.abs(back - soft).max()
    print(
        f"store, {name}: {mib:.2f} MiB, write {write_s:.2f} CPU s, read {read_s:.2f} CPU s, error {error:.1e}",
        flush=True,
    )


if __name__ == "__main__":
    main()
