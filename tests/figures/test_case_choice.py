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


def slices(patients, of_each=6):
    return pd.DataFrame(
        [(f"case_{p:03d}_slice_{7 * n:03d}", f"patient {p}") for p in range(patients) for n in range(of_each)],
        columns=["case", "patient"],
    )


def test_position_is_the_place_among_the_slices_of_a_patient():
    places = case_rows.case_positions(slices(2)[::-1])
    assert [places[f"case_001_slice_{7 * n:03d}"] for n in range(6)] == [1, 2, 3, 4, 5, 6]


def test_slice_of_each_position_is_drawn_of_another_patient():
    cases = slices(20)
    dsc = pd.Series(0.5, index=cases["case"][: 9 * 6], name="value")  # nine patients test
    found = case_rows.draw_positions(dsc, cases, 6)
    assert [choice.rule for choice in found] == [f"position {n}" for n in range(1, 7)]
    assert len({choice.case.partition("_slice")[0] for choice in found}) == 6
    assert {choice.cases for choice in found} == {9}
    assert found == case_rows.draw_positions(dsc[::-1], cases[::-1], 6)
    said = case_rows.chosen_words(found[1], "EPD, seed 0", "SAROS")
    assert "drawn at random from 9 test cases at position 2 (DSC 0.500; EPD, seed 0)" in said


def test_two_test_patients_fill_six_positions_and_one_that_is_not_tested_is_left_out():
    cases = slices(3)
    dsc = pd.Series(0.5, index=[case for case in cases["case"][:12] if not case.endswith("_014")], name="value")
    assert [choice.rule[-1] for choice in case_rows.draw_positions(dsc, cases, 6)] == ["1", "2", "4", "5", "6"]


def test_data_without_positions_gives_so_many_cases():
    cases = slices(8, 1)
    found = case_rows.draw_positions(pd.Series(0.5, index=cases["case"], name="value"), cases, 6)
    assert len({choice.case for choice in found}) == 6
    assert "from 8 test cases (DSC" in case_rows.chosen_words(found[0], "EPD, seed 0", "phantom")
    with pytest.raises(InputError, match="no test case has a DSC"):
        case_rows.draw_positions(pd.Series(dtype=float), cases, 6)
