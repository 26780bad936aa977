"""All cases together: the tidy scores of every method and seed, and their pooled reliability."""

from pathlib import Path

import pandas as pd

from softbench.jobs import pieces
from softbench.metrics import Reliability
from softbench.metrics.pooled import Pool
from softbench.metrics.tidy import tidy
from softbench.own_predictions import scoring
from softbench.own_predictions.parts import Source
from softbench.tables.assemble import Runs

VERSION = 1
NAMES = {"experiment": "own", "split": "given", "network": "given"}


def collect(folders: dict[Source, dict[str, Path]], dataset: str) -> Runs:
    """Read the scored cases of all sources.

    Args:
        folders: source -> case -> where its scores lie.
        dataset: fills that column.
    Returns: tidy scores, with the calibration of all voxels together as case `pooled`, and (method, seed, roi) -> bins
        merged over the cases.
    """
    tables: list[pd.DataFrame] = []
    statistics: dict[tuple[str, int, str], Reliability] = {}
    for source, cases in folders.items():
        rows, merged = _of_source(cases)
        names = {**NAMES, "dataset": dataset, "method": source.method}
        tables.append(tidy(rows, names, source.seed))
        statistics |= {(source.method, source.seed, roi): bins for roi, bins in merged.items()}
    return Runs(pd.concat(tables, ignore_index=True), statistics, failed=[])


def _of_source(cases: dict[str, Path]) -> tuple[pd.DataFrame, dict[str, Reliability]]:
    tables: list[pd.DataFrame] = []
    merged: dict[str, Reliability] = {}
    for case, folder in cases.items():
        rows, statistics = scoring.read(folder)
        tables.append(rows.assign(case=case))
        for roi, bins in statistics.items():
            merged[roi] = merged[roi].merge(bins) if roi in merged else bins
    return pd.concat([*tables, *([Pool(merged).rows()] if merged else [])], ignore_index=True), merged


def write(scores: pd.DataFrame, output: Path) -> None:
    """Write the tidy scores as `scores.parquet` and `scores.csv`, unrounded."""
    pieces.write_file(output / "scores.parquet", lambda part: scores.to_parquet(part, index=False))
    pieces.write_text(output / "scores.csv", scores.to_csv(index=False, lineterminator="\n"))
