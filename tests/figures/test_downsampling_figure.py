"""What a coarser grid leaves of a thin structure."""

import numpy as np
from softbench.datasets.case import Case
from softbench.figures import downsampling_figure, pictures

LINE = np.zeros((1, 16, 16), np.uint8)
LINE[0, 5, 2:10] = 1  # one voxel thick


def drawn():
    case = Case("c", np.zeros((1, 16, 16), np.float32), LINE, (1.0, 1.0), np.eye(3))
    return downsampling_figure.draw(case, (1,), [2, 4], size=8, what="line", title="T")


def test_close_up_is_the_square_with_the_longest_boundary():
    mask = np.zeros((30, 30), bool)
    mask[3:5, 3:5] = True  # a small square: boundary 8
    mask[20:26, 20:26:2] = True  # stripes: boundary 3 x 14
    index, box = downsampling_figure.close_up(mask, 10)
    assert index == ()
    assert all(side.stop - side.start == 10 for side in box)
    assert mask[box].sum() == 18


def test_close_up_of_a_volume_lies_in_its_most_telling_slice():
    mask = np.zeros((3, 12, 12), bool)
    mask[0, 4, 4] = mask[2, 3:7, 3:7] = True
    index, box = downsampling_figure.close_up(mask, 20)
    assert index == (2,)
    assert box == (slice(0, 12), slice(0, 12))  # larger than the slice: all of it


def test_nearest_loses_a_line_of_which_epd_keeps_the_share():
    images = {axis.get_title(): axis.images[0] for axis in drawn().axes[:4]}
    below = [np.asarray(axis.images[0].get_array()) for axis in drawn().axes[5:8]]
    # Windows begin at rows 0, 2, 4, ...: the line in row 5 is never a window's first voxel.
    assert np.asarray(images["1/2"].get_array()).sum() == 0
    np.testing.assert_allclose(below[1][2, 1:5], 0.5)  # 2 of the 4 voxels of each window
    np.testing.assert_allclose(below[2][1], [0.125, 0.25, 0.125, 0])  # 2, 4, 2 and 0 of 16 voxels


def test_coarse_grids_lie_where_the_fine_one_does():
    figure = drawn()
    assert {tuple(axis.get_xlim()) for axis in figure.axes[:8]} == {tuple(figure.axes[0].get_xlim())}
    assert figure.axes[3].images[0].get_extent() == [-0.5, 15.5, -0.5, 15.5]


def test_data_that_is_not_at_hand_gives_a_sheet_that_says_so(tmp_path):
    panel = {"name": "SAROS", "reason": "not run: no data"}
    figure, caption = downsampling_figure.of_panel(panel, {"title": "T"})
    pictures.save(figure, [tmp_path / "a.png", tmp_path / "a.txt"], caption)
    assert [text.get_text() for text in figure.axes[0].texts] == ["SAROS: not run: no data"]
    assert (tmp_path / "a.txt").read_text() == "SAROS: not run: no data.\n"
