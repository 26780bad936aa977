"""A table as numbers."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from softbench import InputError
from softbench.tables import wording


def cell(table, method, column):
    row = [one.key for one in table.methods].index(method)
    return table.cells[row][column]


def test_cell_holds_the_mean_and_its_spread_over_seeds(build):
    found = cell(build(), "good", 0)
    assert found.mean == pytest.approx(0.6)  # 0.5 + mean of 0.10, 0.11, 0.09
    assert found.sd_seeds == pytest.approx(0.01)
    assert (found.n_seeds, found.n_cases, found.n_undefined, found.n_penalised) == (3, 3, 3, 0)


def test_difference_is_to_the_methods_own_control(build):
    found = cell(build(), "good", 0).difference
    reach = 4.302653 * 0.01 / math.sqrt(3)  # t(0.975, 2 df)
    assert (found.mean, found.low, found.high) == pytest.approx((0.1, 0.1 - reach, 0.1 + reach), abs=1e-6)
    assert cell(build(), "one_hot", 0).difference is None


def test_bold_is_what_noise_cannot_explain_and_says_which_way(build):
    verdicts = [row[0].verdict for row in build().cells]
    assert verdicts == [None, "better", "worse", None]
    assert [row[0].bold for row in build().cells] == [False, True, True, False]


def test_p_values_are_adjusted_for_all_differences_of_the_table(build):
    table = build()
    gaps = [one.difference for row in table.cells for one in row if one.difference]
    told = [gap.p for gap in gaps if not math.isnan(gap.p)]
    assert table.tests == len(told) > 4
    smallest = min((one for row in table.cells for one in row if one.difference), key=lambda one: one.difference.p)
    assert smallest.p_holm == pytest.approx(min(1, len(told) * smallest.difference.p))
    assert all(one.bold == (one.p_holm < 0.05) for row in table.cells for one in row)


def test_removing_a_method_changes_no_number_of_the_others_but_what_is_adjusted(build, methods):
    whole, fewer = build(), build(methods=[one for one in methods if one["key"] != "bad"])
    for method in ("one_hot", "good", "noise"):
        for column in range(len(whole.columns)):
            one, other = (replace(cell(t, method, column), p_holm=0.0, verdict=None) for t in (whole, fewer))
            assert repr(one) == repr(other)  # NaN equals NaN here
    assert fewer.tests < whole.tests


def test_empty_masks_count_otherwise_where_all_raters_are_compared_with(build, scores):
    """The policy's sentence speaks of DSC and distances; agreement and GED have rules of their own."""
    both = [scores[scores["metric"] == "dsc"].assign(metric=metric, rater=0) for metric in ("agreement", "ged")]
    columns = [{"metric": metric, "structure": "B"} for metric in ("dsc", "agreement", "ged")]
    said = wording.footnotes(build(scores=pd.concat([scores, *both]), columns=columns, composites={}))
    (line,) = [note for note in said if note.startswith("Of all raters together, empty masks count otherwise.")]
    assert "Agreement: undefined of one rater, and where no two raters overlap; two empty masks have DSC 1" in line
    assert line.endswith("GED (65535 level sets): d is 0 of two empty masks, 1 of one.")
    assert not any(note.startswith("Of all raters") for note in wording.footnotes(build()))


def test_lower_calibration_error_is_better(build):
    # `good` lowers ECE by 0.01 times its gain in DSC, `bad` raises it.
    assert [row[2].verdict for row in build().cells] == [None, "better", "worse", None]


def test_composite_is_made_after_the_penalty(build):
    # One of nine values of A is the diagonal, 100 mm: (100 + 4) / 2 there, (2 + 4) / 2 elsewhere.
    found = cell(build(), "bad", 1)
    assert found.mean == pytest.approx((52 + 8 * 3) / 9)
    assert found.n_penalised == 1


def test_policy_exclude_leaves_the_missed_structure_out(build):
    assert cell(build(policy="exclude"), "bad", 1).mean == pytest.approx((4 + 8 * 3) / 9)  # B alone is 4 mm


def test_policy_raw_shows_infinity(build):
    assert cell(build(policy="raw"), "bad", 1).mean == math.inf


def test_method_whose_runs_all_failed_keeps_an_empty_row(build, scores):
    left = scores[scores["method"] != "noise"]
    table = build(scores=left, failed=[{"method": "noise", "seed": 0, "reason": "diverged"}])
    assert np.isnan(cell(table, "noise", 0).mean)
    assert cell(table, "noise", 0).n_seeds == 0


def test_method_whose_control_failed_has_no_difference(build, scores):
    left = scores[scores["method"] != "one_hot"]
    table = build(scores=left, failed=[{"method": "one_hot", "seed": 0, "reason": "diverged"}])
    assert cell(table, "good", 0).difference is None
    assert cell(table, "good", 0).mean == pytest.approx(0.6)


def test_scores_are_left_as_they_were(build, scores):
    before = scores.copy()
    build()
    pd.testing.assert_frame_equal(scores, before)


def test_unknown_method_control_and_column_are_named(build, methods):
    with pytest.raises(InputError, match="names other, but only bad, good, noise, one_hot are scored"):
        build(methods=[*methods, {"key": "other", "title": "Other"}])
    with pytest.raises(InputError, match="names ce_dice"):
        build(methods=[{"key": "good", "title": "Good", "control": "ce_dice"}])
    with pytest.raises(InputError, match=r"ece of A in all \(over cases\) was not scored; ece was for: all in all"):
        build(columns=[{"metric": "dsc", "structure": "A"}, {"metric": "ece", "structure": "A"}])
    with pytest.raises(InputError, match="over pooled"):
        build(columns=[{"metric": "dsc", "structure": "A", "over": "pooled"}])


def test_pooled_column_shows_the_pooled_value(build, scores):
    pooled = scores[(scores["metric"] == "ece") & (scores["case"] == "c0")].assign(case="pooled", value=0.002)
    both = pd.concat([scores, pooled], ignore_index=True)
    table = build(scores=both, columns=[{"metric": "ece"}, {"metric": "ece", "over": "pooled"}])
    assert [one.mean for one in table.cells[0]] == pytest.approx([0.01, 0.002])
