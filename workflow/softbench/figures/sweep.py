"""A metric against a parameter of a method: ours by seed, and what a paper printed of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from softbench.figures.case_rows import FAILED, first_done
from softbench.figures.pictures import NOT_RUN
from softbench.papers import published
from softbench.statistics import apply_policy, composite, seed_means
from softbench.tables import assemble

VERSION = 1
PRINTED = ["x", "metric", "mean", "sd", "over"]


@dataclass(frozen=True)
class Panel:
    """One experiment of a sweep: `curves` and `printed` as below; without curves, `reason` says why."""

    name: str
    curves: pd.DataFrame | None = None
    printed: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=PRINTED))
    reason: str = NOT_RUN


def read(panel: Mapping[str, Any], settings: Mapping[str, Any]) -> Panel:
    """Return a panel from what the workflow knows of an experiment.

    Args:
        panel: `name`, and either `reason`, or `dataset`, `structure`, `composites` and `runs` (method -> batches).
        settings: of the figure: `points`, `metrics`, and where wanted `printed` and `roi`.
    """
    if "reason" in panel:
        return Panel(panel["name"], reason=panel["reason"])
    place = {"structure": panel["structure"], "roi": settings.get("roi", "all")}
    theirs = printed(settings.get("printed", {}), panel["dataset"], settings["metrics"], **place)
    batches = [Path(path) for run in panel["runs"].values() for path in run["batches"]]
    if first_done(batches) is None:
        return Panel(panel["name"], None, theirs, FAILED)
    points = [(float(x), method) for x, method in settings["points"].items()]
    scores = assemble.read(batches).scores
    ours = curves(scores, points, settings["metrics"], composites=panel["composites"], **place)
    return Panel(panel["name"], ours, theirs)


def curves(
    scores: pd.DataFrame,
    points: Sequence[tuple[float, str]],
    metrics: Sequence[str],
    *,
    structure: str,
    composites: Mapping[str, Sequence[str]] | None = None,
    roi: str = "all",
    policy: str = "diagonal",
) -> pd.DataFrame:
    """Return the mean over test cases of each seed.

    Args:
        scores: the tidy table of one experiment and network.
        points: the parameter's values and the method that has each.
        metrics: keys.
        structure: one that was scored, or a composite.
        composites: name -> the structures that it averages case by case; `average` is that of all where left out.
        roi: "all", "foreground" or "band"; overlap and distances have "all" alone.
        policy: for empty masks, see `statistics.policy`.
    Returns: columns x, metric, seed, value; no row where a method has no finished run. NaN where all is undefined.
    """
    raw = scores[(scores["prediction"] == "raw") & (scores["grid"] == "full")]
    wanted = apply_policy(raw, policy)
    wanted = wanted[wanted["metric"].isin(metrics) & (wanted["roi"] == roi) & (wanted["case"] != "pooled")]
    if structure not in set(wanted["structure"]):
        single = wanted[wanted["structure"] != "all"]
        members = (composites or {}).get(structure) or sorted(single["structure"].astype(str).unique())
        wanted = composite(single, structure, members)
    means = seed_means(wanted[wanted["structure"] == structure]).rename("value").reset_index()
    at = pd.DataFrame(points, columns=["x", "method"])
    return at.merge(means, on="method")[["x", "metric", "seed", "value"]]


def printed(
    points: Mapping[float, str], dataset: str, metrics: Sequence[str], *, structure: str, roi: str = "all"
) -> pd.DataFrame:
    """Return what papers printed of the points of a sweep on the same data set, in our units.

    Args:
        points: the parameter's value -> the papers' key of the method.
        dataset: our key of it; nothing is printed of phantoms and stand-ins.
    Returns: columns x, metric, mean, sd (NaN where no ± is printed), over; a lost mean that other cells give is taken
        from them.
    """
    rows = published.frame(derived=True)
    place = {"dataset": dataset, "structure": structure, "roi": roi}
    rows = rows[(rows[list(place)] == pd.Series(place)).all(axis=1) & rows["metric"].isin(metrics)]
    at = pd.DataFrame(list(points.items()), columns=["x", "method"]).astype({"x": float})
    found = at.merge(rows.dropna(subset="mean"), on="method")
    return found.drop_duplicates(["x", "metric"])[PRINTED].reset_index(drop=True)
