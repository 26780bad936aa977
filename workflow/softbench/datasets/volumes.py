"""A case during preparation: the input and output of every preparation step."""

from dataclasses import dataclass, replace

import numpy as np

VERSION = 1


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
    """

    channels: np.ndarray
    labels: np.ndarray
    spacing_mm: tuple[float, ...]
    affine: np.ndarray
    axcodes: str = "RAS"
    valid: np.ndarray | None = None
    shares: np.ndarray | None = None

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
