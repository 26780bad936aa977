"""Which cases pictures show."""

import pandas as pd
import pytest
from softbench import InputError
from softbench.figures import case_rows

NAN = float("nan")


def scores_of(values, structure="A", **fixed):
    """One row a case and seed: values[seed][case]."""
    rows = [
        {"case": case, "seed": seed, "value": value, "structure": structure}
        for seed, of_seed in enumerate(values)
        for case, value in of_seed.items()
    ]
    common = {"metric": "dsc", "grid": "full", "prediction": "raw", "method": "one_hot", "rater": 1}
    return pd.DataFrame(rows).assign(**{**common, **fixed})


def test_dsc_of_a_case_is_the_mean_over_structures_of_the_seed_asked_for():
    scores = pd.concat(
        [
            scores_of([{"a": 0.2, "b": NAN}, {"a": 0.9}]),
            scores_of([{"a": 0.6, "b": NAN}], "B"),
            scores_of([{"a": 0.0}], method="svls"),
            scores_of([{"a": 0.0}], metric="hd95"),
            scores_of([{"a": 0.0}], grid="training"),
            scores_of([{"pooled": 0.0}]),
        ]
    )
    assert case_rows.dsc_by_case(scores, "one_hot", seed=0).to_dict() == {"a": pytest.approx(0.4)}  # b: undefined
    assert case_rows.dsc_by_case(scores, "one_hot", "A").to_dict() == {"a": pytest.approx(0.55)}


def test_case_at_a_quantile_is_the_lower_of_two_and_ties_go_by_name():
    # Five cases in order of DSC: d 0.1, b 0.5, c 0.5, a 0.7, e 0.9; places 0.25 x 4 = 1, 0.5 x 4 = 2, 0.75 x 4 = 3.
    dsc = pd.Series({"a": 0.7, "b": 0.5, "c": 0.5, "d": 0.1, "e": 0.9}, name="value").rename_axis("case")
    found = case_rows.choose(dsc, ["lower_quartile", "median", "upper_quartile"])
    assert [(one.case, one.dsc, one.cases) for one in found] == [("b", 0.5, 5), ("c", 0.5, 5), ("a", 0.7, 5)]
    assert case_rows.choose(dsc[["a", "d"]], ["median"])[0].case == "d"


def test_words_say_the_rule_the_method_and_among_how_many():
    choice = case_rows.Choice("c7", "median", 0.81234, 66)
    expected = "BraTS: c7, at the median of the DSC over 66 test cases (0.812; One-hot, seed 0)"
    assert case_rows.chosen_words(choice, "One-hot, seed 0", "BraTS") == expected


def test_no_case_with_a_dsc_is_an_error():
    with pytest.raises(InputError, match="no test case has a DSC"):
        case_rows.choose(pd.Series(dtype=float, name="value").rename_axis("case"), ["median"])
