"""Means over cases, then over seeds."""

import math

import numpy as np
import pandas as pd
import pytest
from softbench import InputError
from softbench.statistics import composite, summarise

NAN = float("nan")


def scores_of(values, structure="WT", method="m", metric="dsc"):
    """`values[seed][case]` as tidy rows."""
    rows = [
        (method, seed, f"case{c}", structure, metric, "all", value)
        for seed, cases in enumerate(values)
        for c, value in enumerate(cases)
    ]
    return pd.DataFrame(rows, columns=["method", "seed", "case", "structure", "metric", "roi", "value"])


def only(scores, **options):
    table = summarise(scores, **options)
    assert len(table) == 1
    return table.iloc[0]


def test_spread_over_seeds_is_that_of_their_means():
    # Seeds' means: 0.2 and 0.4. Their sd: 0.2 / sqrt(2). Cases' means over seeds: 0.2 and 0.4, the same sd.
    row = only(scores_of([[0.1, 0.3], [0.3, 0.5]]))
    assert row["mean"] == pytest.approx(0.3)
    assert row["sd_seeds"] == pytest.approx(0.2 / math.sqrt(2))
    assert row["sd_cases"] == pytest.approx(0.2 / math.sqrt(2))
    assert (row["n_seeds"], row["n_cases"], row["n_undefined"], row["n_penalised"]) == (2, 2, 0, 0)


def test_one_seed_has_no_spread_over_seeds():
    row = only(scores_of([[0.1, 0.3]]))
    assert np.isnan(row["sd_seeds"])
    assert row["sd_cases"] == pytest.approx(0.2 / math.sqrt(2))


def test_undefined_values_are_counted_and_enter_no_mean():
    row = only(scores_of([[0.2, NAN], [0.4, 0.6]]))
    assert row["mean"] == pytest.approx((0.2 + 0.5) / 2)
    assert (row["n_undefined"], row["n_cases"]) == (1, 2)


def test_mean_of_nothing_is_unknown():
    row = only(scores_of([[NAN, NAN]]))
    assert np.isnan(row["mean"])
    assert (row["n_seeds"], row["n_undefined"]) == (0, 2)


def test_a_penalised_value_is_not_counted_as_undefined():
    row = only(scores_of([[NAN, NAN]]).assign(penalised=[True, False]))
    assert (row["n_undefined"], row["n_penalised"]) == (1, 1)


def test_raters_of_a_case_are_averaged_before_cases():
    # Case 0 has two raters, 0.0 and 1.0, so it counts as 0.5 once, not twice.
    scores = pd.concat([scores_of([[0.0, 0.9]]), scores_of([[1.0]])])
    assert only(scores)["mean"] == pytest.approx((0.5 + 0.9) / 2)


def test_pooled_values_and_cases_are_kept_apart():
    scores = pd.concat([scores_of([[0.1, 0.3]]), scores_of([[0.9]]).assign(case="pooled")])
    assert only(scores)["mean"] == pytest.approx(0.2)
    pooled = only(scores, over="pooled")
    assert (pooled["mean"], pooled["n_cases"]) == (0.9, 0)


def test_ensemble_without_a_seed_is_summarised():
    row = only(scores_of([[0.1, 0.3]]).assign(seed=NAN))
    assert (row["mean"], row["n_seeds"]) == (pytest.approx(0.2), 1)


def test_mixed_predictions_are_refused():
    scores = scores_of([[0.1, 0.3]]).assign(prediction=["raw", "temperature"])
    with pytest.raises(InputError, match=r"`prediction`: raw, temperature"):
        summarise(scores)


def both(first, second):
    return pd.concat([scores_of(first, "A"), scores_of(second, "B")], ignore_index=True)


def test_composite_is_the_mean_over_structures_case_by_case():
    made = composite(both([[0.2, 0.4]], [[0.6, 1.0]]), "average", ["A", "B"])
    assert made.loc[made["structure"] == "average", "value"].tolist() == pytest.approx([0.4, 0.7])
    assert len(made) == 6


def test_composite_is_undefined_only_where_all_members_are():
    made = composite(both([[NAN, NAN]], [[0.6, NAN]]), "average", ["A", "B"])
    values = made.loc[made["structure"] == "average", "value"].tolist()
    assert values[0] == 0.6
    assert np.isnan(values[1])


def test_composite_is_penalised_where_a_member_is():
    scores = both([[50.0, 1.0]], [[2.0, 2.0]]).assign(penalised=[True, False, False, False])
    made = composite(scores, "average", ["A", "B"])
    assert made.loc[made["structure"] == "average", "penalised"].tolist() == [True, False]


def test_composite_of_unlike_members_is_refused():
    with pytest.raises(InputError, match=r"1 score.*dsc of case case1"):
        composite(both([[0.2, 0.4]], [[0.6]]), "average", ["A", "B"])


def test_composite_names_an_unknown_member_and_a_taken_name():
    scores = both([[0.2]], [[0.6]])
    with pytest.raises(InputError, match="A, B"):
        composite(scores, "average", ["A", "C"])
    with pytest.raises(InputError, match="already hold"):
        composite(scores, "A", ["A", "B"])
