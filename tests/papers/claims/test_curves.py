"""Claims about curves, on a few points: each verdict, and what noise makes of it."""

import math

import pandas as pd
import pytest
from softbench.papers import claims

POINTS = (("p0", "p1", "p2", "p3"),)


@pytest.fixture
def curve(means):
    """A table of one curve a structure; each keyword of `means` is a point."""

    def make(*curves, metric="dsc", sd=None, n=50):
        points = zip(*curves, strict=True)
        return means(metric=metric, sd=sd, n=n, **{f"p{i}": list(values) for i, values in enumerate(points)})

    return make


@pytest.fixture
def rises_and_falls(claim):
    return claim(kind="peak", quantifier="every", points=POINTS, pairs=())


@pytest.mark.parametrize(
    ("values", "verdict", "agree", "cells"),
    [
        ((0.5, 0.6, 0.7, 0.6), "true", 4, 4),  # three steps, and the peak is inside
        ((0.5, 0.7, 0.6, 0.55), "true", 4, 4),
        ((0.5, 0.7, 0.7, 0.6), "qualified", 3, 4),  # the top is two points wide: a tie
        ((0.6, 0.5, 0.7, 0.6), "false", 3, 4),  # falls before the peak
        ((0.5, 0.7, 0.5, 0.6), "false", 3, 4),  # rises again behind it
        ((0.5, 0.6, 0.7, 0.8), "false", 3, 4),  # rises to the end: no peak
        ((0.8, 0.7, 0.6, 0.5), "false", 3, 4),
    ],
)
def test_curve_rises_to_a_peak_inside_and_falls(values, verdict, agree, cells, rises_and_falls, curve):
    found = claims.judge(rises_and_falls, curve(values))
    assert (found.verdict, found.agree, len(found.cells)) == (verdict, agree, cells)


def test_peak_of_a_distance_is_its_lowest_point(rises_and_falls, curve):
    assert claims.judge(rises_and_falls, curve((5.0, 3.0, 2.0, 4.0), metric="hd95")).verdict == "true"
    assert claims.judge(rises_and_falls, curve((2.0, 3.0, 5.0, 4.0), metric="hd95")).verdict == "false"


def test_named_peak_must_be_where_the_claim_has_it(claim, curve):
    at_p2 = claim(kind="peak", quantifier="every", points=POINTS, method=("p2",), pairs=())
    assert claims.judge(at_p2, curve((0.5, 0.6, 0.7, 0.6))).verdict == "true"
    found = claims.judge(at_p2, curve((0.5, 0.7, 0.6, 0.5)))
    assert (found.verdict, found.agree, found.against) == ("false", 2, ("p2 vs p1: d, s0, dsc",))


def test_each_curve_has_its_own_peak(rises_and_falls, curve):
    found = claims.judge(rises_and_falls, curve((0.5, 0.7, 0.6, 0.5), (0.5, 0.6, 0.7, 0.6)))
    assert (found.verdict, len(found.cells)) == ("true", 8)


def test_curve_without_one_of_its_points_is_open(rises_and_falls, curve):
    lacking = curve((0.5, 0.6, math.nan, 0.6))
    found = claims.judge(rises_and_falls, lacking)
    assert (found.verdict, found.missing, found.absent) == ("undetermined", 4, ("method p2",))
    assert claims.judge(rises_and_falls, lacking[lacking["method"] != "p2"]).verdict == "undetermined"


def test_noise_moves_the_peak(rises_and_falls, curve):
    """Of four equal means each is highest once in four draws; steps agree by chance in some of them."""
    found = claims.judge(rises_and_falls, curve((0.5, 0.5, 0.5, 0.5), sd=0.1), draws=20_000)
    # Orders of four values that rise to a peak inside and fall: 6 of 24 (peak second: 3, third: 3).
    assert found.probability == pytest.approx(6 / 24, abs=0.016)


@pytest.mark.parametrize(
    ("values", "relation", "quantifier", "verdict"),
    [
        ((0.5, 0.6, 0.7, 0.8), "better", "every", "true"),
        ((0.5, 0.6, 0.6, 0.8), "better", "every", "qualified"),
        ((0.5, 0.6, 0.5, 0.8), "better", "every", "false"),
        ((0.8, 0.6, 0.5, 0.4), "worse", "every", "true"),
        ((0.8, 0.6, 0.7, 0.4), "worse", "most", "true"),
        ((0.8, 0.9, 0.7, 0.8), "worse", "most", "false"),
    ],
)
def test_steps_are_judged_one_after_another(values, relation, quantifier, verdict, claim, curve):
    about = claim(kind="steps", relation=relation, quantifier=quantifier, points=POINTS, pairs=())
    assert claims.judge(about, curve(values)).verdict == verdict


def test_step_that_speaks_against_every_refutes_whatever_else_is_absent(claim, curve):
    about = claim(kind="steps", relation="better", quantifier="every", points=POINTS, pairs=())
    table = curve((0.5, 0.4, 0.6, 0.7))
    part = table[table["method"].isin(["p0", "p1"])]
    assert claims.judge(about, part).verdict == "false"
    rising = pd.DataFrame(part).assign(mean=[0.4, 0.5])
    assert claims.judge(about, rising).verdict == "undetermined"
