"""Scores on the grid of training, against the method's own target: what the EPD paper prints.

The target is the soft label that the method learns from, made for the test cases too. Hard metrics compare masks at
EPD's best threshold with the target's most probable class; they flatter a coarse grid, so tables take the full grid
unless they say otherwise.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from softbench.metrics import rows
from softbench.metrics.pooled import POOLED, Chosen, choose, rows_at, thresholds_of
from softbench.metrics.score import table
from softbench.metrics.soft import SoftSums
from softbench.metrics.threshold_curve import Curve

VERSION = 1
GRID = "training"
RATER = 1

# case id -> probabilities and target, (C, ...) on the grid of training, and the voxels that exist there or None
Pair = Callable[[str], tuple[np.ndarray, np.ndarray, np.ndarray | None]]


def score(
    pair: Pair, structures: Mapping[str, Sequence[int]], cases: Sequence[str], validation: Sequence[str]
) -> pd.DataFrame:
    """Score cases on the grid of training.

    Args:
        pair: gives prediction and target of a case.
        structures: class ids of each structure; its probability is the sum over them.
        cases: the test cases.
        validation: where the thresholds `_at_val` are chosen.
    Returns: soft metrics, and hard ones at the best thresholds, of each case and pooled (case "pooled"), with `case`
        and `grid`.
    """
    of_validation = _merged([_curves(pair(case), structures) for case in validation])
    curves: dict[str, dict[str, Curve]] = {}
    sums: dict[str, dict[str, SoftSums]] = {}
    for case in cases:
        found = pair(case)
        curves[case], sums[case] = _curves(found, structures), _sums(found, structures)
    pooled, total = _merged(list(curves.values())), _merged(list(sums.values()))
    chosen: Chosen = choose(of_validation, "val") | choose(pooled, "test")
    tables = [
        table([(RATER, row) for row in (*_soft_rows(sums[case]), *rows_at(curves[case], chosen))]).assign(case=case)
        for case in cases
    ]
    whole = [*_soft_rows(total), *rows_at(pooled, chosen), *thresholds_of(chosen)]
    tables.append(table([(RATER, row) for row in whole]).assign(case=POOLED))
    return pd.concat(tables, ignore_index=True).assign(grid=GRID)


def _curves(
    found: tuple[np.ndarray, np.ndarray, np.ndarray | None], structures: Mapping[str, Sequence[int]]
) -> dict[str, Curve]:
    probabilities, target, valid = found
    hard = target.argmax(axis=0)  # the one place where hard labels come from soft ones: EPD's printed evaluation
    return {
        name: Curve.of(_sum(probabilities, ids), np.isin(hard, list(ids)), valid) for name, ids in structures.items()
    }


def _sums(
    found: tuple[np.ndarray, np.ndarray, np.ndarray | None], structures: Mapping[str, Sequence[int]]
) -> dict[str, SoftSums]:
    probabilities, target, valid = found
    return {name: SoftSums.of(_sum(probabilities, ids), _sum(target, ids), valid) for name, ids in structures.items()}


def _sum(probabilities: np.ndarray, ids: Sequence[int]) -> np.ndarray:
    total: np.ndarray = np.clip(probabilities[list(ids)].sum(axis=0), 0, 1)  # rounding may pass 1
    return total


def _soft_rows(sums: Mapping[str, SoftSums]) -> list[rows.Row]:
    return [row for structure, one in sums.items() for row in rows.of_soft(structure, one)]


def _merged(found: Sequence[Mapping]) -> dict:
    """Add up what several cases have, structure by structure."""
    total: dict = {}
    for of_case in found:
        total |= {name: total[name].merge(one) if name in total else one for name, one in of_case.items()}
    return total
