"""Widths and amounts in words: what stands side by side in a row must not contradict each other."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
from softbench.rater_study import judge, report, words
from softbench.rater_study.trials import Line
from softbench.rater_study.verdicts import BETTER, CANNOT, REVERSED, WORSE
from softbench.rater_study.widths import Best

LINE = Line("blur", "blur", {}, "sigma", (0.5, 1.0, 2.0), "voxels")


@pytest.mark.parametrize(
    ("first", "last", "span", "bounds"),
    [
        (1, 1, "1 voxel", "0.71 to 1.4 voxels"),
        (0, 0, "0.5 voxels or less", "less than 0.71 voxels"),
        (0, 1, "1 voxel or less", "less than 1.4 voxels"),
        (2, 2, "2 voxels or more", "more than 1.4 voxels"),
        (0, 2, "cannot tell: any from 0.5 to 2 voxels", "any"),
    ],
)
def test_range_and_interval_of_a_width_say_the_same(first: int, last: int, span: str, bounds: str) -> None:
    edges = (0.5, math.sqrt(0.5), math.sqrt(2), 2.0)
    best = Best(first, first, last, edges[first], edges[last + 1], at_end=True)
    assert (words.span(LINE, best), words.bounds(LINE, best)) == (span, bounds)


def test_few_patients_have_no_interval() -> None:
    best = Best(1, 1, 1, math.nan, math.nan, at_end=False, reason="few")
    assert (words.span(LINE, best), words.bounds(LINE, best)) == ("1 voxel (lowest; no range)", "\N{EN DASH}")


def best(index: int, first: int | None = None, last: int | None = None, reason: str | None = None) -> Best:
    return Best(index, index if first is None else first, index if last is None else last, 0.6, 1.2, False, reason)


@pytest.mark.parametrize(
    ("by_brier", "by_entropy", "said"),
    [
        (best(1), (1, 1, 1), "1 mm"),
        (best(1), (1, 1, 2), "1 mm by Brier, 1–1.4 mm by cross-entropy: no verdict"),
        (best(1), (2, 2, 2), "1 mm by Brier, 1.4 mm by cross-entropy: no verdict"),
        (best(1, 1, 2), (1, 2, 2), "1–1.4 mm"),
        (best(1, 1, 2), (0, 1, 2), "1–1.4 mm by Brier, 0.7–1.4 mm by cross-entropy: no verdict"),
        (best(1, reason="few"), (1, 1, 1), "1 mm (lowest; no range)"),
        (best(1, reason="few"), (2, 2, 2), "1 mm by Brier, 1.4 mm by cross-entropy: no verdict"),
    ],
)
def test_width_that_a_floor_of_the_cross_entropy_reverses_is_no_verdict(
    by_brier: Best, by_entropy: tuple[int, ...], said: str
) -> None:
    line = Line("blur", "blur", {}, "sigma", (0.7, 1.0, 1.4, 2.0), "mm")
    assert words.agreed(line, by_brier, [best(index) for index in by_entropy]) == said


def test_best_at_the_end_of_the_sweep_is_marked() -> None:
    """By the width of the lowest score itself; a range that reaches an end says "or more"."""
    said = [words.at_end(LINE, best(index, 0, 2)) for index in range(3)]
    assert said == [", at the end of the sweep", "", ", at the end of the sweep"]
    assert words.at_end(Line("moh", "moh"), None) == ""


@pytest.mark.parametrize(("value", "said"), [(67234.0, "67200"), (1.8561, "1.86"), (0.00342, "0.00342"), (0.0, "0"),
                                             (123.4, "123")])  # fmt: skip
def test_strata_have_plain_numbers(value: float, said: str) -> None:
    facts = [{"structures": {"vessel": {"volumes_ml": [value]}}, "spacing_mm": (1.0, 1.0)}] * 2
    study = type("Study", (), {"facts": facts, "of_patient": np.array([0, 1]), "patients": ["a", "b"]})
    assert next(iter(judge.strata(study, "vessel"))) == f"up to {said} mm\N{SUPERSCRIPT TWO}"


def test_paragraph_names_lines_without_a_verdict_against_the_lowest() -> None:
    """Where the floor reverses the cross-entropy, the lowest score is not said to be better than that line's."""
    reasons = SimpleNamespace(reason="")

    def judged(name: str, brier: float, leader: str | None, one_hot: str | None = BETTER) -> SimpleNamespace:
        against, other = (said and SimpleNamespace(said=said, brier=reasons) for said in (leader, one_hot))
        line = Line(name, name)
        return SimpleNamespace(line=line, brier={"band": brier}, best=None, leader=against, one_hot=other)

    lines = {
        "one_hot": judged("one_hot", 0.03, WORSE, None),
        "blur": judged("blur", 0.01, None),
        "wide": judged("wide", 0.011, CANNOT),
        "distance": judged("distance", 0.012, REVERSED),
    }
    structure = SimpleNamespace(name="mass", patients=48, disagreement_mm=0.35, leader="blur", lines=lines)
    said = report._sentence(structure, {"blur": "Blur", "wide": "Wide", "distance": "Distance"})
    assert said.endswith(
        "is that of Blur, which noise does not tell from Wide, with no verdict against Distance (the floor of the "
        "cross-entropy reverses it): 0.0100, lower than one-hot's 0.0300."
    )
