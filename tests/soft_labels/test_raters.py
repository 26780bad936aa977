"""Which rater is learned from."""

from dataclasses import replace

import numpy as np
import pytest
from softbench import InputError, store
from softbench.datasets.case import Case
from softbench.soft_labels import SoftLabels
from softbench.soft_labels.raters import choose, majority

RATERS = np.array([[[0, 1, 1, 2]], [[0, 1, 2, 2]], [[1, 1, 0, 1]]], np.uint8)
CASE = Case("a", np.zeros((1, 1, 4), np.float32), RATERS, (1.0, 1.0), np.eye(3))


def open_labels(tmp_path, recipe: str, raters: str, kind: str = "computed") -> SoftLabels:
    facts = {"recipe": recipe, "settings": {}, "kind": kind, "raters": raters, "map": None}
    return SoftLabels(tmp_path, {**facts, "classes": 3, "cases": {"a": "hash"}})


def test_majority_wins_and_the_smaller_class_wins_a_tie() -> None:
    np.testing.assert_array_equal(majority(RATERS, 3), [[0, 1, 0, 2]])  # third voxel: 1, 2, 0 once each


def test_choice_of_raters() -> None:
    assert [stack.tolist() for stack in choose(RATERS, "first", 3)] == [RATERS[:1].tolist()]
    assert [stack.tolist() for stack in choose(RATERS, 3, 3)] == [RATERS[2:].tolist()]
    assert len(choose(RATERS, "each", 3)) == 3


@pytest.mark.parametrize("raters", [0, 4, "second"])
def test_unknown_choice_lists_the_known(raters: int | str) -> None:
    with pytest.raises(InputError, match="first, majority, staple, each, mean, or a number from 1 to 3"):
        choose(RATERS, raters, 3)


def test_mean_one_hot_of_the_first_raters_knows_no_others(tmp_path) -> None:
    labels = open_labels(tmp_path, "moh", "many")
    labels.manifest["settings"] = {"count": 2}
    soft, hard = labels.targets(CASE)
    first = SoftLabels(tmp_path, {**labels.manifest, "settings": {}}).targets(replace(CASE, labels=RATERS[:2]))
    np.testing.assert_array_equal(soft, first[0])
    np.testing.assert_array_equal(hard, first[1])
    np.testing.assert_allclose(store.decode(soft)[0, :, 0, 2], [0, 0.5, 0.5], atol=2e-5)
    labels.manifest["settings"] = {"count": 4}
    with pytest.raises(InputError, match="`count` is 4, but there are 3 raters"):
        labels.targets(CASE)


def test_mean_of_one_hot_targets_is_mean_one_hot(tmp_path) -> None:
    mean, hard = open_labels(tmp_path, "one_hot", "one").targets(CASE, "mean")
    many, majority_label = open_labels(tmp_path, "moh", "many").targets(CASE)
    np.testing.assert_array_equal(mean, many)
    np.testing.assert_array_equal(hard, majority_label)
    np.testing.assert_allclose(store.decode(mean)[0, :, 0, 0], [2 / 3, 1 / 3, 0], atol=2e-5)


def test_each_gives_every_raters_target(tmp_path) -> None:
    soft, hard = open_labels(tmp_path, "one_hot", "one").targets(CASE, "each")
    assert soft.shape == (3, 3, 1, 4)
    np.testing.assert_array_equal(hard, RATERS)
    np.testing.assert_array_equal(soft.argmax(axis=1), RATERS)


def test_stored_recipe_has_the_first_rater_only(tmp_path) -> None:
    with pytest.raises(InputError, match="computed from labels alone"):
        open_labels(tmp_path, "geols", "one", kind="stored").targets(CASE, "majority")
