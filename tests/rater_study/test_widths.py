"""Widths, halves and verdicts, on scores whose truth is known."""

import numpy as np
import pytest
from scipy.special import ndtr
from softbench import InputError
from softbench.rater_study import folds, verdicts
from softbench.rater_study.widths import differences, find_best

WIDTHS = 0.25 * 2 ** (np.arange(11) / 2)  # 0.25 to 8 mm


def crps(width: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Integral of (Phi(x / w) - [x > d])^2 over x: the Brier score of a blurred edge against one at d (closed form)."""
    z = place / width
    return width * (z * (2 * ndtr(z) - 1) + 2 * np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) - 1 / np.sqrt(np.pi))


def drawn_scores(width: float, patients: int, rng: np.random.Generator) -> np.ndarray:
    """(widths, patients) scores of edges blurred by each width; the other rater's edge lies N(0, width) away.

    A patient has 30 places along the edge, which move together in part, and a width of his own around the known one.
    """
    own = width * np.exp(0.2 * rng.standard_normal((patients, 1)) - 0.02)
    together, alone = rng.standard_normal((patients, 1)), rng.standard_normal((patients, 30))
    places = own * (np.sqrt(0.3) * together + np.sqrt(0.7) * alone)
    return crps(WIDTHS[:, None, None], places[None]).mean(axis=2)


def test_known_width_is_in_its_interval() -> None:
    """In at least 90 % of 200 draws, of a width that is any number between 0.5 and 4 mm."""
    rng = np.random.default_rng(0)
    found = 0
    for draw in range(200):
        width = 0.5 * 8 ** rng.random()
        best = find_best(drawn_scores(width, 40, rng), list(WIDTHS), draws=500, seed=draw)
        found += best.low <= width <= best.high
    assert found >= 180


def test_many_patients_leave_few_widths() -> None:
    best = find_best(drawn_scores(1.0, 400, np.random.default_rng(1)), list(WIDTHS))
    assert best.last - best.first <= 1
    assert best.low < 1 < best.high
    assert not best.at_end


def test_few_patients_have_a_best_and_no_range() -> None:
    best = find_best(drawn_scores(1.0, 5, np.random.default_rng(2)), list(WIDTHS))
    assert best.first == best.last == best.index
    assert np.isnan(best.low)
    assert best.reason == "no valid CI: 5 patients, at least 30 are needed"


def test_best_at_the_end_of_the_sweep_is_said() -> None:
    best = find_best(drawn_scores(20.0, 100, np.random.default_rng(3)), list(WIDTHS))
    assert (best.index, best.at_end, best.high) == (10, True, 8.0)


def test_patient_without_a_score_is_left_out() -> None:
    scores = drawn_scores(1.0, 40, np.random.default_rng(4))
    with_hole = np.insert(scores, 3, np.nan, axis=1)
    assert find_best(with_hole, list(WIDTHS)) == find_best(scores, list(WIDTHS))


def test_interval_of_a_difference_is_about_that_of_t() -> None:
    gap = np.random.default_rng(5).normal(0.3, 1, (1, 200))
    found = differences(gap, draws=10_000)[0]
    reach = 1.972 * gap.std(ddof=1) / np.sqrt(200)
    assert (found.low, found.high) == pytest.approx((found.mean - reach, found.mean + reach), abs=0.01)


def test_halves_do_not_depend_on_the_order_of_patients() -> None:
    names = [f"p{number}" for number in range(11)]
    half = dict(zip(names, folds.halves(names), strict=True))
    mixed = [*names[5:], *names[:5]]
    assert dict(zip(mixed, folds.halves(mixed), strict=True)) == half
    assert sorted(half.values()) == [0] * 6 + [1] * 5


def test_each_half_is_scored_with_what_was_best_on_the_other() -> None:
    half = np.array([0, 0, 1, 1])
    scores = np.array([[1.0, 1, 5, 5], [4, 4, 2, 2]])  # the first is best on half 0, the second on half 1
    chosen = folds.choose(scores, half)
    assert chosen == (1, 0)
    assert folds.apply(scores, half, chosen).tolist() == [4, 4, 5, 5]


@pytest.mark.parametrize("patients", [["a"], ["a", "a", "b"]])
def test_patients_that_cannot_be_halved(patients: list[str]) -> None:
    with pytest.raises(InputError, match="two halves need two patients or more, each once"):
        folds.halves(patients)


def entropies(brier: np.ndarray) -> np.ndarray:
    return np.stack([brier] * 3, axis=1)


def said(first: np.ndarray, second: np.ndarray, entropy: np.ndarray | None = None) -> str:
    beside = entropies(first - second) if entropy is None else entropy
    return verdicts.compare((first, second), (beside, np.zeros_like(beside))).said


def test_verdicts() -> None:
    rng = np.random.default_rng(6)
    low, high = rng.normal(1, 0.1, 50), rng.normal(2, 0.1, 50)
    assert (said(low, high), said(high, low)) == ("better", "worse")
    assert said(low, low[::-1]) == "cannot tell"
    assert said(low[:5], high[:5]) == "lower here"


def test_same_function_cannot_be_told() -> None:
    scores = np.random.default_rng(7).random(50)
    assert said(scores, scores * (1 + 1e-9)) == "cannot tell: the same numbers"


def test_verdict_that_the_floor_reverses_is_not_said() -> None:
    """One-hot against label smoothing on real raters: at 1e-2 the one, at 1e-4 the other has the lower entropy."""
    noise = np.random.default_rng(8).normal(0, 0.01, (50, 3))
    entropy = np.array([0.1, -0.05, -0.2]) + noise
    assert said(np.full(50, 0.2) + noise[:, 0], np.full(50, 0.1), entropy) == "no verdict: the floor reverses it"


def test_floor_need_not_reverse_it_beyond_noise() -> None:
    noise = np.random.default_rng(9).normal(0, 0.05, (50, 3))
    entropy = np.array([0.02, -0.005, -0.01]) + noise - noise.mean(axis=0)
    brier = np.full(50, 0.1)
    assert said(brier - 0.05 + noise[:, 0] / 10, brier, entropy) == "no verdict: the floor reverses it"


def test_where_noise_decides_there_is_nothing_to_reverse() -> None:
    noise = np.random.default_rng(9).normal(0, 0.05, 50)
    entropy = np.full((50, 3), 0.0) + np.array([0.02, -0.005, -0.01])
    assert said(0.1 + noise - noise.mean(), np.full(50, 0.1), entropy) == "cannot tell"
