"""Small drawings of soft labels: their numbers are those of the recipes."""

import numpy as np
import pytest
from softbench.figures import worked_example
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


@pytest.mark.parametrize("example", worked_example.EXAMPLES)
def test_caption_says_that_the_drawing_is_ours(example):
    assert worked_example.draw(example, title="T")[1].startswith(worked_example.OURS)
