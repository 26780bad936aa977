"""NIfTI files in and out: the one way in which every file of an image or a label map is read and written."""

from softbench.images.files import advise, opened, require_file, require_numbers
from softbench.images.headers import (
    AFFINES,
    NONE,
    UNORIENTED,
    Choices,
    Header,
    grid,
    in_digits,
    of_edge,
    places,
    within,
)
from softbench.images.image import (
    UNIT_AFFINE,
    Image,
    load,
    on_one_grid,
    read,
    read_channels,
    read_header,
    read_label_map,
    spacing_of,
    turn,
)
from softbench.images.labels import NotWholeError, scaled_as_meant, to_label_map
from softbench.images.writing import write

VERSION = None  # holds modules
__all__ = [
    "AFFINES",
    "NONE",
    "UNIT_AFFINE",
    "UNORIENTED",
    "Choices",
    "Header",
    "Image",
    "NotWholeError",
    "advise",
    "grid",
    "in_digits",
    "load",
    "of_edge",
    "on_one_grid",
    "opened",
    "places",
    "read",
    "read_channels",
    "read_header",
    "read_label_map",
    "require_file",
    "require_numbers",
    "scaled_as_meant",
    "spacing_of",
    "to_label_map",
    "turn",
    "within",
    "write",
]
