"""One of k settings is chosen on validation cases; the expected best of fewer is exact; chance is not a gain."""

import itertools
import math

import numpy as np
import pytest
from softbench.training import choice
from softbench.training.choice import Tried

LOW, HIGH = "nll_temperature", "dsc"


def of(*pairs: tuple[float, float]) -> list[Tried]:
    return [Tried(f"t_{n}", {"alpha": n}, *pair) for n, pair in enumerate(pairs)]


def test_the_best_validation_value_is_chosen_and_the_first_of_equals() -> None:
    tried = of((0.3, 0.1), (0.2, 0.9), (0.2, 0.0))
    assert choice.choose(tried, LOW) == tried[1]
    assert choice.choose(tried, HIGH) == tried[0]
    assert choice.choose([], LOW) is None


@pytest.mark.parametrize("criterion", [LOW, HIGH])
def test_expected_best_is_the_mean_over_all_subsets(criterion: str) -> None:
    tried = of((0.3, 0.5), (0.2, 0.6), (0.4, 0.1), (0.25, 0.7))
    best = min if choice.CRITERIA[criterion] else max
    for row in choice.expected_best(tried, criterion):
        subsets = list(itertools.combinations(tried, int(row["n"])))
        winners = [best(subset, key=lambda one: one.validation) for subset in subsets]
        assert row["validation"] == pytest.approx(np.mean([one.validation for one in winners]), abs=1e-12)
        assert row["test"] == pytest.approx(np.mean([one.test for one in winners]), abs=1e-12)


SEED = {"status": "done", "validation": {LOW: 0.2, HIGH: None}, "test": {LOW: 0.4, HIGH: 0.5}}


def test_a_setting_is_the_mean_of_its_seeds() -> None:
    other = {**SEED, "validation": {LOW: 0.4}, "test": {LOW: 0.5}}
    found = choice.read("t", {"alpha": 1}, {"7": SEED, "8": other}, LOW)
    assert (found.validation, found.test) == (pytest.approx(0.3), pytest.approx(0.45))


def test_what_failed_or_is_not_defined_is_not_chosen_and_says_why() -> None:
    failed = choice.read("t", {}, {"7": SEED, "8": {"status": "failed", "reason": "the loss is nan"}}, LOW)
    undefined = choice.read("t", {}, {"7": SEED}, HIGH)
    assert failed.reason == "seed 8: the loss is nan"
    assert undefined.reason == "dsc is not defined on the validation cases"
    record = choice.record([failed, undefined], LOW, [7, 8])
    assert (record["chosen"], record["setting"], record["curve"]) == (None, None, [])
    assert [one["validation"] for one in record["tried"]] == [None, None]
    fine = choice.read("u", {"alpha": 2}, {"7": SEED}, LOW)
    assert choice.record([failed, fine], LOW, [7])["chosen"] == "u"


def simulated(effects: np.ndarray, draws: int = 400) -> dict[str, np.ndarray]:
    """Choose among settings whose true values are known, and report the chosen one in three ways.

    Each network has luck of its seed, which validation and test share, and noise of its own in both.
    """
    rng = np.random.default_rng(0)
    seeds, final = 2, 5
    found: dict[str, list[float]] = {"chosen on test": [], "same networks": [], "new seeds": []}
    for _ in range(draws):
        luck = effects[:, None] + rng.normal(0, 1, (len(effects), seeds))
        validation, test = (luck + rng.normal(0, 1, luck.shape) for _ in range(2))
        tried = [
            choice.read(str(n), {}, {str(s): one(validation[n, s], test[n, s]) for s in range(seeds)}, LOW)
            for n in range(len(effects))
        ]
        best = choice.choose(tried, LOW)
        assert best is not None
        anew = effects[int(best.key)] + rng.normal(0, 1, final) + rng.normal(0, 1, final)
        found["chosen on test"].append(float(test.mean(axis=1).min()))
        found["same networks"].append(best.test)
        found["new seeds"].append(float(anew.mean()))
    return {name: np.array(values) for name, values in found.items()}


def one(validation: float, test: float) -> dict:
    return {"status": "done", "validation": {LOW: validation}, "test": {LOW: test}}


def test_identical_settings_gain_where_test_cases_choose_and_not_with_seeds_of_their_own() -> None:
    found = simulated(np.zeros(10))
    errors = {name: values.std(ddof=1) / math.sqrt(len(values)) for name, values in found.items()}
    assert abs(found["new seeds"].mean()) < 3 * errors["new seeds"]
    assert found["chosen on test"].mean() < -10 * errors["chosen on test"]
    assert found["same networks"].mean() < -5 * errors["same networks"]  # why they are not reported again


def test_setting_that_is_better_is_found_and_its_gain_is_reported() -> None:
    found = simulated(np.array([0.0, 0.0, -4.0]))["new seeds"]
    assert found.mean() == pytest.approx(-4.0, abs=0.3)
