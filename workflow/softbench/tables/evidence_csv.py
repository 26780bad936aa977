"""The evidence behind a table as CSV: a line for each method and column, unrounded, unknown values empty."""

from collections.abc import Iterable

import pandas as pd

from softbench.statistics import Difference
from softbench.tables.findings import Finding

VERSION = 1
PLACE = ["method", "title", "control", "structure", "metric", "roi", "over", "unit", "better"]
SEEDS = ["difference", "low", "high", "p", "p_holm", "family", "sd_of_differences", "n_seeds", "missing_seeds"]
CROSSED = ["low", "high", "p", "df", "sd_seeds", "sd_cases", "sd_rest", "n_cases", "n_patients", "left_out", "reason"]
CHECKPOINTS = ["low", "high", "n_patients", "reason"]
EQUIVALENCE = ["margin", "low", "high", "p", "verdict"]
COLUMNS = [
    *PLACE, *SEEDS, "reason", *(f"crossed_{name}" for name in CROSSED),
    *(f"these_checkpoints_new_patients_{name}" for name in CHECKPOINTS),
    *(f"equivalence_{name}" for name in EQUIVALENCE), "detectable",
]  # fmt: skip
NOTHING = Difference(float("nan"), float("nan"), float("nan"), 0)


def numbers(found: Iterable[Finding], family: int) -> pd.DataFrame:
    """Return the findings, a row each.

    Args:
        found: as `evidence.findings` gives them.
        family: the number of tests that Holm's adjustment is over: those of the table.
    """
    records = [_record(one, family) for one in found]
    return pd.DataFrame(records, columns=COLUMNS)


def _record(one: Finding, family: int) -> list[object]:
    column, method, gap = one.column, one.method, one.cell.difference or NOTHING
    metric = column.described
    place = [method.key, method.title, method.control, column.structure, column.metric, column.roi, column.over]
    missing = " ".join(f"{seed:g}" for seed in gap.missing)
    seeds = [gap.mean, gap.low, gap.high, gap.p, one.cell.p_holm, family, gap.sd, gap.n_seeds, missing]
    return [
        *place, metric.unit, metric.better, *seeds, one.reason, *(getattr(one.crossed, name) for name in CROSSED),
        *(getattr(one.checkpoints, name) for name in CHECKPOINTS),
        *(getattr(one.equivalent, name, None) for name in EQUIVALENCE), one.detectable,
    ]  # fmt: skip
