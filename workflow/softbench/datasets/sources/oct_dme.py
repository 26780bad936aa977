"""OCT of ten eyes with diabetic macular oedema (Duke, Chiu et al. 2015): seven retinal layers and fluid, two graders.

Each subject is a MATLAB file with 61 B-scans of 496 x 768 pixels; eleven of them were graded, 110 in all. A case is a
graded B-scan: `subject_03_scan_07` is the seventh graded one of subject 3, counted from the first B-scan.

**Classes.** The graders drew eight boundaries and the fluid. Eight boundaries enclose seven layers; what lies above
the first (vitreous) and below the last (choroid) is background. Li et al. speak of "eight retinal layers and fluid
regions", which the data do not have: ours are seven layers and fluid, eight structures. See `label`.

**Preparation** (Li et al.: denoised by DnCNN, flattened to an estimated Bruch's membrane, cropped to the retina).
`denoise: dncnn` takes the weights that DnCNN's authors publish, from the file `weights` beside the subjects' files;
which of them, and for which level of noise, Li et al. do not say, and the default is the one for all levels. They are
fetched with the data; where they cannot be had the data comes without them, and `denoise: nl_means` (non-local means,
the default) stands in, or `none`. Their address was never contacted from here, and no hash of them is published: the
first download records one. `flatten` shifts each column by whole pixels so that the estimated membrane lies level;
`rows` are how many rows are kept above and below it (none: the whole height). Predictions therefore lie in the
flattened image.

**Bruch's membrane.** Li et al. say "intensity gradient" and no more. Ours is after Lang et al. 2013: in each column the
two steepest rises, at least `APART` rows apart, are the inner limiting membrane and the ellipsoid zone; the steepest
fall within `REACH` rows below the lower of the two is Bruch's membrane. A parabola through all columns, fitted to the
least sum of absolute distances, passes over columns in which that fails.

**Spacing.** The files hold none. Chiu et al. give 3.87 um along a column and 11.07 to 11.59 um along a row; the middle
of the two is used for all subjects, so distances in mm are off by up to 2.3 % along rows.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import loadmat
from scipy.io.matlab import MatReadError
from scipy.ndimage import convolve, gaussian_filter
from skimage.restoration import denoise_nl_means

from softbench.checks import require_one_of
from softbench.datasets import case as words
from softbench.datasets.case import Volumes
from softbench.datasets.sources import dncnn
from softbench.datasets.sources.reading import intensities
from softbench.errors import InputError

VERSION = 2
TITLE = "OCT-DME (Duke, Chiu 2015)"
LICENCE = "research and education only, no redistribution"
CITATION = (
    "Chiu et al., Kernel regression based segmentation of optical coherence tomography images with diabetic macular "
    "edema, Biomedical Optics Express 6, 1172 (2015)"
)
ACCESS = "open"
SIZE_GB = None  # not published
WEIGHTS = "dncnn_gray_blind.pth"
ARCHIVES = (
    words.Archive(url="https://people.duke.edu/~sf59/Datasets/2015_BOE_Chiu2.zip", name="2015_BOE_Chiu2.zip"),
    words.Archive(
        url=f"https://github.com/cszn/KAIR/releases/download/v1.0/{WEIGHTS}", name=WEIGHTS, unpack=False, optional=True
    ),
)
LAYOUT = "Subject_01.mat to Subject_10.mat, themselves or in 2015_BOE_Chiu/; for `denoise: dncnn` its weights too"
MODALITIES = ("oct",)
CLASSES = ("background", "nfl", "gcl_ipl", "inl", "opl", "onl_ism", "ise", "os_rpe", "fluid")
STRUCTURES = {
    "nfl": (1,), "gcl_ipl": (2,), "inl": (3,), "opl": (4,), "onl_ism": (5,), "ise": (6,), "os_rpe": (7,), "fluid": (8,),
}  # fmt: skip
DIMS = 2
SHAPE = (496, 768)  # pixels; published, all scans; `rows` keeps fewer
LABEL_MAPS = 2  # of a case, one a rater
SETTINGS = {
    "denoise": "nl_means",
    "weights": "dncnn_gray_blind.pth",
    "flatten": True,
    "rows": [320, 64],
}  # rows: 1.24 and 0.25 mm
ALLOWED = {
    "denoise": {
        "constant": "datasets/sources/oct_dme.py:DENOISERS",
        "description": "DnCNN, non-local means, or nothing",
    },
    "weights": {"type": "string", "description": "file of DnCNN's weights beside the data, for `denoise: dncnn`"},
    "flatten": {"type": "boolean", "description": "whether columns are shifted to Bruch's membrane"},
    "rows": {
        "type": "array",
        "items": {"type": "integer", "minimum": 1},
        "minItems": 2,
        "maxItems": 2,
        "description": "pixels kept above and below the membrane",
    },
}
DEFAULTS = {"normalise": "zscore"}  # not told by Li et al.
SPACING_MM = (0.00387, 0.01133)  # Chiu et al. 2015; along rows the middle of 0.01107 and 0.01159
GRADERS = (1, 2)


def find_cases(folder: Path) -> list[words.RawCase]:
    """List the graded B-scans of a folder that is, or holds, `2015_BOE_Chiu`, sorted; none found is an empty list.

    A file in which no B-scan is graded is one case without a label map, for `read` to refuse by name.

    Raises: InputError: if a file cannot be read as MATLAB's version 5 to 7.2, or lacks its boundaries.
    """
    files = sorted(path for root in (folder, folder / "2015_BOE_Chiu") for path in root.glob("Subject_*.mat"))
    return [case for file in files for case in _cases(file)]


def _cases(file: Path) -> list[words.RawCase]:
    subject = file.stem.lower()
    scans = graded(file)
    if not scans:
        return [words.RawCase(subject, subject, (file,), ())]
    return [
        words.RawCase(f"{subject}_scan_{rank:02d}", subject, (file,), (file,), {"b_scan": scan})
        for rank, scan in enumerate(scans, start=1)
    ]


def graded(file: Path) -> list[int]:
    """Return which B-scans (from 0) of a subject hold a boundary of any grader."""
    layers = read_matlab(file, [f"manualLayers{grader}" for grader in GRADERS])
    drawn_scans = np.logical_or.reduce([np.isfinite(drawn).any(axis=(0, 1)) for drawn in layers.values()])
    return [int(scan) for scan in np.flatnonzero(drawn_scans)]


def read(
    case: words.RawCase,
    *,
    denoise: str = "nl_means",
    weights: str = WEIGHTS,
    flatten: bool = True,
    rows: Sequence[int] | None = (320, 64),
) -> Volumes:
    """Read one B-scan with the labels of both graders; see the module for the settings.

    Pixels are valid where both graders drew all eight boundaries, and where the shifted image has pixels.

    Raises: InputError: if a variable is missing or of another shape, a grader drew nothing, or `rows` would cut
        through the labelled retina.
    """
    scan = case.details["b_scan"]
    image, drawn = _load(case.images[0], scan)
    image = intensities(f"{case.images[0]}, B-scan {scan + 1}", image)
    image = denoised(image, how=denoise, weights=_weights(case, weights))
    graders = [label(boundaries, fluid) for boundaries, fluid in drawn]
    for grader, (_, known) in zip(GRADERS, graders, strict=True):
        if not known.any():
            raise InputError(f"grader {grader} drew no complete boundaries in B-scan {scan + 1}. Leave the case out.")
    labels = np.stack([labels for labels, _ in graders])
    valid = np.logical_and.reduce([known for _, known in graders])
    base = membrane(image)
    if not flatten:
        base = np.full_like(base, np.median(base))
    return _cut(image, labels, valid, Window.of(base, rows, image.shape[0]))


def extra_files(case: words.RawCase, *, denoise: str = "nl_means", weights: str = WEIGHTS, **others: Any) -> list[Path]:
    """Return the files besides the case's own that these settings need: the weights of DnCNN.

    Raises: InputError: if they are not there.
    """
    return [dncnn.require_weights(_weights(case, weights))] if denoise == "dncnn" else []


def _weights(case: words.RawCase, name: str) -> Path:
    """Return where a file of weights lies: beside the subject's file, or in the folder above."""
    folder = case.images[0].parent
    above = folder.parent / name
    return above if above.is_file() and not (folder / name).is_file() else folder / name


def _load(file: Path, scan: int) -> tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray]]]:
    """Return a B-scan (H, W), and boundaries (8, W) and fluid (H, W) of each grader."""
    names = ["images", *(f"manual{kind}{grader}" for grader in GRADERS for kind in ("Layers", "Fluid"))]
    arrays = read_scan(file, names, scan)
    image = arrays["images"]
    expected = {name: (8, image.shape[1]) if "Layers" in name else image.shape for name in names}
    for name, array in arrays.items():
        if array.shape != expected[name]:
            raise InputError(f"{file}: {name} has {array.shape} a B-scan, but {expected[name]} is expected.")
    return image, [(arrays[f"manualLayers{grader}"], arrays[f"manualFluid{grader}"]) for grader in GRADERS]


@dataclass(frozen=True)
class Window:
    """The rows that are kept of each column: `above` rows up to `base` (W,), and `below` from it on."""

    base: np.ndarray
    above: int
    below: int

    @classmethod
    def of(cls, base: np.ndarray, rows: Sequence[int] | None, height: int) -> "Window":
        """Return a window around rounded rows; without `rows`, as high as the image.

        Raises: InputError: if `rows` are not two whole numbers from 1 on.
        """
        level = np.rint(base).astype(int)
        if rows is None:
            above = int(np.clip(np.median(level), 0, height))
            return cls(level, above, height - above)
        if len(rows) != 2 or any(int(n) != n or n < 1 for n in rows):
            raise InputError(
                f"`rows` must be two whole numbers from 1 on, the rows kept above and below, but is {list(rows)}."
            )
        return cls(level, int(rows[0]), int(rows[1]))

    def take(self, image: np.ndarray, fill: float) -> np.ndarray:
        """Return the window (above + below, W) of an image (H, W); places outside of it hold `fill`."""
        wanted = np.arange(-self.above, self.below)[:, None] + self.base
        inside = (wanted >= 0) & (wanted < len(image))
        taken = np.take_along_axis(image, np.clip(wanted, 0, len(image) - 1), axis=0)
        return np.where(inside, taken, np.asarray(fill, image.dtype))


def _cut(image: np.ndarray, labels: np.ndarray, valid: np.ndarray, window: Window) -> Volumes:
    labels = np.where(valid, labels, 0).astype(np.uint8)
    shifted = np.stack([window.take(rater, 0) for rater in labels])
    lost = int((labels > 0).sum() - (shifted > 0).sum())
    if lost:
        raise InputError(
            f"the rows that are kept, {window.above} above Bruch's membrane and {window.below} below, cut off {lost} "
            "labelled pixels. Raise `rows`, or use `rows: null` or `flatten: false`."
        )
    seen = window.take(valid, False)
    affine = np.array([[0.0, SPACING_MM[1], 0.0], [SPACING_MM[0], 0.0, 0.0], [0.0, 0.0, 1.0]])  # (h, w, 1) to x, y
    channel = window.take(image, float(image.min()))
    return Volumes(channel[None], shifted, SPACING_MM, affine, valid=None if seen.all() else seen)


def read_matlab(path: Path, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Read 3-D variables (rows, columns, scans).

    Raises: InputError: if the file is no MATLAB file, damaged or of version 7.3, or lacks a variable.
    """
    try:
        arrays = loadmat(path, variable_names=list(names))
    except NotImplementedError as error:
        raise InputError(
            f"{path} is a MATLAB file of version 7.3 (HDF5), which is not read here; the published ones are older. "
            "Download it again, or save it in MATLAB with `save -v7`."
        ) from error
    except (MatReadError, OSError, ValueError, TypeError, EOFError, KeyError, zlib.error) as error:
        raise InputError(f"{path} cannot be read as a MATLAB file ({error}). Download it again.") from error
    missing = [name for name in names if name not in arrays]
    if missing:
        raise InputError(f"{path} lacks the variable(s) {', '.join(missing)}. Is it a file of another release?")
    flat = [name for name in names if arrays[name].ndim != 3]
    if flat:
        raise InputError(f"{path}: {flat[0]} must be 3-D (rows, columns, scans), but is {arrays[flat[0]].shape}.")
    return {name: arrays[name] for name in names}


def read_scan(path: Path, names: Sequence[str], scan: int) -> dict[str, np.ndarray]:
    """Return one scan of each variable; the file read last is kept, for its scans are asked for one by one."""
    stat = path.stat()
    return {
        name: array[:, :, scan] for name, array in _kept(path, tuple(names), stat.st_size, stat.st_mtime_ns).items()
    }


@lru_cache(maxsize=1)
def _kept(path: Path, names: tuple[str, ...], size: int, changed_ns: int) -> dict[str, np.ndarray]:
    """Read a file; size and time are there so that a changed one is read anew."""
    return read_matlab(path, names)


BOUNDARIES = 8
FLUID = 8  # class id; the layers are 1 to 7


def label(boundaries: np.ndarray, fluid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turn boundaries and fluid into class ids.

    MATLAB counts rows from 1, so pixel h lies at h + 1. Layer k takes the pixels at or below boundary k and above
    boundary k + 1 (k = 1 to 7, from the inner limiting membrane to Bruch's membrane); a boundary that is drawn above
    the one before it counts as lying on it. Fluid goes over layers: any number but 0, for pockets are counted 1, 2,
    ...; NaN is no fluid.

    Args:
        boundaries: (8, W) rows from top to bottom, NaN where none was drawn.
        fluid: (H, W).
    Returns: class ids (H, W) uint8, and which pixels are known (H, W): those of columns with all eight boundaries.
        The others are 0.
    Raises: InputError: if there are not eight boundaries.
    """
    if len(boundaries) != BOUNDARIES:
        raise InputError(f"`boundaries` must hold {BOUNDARIES} rows, but holds {len(boundaries)}.")
    drawn = np.isfinite(boundaries).all(axis=0)
    ordered = np.maximum.accumulate(np.where(drawn, boundaries, 0), axis=0)
    rows = np.arange(1, len(fluid) + 1)[:, None]
    passed = (rows[None] >= ordered[:, None, :]).sum(axis=0)  # boundaries at or above each pixel
    layers = np.where(passed == BOUNDARIES, 0, passed)
    wet = np.nan_to_num(fluid, nan=0.0) > 0
    known = np.broadcast_to(drawn, fluid.shape)
    labels = np.where(known, np.where(wet, FLUID, layers), 0)
    return labels.astype(np.uint8), known.copy()


SMOOTH = (2.0, 8.0)  # pixels, sd along a column and along a row
APART, REACH = 25, 30  # rows: 97 and 116 um
ROUNDS, LEAST = 30, 0.5  # of reweighting; rows below which a distance weighs no more


def membrane(image: np.ndarray) -> np.ndarray:
    """Return the row (W,) of Bruch's membrane in each column of a B-scan (H, W)."""
    slope = np.gradient(gaussian_filter(image.astype(np.float64), SMOOTH), axis=0)
    rows = np.arange(len(slope))[:, None]
    first = slope.argmax(axis=0)
    second = np.where(np.abs(rows - first) < APART, -np.inf, slope).argmax(axis=0)
    ellipsoid = np.maximum(first, second)
    below = (rows > ellipsoid) & (rows <= ellipsoid + REACH)
    fall = np.where(below, slope, np.inf).argmin(axis=0)
    return _parabola(np.where(below.any(axis=0), fall, ellipsoid).astype(np.float64))


def _parabola(rows: np.ndarray) -> np.ndarray:
    """Fit rows by a parabola with the least sum of absolute distances, by reweighted least squares."""
    place = np.linspace(-1, 1, len(rows))
    basis = np.stack([np.ones_like(place), place, place**2], axis=1)
    weights = np.ones_like(rows)
    fitted = rows
    for _ in range(ROUNDS):
        root = np.sqrt(weights)
        fitted = basis @ np.linalg.lstsq(basis * root[:, None], rows * root, rcond=None)[0]
        weights = 1 / np.maximum(np.abs(rows - fitted), LEAST)
    return fitted


DENOISERS = ("dncnn", "nl_means", "none")
PATCH, SEARCH = 5, 6  # pixels: edge of a patch; how far patches are searched
STRENGTH = 0.8  # of the noise's deviation; what scikit-image advises for its fast mode
NOISE_KERNEL = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]])  # blind to planes


def denoised(image: np.ndarray, *, how: str, weights: Path = Path(WEIGHTS)) -> np.ndarray:
    """Return an image (H, W) with less noise, float32: `dncnn`, `nl_means`, or `none` for the image as it is."""
    require_one_of("denoise", how, DENOISERS)
    if how == "dncnn":
        return dncnn.denoised(image, weights)
    sigma = noise(image)
    if how == "none" or sigma == 0:
        return image
    filtered = denoise_nl_means(
        image.astype(np.float32),
        patch_size=PATCH,
        patch_distance=SEARCH,
        h=STRENGTH * sigma,
        sigma=sigma,
        fast_mode=True,
    )
    return np.asarray(filtered, np.float32)


def noise(image: np.ndarray) -> float:
    r"""Return the standard deviation of an image's noise.

    .. math:: \sigma = \sqrt{\pi / 2} \, \mathrm{mean} |I * N| / 6

    Source: Immerkaer, Computer Vision and Image Understanding 64, 300 (1996). Departures: none.
    """
    answer = convolve(image.astype(np.float64), NOISE_KERNEL)[1:-1, 1:-1]
    return float(np.sqrt(np.pi / 2) * np.abs(answer).mean() / 6)
