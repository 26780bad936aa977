"""Ranks of methods and their stability."""

import numpy as np
import pytest
from scipy import stats
from softbench import InputError
from softbench.statistics import ranks, summarise

NAN = float("nan")


def test_three_methods_in_two_seeds_by_hand(tidy):
    # Means of seed 0: .6 .5 .4; of seed 1: .4 .6 .5. Ranks 1 2 3 and 3 1 2, their means 2 1.5 2.5.
    found = ranks(tidy(a=[[0.6, 0.6], [0.4, 0.4]], b=[[0.5, 0.5], [0.6, 0.6]], c=[[0.4, 0.4], [0.5, 0.5]]), "dsc")
    assert found.by_seed.to_numpy().tolist() == [[1, 2, 3], [3, 1, 2]]
    assert found.by_case.to_numpy().tolist() == [[2, 1, 3], [2, 1, 3]]
    table = found.table
    assert table["rank"].to_dict() == {"a": 2, "b": 1.5, "c": 2.5}
    assert table["mean"].to_dict() == pytest.approx({"a": 0.5, "b": 0.55, "c": 0.45})
    assert table["seeds_best"].to_dict() == {"a": 1, "b": 1, "c": 2}
    assert table["seeds_worst"].to_dict() == {"a": 3, "b": 2, "c": 3}
    assert table["seeds_first"].to_dict() == {"a": 0.5, "b": 0.5, "c": 0}
    assert table["cases_mean"].to_dict() == {"a": 2, "b": 1, "c": 3}
    assert table["draws_first"].isna().all()
    assert found.reason == "no valid CI: 2 cases, at least 30 are needed"


def test_rank_lies_within_the_range_over_seeds_where_that_of_the_mean_does_not(tidy):
    # b is second in both seeds. Over both seeds its mean, .5, is the best: a and c have .45 and .35 after one bad seed.
    found = ranks(tidy(a=[[0.8], [0.1]], b=[[0.5], [0.5]], c=[[0.1], [0.6]]), "dsc").table
    assert found["mean"].idxmax() == "b"
    assert found.loc["b", ["seeds_best", "rank", "seeds_worst"]].tolist() == [2, 2, 2]


def test_redrawn_rank_is_the_mean_over_seeds_too(tidy):
    # In all cases a is first in two seeds of three; its one bad seed is so bad that its mean is the worse one.
    good, bad = np.full((1, 30), 0.6), np.full((1, 30), 0.0)
    found = ranks(tidy(a=np.concatenate([good, good, bad]), b=np.full((3, 30), 0.5)), "dsc").table
    np.testing.assert_allclose(found.loc["a", ["draws_best", "rank", "draws_worst"]].astype(float), 4 / 3)
    assert found["draws_first"].to_dict() == {"a": 1, "b": 0}


@pytest.mark.parametrize(("metric", "first"), [("dsc", "high"), ("hd95", "low"), ("ece", "low"), ("nsd_2mm", "high")])
def test_the_catalogue_says_which_way_is_better(tidy, metric, first):
    found = ranks(tidy(metric, high=[[0.9]], low=[[0.1]]), metric)
    assert found.table["rank"].idxmin() == first


def test_what_has_no_better_direction_cannot_be_ranked(tidy):
    with pytest.raises(InputError, match="image_diagonal"):
        ranks(tidy("image_diagonal", a=[[1.0]]), "image_diagonal")


def test_equal_methods_share_their_rank_and_the_first_place(tidy):
    values = np.random.default_rng(0).random((3, 40))
    table = ranks(tidy(a=values, b=values, c=values - 1), "dsc").table
    assert table["rank"].to_dict() == {"a": 1.5, "b": 1.5, "c": 3}
    assert table["seeds_first"].to_dict() == {"a": 0.5, "b": 0.5, "c": 0}
    assert table["draws_first"].to_dict() == {"a": 0.5, "b": 0.5, "c": 0}


def test_rounding_is_no_rank(tidy):
    values = np.random.default_rng(0).random((3, 40))
    table = ranks(tidy(a=values, b=values * (1 + 1e-15)), "dsc").table
    assert table["rank"].to_dict() == {"a": 1.5, "b": 1.5}


def test_share_of_first_places_over_other_patients_is_that_of_the_normal_law(tidy):
    # b - a over 400 cases: the mean of a draw is normal around m with error s / 20, above 0 with Phi(20 m / s).
    rng = np.random.default_rng(1)
    a, gap = rng.random((1, 400)), rng.normal(0, 0.02, (1, 400))
    gap += 0.001 - gap.mean()
    found = ranks(tidy(a=a, b=a + gap), "dsc", draws=20_000)
    expected = stats.norm.cdf(20 * gap.mean() / gap.std())
    assert 0.8 < expected < 0.9
    assert found.table.loc["b", "draws_first"] == pytest.approx(expected, abs=0.01)
    assert found.table.loc["b", ["draws_best", "draws_worst"]].tolist() == [1, 2]
    assert found.reason is None


def test_better_in_all_cases_is_first_in_all_draws(tidy):
    a = np.random.default_rng(2).random((2, 30))
    found = ranks(tidy("hd95", a=a, b=a + 1, c=a + 2), "hd95").table
    assert found["draws_first"].to_dict() == {"a": 1, "b": 0, "c": 0}
    assert found[["draws_best", "draws_worst"]].to_numpy().tolist() == [[1, 1], [2, 2], [3, 3]]


def test_seeds_and_cases_that_one_method_lacks_are_left_out_for_all_and_named(tidy):
    a, b = np.random.default_rng(3).random((2, 3, 5))
    b[1, 2] = NAN
    scores = tidy(a=a, b=b[:2])
    found = ranks(scores, "dsc")
    assert (found.left_out, found.missing) == (1, (2,))
    kept = [0, 1, 3, 4]
    assert found.table.loc["a", "mean"] == pytest.approx(a[:2, kept].mean())
    assert found.by_case.index.tolist() == [f"case0{c}" for c in kept]


def test_without_a_common_seed_or_case_ranks_are_unknown(tidy):
    scores = tidy(a=[[0.5], [0.5]], b=[[0.5], [0.5]])
    apart = scores[(scores["method"] == "a") == (scores["seed"] == 0)]
    for rows in (apart, tidy(a=[[NAN]], b=[[0.5]])):
        found = ranks(rows, "dsc")
        assert found.table.drop(columns="mean").isna().all(axis=None)
        assert len(found.by_seed) == len(found.by_case) == 0


def test_only_the_methods_asked_for_are_ranked(tidy):
    scores = tidy(a=[[0.5]], b=[[0.6]], oracle=[[1.0]])
    assert ranks(scores, "dsc", methods=["b", "a"]).table["rank"].to_dict() == {"b": 1, "a": 2}
    with pytest.raises(InputError, match="'none'"):
        ranks(scores, "dsc", methods=["a", "none"])


def test_pooled_values_have_ranks_over_seeds_alone(tidy):
    found = ranks(tidy("ece", a=[[0.1], [0.2]], b=[[0.3], [0.1]]).assign(case="pooled"), "ece", over="pooled")
    assert found.by_seed.to_numpy().tolist() == [[1, 2], [2, 1]]
    assert len(found.by_case) == 0
    assert found.table[["cases_mean", "draws_first"]].isna().all(axis=None)
    assert "pooled" in found.reason


def test_infinite_distances_rank_last_and_are_not_redrawn(tidy):
    near = np.ones((2, 30))
    far = near + 1
    far[0, 0] = np.inf
    found = ranks(tidy("hd95", near=near, far=far), "hd95")
    assert found.table["rank"].to_dict() == {"near": 1, "far": 2}
    assert "infinite" in found.reason


def test_mean_is_that_of_the_table_where_all_is_defined(tidy):
    a, b = np.random.default_rng(4).random((2, 3, 5))
    scores = tidy(a=a, b=b)
    assert ranks(scores, "dsc").table["mean"].tolist() == pytest.approx(summarise(scores)["mean"].tolist())
