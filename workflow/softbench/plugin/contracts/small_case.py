"""Cases of a few hundred voxels, in 2-D and 3-D, with an absent class and unequal spacing."""

from dataclasses import dataclass

import numpy as np

CLASSES = 4
SPACING_MM = {2: (0.8, 1.25), 3: (3.0, 0.8, 1.25)}


@dataclass(frozen=True)
class SmallCase:
    """Labels (1, ...) uint8 of the classes 0, 1 and 2 out of four, an image (2, ...) float32, a spacing in mm."""

    labels: np.ndarray
    image: np.ndarray
    spacing_mm: tuple[float, ...]

    @property
    def dims(self) -> int:
        """2 or 3."""
        return len(self.spacing_mm)


def small_case(dims: int) -> SmallCase:
    """Return a box of class 1 with a box of class 2 in it, 8 x 10 x 9 voxels or 10 x 9 pixels."""
    shape = (8, 10, 9)[-dims:]
    labels = np.zeros((1, *shape), np.uint8)
    labels[0][(slice(2, 6),) * dims] = 1
    labels[0][(slice(3, 5),) * dims] = 2
    image = np.random.default_rng(1).normal(size=(2, *shape)).astype(np.float32) + labels
    return SmallCase(labels, image, SPACING_MM[dims])


def small_cases() -> dict[str, SmallCase]:
    """Return the small cases by name."""
    return {f"{dims}-D": small_case(dims) for dims in (2, 3)}
