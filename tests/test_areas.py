"""Area of boundaries: that of the surface on balls, discs and planes, whatever the spacing."""

from collections.abc import Sequence

import numpy as np
import pytest
from softbench import InputError
from softbench.areas import boundary_area_mm

SPACINGS = [(1.0, 1.0, 1.0), (2.5, 0.7, 0.7), (5.0, 0.7, 0.7), (1.0, 1.0), (2.0, 1.0)]


def ball(radius: float, spacing: Sequence[float], middle: float = 0.3) -> np.ndarray:
    """A ball (3-D) or disc (2-D) in an array that it does not touch the border of."""
    counts = [int(np.ceil(2 * radius / step)) + 8 for step in spacing]
    axes = [(np.arange(n) - n / 2 + middle) * step for n, step in zip(counts, spacing, strict=True)]
    grids = np.meshgrid(*axes, indexing="ij")
    return np.sum([grid**2 for grid in grids], axis=0) <= radius**2


@pytest.mark.parametrize("spacing", SPACINGS)
def test_ball_has_its_area(spacing: tuple[float, ...]) -> None:
    for radius in (10.0, 20.0):
        area = 4 * np.pi * radius**2 if len(spacing) == 3 else 2 * np.pi * radius
        assert boundary_area_mm(ball(radius, spacing), spacing) == pytest.approx(area, rel=0.03)


@pytest.mark.parametrize("spacing", SPACINGS[:3])
def test_oblique_plane_has_its_area(spacing: tuple[float, ...]) -> None:
    """Across an array whose sides it leaves: the plane z = a x has cos(angle) times its area as shadow."""
    counts = [int(80 / step) for step in spacing]
    z, _, x = (np.arange(n).reshape(-1, *[1] * (2 - axis)) * spacing[axis] for axis, n in enumerate(counts))
    for slope in (0.0, 0.3, 0.8):
        mask = np.broadcast_to(z - 40 > slope * (x - 40), counts)
        shadow = counts[1] * spacing[1] * counts[2] * spacing[2]
        assert boundary_area_mm(mask, spacing) == pytest.approx(shadow * np.hypot(1, slope), rel=0.06)


def test_boundary_between_two_structures_counts_once() -> None:
    one = np.zeros((40, 40), np.uint8)
    one[10:30, 10:30] = 1
    two = one.copy()
    two[20:, 10:30][:10] = 2
    between = boundary_area_mm(two, (1, 1)) - boundary_area_mm(one, (1, 1))
    assert between == pytest.approx(20, abs=2)  # corners are rounded


def test_border_of_the_array_is_no_boundary_and_a_row_has_one_face() -> None:
    assert boundary_area_mm(np.ones((5, 6), bool), (1, 1)) == 0
    assert boundary_area_mm(np.zeros((5, 6, 7), np.uint8), (1, 1, 1)) == 0
    assert boundary_area_mm(np.array([[0, 0, 1, 1]]), (2.0, 3.0)) == 2.0
    with pytest.raises(InputError, match="spacing"):
        boundary_area_mm(np.ones((5, 6), bool), (1, 0))
