"""Boxes and counts of classes, against numpy; and scores in a box, against those of the whole grid."""

import numpy as np
import pytest
from softbench import metrics
from softbench.metrics import rows
from softbench.metrics.kernels.boxes import class_boxes, class_boxes_plain, count_ids, union

RNG = np.random.default_rng(3)


@pytest.mark.parametrize("shape", [(5, 7, 70), (6, 9), (1, 1, 1)])
@pytest.mark.parametrize("kind", [np.uint8, np.int64])
def test_boxes_and_counts_are_those_of_numpy(shape: tuple[int, ...], kind: type) -> None:
    for share in (0.0, 0.02, 0.6):
        labels = np.where(RNG.random(shape) < share, RNG.integers(1, 5, shape), 0).astype(kind)
        assert np.array_equal(class_boxes(labels, 6), class_boxes_plain(labels, 6))
        ids, counts = np.unique(labels, return_counts=True)
        assert count_ids(labels) == dict(zip(ids.tolist(), counts.tolist(), strict=True))


def test_ids_that_are_no_class_are_passed_over() -> None:
    labels = np.array([[0, 1], [255, 1]], np.uint8)
    assert union(class_boxes(labels, 2)[1:]) == (slice(0, 2), slice(1, 2))
    assert union(class_boxes(labels, 3)[2:]) == (slice(0, 1), slice(0, 1))
    assert count_ids(np.zeros((0, 3), np.uint8)) == {}


@pytest.mark.parametrize("valid", [None, RNG.random((9, 20, 30)) > 0.1])
def test_scores_in_the_box_of_a_structure_are_those_of_the_grid(
    valid: np.ndarray | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (np.zeros((9, 20, 30), np.uint8) for _ in range(2))
    first[0:4, 3:9, 0:11], first[2:4, 5:8, 6:9], second[1:5, 4:9, 2:12], second[7, 19, 29] = 1, 2, 1, 2
    structures = {"whole": [1, 2], "core": [2], "absent": [3], "rest": [0]}
    settings = {"classes": 4, "valid": valid, "in_plane": True, "voxels": True}
    cut = metrics.score_label_map(first, second[None], (3.0, 1.0, 1.5), structures, **settings)
    monkeypatch.setattr(rows.Surroundings, "boxes", lambda self, *_: dict.fromkeys(self.members, ()))
    assert cut.equals(metrics.score_label_map(first, second[None], (3.0, 1.0, 1.5), structures, **settings))
