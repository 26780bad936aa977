"""Labels kept soft through resampling, as a network gets them: whose they are, and what is refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from softbench import InputError, store
from softbench.datasets.case import Case
from softbench.soft_labels import SoftLabels, resampled
from softbench.soft_labels.reader import compute
from softbench.store import ONE
from softbench.training.coarse import Resolution

# share of class 1 in four pixels, by each of three raters, in fifteenths of 65535 = 15 * 4369
FIFTEENTHS = np.array([[0, 3, 12, 15], [15, 6, 9, 0], [15, 15, 15, 0]])
SHARES = np.stack([15 - FIFTEENTHS, FIFTEENTHS], axis=1)[:, :, None].astype(np.uint16) * np.uint16(ONE // 15)
LABELS = SHARES.argmax(axis=1).astype(np.uint8)
CASE = Case("a", np.zeros((1, 1, 4), np.float32), LABELS, (1.0, 1.0), np.eye(3), shares=SHARES)


def opened(folder: Path) -> SoftLabels:
    facts = {"recipe": "resampled", "settings": {}, "kind": "computed", "raters": "one", "map": None}
    return SoftLabels(folder, {**facts, "classes": 2, "cases": {"a": "hash"}})


def test_target_is_the_kept_share_to_the_last_bit(tmp_path: Path) -> None:
    soft, hard = opened(tmp_path).targets(CASE)
    np.testing.assert_array_equal(soft, SHARES[:1])
    np.testing.assert_array_equal(hard, LABELS[:1])
    np.testing.assert_allclose(compute("resampled", CASE, 2, {})[1, 0], FIFTEENTHS[0] / 15, atol=1e-7)


@pytest.mark.parametrize("rater", [1, 2, 3])
def test_rater_of_a_number_has_its_own_shares(rater: int, tmp_path: Path) -> None:
    soft, hard = opened(tmp_path).targets(CASE, rater)
    np.testing.assert_array_equal(soft, SHARES[rater - 1 : rater])
    np.testing.assert_array_equal(hard, LABELS[rater - 1 : rater])


def test_each_rater_brings_its_own_shares(tmp_path: Path) -> None:
    soft, hard = opened(tmp_path).targets(CASE, "each")
    np.testing.assert_array_equal(soft, SHARES)
    np.testing.assert_array_equal(hard, LABELS)


def test_mean_is_the_mean_of_the_raters_shares(tmp_path: Path) -> None:
    """(0 + 15 + 15) / 45, (3 + 6 + 15) / 45, (12 + 9 + 15) / 45, 15 / 45; most raters chose 1, 0 or 1, 1, 0."""
    soft, hard = opened(tmp_path).targets(CASE, "mean")
    np.testing.assert_array_equal(soft[0, 1, 0], np.array([30, 24, 36, 15]) * ONE // 45)
    assert hard.tolist() == [[[1, 0, 1, 0]]]


def test_majority_has_no_shares(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"case a: .*single raters.*Use first, each, mean, or a number"):
        opened(tmp_path).targets(CASE, "majority")


def test_rater_that_there_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a number from 1 to 3"):
        opened(tmp_path).targets(CASE, 4)


@pytest.mark.parametrize("raters", ["first", "each"])
def test_dataset_without_soft_labels_says_what_to_set(raters: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"case a: the dataset keeps no soft labels.*`label_interpolation: soft`"):
        opened(tmp_path).targets(replace(CASE, shares=None), raters)


def test_coarser_labels_are_refused(tmp_path: Path) -> None:
    coarse = Resolution(factor=[1, 2], labels="nearest").coarsen(CASE)
    with pytest.raises(InputError, match=r"case a: .*the grid \(1, 4\), but its labels lie on \(1, 2\).*`resolution`"):
        opened(tmp_path).targets_of_labels(coarse, "first")


def test_voxel_that_nobody_labelled_has_the_shares_of_the_nearest_labelled_one() -> None:
    unknown = replace(CASE, valid=np.array([[True, True, False, False]]))
    found = compute("resampled", unknown, 2, {})
    np.testing.assert_allclose(found[1, 0], np.array([0, 3, 3, 3]) / 15, atol=1e-7)


def test_shares_of_another_shape_are_refused() -> None:
    soft = store.decode(SHARES[0])
    for wrong in (soft[:1], soft[:, :, 1:]):
        with pytest.raises(InputError, match=r"`shares` must have the shape \(2, 1, 4\)"):
            resampled.soften(LABELS[:1], None, (1.0, 1.0), classes=2, shares=wrong)


def test_batch_and_tensors_give_each_case_its_own_shares() -> None:
    labels, shares = LABELS[:, None], store.decode(SHARES)
    batch = resampled.soften_batch(labels, None, (1.0, 1.0), classes=2, shares=shares)
    np.testing.assert_array_equal(batch, shares)
    tensors = resampled.soften_batch(
        torch.from_numpy(labels), None, (1.0, 1.0), classes=2, shares=torch.from_numpy(shares)
    )
    np.testing.assert_array_equal(tensors.numpy(), shares)


def test_result_may_be_written_to() -> None:
    shares = store.decode(SHARES[0])
    soft = resampled.soften(LABELS[:1], None, (1.0, 1.0), classes=2, shares=shares)
    soft += 1
    np.testing.assert_array_equal(shares, store.decode(SHARES[0]))
