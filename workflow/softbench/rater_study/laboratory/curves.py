"""What the laboratory says of a population: a curve over the number of raters for each label, and the answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from softbench.rater_study import folds
from softbench.rater_study.laboratory.answers import Answer, answer
from softbench.rater_study.laboratory.experiment import SVLS, Collected
from softbench.rater_study.laboratory.panels import AGAINST, MERGED, MISSED
from softbench.rater_study.trials import ONE_HOT
from softbench.rater_study.widths import Difference, differences

VERSION = 1
CHOOSES = AGAINST.index("population")  # the score that chooses settings and decides


@dataclass(frozen=True)
class Curve:
    """One label of one population.

    means: against -> by number of raters, 1 first, the Brier score with its interval over cases. chosen: by number of
    raters, the trial that each half of the cases is scored with, chosen on the other half. undefined: cases in which
    the label could not be made, left out of its means.
    """

    name: str
    means: Mapping[str, Sequence[Difference]]
    chosen: Sequence[tuple[int, int]]
    undefined: int


@dataclass(frozen=True)
class Panel:
    """A population.

    curves: by label. minus: label of one rater -> mOH of n raters minus it, n from 1. answers: the same -> from how
    many raters on mOH is better. worth: the same -> how many raters' mOH has its mean score: the score of one-hot over
    it. missed: share of the structures that none of n raters marks, n from 1.
    """

    name: str
    cases: int
    curves: Mapping[str, Curve]
    minus: Mapping[str, Sequence[Difference]]
    answers: Mapping[str, Answer]
    worth: Mapping[str, float]
    missed: Sequence[float]


def judge(study: Collected, population: str) -> Panel:
    """Return what the laboratory says of a population.

    Args:
        study: all cases.
        population: its name.
    """
    scores = study.scores[population]
    half = folds.halves(study.manifest["case_names"])
    held = {name: _hold(scores[name], half) for name in [*study.lines, *MERGED]}
    curves = {name: _curve(name, *values) for name, values in held.items()}
    of_many = held[ONE_HOT][0][:, :, CHOOSES]
    of_one = {name: held[name][0][:, :1, CHOOSES] for name in study.lines}
    minus = {name: differences((of_many - one).T) for name, one in of_one.items()}
    missed = scores[MISSED].sum(axis=0) / study.structures.sum()
    return Panel(
        population,
        len(half),
        curves,
        minus,
        {name: answer(rows) for name, rows in minus.items()},
        {name: _ratio(of_many[:, 0].mean(), one.mean()) for name, one in of_one.items()},
        list(map(float, missed)),
    )


def _hold(values: np.ndarray, half: np.ndarray) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Return (cases, R, 2) scores, each at the setting chosen on the other half of the cases for so many raters."""
    chosen, columns = [], []
    for number in range(values.shape[2]):
        of_number = np.moveaxis(values[:, :, number], 1, 0)  # (K, cases, 2)
        pair = folds.choose(of_number[:, :, CHOOSES], half) if len(of_number) > 1 else (0, 0)
        chosen.append(pair)
        columns.append(folds.apply(of_number, half, pair))
    return np.stack(columns, axis=1), chosen


def _curve(name: str, held: np.ndarray, chosen: Sequence[tuple[int, int]]) -> Curve:
    means = {against: differences(held[:, :, place].T) for place, against in enumerate(AGAINST)}
    return Curve(name, means, chosen, int(np.isnan(held).any(axis=(1, 2)).sum()))


def _ratio(first: float, second: float) -> float:
    return float(first / second) if second > 0 else float("nan")


def of_one(panel: Panel) -> list[str]:
    """Return the labels of one rater that mOH is compared with, SVLS first, one-hot last."""
    return sorted(panel.minus, key=lambda name: (name == ONE_HOT, name != SVLS))
