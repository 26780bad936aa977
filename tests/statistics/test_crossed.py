"""Differences over seeds and cases crossed."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from softbench import InputError
from softbench.statistics import crossed_difference, difference, pair
from softbench.statistics.crossed import mean_squares, new_seeds_and_cases
from statsmodels.formula.api import mixedlm, ols
from statsmodels.stats.anova import anova_lm

NAN = float("nan")


def two_methods(rng, seeds=6, cases=30, of_seed=0.01, of_case=0.02, rest=0.01):
    """Scores (S, C) of a method and its control with interactions of both kinds, 0.01 apart."""
    shared = 0.8 + rng.normal(0, 0.05, cases) + rng.normal(0, 0.015, (seeds, 1))
    own = [rng.normal(0, of_seed, (seeds, 1)) + rng.normal(0, of_case, cases) for _ in range(2)]
    new, old = (shared + side + rng.normal(0, rest, (seeds, cases)) for side in own)
    return new + 0.01, old


def long(new, old):
    rows = [
        {"y": value, "method": method, "seed": seed, "case": case}
        for method, values in enumerate([new, old])
        for (seed, case), value in np.ndenumerate(values)
    ]
    return pd.DataFrame(rows)


def test_mean_squares_by_hand():
    # [[0, 2], [4, 10]]: mean 4; seeds 1, 7; cases 2, 6; rest [[0 - 1 - 2 + 4, ...]] = +-1.
    # seeds: 2 (9 + 9) / 1 = 36; cases: 2 (4 + 4) / 1 = 16; rest: 4 / 1.
    assert [float(square) for square in mean_squares(np.array([[0.0, 2.0], [4.0, 10.0]]))] == [36, 16, 4]
    found = new_seeds_and_cases(np.array([[0.0, 2.0], [4.0, 10.0]]))
    # S C var = 36 + 16 - 4 = 48, df = 48^2 / (36^2 + 16^2 + 4^2); components (36 - 4) / 2, (16 - 4) / 2.
    assert float(found["df"]) == pytest.approx(48**2 / (36**2 + 16**2 + 4**2))
    reach = stats.t.ppf(0.975, 2304 / 1568) * np.sqrt(48 / 4)
    assert (found["low"], found["high"]) == pytest.approx((4 - reach, 4 + reach))
    assert (found["sd_seeds"], found["sd_cases"], found["sd_rest"]) == pytest.approx((4, np.sqrt(6), 2))


@pytest.mark.parametrize("seed", range(3))
def test_mean_squares_are_those_of_the_full_anova(seed):
    new, old = two_methods(np.random.default_rng(seed), seeds=5, cases=8)
    model = ols("y ~ C(method) * C(seed) + C(method) * C(case) + C(seed) * C(case)", long(new, old)).fit()
    table = anova_lm(model)["mean_sq"]
    # A square of a difference of two is twice that of the scores: (d / sqrt 2) is the contrast of unit length.
    names = ["C(method):C(seed)", "C(method):C(case)", "Residual"]
    assert [float(square) / 2 for square in mean_squares(new - old)] == pytest.approx(list(table[names]), rel=1e-8)


@pytest.mark.parametrize("seed", range(3))
def test_f_against_method_by_seed_is_the_square_of_the_paired_t(tidy, seed):
    # F(method | seed:method), which training on few seeds calls for, adds nothing for two methods: same statistic,
    # 1 and S - 1 degrees of freedom, same p.
    new, old = two_methods(np.random.default_rng(seed))
    table = anova_lm(ols("y ~ C(method) * C(seed) + C(method) * C(case) + C(seed) * C(case)", long(new, old)).fit())
    f = table.loc["C(method)", "mean_sq"] / table.loc["C(method):C(seed)", "mean_sq"]
    assert f == pytest.approx(stats.ttest_rel(new.mean(axis=1), old.mean(axis=1)).statistic ** 2, rel=1e-8)
    assert difference(tidy(new=new, old=old), "new", "old", "dsc").p == pytest.approx(stats.f.sf(f, 1, 5), rel=1e-8)


@pytest.mark.parametrize("seed", range(3))
def test_standard_error_and_components_are_those_of_the_mixed_model(tidy, seed):
    new, old = two_methods(np.random.default_rng(seed))
    found = crossed_difference(pair(tidy(new=new, old=old), "new", "old", "dsc"))
    data = long(new - old, old)
    data = data[data["method"] == 0].assign(one=1, y=lambda rows: rows["y"] * 100)
    parts = {"seed": "0 + C(seed)", "case": "0 + C(case)"}
    fitted = mixedlm("y ~ 1", data, groups="one", vc_formula=parts, re_formula="0").fit(reml=True)
    assert found.mean == pytest.approx(fitted.params["Intercept"] / 100, rel=1e-6)
    error = (found.high - found.low) / 2 / stats.t.ppf(0.975, found.df)
    assert error == pytest.approx(fitted.bse["Intercept"] / 100, rel=1e-3)
    components = dict(zip(fitted.model.exog_vc.names, np.sqrt(fitted.vcomp) / 100, strict=True))
    assert (found.sd_seeds, found.sd_cases) == pytest.approx((components["seed"], components["case"]), rel=1e-3)
    assert found.sd_rest == pytest.approx(np.sqrt(fitted.scale) / 100, rel=1e-3)


def test_cases_that_differ_make_the_interval_wider_than_that_over_seeds(tidy):
    new, old = two_methods(np.random.default_rng(1), of_seed=0.001, of_case=0.05)
    scores = tidy(new=new, old=old)
    crossed, paired = crossed_difference(pair(scores, "new", "old", "dsc")), difference(scores, "new", "old", "dsc")
    assert crossed.mean == pytest.approx(paired.mean, rel=1e-12)
    assert crossed.high - crossed.low > 2 * (paired.high - paired.low)
    assert (crossed.p < 0.05) == (crossed.low > 0 or crossed.high < 0)


def test_where_cases_do_not_differ_it_is_the_interval_over_seeds(tidy):
    # A chequered residual: the case means are all alike, so that their component counts as zero.
    S, C = 6, 30
    sign = np.where((np.arange(S)[:, None] + np.arange(C)) % 2, 1, -1)
    old = np.full((S, C), 0.5)
    scores = tidy(new=old + np.arange(S)[:, None] / 64 + sign / 128, old=old)
    crossed, paired = crossed_difference(pair(scores, "new", "old", "dsc")), difference(scores, "new", "old", "dsc")
    assert crossed.df == S - 1
    assert (crossed.low, crossed.high, crossed.p) == pytest.approx((paired.low, paired.high, paired.p), rel=1e-9)


def test_identical_methods_differ_by_nothing(tidy):
    values = np.random.default_rng(0).random((5, 30))
    found = crossed_difference(pair(tidy(new=values, old=values), "new", "old", "dsc"))
    assert (found.mean, found.low, found.high, found.p) == (0, 0, 0, 1)


def test_undefined_cases_are_left_out_and_counted(tidy):
    new, old = two_methods(np.random.default_rng(0), cases=33)
    holed = new.copy()
    holed[2, 4], holed[:, 7] = NAN, NAN
    kept = np.delete(np.arange(33), [4, 7])
    found = crossed_difference(pair(tidy(new=holed, old=old), "new", "old", "dsc"))
    whole = crossed_difference(pair(tidy(new=new[:, kept], old=old[:, kept]), "new", "old", "dsc"))
    assert (found.n_cases, found.left_out) == (31, 2)
    assert (found.mean, found.low, found.high, found.p) == (whole.mean, whole.low, whole.high, whole.p)


@pytest.mark.parametrize(("seeds", "cases", "reason"), [
    (4, 30, "no valid CI: 4 seeds, at least 5 are needed"), (5, 2, "no valid CI: 2 cases, at least 30 are needed"),
])  # fmt: skip
def test_few_seeds_or_cases_give_a_mean_and_a_reason(tidy, seeds, cases, reason):
    new, old = two_methods(np.random.default_rng(0), seeds, cases)
    found = crossed_difference(pair(tidy(new=new, old=old), "new", "old", "dsc"))
    assert found.reason == reason
    assert found.mean == pytest.approx((new - old).mean())
    assert np.isnan([found.low, found.high, found.p]).all()


def test_infinite_values_give_no_number(tidy):
    new, old = two_methods(np.random.default_rng(0))
    new[0, 0] = old[0, 0] = np.inf
    found = crossed_difference(pair(tidy(new=new, old=old), "new", "old", "dsc"))
    assert "infinite" in found.reason
    assert np.isnan([found.mean, found.low, found.p]).all()


def test_nothing_defined_is_no_crash(tidy):
    found = crossed_difference(pair(tidy(new=[[NAN], [NAN]], old=[[0.5], [0.5]]), "new", "old", "dsc"))
    assert np.isnan(found.mean)
    assert (found.n_seeds, found.n_cases, found.left_out) == (0, 0, 1)
    assert found.reason is not None


def test_repeating_each_case_of_a_patient_adds_no_evidence(tidy):
    # 35 patients with three identical cases each: by patient, the interval is that of 35 cases.
    new, old = two_methods(np.random.default_rng(0), cases=35, of_seed=0.001, of_case=0.05)
    once = crossed_difference(pair(tidy(new=new, old=old), "new", "old", "dsc"))
    repeated = tidy(new=np.repeat(new, 3, axis=1), old=np.repeat(old, 3, axis=1))
    patients = {f"case{c:02}": f"patient{c // 3}" for c in range(105)}
    thrice = crossed_difference(pair(repeated, "new", "old", "dsc"), groups=patients)
    assert (thrice.n_cases, thrice.n_patients) == (105, 35)
    assert (thrice.mean, thrice.low, thrice.high) == pytest.approx((once.mean, once.low, once.high), rel=1e-9)
    by_case = crossed_difference(pair(repeated, "new", "old", "dsc"))
    assert by_case.high - by_case.low < 0.7 * (thrice.high - thrice.low)


def test_mean_stays_that_over_cases_when_patients_have_unequal_numbers(tidy):
    new, old = two_methods(np.random.default_rng(0), cases=50)
    patients = {f"case{c:02}": f"patient{min(c, 34)}" for c in range(50)}
    found = crossed_difference(pair(tidy(new=new, old=old), "new", "old", "dsc"), groups=patients)
    assert found.mean == pytest.approx((new - old).mean(), rel=1e-12)
    assert found.n_patients == 35


def test_case_without_a_patient_is_named(tidy):
    with pytest.raises(InputError, match="case01"):
        crossed_difference(pair(tidy(new=[[0.5, 0.6]], old=[[0.5, 0.5]]), "new", "old", "dsc"), groups={"case00": "p"})
