"""Voxels that nobody labelled count for nothing, from the soft label to the score."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from softbench import InputError, store
from softbench.datasets import phantoms
from softbench.soft_labels import ls, svls
from softbench.soft_labels.contract import fill
from softbench.soft_labels.reader import compute
from softbench.training import batches, cached_data
from softbench.training.protocol import Protocol


def test_nearest_valid_label_fills_the_gap_in_millimetres() -> None:
    labels = np.array([[[1, 0, 0, 2]]])
    valid = np.array([[True, False, False, True]])
    np.testing.assert_array_equal(fill(labels, valid, (1, 1)), [[[1, 1, 2, 2]]])


def test_valid_labels_stay_as_they_are() -> None:
    rng = np.random.default_rng(0)
    labels, valid = rng.integers(0, 4, (1, 8, 9)), rng.random((8, 9)) < 0.5
    filled = fill(labels, valid, (1, 2))
    np.testing.assert_array_equal(filled[:, valid], labels[:, valid])


def test_case_without_any_label_is_refused() -> None:
    with pytest.raises(InputError, match="no voxel is valid"):
        fill(np.zeros((1, 3, 3), int), np.zeros((3, 3), bool), (1, 1))


def case_with_a_gap():
    """A phantom whose upper half was not labelled and holds nonsense there."""
    case = phantoms.make("phantom_body", 1, size="tiny")
    valid = np.ones(case.labels.shape[1:], bool)
    valid[32:] = False
    labels = case.labels.copy()
    labels[:, ~valid] = 0
    return replace(case, labels=labels, valid=valid)


def test_edge_of_what_was_labelled_is_no_boundary() -> None:
    case = case_with_a_gap()
    soft = compute("svls", case, 6, {})
    inner = case.labels[0, 30:32]
    alone = svls.soften(case.labels[:, :32], None, case.spacing_mm, classes=6)  # as if the image ended there
    np.testing.assert_allclose(soft[:, :32], alone, atol=1e-6)
    assert inner.any()


def test_what_was_not_labelled_is_not_learned_from_and_not_counted() -> None:
    case = case_with_a_gap()
    codes = store.encode(ls.soften(case.labels, None, case.spacing_mm, classes=6))
    data = cached_data.load([case], [(codes[None], case.labels)], [64, 64], torch.device("cpu"))
    protocol = Protocol(steps=1, batch=1, patch_size=[64, 64], learning_rate=0.1)
    _, target = batches.draw_batch(data, protocol, 0, 0)
    np.testing.assert_array_equal(target.valid[0].numpy(), case.valid)
    expected = np.bincount(case.labels[0][case.valid], minlength=6) / case.valid.sum()
    np.testing.assert_allclose(cached_data.class_frequencies(data, 6), expected, atol=1e-12)
