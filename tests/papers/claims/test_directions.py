"""Claims about signs and about comparisons that point the same way: each verdict on a few cells."""

import math

import pandas as pd
import pytest
from scipy import stats
from softbench import InputError
from softbench.papers import claims
from softbench.papers.claims.sentences import Pair, load

PAIR = (Pair({"method": "a"}, {"method": "b"}),)


@pytest.mark.parametrize(
    ("values", "relation", "verdict"),
    [
        ([-0.1, -0.2], "below", "true"),
        ([-0.1, 0.0], "below", "qualified"),
        ([-0.1, 0.2], "below", "false"),
        ([0.1, 0.2], "above", "true"),
        ([math.nan, math.nan], "above", "undetermined"),
    ],
)
def test_sign_is_that_of_the_mean_itself(values, relation, verdict, claim, means):
    about = claim(kind="sign", relation=relation, metrics=("rd",), among=("a",), pairs=())
    assert claims.judge(about, means(metric="rd", a=values)).verdict == verdict


def test_probability_of_a_sign_is_that_of_one_mean(claim, means):
    """One standard error below zero: P = Phi(1)."""
    about = claim(kind="sign", relation="below", metrics=("rd",), among=("a",), pairs=())
    found = claims.judge(about, means(metric="rd", a=[-0.01], sd=0.1 * 2**0.5, n=200), draws=40_000)
    assert found.probability == pytest.approx(stats.norm.cdf(1), abs=0.01)


@pytest.mark.parametrize(
    ("rd", "verdict"),
    [({"a": -0.1, "b": 0.3, "c": -0.2}, "true"), ({"a": 0.1, "b": -0.3, "c": -0.2}, "false")],
)
def test_sign_of_best_looks_at_the_best_of_each_group(rd, verdict, claim, means):
    """By DSC a is better than b, and c stands alone; b's sign is never looked at."""
    dsc = means(a=[0.9], b=[0.8], c=[0.5])
    both = pd.concat([dsc, means(metric="rd", **{method: [value] for method, value in rd.items()})])
    about = claim(
        kind="sign_of_best", relation="below", by="dsc", metrics=("dsc", "rd"), groups=(("a", "b"), ("c",)),
        quantifier="every", pairs=(),
    )  # fmt: skip
    found = claims.judge(about, both)
    assert (found.verdict, len(found.cells)) == (verdict, 2)
    assert found.cells[0].name == "best of a, b: d, s0, rd"


@pytest.mark.parametrize(
    ("a", "relation", "verdict"),
    [
        (0.504, "better", "true"),
        (0.496, "better", "true"),
        (0.52, "better", "false"),  # too far above is not near
        (0.52, "not_worse", "true"),  # but not behind
        (0.48, "not_worse", "false"),
        (0.495, "not_worse", "true"),  # just at the limit
    ],
)
def test_near_is_within_the_limit(a, relation, verdict, claim, means):
    about = claim(kind="near", limit=0.005, relation=relation)
    assert claims.judge(about, means(a=[a], b=[0.5])).verdict == verdict


def test_near_has_a_limit_for_each_metric(claim, means):
    """0.02 apart: within the limit of HD95 and not within that of DSC."""
    about = claim(kind="near", limit={"dsc": 0.01, "hd95": 1.0})
    both = pd.concat([means(a=[0.52], b=[0.5]), means(metric="hd95", a=[0.52], b=[0.5])])
    assert [cell.sign for cell in claims.judge(about, both).cells] == [-1, 1]
    with pytest.raises(InputError, match="metric with a limit of the claim"):
        claims.judge(about, means(metric="vs", a=[0.52], b=[0.5]))


@pytest.mark.parametrize(
    ("there", "verdict"), [(0.55, "true"), (0.45, "false"), (0.5, "false"), (math.nan, "undetermined")]
)
def test_alike_is_the_same_direction_on_two_data_sets(there, verdict, claim, means):
    """On d, a is 0.1 above b; a tie on the other data set agrees with nothing."""
    both = pd.concat([means(a=[0.6], b=[0.5]), means(a=[there], b=[0.5]).assign(dataset="e")])
    assert claims.judge(claim(kind="alike", datasets=("d", "e")), both).verdict == verdict


def test_alike_needs_both_data_sets(claim, means):
    about = claim(kind="alike", datasets=("d", "e"))
    found = claims.judge(about, means(a=[0.6], b=[0.5]))
    assert (found.verdict, found.absent) == ("undetermined", ("dataset e",))


@pytest.mark.parametrize(
    ("hd95", "agree", "verdict"),
    [
        ({"a": 1.0, "b": 2.0, "c": 3.0}, 3, "true"),
        ({"a": 1.0, "b": 3.0, "c": 2.0}, 2, "qualified"),
        ({"a": 3.0, "b": 2.0, "c": 1.0}, 0, "false"),
    ],
)
def test_same_order_compares_each_two_methods_by_both_metrics(hd95, agree, verdict, claim, means):
    dsc = means(a=[0.9], b=[0.8], c=[0.7])
    both = pd.concat([dsc, means(metric="hd95", **{method: [value] for method, value in hd95.items()})])
    about = claim(
        kind="same_order", quantifier="consistently", metrics=("dsc", "hd95"), among=("a", "b", "c"), pairs=()
    )
    found = claims.judge(about, both)
    assert (found.verdict, found.agree, len(found.cells)) == (verdict, agree, 3)


@pytest.mark.parametrize(
    ("band", "away", "verdict"),
    [
        (0.05, 0.01, "true"),
        (0.05, -0.02, "true"),
        (0.01, 0.05, "false"),  # the gain lies elsewhere
        (-0.01, -0.05, "false"),  # less of a loss is no gain
    ],
)
def test_gain_lies_mainly_in_the_first_region(band, away, verdict, claim, means):
    both = [means(a=[0.5 + gain], b=[0.5]).assign(roi=roi) for roi, gain in {"band": band, "away": away}.items()]
    about = claim(kind="mainly", rois=("band", "away"), pairs=PAIR)
    found = claims.judge(about, pd.concat(both))
    assert (found.verdict, len(found.cells)) == (verdict, 1)


def test_claim_without_printed_numbers_is_judged_on_rows_that_no_table_prints(claim, means):
    about, printed = claim(unprinted="a drawing"), means(a=[0.4], b=[0.5])
    found = claims.judge(about, printed)
    assert (found.verdict, found.cells, found.why_none) == ("not printed", (), "a drawing")
    ours = means(a=[0.6], b=[0.5]).assign(unprinted=True)
    both = pd.concat([printed.assign(unprinted=False), ours])
    assert claims.judge(about, both).verdict == "true"
    assert claims.judge(claim(), both).verdict == "false"


@pytest.mark.parametrize("kind", ["steps", "peak", "near", "alike", "same_order", "mainly", "sign", "sign_of_best"])
def test_kind_without_what_it_needs_is_refused(kind, tmp_path):
    (tmp_path / "odd.yaml").write_text(f"svls.odd: {{place: x, says: x, tables: [svls_1], kind: {kind}}}\n")
    with pytest.raises(InputError, match="is a required property"):
        load(tmp_path / "odd.yaml")
