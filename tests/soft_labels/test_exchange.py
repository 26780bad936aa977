"""Controls lend within a part of the split, and what they lend fits."""

import numpy as np
import pandas as pd
from softbench.soft_labels.produce import choose_lenders, fit

SPLIT = pd.DataFrame({"case": list("abcde"), "part": ["train", "test", "train", "train", "test"]})


def test_the_next_case_of_the_same_part_lends() -> None:
    assert choose_lenders(SPLIT) == {"a": "c", "c": "d", "d": "a", "b": "e", "e": "b"}


def test_larger_is_cropped_and_smaller_padded_around_the_centre() -> None:
    row = np.array([[1, 2, 3, 4, 5]])
    np.testing.assert_array_equal(fit(row, (3,)), [[2, 3, 4]])
    np.testing.assert_array_equal(fit(row, (8,)), [[0, 1, 2, 3, 4, 5, 0, 0]])


def test_images_are_padded_with_their_smallest_value() -> None:
    np.testing.assert_array_equal(fit(np.array([[2.0, -3.0]]), (4,)), [[-3, 2, -3, -3]])
