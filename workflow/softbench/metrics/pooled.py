"""Scores over all cases of a run: calibration and soft metrics pooled over voxels, hard metrics at the best threshold.

Pooling adds up sums, so it equals scoring all voxels at once. What needs every voxel in order (`ace`, `tace`) has no
pooled value.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import pandas as pd

from softbench.metrics import rows
from softbench.metrics.calibration import Reliability
from softbench.metrics.rows import MEAN, WHOLE, Row, table
from softbench.metrics.score import Assessment
from softbench.metrics.soft import SoftSums
from softbench.metrics.threshold import MEASURES, THRESHOLDS, Curve, shared_best

VERSION = 1
POOLED = "pooled"  # the case of rows over all cases

Curves = dict[str, Curve]  # structure -> its overlap at every threshold
Chosen = dict[str, dict[str, int | None]]  # suffix of metric keys -> structure -> index of the threshold


@dataclass
class Pool:
    """Adds up assessments of cases: reliability of each region (first rater), soft sums of each structure, curves."""

    statistics: dict[str, Reliability] = field(default_factory=dict)
    soft: dict[str, SoftSums] = field(default_factory=dict)
    curves: dict[str, dict[tuple[int, str], Curve]] = field(default_factory=dict)

    def add(self, case: str, found: Assessment) -> None:
        """Add one case."""
        _merge(self.statistics, found.statistics)
        _merge(self.soft, found.soft)
        self.curves[case] = found.curves

    def rows(self) -> pd.DataFrame:
        """Return the rows over all cases, with `case`: calibration against rater 1, soft metrics against the mean."""
        found = [(1, row) for row in rows.of_bins(WHOLE, self.statistics)]
        found += [(MEAN, row) for structure, sums in self.soft.items() for row in rows.of_soft(structure, sums)]
        return table(found).assign(case=POOLED)

    def rows_at_thresholds(self, validation: Curves) -> pd.DataFrame:
        """Return hard metrics at the best threshold, for each case and pooled, with `case`.

        Args: validation: curves of the validation cases, where `_at_val` thresholds are chosen; `_at_test` ones are
            chosen on the cases themselves, as the EPD paper does, and so are optimistic.
        """
        own = merged(self.curves.values())
        chosen = choose(validation, "val") | choose(own, "test")
        tables = [table([(MEAN, row) for row in (*thresholds_of(chosen), *rows_at(own, chosen))]).assign(case=POOLED)]
        for case, curves in self.curves.items():
            by_rater = [
                (rater, row)
                for rater in dict.fromkeys(rater for rater, _ in curves)
                for row in rows_at({name: curve for (one, name), curve in curves.items() if one == rater}, chosen)
            ]
            tables.append(table(by_rater).assign(case=case))
        return pd.concat(tables, ignore_index=True)


def merged(curves: Iterable[Mapping[tuple[int, str], Curve]]) -> Curves:
    """Add up the curves of cases and raters, structure by structure."""
    total: Curves = {}
    for of_case in curves:
        for (_, structure), curve in of_case.items():
            _merge(total, {structure: curve})
    return total


def choose(curves: Curves, part: str) -> Chosen:
    """Choose thresholds on a part's curves: for each structure its own, and one for all of them."""
    one = shared_best(curves)
    return {
        f"_at_{part}": {structure: curve.best for structure, curve in curves.items()},
        f"_at_{part}_global": dict.fromkeys(curves, one),
    }


def rows_at(curves: Curves, chosen: Chosen) -> Iterator[Row]:
    """Give the hard metrics at the chosen thresholds; NaN where the structure is absent, or had none to choose from."""
    for suffix, index_of in chosen.items():
        for structure, curve in curves.items():
            values = curve.scores(index_of.get(structure))
            yield from ((structure, key + suffix, "all", values[key]) for key in MEASURES)


def thresholds_of(chosen: Chosen) -> Iterator[Row]:
    """Give the thresholds that were chosen; NaN where a structure had none."""
    for suffix, index_of in chosen.items():
        for structure, index in index_of.items():
            yield structure, f"threshold{suffix}", "all", math.nan if index is None else float(THRESHOLDS[index])


def _merge(total: dict, new: Mapping) -> None:
    """Add up what can be merged, name by name."""
    for name, one in new.items():
        total[name] = total[name].merge(one) if name in total else one
