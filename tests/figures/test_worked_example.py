"""Small drawings of soft labels: their numbers are those of the recipes."""

import numpy as np
import pytest
from softbench.figures import worked_example, worked_regions
from softbench.soft_labels import svls


def test_steps_add_up_to_the_recipe():
    (_, products, last), caption = worked_example.steps()
    row, column = worked_example.CENTRE
    for product, result in zip(products, last, strict=True):
        assert product.values.sum() / svls.kernel(2).sum() == pytest.approx(result.values[row, column])
    assert sum(product.values.sum() for product in products) == pytest.approx(2)
    assert caption.startswith("SVLS worked out")


def test_label_of_the_middle_depends_on_its_surroundings():
    (_, compact, thin), _ = worked_example.structures()
    for place, name in ((1, "One-hot"), (2, "LS (0.1)")):
        np.testing.assert_array_equal(compact[place].bars[name], thin[place].bars[name])
    assert compact[3].bars["SVLS"][1] > thin[3].bars["SVLS"][1] == pytest.approx(0.5)


def test_near_class_is_drawn_as_the_recipes_have_it():
    (_, (hard, soft)), _ = worked_example.raters()
    assert hard.bars["mOH"][2] == 0
    assert soft.bars["mSVLS"][2] > 0.05


@pytest.mark.parametrize("example", worked_example.NAMES_OF_EXAMPLES)
def test_caption_says_that_the_drawing_is_ours(example):
    assert worked_example.draw(example, title="T")[1].startswith("A drawing of ours")


def test_superpixels_soften_where_they_hold_two_classes_alone():
    (image, found, _), hard, soft = worked_regions.pipeline()[0]
    assert image.is_image
    for id_ in np.unique(found.blocks):
        here = found.blocks == id_
        mixed = len(np.unique(worked_regions.LABELS[here])) > 1
        assert any((a.values[here] != b.values[here]).any() for a, b in zip(hard, soft, strict=True)) == mixed
    assert "in 2 of 4 superpixels" in worked_regions.pipeline()[1]


def test_superpixel_is_softened_across_the_boundary_alone():
    maps, soft = worked_regions.relations()[0]
    inside, outside, across = (panel.values[panel.blocks] for panel in soft)
    assert set(inside) == {1}
    assert set(outside) == {0}
    np.testing.assert_allclose(sorted(set(across.round(3))), [0.207, 0.25, 0.75, 0.833])  # Eq. 1 at -sqrt(2), -1, 1, 2
    assert [set(panel.values[panel.blocks]) for panel in maps] == [{1}, {0}, {0, 1}]


def test_windows_have_the_shares_that_are_printed():
    ((_, half, quarter),), said = worked_regions.windows()
    np.testing.assert_array_equal(half.values, [[0.5, 0], [1, 0.75]])  # EPD, Fig. 2(b)
    assert quarter.values.item() == half.values.mean()
    assert "0.5, 0, 1, 0.75" in said


def test_levels_halve_and_keep_the_share_of_the_whole():
    levels, _ = worked_regions.pyramid()
    assert [len(level) for level in levels] == [512, 256, 128, 64, 32, 16, 8, 4, 2, 1]
    np.testing.assert_allclose([level.mean() for level in levels], levels[0].mean(), rtol=1e-5)
