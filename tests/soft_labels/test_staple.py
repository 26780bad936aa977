"""STAPLE agrees with SimpleITK, and finds the truth where the raters' habits are known."""

import numpy as np
import pytest
from softbench.errors import InputError
from softbench.soft_labels import staple as recipe
from softbench.soft_labels import staple_estimate as module
from softbench.soft_labels.raters import choose, majority
from softbench.soft_labels.staple_estimate import staple

SHAPE = (20, 24, 18)


def draw(errors: list[float], classes: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A truth, and raters who each name a class at random in their share of the voxels."""
    rng = np.random.default_rng(seed)
    truth = np.zeros(SHAPE, np.uint8)
    for label in range(1, classes):
        truth[4 * label : 4 * label + 4, 4:20, 3:15] = label
    guessed = [rng.integers(0, classes, SHAPE) for _ in errors]
    pairs = zip(errors, guessed, strict=True)
    return truth, np.stack([np.where(rng.random(SHAPE) < share, other, truth) for share, other in pairs]).astype("u1")


@pytest.mark.parametrize("errors", [[0.05, 0.2, 0.3], [0.1, 0.15, 0.2, 0.25], [0.02, 0.5, 0.5, 0.6]])
def test_label_is_that_of_simpleitk(errors: list[float]) -> None:
    sitk = pytest.importorskip("SimpleITK")
    _, labels = draw(errors)
    images = [sitk.GetImageFromArray(rater) for rater in labels]
    theirs = sitk.GetArrayFromImage(sitk.MultiLabelSTAPLEImageFilter().Execute(images))
    np.testing.assert_array_equal(staple(labels, 4), theirs)


def test_structure_and_its_probability_are_those_of_simpleitks_filter_of_two_classes() -> None:
    sitk = pytest.importorskip("SimpleITK")
    labels = draw([0.1, 0.2, 0.4], classes=2)[1]
    filter_ = sitk.STAPLEImageFilter()
    filter_.SetForegroundValue(1)
    share = sitk.GetArrayFromImage(filter_.Execute([sitk.GetImageFromArray(rater) for rater in labels]))
    np.testing.assert_array_equal(staple(labels, 2), share > 0.5)
    np.testing.assert_allclose(recipe.soften(labels, None, (1, 1, 1), classes=2)[1], share, atol=2e-3)


def test_probabilities_have_the_label_map_as_their_arg_max() -> None:
    _, labels = draw([0.1, 0.15, 0.2])
    soft = recipe.soften(labels, None, (1, 1, 1), classes=4)
    np.testing.assert_allclose(soft.sum(axis=0), 1, atol=1e-6)
    np.testing.assert_array_equal(soft.argmax(axis=0), staple(labels, 4))


def test_class_that_no_rater_drew_has_no_probability() -> None:
    _, labels = draw([0.1, 0.2], classes=2)
    assert not recipe.soften(labels, None, (1, 1, 1), classes=3)[2].any()


def test_one_good_rater_outweighs_three_bad_ones() -> None:
    truth, labels = draw([0.01, 0.9, 0.9, 0.9])
    wrong = [(found != truth).mean() for found in (staple(labels, 4), majority(labels, 4))]
    assert wrong[0] < 0.05
    assert wrong[1] > 5 * wrong[0]


def test_one_rater_and_raters_that_agree_are_returned() -> None:
    truth, _ = draw([0.0])
    np.testing.assert_array_equal(staple(truth[None], 4), truth)
    assert staple(np.stack([truth] * 3), 4).dtype == truth.dtype
    np.testing.assert_array_equal(staple(np.stack([truth] * 3), 4), truth)


def test_raters_that_never_overlap_and_a_structure_of_one_rater_are_decided() -> None:
    apart = np.zeros((2, 1, 9), np.uint8)
    apart[0, 0, :2] = apart[1, 0, 5:7] = 1
    assert set(np.unique(staple(apart, 3))) <= {0, 1}
    alone = np.zeros((3, 1, 100), np.uint8)
    alone[:, 0, :10] = 1
    alone[2, 0, 10:13] = 2
    found = staple(alone, 3)
    assert (found[0, :10] == 1).all()
    assert not found[0, 13:].any()


def test_equal_probabilities_go_to_the_smaller_id() -> None:
    labels = np.array([[0, 1], [1, 0]], np.uint8)
    np.testing.assert_array_equal(staple(labels, 2), [0, 0])


def test_estimate_that_does_not_rest_is_refused(monkeypatch) -> None:
    monkeypatch.setattr(module, "ROUNDS", 2)
    with pytest.raises(InputError, match=r"`raters: staple` does not come to rest in 2 rounds.*Use `raters: majority`"):
        staple(draw([0.3, 0.4, 0.5])[1], 4)


def test_method_can_learn_from_it() -> None:
    labels = draw([0.01, 0.7, 0.7])[1]
    (chosen,) = choose(labels, "staple", 4)
    np.testing.assert_array_equal(chosen, staple(labels, 4)[None])
