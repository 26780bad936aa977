"""What an empty mask costs."""

import numpy as np
import pandas as pd
import pytest
from softbench import InputError
from softbench.statistics import summary

INF, NAN = float("inf"), float("nan")


def scores_of(values, unit="mm", metric="hd95", diagonals=(50.0, 60.0, 70.0)):
    """Cases a, b, c with one value each, and their image diagonals in mm."""
    rows = [("WT", metric, case, value, unit) for case, value in zip("abc", values, strict=True)]
    rows += [("all", "image_diagonal", case, value, "mm") for case, value in zip("abc", diagonals, strict=False)]
    table = pd.DataFrame(rows, columns=["structure", "metric", "case", "value", "unit"])
    return table.assign(dataset="d", method="m", seed=0, roi="all", grid="full")


def values_of(scores, metric="hd95"):
    return scores.loc[scores["metric"] == metric, "value"].tolist()


def test_missed_structure_costs_its_own_images_diagonal():
    assert values_of(summary.apply_policy(scores_of([1.0, INF, INF]))) == [1.0, 60.0, 70.0]


def test_two_empty_masks_stay_undefined_and_are_not_penalised():
    settled = summary.apply_policy(scores_of([NAN, INF, 1.0]))
    assert np.isnan(values_of(settled)[0])
    assert settled["penalised"].tolist() == [False, True, False, False, False, False]


def test_distance_in_voxels_costs_the_diagonal_in_voxels():
    scores = scores_of([1.0, INF, INF], unit="voxels", metric="hd95_voxels")
    with pytest.raises(InputError, match="no `image_diagonal_voxels`"):
        summary.apply_policy(scores)
    diagonals = scores[scores["metric"] == "image_diagonal"].assign(metric="image_diagonal_voxels", unit="voxels")
    settled = summary.apply_policy(pd.concat([scores, diagonals.assign(value=[5.0, 6.0, 7.0])], ignore_index=True))
    assert values_of(settled, "hd95_voxels") == [1.0, 6.0, 7.0]


def test_exclude_makes_a_missed_structure_undefined_but_keeps_the_mark():
    settled = summary.apply_policy(scores_of([INF, 1.0, 2.0]), "exclude")
    assert np.isnan(values_of(settled)[0])
    assert settled["penalised"].tolist()[0]


def test_raw_leaves_infinities():
    assert values_of(summary.apply_policy(scores_of([INF, 1.0, 2.0]), "raw")) == [INF, 1.0, 2.0]


def test_scores_given_in_are_left_as_they_were():
    scores = scores_of([1.0, INF, NAN])
    before = scores.copy()
    summary.apply_policy(scores)
    pd.testing.assert_frame_equal(scores, before)


def test_infinity_that_is_no_distance_is_not_replaced_by_a_length():
    assert values_of(summary.apply_policy(scores_of([INF, 1.0, 2.0], unit="1", metric="rad")), "rad")[0] == INF


def test_largest_recorded_diagonal_counts_for_all_methods():
    scores = pd.concat([scores_of([INF, 1.0, 1.0]), scores_of([INF, 1.0, 1.0], diagonals=(55.0, 60.0, 70.0))])
    assert values_of(summary.apply_policy(scores.reset_index(drop=True))) == [55.0, 1.0, 1.0, 55.0, 1.0, 1.0]


def test_case_without_diagonal_is_named():
    with pytest.raises(InputError, match=r"1 case\(s\).*: c\."):
        summary.apply_policy(scores_of([1.0, 1.0, INF], diagonals=(50.0, 60.0)))


def test_unknown_policy_lists_the_known_ones():
    with pytest.raises(InputError, match="diagonal, exclude, raw"):
        summary.apply_policy(scores_of([1.0, 1.0, 1.0]), "worst")


def test_both_empty_is_one_for_the_overlap_alone_and_else_as_diagonal():
    overlap = scores_of([NAN, 0.0, 0.5], unit="1", metric="dsc")
    assert values_of(summary.apply_policy(overlap, "both_empty_is_one"), "dsc") == [1.0, 0.0, 0.5]
    distance = values_of(summary.apply_policy(scores_of([NAN, INF, 2.0]), "both_empty_is_one"))
    assert np.isnan(distance[0])
    assert distance[1:] == [60.0, 2.0]
