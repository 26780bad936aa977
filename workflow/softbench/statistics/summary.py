"""Means and their spread: over cases within a seed, then over seeds.

Rows of the tidy scores are chosen so that nothing is mixed. A policy says what an empty mask counts: raw scores hold
`inf` where one mask is empty, and `nan` where both are. Undefined values are counted, and never filled in.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from softbench.checks import require_one_of
from softbench.errors import InputError

VERSION = 3


def summarise(scores: pd.DataFrame, *, over: str = "cases") -> pd.DataFrame:
    """Average each method's scores over cases within each seed, then over seeds.

    Args:
        scores: the tidy table of one experiment, network, grid and prediction, after `apply_policy`.
        over: "cases", or "pooled" for the values that were pooled over cases (one a seed).
    Returns: one row for each method, structure, metric and roi, with
        `mean`; `sd_seeds` (of the seeds' means, ddof 1; NaN with one seed);
        `sd_cases` (of the cases' means over seeds, ddof 1; NaN with one case, and for pooled values);
        `n_seeds` (with at least one defined value) and `n_cases` (scored, defined or not; 0 for pooled values);
        `n_undefined` and `n_penalised` (values, that is case x seed x rater; a value is never counted as both).
        Undefined values (NaN) enter no mean; where all are undefined, the mean is NaN.
    Raises: InputError: if the rows mix experiments, data sets, networks, grids or predictions.

    >>> import pandas as pd
    >>> from softbench import statistics
    >>> rows = [
    ...     (method, seed, f"case {number}", dsc)
    ...     for method, of_seeds in {"one_hot": (0.80, 0.81, 0.79), "svls": (0.83, 0.83, 0.82)}.items()
    ...     for seed, dsc in enumerate(of_seeds)
    ...     for number in range(2)
    ... ]
    >>> scores = pd.DataFrame(rows, columns=["method", "seed", "case", "value"]).assign(metric="dsc")
    >>> print(statistics.summarise(scores)[["method", "mean", "sd_seeds", "n_seeds"]].round(3).to_string(index=False))
     method  mean  sd_seeds  n_seeds
    one_hot 0.800     0.010        3
       svls 0.827     0.006        3
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

    >>> import pandas as pd
    >>> from softbench import statistics
    >>> rows = [
    ...     (method, seed, f"case {number}", dsc)
    ...     for method, of_seeds in {"one_hot": (0.80, 0.81, 0.79), "svls": (0.83, 0.83, 0.82)}.items()
    ...     for seed, dsc in enumerate(of_seeds)
    ...     for number in range(2)
    ... ]
    >>> scores = pd.DataFrame(rows, columns=["method", "seed", "case", "value"]).assign(metric="dsc")
    >>> print(statistics.seed_means(scores)["svls"].tolist())
    [0.83, 0.83, 0.82]
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
        scores: the tidy table, after `apply_policy`, so that a member with an empty mask counts as the policy says.
        name: of the new structure, e.g. "average".
        members: the structures to average.
    Returns: the table with rows added. A composite is the mean over its defined members; it is undefined (NaN) only
        where all are, and penalised where one is.
    Raises: InputError: if `name` is taken, a member is unknown, or a member lacks a row that another has.

    >>> import pandas as pd
    >>> from softbench import statistics
    >>> scores = pd.DataFrame({"structure": ["liver", "tumour"], "value": [0.9, 0.5]}).assign(case="1", metric="dsc")
    >>> both = statistics.composite(scores, "average", ["liver", "tumour"])
    >>> print(both[["structure", "value"]].to_string(index=False))
    structure  value
        liver    0.9
       tumour    0.5
      average    0.7
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


def _check_complete(present: pd.Series, name: str, members: Sequence[str]) -> None:
    """Raise if a score exists for some members only: the means of different members cannot be compared."""
    short = present[present < len(set(members))]
    if len(short):
        where = dict(zip(present.index.names, short.index[0], strict=True))
        raise InputError(
            f"the composite {name!r} needs {', '.join(members)} everywhere, but {len(short)} score(s) lack one of "
            f"them, e.g. {where['metric']} of case {where['case']}. Score that case again."
        )


OVER = ("cases", "pooled")
CELL = ["method", "structure", "metric", "roi"]
CIRCUMSTANCES = ("experiment", "dataset", "split", "network", "grid", "prediction")
NO_SEED = -1.0  # stands for the missing seed of an ensemble where a table has a row for each seed


def choose(scores: pd.DataFrame, over: str = "cases") -> pd.DataFrame:
    """Return the rows of single cases, or those pooled over cases, with every column that a summary needs.

    Args:
        scores: the tidy table; a missing `structure` or `roi` counts as "all", a missing `penalised` as False.
        over: "cases", or "pooled" for the rows whose case is `pooled`.
    Returns: a new table.
    Raises: InputError: if the rows mix experiments, data sets, networks, grids or predictions.
    """
    require_one_of("over", over, OVER)
    rows = scores[(scores["case"] == "pooled") == (over == "pooled")]
    for name in CIRCUMSTANCES:
        values = sorted(rows[name].astype(str).unique()) if name in rows.columns else []
        if len(values) > 1:
            raise InputError(f"`scores` mix several values of `{name}`: {', '.join(values)}. Select one first.")
    absent = {"structure": "all", "roi": "all", "penalised": False}
    return rows.assign(**{name: value for name, value in absent.items() if name not in rows.columns})


def by_case(rows: pd.DataFrame) -> pd.Series:
    """Return one value for each method, structure, metric, roi, seed and case: the mean over its defined raters."""
    keys = [*CELL, "seed", "case"]
    return rows.groupby(keys, observed=True, dropna=False)["value"].mean()


def column(
    scores: pd.DataFrame, metric: str, structure: str | None, roi: str, over: str = "cases"
) -> tuple[pd.DataFrame, str]:
    """Return the rows of one metric, structure and region, and the words for them: "dsc of WT (roi all)".

    Raises: InputError: if `structure` is None and several were scored; and as `choose`.
    """
    rows = choose(scores, over)
    rows = rows[(rows["metric"] == metric) & (rows["roi"] == roi)]
    structure = structure if structure is not None else _only_structure(rows, metric)
    return rows[rows["structure"] == structure], f"{metric} of {structure} (roi {roi})"


def _only_structure(rows: pd.DataFrame, metric: str) -> str:
    structures = sorted(rows["structure"].astype(str).unique())
    if len(structures) != 1:
        raise InputError(f"`structure` must be named for {metric}; scored are: {', '.join(structures) or 'none'}.")
    return structures[0]


def of_methods(rows: pd.DataFrame, names: Iterable[str], what: str) -> dict[str, pd.Series]:
    """Return each method's values by seed and case, of the rows of one column; `what` names them in the error.

    Raises: InputError: if a method was not scored there.
    """
    wanted = list(dict.fromkeys(names))
    mine = rows[rows["method"].isin(wanted)]
    values = mine.groupby(["method", "seed", "case"], observed=True, dropna=False)["value"].mean()
    by_method: dict[str, pd.Series] = {}
    whose = values.index.get_level_values("method").astype(str)
    for name in wanted:
        own = values[whose == name]
        if own.empty:
            known = ", ".join(sorted(rows["method"].astype(str).unique())) or "no method"
            raise InputError(f"{what} was not scored for the method {name!r}; it was for {known}.")
        by_method[name] = own.droplevel("method")
    return by_method


def seed_by_case(values: pd.Series) -> pd.DataFrame:
    """Return values by seed and case as a table: a row for each seed, a column for each case, NaN where absent."""
    table = values.rename_axis(index=["seed", "case"]).reset_index(name="value")
    table["seed"] = table["seed"].astype(float).fillna(NO_SEED)
    return table.pivot(index="seed", columns="case", values="value").sort_index(axis=0).sort_index(axis=1)


POLICIES = ("diagonal", "exclude", "raw", "both_empty_is_one")
BOTH_EMPTY_IS_ONE = ("dsc",)  # in the SVLS authors' code; their surface dice of two empty masks is 0, as our sd_svls
DIAGONALS = {"mm": "image_diagonal", "voxels": "image_diagonal_voxels"}  # by unit, what is put in for an infinity
IMAGE = ["dataset", "case", "grid"]  # what decides the image, and so its diagonal


def apply_policy(scores: pd.DataFrame, policy: str = "diagonal") -> pd.DataFrame:
    """Settle infinite distances, and mark them.

    Args:
        scores: the tidy table; distances are rows whose `unit` is mm or voxels.
        policy: "diagonal" sets an infinite distance to the diagonal of that case's image in this unit, which the rows
            with the metric `image_diagonal` hold, in voxels `image_diagonal_voxels`; "exclude" makes it undefined
            (NaN); "raw" leaves it; "both_empty_is_one"
            is "diagonal", and a DSC of two empty masks, else undefined, is 1, as in the code of Islam & Glocker 2021.
    Returns: a copy with one more column, `penalised`: the distance was infinite. Undefined values (NaN, both masks
        empty) stay undefined, and an infinity of another unit stays, since no diagonal can stand for it.
    Raises: InputError: for an unknown policy, and where a case with an infinite distance has no diagonal.

    >>> import math
    >>> import pandas as pd
    >>> from softbench import statistics
    >>> values = {"metric": ["hd95", "image_diagonal"], "value": [math.inf, 250.0]}
    >>> scores = pd.DataFrame(values).assign(case="case 1", unit="mm")
    >>> print(statistics.apply_policy(scores)[["metric", "value", "penalised"]].to_string(index=False))
            metric  value  penalised
              hd95  250.0       True
    image_diagonal  250.0      False
    """
    require_one_of("policy", policy, POLICIES)
    infinite = np.isinf(scores["value"]) & scores["unit"].isin(DIAGONALS)
    settled = scores.assign(penalised=infinite)
    if policy == "exclude":
        settled.loc[infinite, "value"] = np.nan
    elif policy in ("diagonal", "both_empty_is_one"):
        for unit, metric in DIAGONALS.items():
            if (here := infinite & (scores["unit"] == unit)).any():
                settled.loc[here, "value"] = _diagonals(scores, scores[here], metric)
    if policy == "both_empty_is_one":
        settled.loc[settled["metric"].isin(BOTH_EMPTY_IS_ONE) & settled["value"].isna(), "value"] = 1.0
    return settled


def _diagonals(scores: pd.DataFrame, rows: pd.DataFrame, metric: str) -> np.ndarray:
    """Return the image diagonal of each row's case, which the rows of `metric` hold.

    Where runs recorded several, the largest counts, so that an empty mask costs all methods the same.
    """
    place = [name for name in IMAGE if name in scores.columns]
    known = scores[scores["metric"] == metric].groupby(place, observed=True, as_index=False)["value"].max()
    found = rows[place].merge(known, on=place, how="left")
    missing = sorted(found.loc[found["value"].isna(), "case"].astype(str).unique())
    if missing:
        raise InputError(
            f"{len(missing)} case(s) have an infinite distance (one mask empty) and no `{metric}`: "
            f"{', '.join(missing[:5])}. Score them again, or choose the policy `exclude`."
        )
    return found["value"].to_numpy()
