"""Many verdicts at once: what a single test would say by chance is not said."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.stats import ttest_rel
from softbench.rater_study import families, verdicts
from softbench.rater_study.judge import Judged, Structure
from softbench.rater_study.verdicts import ADJUSTED_AWAY, BETTER, CANNOT, REVERSED, SAME_FUNCTION, WORSE

NAMES = ["one_hot", "blur", "svls", "ls"]


def structure(name: str, rng: np.random.Generator, shift: float = 0.0, patients: int = 40) -> Structure:
    """Four labels of the same mean score, but for `blur`, which lies `shift` below."""
    scores = {line: rng.normal(1, 0.1, patients) for line in NAMES}
    scores["blur"] = scores["one_hot"] + rng.normal(-shift, 0.1, patients)
    leader = min(NAMES, key=lambda line: scores[line].mean())

    def against(line: str, other: str) -> Any:
        if line == other:
            return None
        entropy = np.zeros((patients, 3))
        return verdicts.compare((scores[line], scores[other]), (entropy, entropy))

    lines = {line: line_of(against(line, "one_hot"), against(line, leader)) for line in NAMES}
    pairs = {(a, b): verdicts.p_of(scores[a], scores[b]) for n, a in enumerate(NAMES) for b in NAMES[n + 1 :]}
    counts = dict.fromkeys(("cases", "partly", "alone", "apart"), 0)
    return Structure(name, patients, **counts, disagreement_mm=1.0, bound=(), leader=leader, lines=lines, pairs=pairs)


def line_of(one_hot: Any, leader: Any) -> Judged:
    unused: dict[str, Any] = dict.fromkeys(
        ("line", "chosen", "brier", "cross_entropy", "calibration", "bins", "ged", "width_mm", "by_entropy", "mixed")
    )
    return Judged(**unused, best=SimpleNamespace(), one_hot=one_hot, leader=leader)


def said(of: Structure) -> list[str]:
    return [verdict.said for line in of.lines.values() for verdict in (line.one_hot, line.leader) if verdict]


def test_labels_that_are_alike_are_seldom_told_apart() -> None:
    """In 30 studies without a difference, of 3 structures each: a verdict in about 5 %, where most had one before."""
    rng = np.random.default_rng(0)
    before = after = 0
    for _ in range(30):
        study = [structure(name, rng) for name in "abc"]
        settled, tests = families.settle(study)
        assert tests == 18
        before += any({BETTER, WORSE} & set(said(of)) for of in study)
        after += any({BETTER, WORSE} & set(said(of)) for of in settled)
    assert before >= 10
    assert after <= 4


def test_clear_difference_stays_and_a_doubtful_one_is_taken_back() -> None:
    rng = np.random.default_rng(1)
    settled, _ = families.settle([structure("a", rng, 1.0)])
    blur = settled[0].lines["blur"].one_hot
    assert (blur.said, blur.adjusted >= blur.p) == (BETTER, True)
    doubtful = verdicts.Verdict(BETTER, blur.brier, (), p=0.03)
    assert verdicts.adjust(doubtful, 0.06).said == ADJUSTED_AWAY
    assert verdicts.adjust(verdicts.Verdict(REVERSED, blur.brier, (), p=0.03), 0.06).said == ADJUSTED_AWAY
    assert verdicts.adjust(doubtful, 0.04).said == BETTER
    assert verdicts.adjust(verdicts.Verdict(CANNOT, blur.brier, (), p=0.6), 1.0).said == CANNOT


def test_same_function_and_few_patients_are_no_tests() -> None:
    rng = np.random.default_rng(2)
    scores = rng.random(40)
    entropy = np.zeros((40, 3))
    same = verdicts.compare((scores, scores), (entropy, entropy))
    assert (same.said, np.isnan(same.p)) == (SAME_FUNCTION, True)
    few, tests = families.settle([structure("a", rng, 1.0, patients=20)])
    assert tests == 0
    assert few[0].lines["blur"].one_hot.said == "lower here"


def test_p_is_that_of_a_t_test() -> None:
    rng = np.random.default_rng(3)
    first, second = rng.normal(0, 1, 50), rng.normal(0.3, 1, 50)
    assert verdicts.p_of(first, second) == pytest.approx(ttest_rel(first, second).pvalue)


def test_strata_are_a_family_of_their_own() -> None:
    rng = np.random.default_rng(4)
    parts = {"a": {"small": structure("a", rng), "large": structure("a", rng, 1.0)}}
    settled, tests = families.settle_parts(parts)
    assert tests == 6
    assert settled["a"]["large"].lines["blur"].one_hot.said == BETTER
    assert settled["a"]["small"].lines["svls"].one_hot.adjusted >= parts["a"]["small"].lines["svls"].one_hot.p
