"""CHASE_DB1: retinal vessels in fundus photographs of both eyes of 14 children, outlined by two observers; 2-D, RGB.

28 photographs of 960 x 999 pixels. The size of a pixel on the retina is not published: one pixel counts as 1 mm, so
every distance of this dataset that says mm means pixels, and a tolerance of 2 mm is one of 2 pixels. Rows count from
the top. Observer 1 is the usual reference; both see all photographs. The two eyes of a child are one patient.
"""

from pathlib import Path

import numpy as np
from PIL import Image

from softbench.datasets.case import Archive, RawCase, Volumes
from softbench.datasets.sources import reading
from softbench.errors import InputError

VERSION = 1
TITLE = "CHASE_DB1, retinal vessels by two observers"
LICENCE = "CC BY 4.0"
CITATION = (
    "Fraz et al., An Ensemble Classification-Based Approach Applied to Retinal Blood Vessel Segmentation, IEEE "
    "Transactions on Biomedical Engineering 59, 2538-2548 (2012); https://researchdata.kingston.ac.uk/96"
)
ACCESS = "open"
SIZE_GB = None  # not published; some MB
ARCHIVES = (Archive("https://researchdata.kingston.ac.uk/96/1/CHASEDB1.zip", "CHASEDB1.zip"),)
LAYOUT = "Image_##L|R.jpg, Image_##L|R_1stHO.png and Image_##L|R_2ndHO.png, themselves or in one folder below"
MODALITIES = ("red", "green", "blue")
CLASSES = ("background", "vessel")
STRUCTURES = {"vessel": (1,)}
DIMS = 2
SHAPE = (960, 999)  # pixels; published, all images
LABEL_MAPS = 2  # of a case, one a rater
LABEL_IDS = {0: 0, 1: 1, 255: 1}  # masks are of 1 bit; copies of 8 bits say 255
OBSERVERS = ("1stHO", "2ndHO")
PIXEL_MM = 1.0  # a pixel: its size in mm is unknown
DEFAULTS = {"normalise": "zscore"}  # ours, each colour on its own; no paper here uses this source


def find_cases(folder: Path) -> list[RawCase]:
    """List the photographs of a folder, or of those right below it, sorted by id; none found is an empty list.

    The three channels are one file, so `images` names it three times.
    """
    folders = [folder, *sorted(path for path in folder.iterdir() if path.is_dir())] if folder.is_dir() else []
    cases = [_case(place, name) for place in folders for name in _names(place)]
    return sorted(cases, key=lambda case: case.id)


def _names(folder: Path) -> list[str]:
    files = [path for path in folder.glob("Image_*") if path.suffix in (".jpg", ".png")]
    return sorted({"_".join(path.stem.split("_")[:2]) for path in files})


def _case(folder: Path, name: str) -> RawCase:
    photographs = tuple(path for path in (folder / f"{name}.jpg",) if path.is_file())
    masks = (folder / f"{name}_{observer}.png" for observer in OBSERVERS)
    patient = name.removeprefix("Image_").rstrip("LR")
    return RawCase(name, patient, photographs * len(MODALITIES), tuple(path for path in masks if path.is_file()))


def read(case: RawCase) -> Volumes:
    """Read a photograph and the vessels of both observers, (H, W).

    Raises: InputError: if a file is missing, damaged or of another size, the photograph has no three colours, or a
        mask holds anything but 0 and 1 (or 255).
    """
    reading.require_files(case, len(MODALITIES))
    require_raters(case)
    photograph = _pixels(case.images[0], 3)
    masks = [_pixels(path, 2) for path in case.labels]
    for path, mask in zip(case.labels, masks, strict=True):
        if mask.shape != photograph.shape[:2]:
            raise InputError(f"{path} has {mask.shape} pixels, but its photograph {photograph.shape[:2]} (H, W).")
    raters = [reading.class_ids(m, str(p), LABEL_IDS)[0] for p, m in zip(case.labels, masks, strict=True)]
    channels = [reading.intensities(f"{case.images[0]}, {m}", photograph[..., c]) for c, m in enumerate(MODALITIES)]
    affine = np.array([[0.0, PIXEL_MM, 0.0], [PIXEL_MM, 0.0, 0.0], [0.0, 0.0, 1.0]])  # (h, w, 1) to x, y
    return Volumes(np.stack(channels), np.stack(raters), (PIXEL_MM, PIXEL_MM), affine)


def require_raters(case: RawCase) -> None:
    """Raise unless the vessels of both observers are there, by the names of the files."""
    if len(case.labels) != len(OBSERVERS):
        has = f"the vessels of one observer ({case.labels[0].name})" if case.labels else "no vessels"
        raise InputError(f"has {has} where two are expected. Add the other, or `drop` the case.")


def _pixels(path: Path, axes: int) -> np.ndarray:
    try:
        with Image.open(path) as file:
            pixels = np.asarray(file)
    except (OSError, SyntaxError) as error:
        raise InputError(f"{path} cannot be read as an image ({error}). Copy or download it again.") from error
    if pixels.ndim != axes or (axes == 3 and pixels.shape[2] != len(MODALITIES)):
        wanted = "three colours" if axes == 3 else "one channel"
        raise InputError(f"{path} must have {wanted}, but its shape is {pixels.shape}.")
    return pixels.astype(np.uint8)
