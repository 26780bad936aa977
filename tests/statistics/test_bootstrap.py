"""These checkpoints, new patients."""

import numpy as np
import pytest
from scipy import stats
from softbench import InputError
from softbench.statistics import difference, new_patients, pair
from softbench.statistics.bootstrap import patient_sums, percentiles, resample, weights

NAN = float("nan")


def some(rng, seeds=3, cases=40):
    old = rng.random((seeds, cases))
    return old + rng.normal(0.01, 0.02, (seeds, cases)), old


def test_mean_is_that_of_the_difference_undefined_cases_and_all(tidy):
    new, old = some(np.random.default_rng(0))
    new[1, 3], old[2, 5], new[:, 6] = NAN, NAN, NAN
    scores = tidy(new=new, old=old)
    found = new_patients(pair(scores, "new", "old", "dsc"))
    assert found.mean == pytest.approx(difference(scores, "new", "old", "dsc").mean, rel=1e-12)
    assert found.low < found.mean < found.high
    assert (found.n_seeds, found.n_cases, found.n_patients) == (3, 40, 39)


def test_each_draw_is_the_difference_of_the_redrawn_cases(tidy):
    new, old = some(np.random.default_rng(1), cases=6)
    gap = new - old
    gap[0, 2] = NAN
    found = resample(*patient_sums(gap, np.arange(6)), draws=5, seed=3)
    (counts,) = weights(6, 5, 3)
    by_hand = [np.nanmean(np.repeat(gap, row.astype(int), axis=1), axis=1).mean() for row in counts]
    assert found == pytest.approx(by_hand, rel=1e-12)
    assert (counts.sum(axis=1) == 6).all()


def test_interval_is_that_of_scipys_bootstrap_at_the_expanded_percentiles(tidy):
    new, old = some(np.random.default_rng(2), cases=60)
    found = new_patients(pair(tidy(new=new, old=old), "new", "old", "dsc"), draws=40_000)
    outside = stats.norm.cdf(-np.sqrt(60 / 59) * stats.t.ppf(0.975, 59))
    expected = stats.bootstrap(
        ((new - old).mean(axis=0),), np.mean, n_resamples=40_000, confidence_level=1 - 2 * outside,
        method="percentile", rng=np.random.default_rng(0),
    ).confidence_interval  # fmt: skip
    # The Monte Carlo error of such a percentile is 1.2 % of the half width; both have it.
    assert (found.low, found.high) == pytest.approx(expected, abs=0.05 * (found.high - found.low) / 2)


def test_draws_are_the_same_again_and_others_with_another_seed(tidy):
    new, old = some(np.random.default_rng(3))
    scores = tidy(new=new, old=old)
    first, again, other = (new_patients(pair(scores, "new", "old", "dsc"), seed=seed) for seed in (0, 0, 1))
    assert first == again
    assert first.low != other.low


def test_blocks_of_draws_do_not_change_what_is_drawn(monkeypatch):
    whole = np.concatenate(list(weights(7, 100, 0)))
    monkeypatch.setattr("softbench.statistics.bootstrap.BLOCK", 70)
    parts = list(weights(7, 100, 0))
    assert len(parts) == 10
    assert (np.concatenate(parts) == whole).all()


def test_patients_are_drawn_with_all_their_cases(tidy):
    # 30 patients with four cases that are all alike: as wide as 30 cases, not as 120.
    new, old = some(np.random.default_rng(4), cases=30)
    once = new_patients(pair(tidy(new=new, old=old), "new", "old", "dsc"))
    repeated = tidy(new=np.repeat(new, 4, axis=1), old=np.repeat(old, 4, axis=1))
    repeated["case"] = repeated.groupby(["method", "seed"]).cumcount().map("case{:03}".format)
    patients = {f"case{c:03}": f"patient{c // 4:02}" for c in range(120)}
    found = new_patients(pair(repeated, "new", "old", "dsc"), groups=patients)
    assert (found.n_cases, found.n_patients) == (120, 30)
    assert (found.mean, found.low, found.high) == pytest.approx((once.mean, once.low, once.high), rel=1e-9)
    by_case = new_patients(pair(repeated, "new", "old", "dsc"))
    assert (found.high - found.low) / (by_case.high - by_case.low) == pytest.approx(2, rel=0.1)


@pytest.mark.parametrize("cases", [2, 29])
def test_too_few_cases_give_a_mean_and_a_reason(tidy, cases):
    new, old = some(np.random.default_rng(5), cases=cases)
    found = new_patients(pair(tidy(new=new, old=old), "new", "old", "dsc"))
    assert found.reason == f"no valid CI: {cases} cases, at least 30 are needed"
    assert np.isnan([found.low, found.high]).all()
    assert found.mean == pytest.approx((new - old).mean())


def test_many_cases_of_few_patients_are_few(tidy):
    new, old = some(np.random.default_rng(6), cases=50)
    patients = {f"case{c:02}": f"patient{c % 5}" for c in range(50)}
    found = new_patients(pair(tidy(new=new, old=old), "new", "old", "dsc"), groups=patients)
    assert found.reason == "no valid CI: 5 patients, at least 30 are needed"


def test_ensemble_has_an_interval_though_it_has_no_seed(tidy):
    new, old = some(np.random.default_rng(7), seeds=1)
    found = new_patients(pair(tidy(new=new, old=old).assign(seed=NAN), "new", "old", "dsc"))
    assert found == new_patients(pair(tidy(new=new, old=old), "new", "old", "dsc"))
    assert found.reason is None


def test_infinite_values_and_nothing_defined_give_no_interval(tidy):
    new, old = some(np.random.default_rng(8))
    new[0, 0] = np.inf
    assert "infinite" in new_patients(pair(tidy(new=new, old=old), "new", "old", "dsc")).reason
    nothing = new_patients(pair(tidy(new=[[NAN]], old=[[0.5]]), "new", "old", "dsc"))
    assert np.isnan(nothing.mean)
    assert nothing.reason is not None


def test_case_without_a_patient_is_named(tidy):
    new, old = some(np.random.default_rng(9))
    with pytest.raises(InputError, match="39 case"):
        new_patients(pair(tidy(new=new, old=old), "new", "old", "dsc"), groups={"case00": "a"})


def test_ends_widen_with_few_units():
    found = np.linspace(0, 1, 10_001)
    # n = 30: t(.975, 29) = 2.04523, times sqrt(30 / 29) = 2.08019; Phi(-2.08019) = 0.018754.
    assert percentiles(found, 30) == pytest.approx([0.018754, 1 - 0.018754], abs=1e-5)
