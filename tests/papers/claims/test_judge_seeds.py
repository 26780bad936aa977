"""Probabilities where the mean of each seed is known."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from softbench.papers import claims

SEEDS = {  # a and b of five seeds: they differ by 0.011, 0.004, 0.014, -0.003, 0.009
    "a": {0: 0.811, 1: 0.824, 2: 0.834, 3: 0.797, 4: 0.859},
    "b": {0: 0.800, 1: 0.820, 2: 0.820, 3: 0.800, 4: 0.850},
}


def of_seeds(runs=("e/n", "e/n"), **methods):
    """Return the means of a and b as they come from two sets of runs."""
    rows = [
        {"table": "t", "dataset": "d", "structure": "s", "metric": "dsc", "method": name, "by_seed": by_seed,
         "runs": trained, "mean": np.mean(list(by_seed.values())), "sd": np.std(list(by_seed.values()), ddof=1),
         "n": len(by_seed), "over": "seeds"}
        for (name, by_seed), trained in zip(methods.items(), runs, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def paired(seeds):
    first, second = ([SEEDS[name][seed] for seed in seeds] for name in "ab")
    return 1 - stats.ttest_rel(first, second, alternative="greater").pvalue


def test_one_comparison_is_as_probable_as_the_paired_t_test_says(claim):
    found = claims.judge(claim(), of_seeds(**SEEDS), draws=40_000)
    assert found.probability == pytest.approx(paired(range(5)), abs=0.0125)  # five standard errors, at most
    assert sum(found.shares.values()) == pytest.approx(1)


def test_runs_of_other_experiments_are_not_paired(claim):
    """The seeds' own spread, 0.02, hides a difference of 0.007 that pairing shows."""
    together, apart = of_seeds(**SEEDS), of_seeds(("e/n", "f/n"), **SEEDS)
    assert claims.judge(claim(), together).probability > 0.95
    assert claims.judge(claim(), apart).probability < 0.75


def test_seeds_that_all_compared_methods_have_decide(claim):
    short = {"a": SEEDS["a"], "b": {seed: SEEDS["b"][seed] for seed in (0, 1, 3)}}
    found = claims.judge(claim(), of_seeds(**short), draws=40_000)
    assert found.probability == pytest.approx(paired((0, 1, 3)), abs=0.0125)


def test_one_common_seed_gives_no_probability(claim):
    short = {"a": {0: 0.8, 1: 0.9}, "b": {1: 0.7, 2: 0.6}}
    found = claims.judge(claim(), of_seeds(**short))
    assert found.verdict == "true"
    assert math.isnan(found.probability)
    assert found.why_none == "fewer than two seeds that all compared runs have"


def test_the_same_method_under_two_names_is_never_better(claim):
    found = claims.judge(claim(), of_seeds(a=SEEDS["a"], b=SEEDS["a"]))
    assert (found.verdict, found.ties, found.probability) == ("false", 1, 0)
