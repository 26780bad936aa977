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
from softbench.metrics.threshold import MEASURES, THRESHOLDS, ThresholdCounts, shared_best

VERSION = 2
POOLED = "pooled"  # the case of rows over all cases

Counts = dict[str, ThresholdCounts]  # structure -> its voxels, by the highest threshold that they reach
Chosen = dict[str, dict[str, int | None]]  # suffix of metric keys -> structure -> index of the threshold


@dataclass
class Pool:
    """Adds up cases: reliability of each region (all raters), soft sums of each structure; keeps threshold counts."""

    statistics: dict[str, Reliability] = field(default_factory=dict)
    soft: dict[str, SoftSums] = field(default_factory=dict)
    counts: dict[str, dict[tuple[int, str], ThresholdCounts]] = field(default_factory=dict)

    def add(self, case: str, assessment: Assessment) -> None:
        """Add one case."""
        self.statistics = merge_all([self.statistics, assessment.statistics])
        self.soft = merge_all([self.soft, assessment.soft])
        self.counts[case] = assessment.counts

    def rows(self) -> pd.DataFrame:
        """Return the rows over all cases, with `case`: calibration against all raters, soft metrics to their mean."""
        pooled = [(MEAN, row) for row in rows.bin_rows(WHOLE, self.statistics)]
        pooled += [(MEAN, row) for structure, sums in self.soft.items() for row in rows.soft_rows(structure, sums)]
        return table(pooled).assign(case=POOLED)

    def rows_at_thresholds(self, validation: Counts) -> pd.DataFrame:
        """Return hard metrics at the best threshold, for each case and pooled, with `case`.

        Args: validation: threshold counts over the validation cases, where `_at_val` thresholds are chosen; `_at_test`
            ones are chosen on the cases themselves, as the EPD paper does, and so are optimistic.
        """
        own = merged(self.counts.values())
        chosen = choose(validation, "val") | choose(own, "test")
        tables = [
            table([(MEAN, row) for row in (*chosen_thresholds(chosen), *rows_at(own, chosen))]).assign(case=POOLED)
        ]
        for case, counts in self.counts.items():
            by_rater: dict[int, Counts] = {}
            for (rater, structure), of_structure in counts.items():
                by_rater.setdefault(rater, {})[structure] = of_structure
            lines = [(rater, row) for rater, of_rater in by_rater.items() for row in rows_at(of_rater, chosen)]
            tables.append(table(lines).assign(case=case))
        return pd.concat(tables, ignore_index=True)


def merge_all(parts: Iterable[Mapping]) -> dict:
    """Add up what can be merged (reliability, soft sums, threshold counts), name by name."""
    total: dict = {}
    for part in parts:
        for name, value in part.items():
            total[name] = total[name].merge(value) if name in total else value
    return total


def merged(cases: Iterable[Mapping[tuple[int, str], ThresholdCounts]]) -> Counts:
    """Add up the threshold counts of cases and raters, structure by structure."""
    return merge_all({structure: counts} for case in cases for (_, structure), counts in case.items())


def choose(counts: Counts, part: str) -> Chosen:
    """Choose thresholds on the counts of a part: for each structure its own, and one for all of them."""
    return {
        f"_at_{part}": {structure: of_structure.best for structure, of_structure in counts.items()},
        f"_at_{part}_global": dict.fromkeys(counts, shared_best(counts)),
    }


def rows_at(counts: Counts, chosen: Chosen) -> Iterator[Row]:
    """Give the hard metrics at the chosen thresholds; NaN where the structure is absent, or had none to choose from."""
    for suffix, indices in chosen.items():
        for structure, of_structure in counts.items():
            values = of_structure.scores(indices.get(structure))
            yield from ((structure, key + suffix, "all", values[key]) for key in MEASURES)


def chosen_thresholds(chosen: Chosen) -> Iterator[Row]:
    """Give the thresholds that were chosen; NaN where a structure had none."""
    for suffix, indices in chosen.items():
        for structure, index in indices.items():
            yield structure, f"threshold{suffix}", "all", math.nan if index is None else float(THRESHOLDS[index])
