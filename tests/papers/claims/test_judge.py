"""The rules of verdicts, on tables small enough to see through."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from softbench import InputError
from softbench.papers import claims
from softbench.papers.claims.sentences import Pair, load


@pytest.mark.parametrize(
    ("quantifier", "a", "verdict"),
    [  # b is 0.5 everywhere
        ("every", [0.6, 0.7, 0.8, 0.9], "true"),
        ("every", [0.6, 0.7, 0.8, 0.5], "qualified"),  # a tie is no counterexample
        ("every", [0.6, 0.7, 0.8, 0.4], "false"),
        ("every", [0.5, 0.5, 0.5, 0.5], "false"),  # nothing is better
        ("consistently", [0.6, 0.7, 0.8, 0.9], "true"),
        ("consistently", [0.6, 0.7, 0.4, 0.4], "qualified"),  # as many as speak against it
        ("consistently", [0.6, 0.4, 0.4, 0.4], "false"),
        ("consistently", [0.5, 0.5, 0.5, 0.5], "false"),
        ("most", [0.6, 0.7, 0.8, 0.4], "true"),
        ("most", [0.6, 0.7, 0.5, 0.4], "qualified"),  # two of four, but two of the three that are no ties
        ("most", [0.6, 0.7, 0.4, 0.4], "false"),  # half is not most
    ],
)
def test_quantifier_decides_how_many_must_agree(quantifier, a, verdict, claim, means):
    table = means(a=a, b=[0.5] * 4)
    assert claims.judge(claim(quantifier=quantifier), table).verdict == verdict


def test_sides_may_be_two_regions(claim, means):
    """One method, worse in one region than in the other."""
    pair = Pair({"method": "a", "roi": "band"}, {"method": "a", "roi": "away"})
    about = claim(relation="worse", quantifier="every", rois=("band", "away"), pairs=(pair,))
    both = [means(a=[value]).assign(roi=roi) for roi, value in {"band": 0.7, "away": 0.9}.items()]
    found = claims.judge(about, pd.concat(both))
    assert (found.verdict, len(found.cells), found.cells[0].margin) == ("true", 1, pytest.approx(0.2))
    assert claims.judge(about, both[0]).absent == ("roi away",)


def test_most_within_groups_must_hold_in_each(claim, means):
    """3 of 4 cells agree, but in s1 only one of two."""
    table = means(a=[0.6, 0.6], b=[0.5, 0.5])
    second = means(metric="vs", a=[0.6, 0.4], b=[0.5, 0.5])
    both = pd.concat([table, second])
    whole = claims.judge(claim(quantifier="most"), both)
    within = claims.judge(claim(quantifier="most", within=("structure",)), both)
    assert (whole.verdict, within.verdict) == ("true", "qualified")


def test_smaller_is_better_for_distances_and_nearer_zero_for_rd(claim, means):
    assert claims.judge(claim(), means(metric="hd95", a=[1.0], b=[2.0])).verdict == "true"
    assert claims.judge(claim(), means(metric="rd", a=[0.1], b=[-0.2])).verdict == "true"
    assert claims.judge(claim(), means(metric="rd", a=[-0.2], b=[0.1])).verdict == "false"


def test_not_better_takes_ties_for_agreement_and_worse_does_not(claim, means):
    table = means(a=[0.5, 0.4], b=[0.5, 0.5])
    assert claims.judge(claim(relation="not_better"), table).verdict == "true"
    assert claims.judge(claim(relation="worse"), table).verdict == "qualified"
    assert claims.judge(claim(relation="better"), table).verdict == "false"


def test_best_of_several_methods_is_their_best(claim, means):
    table = means(a=[0.6, 0.1], b=[0.1, 0.6], c=[0.5, 0.5], oracle=[1.0, 1.0])
    either = claim(kind="best", method=("a", "b"), among=("a", "b", "c"))
    assert claims.judge(either, table).verdict == "true"  # the oracle is not among them
    assert claims.judge(claim(kind="best", method=("a",), among=("a", "b", "c")), table).verdict == "false"


def test_lost_means_are_counted_and_decide_nothing(claim, means):
    found = claims.judge(claim(), means(a=[0.6, math.nan, math.inf], b=[0.5, 0.5, 0.5]))
    assert (found.verdict, found.agree, len(found.cells), found.missing) == ("true", 1, 1, 2)


@pytest.mark.parametrize(
    ("a", "verdict"),
    [([0.52, 0.54], "true"), ([0.52, 0.58], "qualified"), ([0.51, 0.47], "false"), ([0.52, 0.52], "true")],
)
def test_gain_is_the_mean_over_structures_and_its_range_includes_the_ends(a, verdict, claim, means):
    """b is 0.5, the claimed gain 0.02 to 0.04: gains are 0.03, 0.05, -0.01, 0.02."""
    pair = Pair({"method": "a"}, {"method": "b"}, low=0.02, high=0.04)
    found = claims.judge(claim(kind="gain", pairs=(pair,)), means(a=a, b=[0.5, 0.5]))
    assert found.verdict == verdict
    assert found.cells[0].margin == pytest.approx(sum(a) / 2 - 0.5)


def test_growing_gains_are_compared_one_after_another(claim, means):
    pairs = tuple(Pair({"method": f"a{i}"}, {"method": "b"}) for i in range(3))
    grows, stalls = means(a0=[0.6], a1=[0.7], a2=[0.8], b=[0.5]), means(a0=[0.6], a1=[0.8], a2=[0.7], b=[0.5])
    assert claims.judge(claim(kind="growing", pairs=pairs), grows).verdict == "true"
    found = claims.judge(claim(kind="growing", pairs=pairs), stalls)
    assert (found.verdict, found.agree, found.against) == ("false", 1, ("a2 vs b: d, dsc",))


def test_ranks_differ_where_one_cell_has_another_order(claim, means):
    about = claim(kind="ranks_differ", among=("a", "b"))
    assert claims.judge(about, means(a=[0.6, 0.6], b=[0.5, 0.5])).verdict == "false"
    assert claims.judge(about, means(a=[0.6, 0.4], b=[0.5, 0.5])).verdict == "true"


def test_claim_about_what_is_absent_is_undetermined_unless_refuted(claim, means):
    agrees, speaks_against = means(a=[0.6], b=[0.5]), means(a=[0.4], b=[0.5])
    two = claim(datasets=("d", "elsewhere"))
    assert claims.judge(two, agrees).verdict == "undetermined"
    assert claims.judge(two, agrees).absent == ("dataset elsewhere",)
    assert claims.judge(two, speaks_against).verdict == "false"
    loose = claim(datasets=("d", "elsewhere"), quantifier="consistently")
    assert claims.judge(loose, speaks_against).verdict == "undetermined"
    assert claims.judge(claim(tables=("other",)), agrees).verdict == "undetermined"


def test_probability_is_that_of_the_normal_where_cases_are_many(claim, means):
    """a - b = 0.02 with a standard error of sqrt(2) 0.2 / sqrt(200) = 0.02: P(a > b) = Phi(1) = 0.84."""
    table = means(a=[0.52], b=[0.50], sd=0.2, n=200)
    found = claims.judge(claim(), table, draws=40_000)
    assert found.probability == pytest.approx(stats.norm.cdf(1), abs=0.01)  # five standard errors of 40 000 draws


def test_three_seeds_are_less_sure_than_the_normal_would_have_it(claim, means):
    """One mean 3 standard errors above another that has no noise: P(t with 2 degrees < 3) = 0.952, not 0.999."""
    table = means(a=[0.5 + 3 * 0.01 / math.sqrt(3)], b=[0.5], sd=0.01, n=3)
    table.loc[table["method"] == "b", "sd"] = 0.0
    found = claims.judge(claim(), table, draws=40_000)
    assert found.probability == pytest.approx(stats.t.cdf(3, 2), abs=0.006)


def test_every_of_many_equal_cells_is_improbable(claim, means):
    """Four cells without a difference agree together once in 2^4 draws."""
    found = claims.judge(claim(), means(a=[0.5] * 4, b=[0.5] * 4, sd=0.1), draws=40_000)
    assert found.shares["true"] == pytest.approx(1 / 16, abs=0.006)


def test_draws_are_those_of_the_seed(claim, means):
    table = means(a=[0.51], b=[0.50], sd=0.1)
    one, again, other = (claims.judge(claim(), table, seed=seed).probability for seed in (0, 0, 1))
    assert one == again != other


@pytest.mark.parametrize("gone", ["sd", "n"])
def test_no_probability_without_a_spread(gone, claim, means):
    table = means(a=[0.6], b=[0.5], sd=0.1)
    table.loc[0, gone] = np.nan
    found = claims.judge(claim(), table)
    assert math.isnan(found.probability)
    assert "has a ±" in found.why_none


def test_bad_tables_of_means_are_refused(claim, means):
    table = means(a=[0.6], b=[0.5])
    with pytest.raises(InputError, match=r"lacks the column\(s\) mean"):
        claims.judge(claim(), table.drop(columns="mean"))
    with pytest.raises(InputError, match="two rows for table t, dataset d"):
        claims.judge(claim(), table.iloc[[0, 0, 1]])
    with pytest.raises(InputError, match="neither direction is better for the metric"):
        claims.judge(claim(metrics=("image_diagonal",)), means(metric="image_diagonal", a=[1.0], b=[2.0]))
    vague = claim(pairs=(Pair({"method": "a", "arm": ""}, {"method": "b"}),))
    with pytest.raises(InputError, match="Name the table, or the arm"):
        claims.judge(vague, pd.concat([table.assign(arm=""), table.assign(arm="plain")]))


def test_metrics_that_are_better_neither_way_are_left_out(claim, means):
    table = pd.concat([means(a=[0.6], b=[0.5]), means(metric="image_diagonal", a=[1.0], b=[2.0])])
    assert len(claims.judge(claim(), table).cells) == 1


@pytest.mark.parametrize(
    ("line", "message"),
    [("kind: guess", "is not one of"), ("kind: best", "is a required property"), ("colour: red", "was unexpected")],
)
def test_broken_claim_is_refused_by_name(line, message, tmp_path):
    kind = "" if line.startswith("kind") else "  kind: ranks_differ\n  among: [a, b]\n"
    text = f"svls.odd:\n  place: -\n  says: nothing\n  tables: [svls_1]\n{kind}  {line}\n"
    (tmp_path / "odd.yaml").write_text(text.replace("place: -", 'place: "-"'), encoding="utf-8")
    with pytest.raises(InputError, match=message) as error:
        load(tmp_path / "odd.yaml")
    assert "odd.yaml" in str(error.value)


def test_unknown_claim_is_answered_with_the_known_ones():
    with pytest.raises(InputError, match=r"svls\.best_ece, svls\.best_tace"):
        claims.claims("svls_9")
