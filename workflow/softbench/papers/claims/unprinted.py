"""What runs left besides the cells of printed tables, as means for the claims that no printed number can judge.

Such a claim names metrics of scores, or measures of `MEASURES`: bins of reliability diagrams, their sums in a region,
what a run cost. The region `away` is all voxels but those of the boundary band: its sums are those of `all` minus those
of `band`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from statistics import fmean, multimode, stdev
from typing import Any

import numpy as np
import pandas as pd

from softbench.jobs import storage
from softbench.metrics import catalogue
from softbench.metrics.calibration import Reliability
from softbench.papers import published
from softbench.papers.claims.sentences import Claim
from softbench.papers.comparison.results import on_grid
from softbench.statistics import apply_policy, seed_means
from softbench.tables import assemble
from softbench.tables.cells import Column
from softbench.tables.cost_records import read_seed_cost
from softbench.tables.table import with_composites

AWAY, WHOLE = "away", "all"
Found = dict[tuple[str, str, str, str], dict[int, float]]  # method, structure, metric, roi -> seed -> value
Diagrams = Mapping[tuple[str, Any, str], Reliability]


@dataclass(frozen=True)
class Measure:
    """What it is called, and whether more or less of it is better."""

    name: str
    better: str


MEASURES = {
    "bin_gap": Measure("accuracy minus confidence", "higher"),  # signed
    "curve_gap": Measure("mean distance of the reliability curve to the diagonal", "lower"),
    "region_gap": Measure("accuracy minus confidence of a region", "higher"),  # signed
    "confidence_gap": Measure("distance of the mean confidence to the accuracy", "lower"),
    "region_accuracy": Measure("share of voxels that are right", "higher"),
    "contrast": Measure("confidence away from boundaries minus that at them", "higher"),
    "train_s": Measure("training time", "lower"),
    "peak_mib": Measure("peak memory", "lower"),
}
COSTS = ("train_s", "peak_mib")


def name_of(metric: str) -> str:
    """Return what a reader calls a metric or measure of a claim without printed numbers."""
    return MEASURES[metric].name if metric in MEASURES else catalogue.describe(metric).name


def means(claims: Iterable[Claim], tables: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Return our means for the claims without printed numbers.

    Args:
        claims: any; the others are left out.
        tables: printed table -> `policy`, `grid` and `blocks`, as for `comparison.blocks.read`; a block's `unprinted`
            are the batches that these claims need.
    Returns: one row a mean as `judged.collect_means` has them, all `unprinted`; NaN where nothing is there. `arm` and
        data set are those of the printed table. The bins of a diagram stand in the place of structures.
    """
    wanted = [claim for claim in claims if claim.unprinted]
    rows = [
        row
        for name, settings in tables.items()
        for block in settings["blocks"]
        for row in _of_block([claim for claim in wanted if _speaks_of(claim, name, block)], name, block, settings)
    ]
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.drop_duplicates(KEYS).astype({"mean": float, "sd": float, "n": float}).assign(unprinted=True)


KEYS = ["table", "dataset", "arm", "rater", "structure", "metric", "roi", "method"]
COLUMNS = [*KEYS, "mean", "sd", "n", "over", "better", "runs", "by_seed", "data", "surrogate"]


def _speaks_of(claim: Claim, table: str, block: Mapping[str, Any]) -> bool:
    in_dataset = claim.datasets is None or block["printed"] in claim.datasets
    return table in claim.tables and in_dataset and (claim.arms is None or block["arm"] in claim.arms)


def _of_block(
    claims: Sequence[Claim], table: str, block: Mapping[str, Any], settings: Mapping[str, Any]
) -> Iterator[tuple]:
    batches = [Path(path) for path in block["unprinted"]]
    try:
        runs = assemble.read(batches) if claims and batches else None
    except assemble.NoRunError:
        runs = None
    place = (table, block["printed"], block["arm"] or "", 0)
    of_experiment = "" if runs is None else "/".join(str(runs.scores[key].iloc[0]) for key in ("experiment", "network"))
    settled = None if runs is None else _settled(runs.scores, settings)
    for claim in claims:
        by_key = {} if runs is None or settled is None else _scored(claim, settled, table, block)
        if runs is not None:
            by_key |= from_bins(claim, runs.reliability) | (from_costs(batches) if _asks_costs(claim) else {})
        for key in dict.fromkeys([*_asked(claim), *(key for key in by_key if key[0] in claim.methods)]):
            if key in by_key or not _has_bins(key, by_key):
                yield _row(place, key, by_key.get(key, {}), of_experiment, block)


def _has_bins(asked: tuple[str, str, str, str], by_key: Found) -> bool:
    """Return whether the bins of a diagram are there, each under its own name, in the place of what was asked for."""
    return asked[2] == "bin_gap" and any((key[0], *key[2:]) == (asked[0], *asked[2:]) for key in by_key)


def _row(place: tuple, key: tuple, seeds: Mapping[int, float], runs: str, block: Mapping[str, Any]) -> tuple:
    method, structure, metric, roi = key
    values = list(seeds.values())
    mean, sd = fmean(values) if values else np.nan, stdev(values) if len(values) > 1 else np.nan
    better = MEASURES[metric].better if metric in MEASURES else catalogue.describe(metric).better
    spread = (mean, sd, len(values) or np.nan, "seeds" if values else "none", "zero" if metric == "rd" else better)
    return (*place, structure, metric, roi, method, *spread, runs, dict(seeds), block["data"], block["surrogate"])


def _asked(claim: Claim) -> Iterator[tuple[str, str, str, str]]:
    """Give the places that a claim names, there or not."""
    for method, metric in product(claim.methods, claim.named("metric")):
        structures = (WHOLE,) if metric in MEASURES else claim.named("structure")
        for structure, roi in product(structures, claim.rois or (WHOLE,)):
            yield method, structure, metric, roi


def _settled(scores: pd.DataFrame, settings: Mapping[str, Any]) -> pd.DataFrame:
    raw = scores[(scores["prediction"] == assemble.RAW) & (scores["case"] != "pooled")]
    return apply_policy(on_grid(raw, settings.get("grid", "full")), settings.get("policy", "diagonal"))


def _scored(claim: Claim, scores: pd.DataFrame, table: str, block: Mapping[str, Any]) -> Found:
    """Return the means of the metrics of scores, under the printed names of structures."""
    metrics = [metric for metric in claim.named("metric") if metric not in MEASURES]
    rows = scores[scores["metric"].isin(metrics) & scores["roi"].isin(claim.rois or (WHOLE,))]
    if rows.empty:
        return {}
    ours = {block["structures"].get(name, name): name for name in claim.named("structure")}
    made = block["composites"] or published.read(table).composites
    parts = {name: members for name, members in made.items() if name in ours}
    whole = with_composites(rows, [Column(metric, name) for metric in metrics for name in ours], parts)
    by_key: Found = {}
    for (method, structure, metric, roi, seed), value in seed_means(whole).dropna().items():
        if structure in ours:
            by_key.setdefault((method, ours[structure], metric, roi), {})[int(seed)] = float(value)
    return by_key


def from_bins(claim: Claim, diagrams: Diagrams) -> Found:
    """Return the measures of a claim that reliability diagrams hold, of each run; bins without voxels have none."""
    by_key: Found = {}
    for metric, method, roi in product(claim.named("metric"), claim.methods, claim.rois or (WHOLE,)):
        for seed in {seed for name, seed, _ in diagrams if name == method and seed is not None}:
            regions = {where: diagrams[method, seed, where] for where in REGIONS if (method, seed, where) in diagrams}
            for structure, value in FROM_BINS.get(metric, _nothing)(regions, roi).items():
                if np.isfinite(value):
                    by_key.setdefault((method, structure, metric, roi), {})[int(seed)] = float(value)
    return by_key


REGIONS = ("all", "foreground", "band")
Regions = Mapping[str, Reliability]


def _nothing(regions: Regions, roi: str) -> dict[str, float]:
    return {}


def _bin_gaps(regions: Regions, roi: str) -> dict[str, float]:
    bins = regions[roi]
    edges = np.linspace(0, 1, len(bins.counts) + 1)
    known = np.flatnonzero(bins.counts > 0)
    gaps = (bins.correct - bins.confidence)[known] / bins.counts[known]
    return {f"bin {edges[i]:.2g} to {edges[i + 1]:.2g}": gap for i, gap in zip(known, gaps, strict=True)}


def _sums(regions: Regions, roi: str) -> np.ndarray:
    """Return the voxels, the sum of their confidence and how many are right, of a region; (3,)."""
    whole, *rest = (regions["all"], regions["band"]) if roi == AWAY else (regions[roi],)
    sums = [np.array([bins.counts.sum(), bins.confidence.sum(), bins.correct.sum()], float) for bins in (whole, *rest)]
    return sums[0] - sums[1] if rest else sums[0]


def _shares(regions: Regions, roi: str) -> tuple[float, float]:
    """Return the mean confidence and the accuracy of a region; NaN where it holds no voxel."""
    voxels, confidence, correct = _sums(regions, roi)
    return (confidence / voxels, correct / voxels) if voxels > 0 else (np.nan, np.nan)


def _region_gap(regions: Regions, roi: str) -> dict[str, float]:
    confidence, accuracy = _shares(regions, roi)
    return {WHOLE: accuracy - confidence}


def _contrast(regions: Regions, roi: str) -> dict[str, float]:
    return {WHOLE: _shares(regions, AWAY)[0] - _shares(regions, "band")[0]}


FROM_BINS: dict[str, Callable[[Regions, str], dict[str, float]]] = {
    "bin_gap": _bin_gaps,
    "curve_gap": lambda regions, roi: {WHOLE: regions[roi].mean_gap},
    "region_gap": _region_gap,
    "confidence_gap": lambda regions, roi: {WHOLE: abs(_region_gap(regions, roi)[WHOLE])},
    "region_accuracy": lambda regions, roi: {WHOLE: _shares(regions, roi)[1]},
    "contrast": _contrast,
}


def _asks_costs(claim: Claim) -> bool:
    return bool(set(COSTS) & set(claim.named("metric")))


def from_costs(batches: Iterable[Path]) -> Found:
    """Return what runs took: seconds on a GPU, CPU seconds elsewhere; the peak of memory there.

    Runs that were resumed, or left no record, have none. Where runs had several kinds of hardware, those of the most
    frequent one count, since others cannot be compared with them.
    """
    folders = [folder for path in batches for folder in _finished(path)]
    costs = [read_seed_cost(folder) for folder in folders]
    costs = [cost for cost in costs if not cost["resumed"]]
    common = multimode(cost["hardware"] for cost in costs)[:1]
    by_key: Found = {}
    for cost in costs:
        if cost["hardware"] in common:
            values = (cost["s"], cost["peak_gpu_mib"]) if cost["on_gpu"] else (cost["cpu_s"], cost["peak_mib"])
            for metric, value in zip(COSTS, values, strict=True):
                by_key.setdefault((cost["method"], WHOLE, metric, WHOLE), {})[cost["seed"]] = float(value)
    return by_key


def _finished(batch: Path) -> list[Path]:
    seeds = storage.read_json(batch)["seeds"]
    folders = [batch.parent / f"seed-{name}" for name, outcome in seeds.items() if outcome["status"] == "done"]
    return [
        folder for folder in folders if all((folder / file).exists() for file in ("provenance.json", "history.csv"))
    ]
