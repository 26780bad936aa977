"""What superpixel-guided softening and blur cost: CPU seconds of one thread beside the plain way with public packages.

Usage: python benchmarks/soft_labels_superpixel.py [--repeats 3] [--keep]
           (in the project's folder, with .venv active)
Prints medians on one made case (4 channels, 128 x 192 x 192, 4 classes), same input, one process, and their ratio.
The plain way of superpixels is scikit-image's slic, as here, and scipy's distance transforms of the whole volume,
inside and outside, of 4 classes; most of the time of both is slic. That of blur is scipy's gaussian_filter of 4
channels. Results are compared before times are printed.
`--tiny`: a small case, once.
"""

import argparse

import numpy as np
import options
from measure import CLASSES, SHAPE, SPACING_MM, TINY, compare, make_case
from rows import Rows
from scipy import ndimage
from skimage.segmentation import slic
from softbench.soft_labels import blur, superpixel

COUNT, COMPACTNESS = 2000, 0.1


def main() -> None:
    """Read the command line."""
    parser = options.parser(__doc__, keeps=True)
    parser.add_argument("--repeats", type=int, default=3)
    chosen = parser.parse_args()
    measure(chosen, *((TINY, 1) if chosen.tiny else (SHAPE, chosen.repeats)))


def measure(chosen: argparse.Namespace, shape: tuple[int, ...], repeats: int) -> None:
    """Time each part and its peer in turn, and print a line each."""
    rows = Rows("soft_labels_superpixel", chosen, "numba", "scikit-image", "scipy")
    labels, image = make_case(shape)
    small = (slice(None), *(slice(0, max(n // 6, 16)) for n in shape))
    soften(labels[small], image[small])  # compiles
    plain = "the same slic, distances of the whole volume"
    superpixels = lambda: soften(labels, image)  # noqa: E731
    compare(rows, "label superpixel", superpixels, lambda: plain_label(labels[0], image), plain, repeats)
    blurred = lambda: blur.soften(labels, None, SPACING_MM, classes=CLASSES)  # noqa: E731
    compare(rows, "label blur", blurred, lambda: plain_blur(labels[0]), "scipy's gaussian_filter", repeats)


def soften(labels: np.ndarray, image: np.ndarray) -> np.ndarray:
    """Make the superpixel label."""
    return superpixel.soften(labels, image, SPACING_MM, classes=CLASSES, count=COUNT, compactness=COMPACTNESS)


def plain_label(label_map: np.ndarray, image: np.ndarray) -> np.ndarray:
    """Soften with scikit-image's segments and distance transforms of the whole volume."""
    segments = slic(
        superpixel.stretch(image), n_segments=COUNT, compactness=COMPACTNESS, max_num_iter=10, spacing=SPACING_MM,
        convert2lab=False, start_label=1, channel_axis=0,
    )  # fmt: skip
    soft = (label_map == np.arange(CLASSES)[:, None, None, None]).astype(np.float32)
    for c, mask in enumerate(label_map == np.arange(CLASSES)[:, None, None, None]):
        signed = ndimage.distance_transform_edt(mask) - ndimage.distance_transform_edt(~mask)
        share = np.bincount(segments.ravel(), mask.ravel()) / np.maximum(np.bincount(segments.ravel()), 1)
        cut = ((share > 0) & (share < 1))[segments]
        soft[c][cut] = 0.5 * (signed / (1 + np.abs(signed)) + 1)[cut]
    return soft / soft.sum(axis=0)


def plain_blur(label_map: np.ndarray) -> np.ndarray:
    """Blur every channel over the whole volume."""
    channels = [(label_map == c).astype(np.float32) for c in range(CLASSES)]
    return np.stack([ndimage.gaussian_filter(channel, 1.0, mode="nearest") for channel in channels])


if __name__ == "__main__":
    main()
