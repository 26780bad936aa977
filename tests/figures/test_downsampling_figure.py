"""What a coarser grid leaves of a thin structure."""

import numpy as np
from softbench.datasets.case import Case
from softbench.figures import downsampling_figure, pictures

LINE = np.zeros((1, 16, 16), np.uint8)
LINE[0, 5, 2:10] = 1  # one voxel thick


IMAGE = np.arange(256, dtype=np.float32).reshape(1, 16, 16) ** 2  # curved, so that mean and bilinear differ


def drawn():
    case = Case("c", IMAGE, LINE, (1.0, 1.0), np.eye(3))
    return downsampling_figure.draw(case, (1,), [2, 4], size=8, what="line", title="T")


def panels():
    """Return what each panel shows, (4 lines, 4 columns)."""
    return [
        [np.asarray(axis.images[0].get_array()) for axis in drawn().axes[4 * row : 4 * row + 4]] for row in range(4)
    ]


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
    _, _, nearest, shares = panels()
    # Windows begin at rows 0, 2, 4, ...: the line in row 5 is never a window's first voxel.
    assert nearest[2].sum() == 0
    np.testing.assert_allclose(shares[2][2, 1:5], 0.5)  # 2 of the 4 voxels of each window
    np.testing.assert_allclose(shares[3][1], [0.125, 0.25, 0.125, 0])  # 2, 4, 2 and 0 of 16 voxels


def test_image_is_shown_bilinear_and_as_window_means():
    bilinear, mean, _, _ = panels()
    assert len(bilinear) == len(mean) == 4
    window = IMAGE[0, :4, :4]
    assert bilinear[3][0, 0] == window[1:3, 1:3].mean()  # at the centre of 4 x 4 voxels: its four middle ones
    np.testing.assert_allclose(mean[3][0, 0], window.mean())
    np.testing.assert_allclose(bilinear[2], mean[2])  # at 1/2 the centre lies amid the window
    for line in (bilinear, mean):
        np.testing.assert_array_equal(line[1], IMAGE[0])


def test_images_have_one_grey_scale_and_the_window_is_marked():
    axes = drawn().axes
    assert {axis.images[0].get_clim() for axis in axes[:8]} == {(0.0, 255.0**2)}
    ((window,),) = {tuple(axis.patches) for axis in axes[:1]}
    assert (window.get_width(), window.get_height()) == (8, 8)
    assert (window.get_x(), window.get_y()) == (axes[1].get_xlim()[0], axes[1].get_ylim()[0])


def test_coarse_grids_lie_where_the_fine_one_does():
    axes = np.array(drawn().axes[:16]).reshape(4, 4)
    assert len({tuple(axis.get_xlim()) for axis in axes[:, 1:].flat}) == 1
    assert axes[0, 3].images[0].get_extent() == [-0.5, 15.5, -0.5, 15.5]


def test_data_that_is_not_at_hand_gives_a_sheet_that_says_so(tmp_path):
    panel = {"name": "SAROS", "reason": "not run: no data"}
    figure, caption = downsampling_figure.of_panel(panel, {"title": "T"})
    pictures.save(figure, [tmp_path / "a.png", tmp_path / "a.txt"], caption)
    assert [text.get_text() for text in figure.axes[0].texts] == ["SAROS: not run: no data"]
    assert (tmp_path / "a.txt").read_text() == "SAROS: not run: no data.\n"
