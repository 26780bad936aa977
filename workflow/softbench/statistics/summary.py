"""Means and their spread: over cases within a seed, then over seeds; undefined values are counted, never filled in."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from softbench.errors import InputError
from softbench.statistics.rows import CELL, by_case, choose

VERSION = 1


def summarise(scores: pd.DataFrame, *, over: str = "cases") -> pd.DataFrame:
    """Average each method's scores over cases within each seed, then over seeds.

    Args:
        scores: the tidy table of one experiment, network, grid and prediction, after `policy.apply`.
        over: "cases", or "pooled" for the values that were pooled over cases (one a seed).
    Returns: one row for each method, structure, metric and roi, with
        `mean`; `sd_seeds` (of the seeds' means, ddof 1; NaN with one seed);
        `sd_cases` (of the cases' means over seeds, ddof 1; NaN with one case, and for pooled values);
        `n_seeds` (with at least one defined value) and `n_cases` (scored, defined or not; 0 for pooled values);
        `n_undefined` and `n_penalised` (values, that is case x seed x rater; a value is never counted as both).
        Undefined values (NaN) enter no mean; where all are undefined, the mean is NaN.
    Raises: InputError: if the rows mix experiments, data sets, networks, grids or predictions.
    """
    rows = choose(scores, over)
    values = by_case(rows)
    with np.errstate(invalid="ignore"):  # the policy `raw` leaves infinities, whose spread is NaN
        table = _over_seeds(values).join(_over_cases(values)).join(_counts(rows))
    if over == "pooled":
        table = table.assign(sd_cases=np.nan, n_cases=0)
    return table.reset_index()


def seed_means(scores: pd.DataFrame, *, over: str = "cases") -> pd.Series:
    """Return the means over cases that `summarise` averages, by method, structure, metric, roi and seed.

    Args: as `summarise`.
    Returns: NaN where all cases of a seed are undefined.
    Raises: as `summarise`.
    """
    return _by_seed(by_case(choose(scores, over)))


def _by_seed(values: pd.Series) -> pd.Series:
    return values.groupby([*CELL, "seed"], observed=True, dropna=False).mean()


def _over_seeds(values: pd.Series) -> pd.DataFrame:
    seeds = _by_seed(values)
    return seeds.groupby(CELL, observed=True).agg(mean="mean", sd_seeds="std", n_seeds="count")


def _over_cases(values: pd.Series) -> pd.DataFrame:
    cases = values.groupby([*CELL, "case"], observed=True).mean()
    return cases.groupby(CELL, observed=True).agg(sd_cases="std", n_cases="size")


def _counts(rows: pd.DataFrame) -> pd.DataFrame:
    undefined = rows["value"].isna() & ~rows["penalised"]
    counted = rows[CELL].assign(n_undefined=undefined, n_penalised=rows["penalised"])
    return counted.groupby(CELL, observed=True).sum().astype(int)


def composite(scores: pd.DataFrame, name: str, members: Sequence[str]) -> pd.DataFrame:
    """Add a structure whose score is, case by case, the mean of its members' scores.

    Args:
        scores: the tidy table, after `policy.apply`, so that a member with an empty mask counts as the policy says.
        name: of the new structure, e.g. "average".
        members: the structures to average.
    Returns: the table with rows added. A composite is the mean over its defined members; it is undefined (NaN) only
        where all are, and penalised where one is.
    Raises: InputError: if `name` is taken, a member is unknown, or a member lacks a row that another has.
    """
    _check_members(scores, name, members)
    parts = scores[scores["structure"].isin(members)]
    keys = [column for column in scores.columns if column not in ("structure", "value", "penalised")]
    groups = parts.groupby(keys, observed=True, dropna=False, sort=False)
    _check_complete(groups["structure"].nunique(), name, members)
    added = groups["value"].mean().to_frame()
    if "penalised" in scores.columns:
        added["penalised"] = groups["penalised"].any()
    return pd.concat([scores, added.reset_index().assign(structure=name)[scores.columns]], ignore_index=True)


def _check_members(scores: pd.DataFrame, name: str, members: Sequence[str]) -> None:
    known = sorted(scores["structure"].astype(str).unique())
    unknown = [member for member in members if member not in known]
    if unknown or not members:
        raise InputError(
            f"the composite {name!r} needs the structures {list(members)}, but the scores hold {', '.join(known)}."
        )
    if name in known:
        raise InputError(f"the scores already hold a structure {name!r}. Give the composite another name.")


def _check_complete(found: pd.Series, name: str, members: Sequence[str]) -> None:
    """Raise if a score exists for some members only: the means of different members cannot be compared."""
    short = found[found < len(set(members))]
    if len(short):
        where = dict(zip(found.index.names, short.index[0], strict=True))
        raise InputError(
            f"the composite {name!r} needs {', '.join(members)} everywhere, but {len(short)} score(s) lack one of "
            f"them, e.g. {where['metric']} of case {where['case']}. Score that case again."
        )
