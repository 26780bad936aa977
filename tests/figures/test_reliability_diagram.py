"""Reliability diagrams."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from softbench import InputError
from softbench.figures import pictures, reliability
from softbench.figures.reliability import CURVES, Places
from softbench.metrics import Reliability

METHODS = [{"key": "one_hot", "title": "One-hot"}, {"key": "svls", "title": "SVLS"}]


def bins_of(counts, confidence, accuracy):
    """Bins from the mean confidence and accuracy of each."""
    counts = np.asarray(counts, float)
    none = np.zeros((2, len(counts)))  # diagrams look at the top label alone
    return Reliability(counts, counts * confidence, counts * accuracy, none, none, none, 0.0, 0.0)


SEEDS = [
    bins_of([0, 100, 300, 600], [0, 0.4, 0.6, 0.9], [0, 0.3, 0.6, 0.8]),
    bins_of([0, 300, 100, 600], [0, 0.4, 0.6, 0.9], [0, 0.5, 0.6, 0.9]),
]
STATISTICS = {
    (method["key"], seed, roi): bins for method in METHODS for seed, bins in enumerate(SEEDS) for roi in ("all", "band")
}


def axis_with(draw, *arguments):
    axis = Figure().add_subplot()
    draw(axis, *arguments)
    return axis


def test_bold_line_is_that_of_the_merged_counts():
    # Second bin: 0.3 x 100 + 0.5 x 300 = 180 right of 400; last bin: 0.8 x 600 + 0.9 x 600 = 1020 of 1200.
    bold = axis_with(reliability.draw_curves, SEEDS).lines[-1]
    np.testing.assert_allclose(bold.get_ydata(), [np.nan, 180 / 400, 0.6, 1020 / 1200])
    np.testing.assert_allclose(bold.get_xdata(), [np.nan, 0.4, 0.6, 0.9])


def test_each_seed_has_a_thin_line_beside_the_diagonal_and_the_bold_one():
    assert len(axis_with(reliability.draw_curves, SEEDS).lines) == 1 + 2 + 1
    assert len(axis_with(reliability.draw_curves, SEEDS[:1]).lines) == 1 + 1


def test_number_is_the_mean_over_seeds_of_their_pooled_error():
    # Seed 0: (100 x 0.1 + 600 x 0.1) / 1000 = 0.07; seed 1: 300 x 0.1 / 1000 = 0.03.
    assert [text.get_text() for text in axis_with(reliability.draw_curves, SEEDS).texts] == ["pooled ECE 0.0500"]


def test_bars_are_shares_of_all_voxels_and_empty_bins_have_none():
    heights = [bar.get_height() for bar in axis_with(reliability.draw_histogram, SEEDS).patches]
    np.testing.assert_allclose(heights, [np.nan, 0.2, 0.2, 0.6])


def test_region_without_voxels_has_an_unknown_error():
    axis = axis_with(reliability.draw_curves, [bins_of([0, 0], [0, 0], [0, 0])])
    assert axis.texts[0].get_text() == "pooled ECE \N{EN DASH}"


def test_method_without_runs_says_so():
    assert axis_with(reliability.draw_curves, []).texts[0].get_text() == "no finished run"


def test_same_input_gives_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        figure = reliability.draw(STATISTICS, title="T", methods=METHODS)
        pictures.save(figure, [tmp_path / f"{name}.png", tmp_path / f"{name}.pdf"], "")
    for kind, start in (("png", b"\x89PNG"), ("pdf", b"%PDF")):
        first = (tmp_path / f"a.{kind}").read_bytes()
        assert first.startswith(start)
        assert first == (tmp_path / f"b.{kind}").read_bytes()


def test_nothing_to_draw_is_an_error(tmp_path):
    methods = [{"key": "geols", "title": "GeoLS"}]
    with pytest.raises(InputError, match="geols"):
        reliability.draw(STATISTICS, title="T", methods=methods)


@pytest.mark.parametrize(("methods", "columns"), [(1, 1), (2, 2), (5, 5), (6, 3), (10, 5), (11, 4)])
def test_methods_stand_in_even_blocks_of_at_most_five(methods, columns):
    assert Places(methods, 3).columns == columns


@pytest.mark.parametrize("methods", [1, 2, 7, 10])
def test_panels_are_square_lie_on_the_sheet_and_do_not_overlap(methods):
    sheet = Places(methods, 3)
    places = [place(m, r) for m in range(methods) for r in range(3) for place in (sheet.curves, sheet.histogram)]
    for left, bottom, width, height in places:
        assert left > 0
        assert bottom > 0
        assert left + width < 1
        assert bottom + height < 1
    for i, (left, bottom, width, height) in enumerate(places):
        for other in places[i + 1 :]:
            apart = left + width <= other[0] or other[0] + other[2] <= left
            assert apart or bottom + height <= other[1] or other[1] + other[3] <= bottom
    assert sheet.curves(0, 0)[2] * sheet.width == pytest.approx(CURVES)
    assert sheet.curves(0, 0)[3] * sheet.height == pytest.approx(CURVES)


@pytest.mark.parametrize(("seeds", "said"), [((0, 1), ["all seeds merged", "one seed"]), ((0,), ["the one run"])])
def test_legend_speaks_of_seeds_where_there_are_several(seeds, said):
    chosen = {place: bins for place, bins in STATISTICS.items() if place[1] in seeds}
    figure = reliability._figure(chosen, {"all": "all voxels"}, METHODS, "T")
    assert [text.get_text() for text in figure.legends[0].get_texts()][: len(said)] == said
    assert ("one seed" in [text.get_text() for text in figure.legends[0].get_texts()]) == (len(seeds) > 1)
