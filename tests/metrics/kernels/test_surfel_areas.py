"""The table of surfel areas: geometry, and MONAI's copy of DeepMind's table as an oracle."""

import math

import numpy as np
import pytest
from monai.metrics.utils import get_code_to_measure_table
from softbench.metrics.kernels.surface_scan import corners, surfel_areas

SPACINGS = [(1.0, 1.0, 1.0), (3.0, 0.8, 1.25), (0.4, 2.2, 5.0), (1.0, 1.0), (0.5, 3.0)]


def code_of(inside: list[tuple[int, ...]]) -> int:
    """The code of a cell with these corners inside."""
    return sum(2**bit for bit, corner in enumerate(corners(len(inside[0]))) if corner in inside)


def in_monai_order(code: int, kernel: np.ndarray, dims: int) -> int:
    """The same cell's code in MONAI's order of bits."""
    return int(sum(kernel[corner] for bit, corner in enumerate(corners(dims)) if code >> bit & 1))


@pytest.mark.parametrize("spacing", SPACINGS)
def test_every_code_has_the_area_of_deepminds_table(spacing):
    table, kernel = (array.numpy() for array in get_code_to_measure_table(spacing))
    kernel = kernel.reshape((2,) * len(spacing))
    areas = surfel_areas(spacing)
    expected = [table[in_monai_order(code, kernel, len(spacing))] for code in range(len(areas))]
    assert areas == pytest.approx(expected, rel=1e-6)  # MONAI's table is float32


def test_one_inside_corner_is_cut_off_by_a_triangle():
    # corners of the triangle half way along the three edges: area = |a x b| / 2 of its sides
    a, b = np.array([-1.5, 0.4, 0.0]), np.array([-1.5, 0.0, 0.625])
    assert surfel_areas((3.0, 0.8, 1.25))[code_of([(0, 0, 0)])] == pytest.approx(np.linalg.norm(np.cross(a, b)) / 2)


def test_one_inside_face_is_parted_by_a_rectangle():
    assert surfel_areas((3.0, 0.8, 1.25))[code_of([(0, i, j) for i in (0, 1) for j in (0, 1)])] == pytest.approx(1.0)


def test_outline_crosses_a_pixel_corner_on_the_diagonal():
    assert surfel_areas((3.0, 4.0))[code_of([(1, 0)])] == pytest.approx(math.hypot(3, 4) / 2)
    assert surfel_areas((3.0, 4.0))[code_of([(0, 0), (1, 0)])] == pytest.approx(3.0)


@pytest.mark.parametrize("spacing", SPACINGS)
def test_a_cell_that_is_all_inside_or_all_outside_has_no_surface(spacing):
    areas = surfel_areas(spacing)
    assert areas[0] == areas[-1] == 0
    assert (areas[1:-1] > 0).all()


@pytest.mark.parametrize("spacing", SPACINGS)
def test_inside_and_outside_share_one_surface(spacing):
    areas = surfel_areas(spacing)
    assert areas == pytest.approx(areas[::-1], abs=1e-12)


def test_areas_grow_with_the_square_of_the_spacing_and_lengths_with_the_spacing():
    assert surfel_areas((2.0, 2.0, 2.0)) == pytest.approx(4 * surfel_areas((1.0, 1.0, 1.0)))
    assert surfel_areas((2.0, 2.0)) == pytest.approx(2 * surfel_areas((1.0, 1.0)))
