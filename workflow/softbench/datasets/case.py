"""What the room passes on: an `Archive`, a case as published (`RawCase`), in preparation (`Volumes`), done (`Case`)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from softbench.checks import require_one_of
from softbench.images import NONE, Choices

VERSION = 1
INTENSITIES = ("prepared", "normalised")


@dataclass(frozen=True)
class Archive:
    """One file that a source publishes; a checksum that nobody published is None.

    Attributes:
        url: where it is published.
        name: the file's name in a mirror, in `checksums.csv` and in messages; no two of a source are alike.
        md5: as published.
        sha256: as published.
        unpack: False for a file that is used as it is.
        path: where such a file goes below `files/`; "" for its name.
        into: the folder below `files/` that an archive is unpacked into; "" for `files/` itself.
        nested: whether archives in the archive are unpacked too, each where it lies, once.
        optional: whether the source is of use without it: then a fetch in which it cannot be had goes on.
    """

    url: str
    name: str
    md5: str | None = None
    sha256: str | None = None
    unpack: bool = True
    path: str = ""
    into: str = ""
    nested: bool = False
    optional: bool = False


@dataclass(frozen=True)
class RawCase:
    """The files of one case: an image per modality and a label map per rater; an empty tuple means that none exists.

    A file may be a folder (a DICOM series). `details`: what a source's own `read` needs besides, as plain JSON values:
    the slice of a volume, the outlines of a nodule. `choices`: how files are read whose headers leave it open.
    """

    id: str
    patient: str
    images: tuple[Path, ...]
    labels: tuple[Path, ...]
    details: Mapping[str, Any] = field(default_factory=dict)
    choices: Choices = NONE


@dataclass(frozen=True)
class Case:
    """One case on its grid; 2-D cases lack the axis D.

    Attributes:
        id: its name in splits and scores.
        images: (M, D, H, W) float32, one channel a modality, normalised as a network sees them.
        labels: (R, D, H, W) uint8 class ids, one map a rater.
        spacing_mm: distance of voxel centres along D, H, W.
        affine: (4, 4), or (3, 3) in 2-D; array index (d, h, w, 1) to world mm.
        truth: (C, D, H, W) float32, probability of each class over all possible raters; known to phantoms only.
        valid: (D, H, W) bool, voxels that somebody labelled; None where all are.
        shares: (R, C, D, H, W) uint16, the share of each class in each rater's labels, kept soft through resampling, as
            the store's integers (65535 in all); None where the dataset keeps none.
        prepared: reads the image before normalisation, (M, D, H, W) float32; None where `images` is not normalised.
    """

    id: str
    images: np.ndarray
    labels: np.ndarray
    spacing_mm: tuple[float, ...]
    affine: np.ndarray
    truth: np.ndarray | None = None
    valid: np.ndarray | None = None
    shares: np.ndarray | None = None
    prepared: Callable[[], np.ndarray] | None = None

    def intensities(self, kind: str) -> np.ndarray:
        """Return the image as a recipe is to see it, (M, D, H, W) float32.

        Args:
            kind: `prepared`: before normalisation, a linear function of the published image over the whole crop but for
                what the preparation says (resampled, clipped); `normalised`: `images`, as the network sees them.
        Raises: InputError: if `kind` is unknown, or the dataset was prepared without a record of these intensities.
        """
        require_one_of("intensities", kind, INTENSITIES)
        return self.images if kind == "normalised" or self.prepared is None else self.prepared()

    def cut(self, box: tuple[slice, ...]) -> "Case":
        """Return what lies in a box: a slice with a start for each axis, within the case; places in mm stay."""
        affine = self.affine.copy()
        affine[:-1, -1] += self.affine[:-1, :-1] @ np.array([part.start for part in box], float)
        return replace(
            self,
            images=self.images[:, *box],
            labels=self.labels[:, *box],
            affine=affine,
            truth=None if self.truth is None else self.truth[:, *box],
            valid=None if self.valid is None else self.valid[box],
            shares=None if self.shares is None else self.shares[:, :, *box],
            prepared=None if self.prepared is None else partial(_cut, self.prepared, box),
        )


def _cut(prepared: Callable[[], np.ndarray], box: tuple[slice, ...]) -> np.ndarray:
    return prepared()[:, *box]


@dataclass(frozen=True)
class Volumes:
    """A case during preparation; 2-D cases have no axis D.

    Attributes:
        channels: (M, D, H, W) float32, finite.
        labels: (R, D, H, W) uint8 class ids.
        spacing_mm: distance of voxel centres along D, H, W.
        affine: (4, 4), or (3, 3) in 2-D; array index (d, h, w, 1) to world mm.
        axcodes: orientation of the file as published, e.g. "LPS".
        valid: (D, H, W) bool, voxels that somebody labelled; None where all are.
        shares: (R, C, D, H, W) uint16, what each rater's labels become where they are kept soft through resampling: the
            share of each class as the store's integers, 65535 in all; None where they are not.
        oriented: whether a file of it says where its axes point.
    """

    channels: np.ndarray
    labels: np.ndarray
    spacing_mm: tuple[float, ...]
    affine: np.ndarray
    axcodes: str = "RAS"
    valid: np.ndarray | None = None
    shares: np.ndarray | None = None
    oriented: bool = True

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the grid."""
        return self.labels.shape[1:]

    def cut(self, box: tuple[slice, ...]) -> "Volumes":
        """Return what lies in a box: a slice with a start for each axis, within the volume; places in mm stay."""
        affine = self.affine.copy()
        affine[:-1, -1] += self.affine[:-1, :-1] @ np.array([part.start for part in box], float)
        return replace(
            self,
            channels=self.channels[:, *box],
            labels=self.labels[:, *box],
            affine=affine,
            valid=None if self.valid is None else self.valid[box],
            shares=None if self.shares is None else self.shares[:, :, *box],
        )
