"""Means drawn anew over new seeds, what the seeds share kept."""

import numpy as np
import pytest
from scipy import stats
from softbench import InputError
from softbench.statistics import draw_means


def above_zero(by_seed: np.ndarray, draws: int, rng: np.random.Generator) -> float:
    """Return in which share of draws the first method's mean is above the second's."""
    drawn = draw_means(by_seed, draws=draws, rng=rng)
    return float((drawn[:, 0] > drawn[:, 1]).mean())


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_share_above_zero_is_one_minus_the_one_sided_p_of_the_paired_t_test(seeds):
    by_seed = np.random.default_rng(seeds).normal([0.8, 0.0], size=(seeds, 2))
    expected = 1 - stats.ttest_rel(*by_seed.T, alternative="greater").pvalue
    # Five standard errors of 40 000 draws are at most 0.0125.
    assert above_zero(by_seed, 40_000, np.random.default_rng(0)) == pytest.approx(expected, abs=0.0125)


def test_every_contrast_has_the_spread_of_its_own_seeds():
    """Five seeds, seven things; a contrast's draws are t with four degrees of freedom, shifted and scaled."""
    by_seed = np.random.default_rng(1).normal(size=(5, 7))
    contrast = np.array([1, -0.5, -0.5, 0, 0, 2, 0])
    drawn = draw_means(by_seed, draws=40_000, rng=np.random.default_rng(0)) @ contrast
    found = by_seed @ contrast
    scaled = (drawn - found.mean()) / (found.std(ddof=1) / np.sqrt(5))
    # 1.63 / sqrt(n) is the 1 % point of the largest gap between 40 000 such draws and their distribution.
    assert stats.kstest(scaled, stats.t(4).cdf).statistic < 1.63 / np.sqrt(40_000)


@pytest.fixture(scope="module")
def shares() -> np.ndarray:
    """P(first > second) of 2000 experiments with three seeds and two equal methods; seeds move both alike."""
    rng = np.random.default_rng(0)
    alike = rng.normal(0, 0.015, (2000, 3, 1))  # as measured for DSC: docs/statistics.md
    own = rng.normal(0, 0.007 / np.sqrt(2), (2000, 3, 2))
    return np.array([above_zero(one, 400, rng) for one in alike + own])


def test_equal_methods_have_even_chances(shares):
    assert shares.mean() == pytest.approx(0.5, abs=5 * np.sqrt(1 / 12 / 2000))  # uniform: variance 1/12


def test_one_in_twenty_equal_methods_is_called_better_with_95_percent(shares):
    for share in (np.mean(shares > 0.95), np.mean(shares < 0.05)):
        assert share == pytest.approx(0.05, abs=5 * np.sqrt(0.05 * 0.95 / 2000))


def test_what_seeds_do_to_all_alike_is_no_noise_of_a_difference():
    by_seed = np.array([[0.1, 0.0], [0.6, 0.5], [0.9, 0.8]])  # the first is better by 0.1 with every seed
    assert above_zero(by_seed, 1000, np.random.default_rng(0)) == 1


def test_one_seed_is_refused():
    with pytest.raises(InputError, match="from 2 seeds on"):
        draw_means(np.zeros((1, 2)), draws=10, rng=np.random.default_rng(0))
