"""Prepared cases without parquet files, whose library is missing on machines that benchmarks are carried to."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from softbench import datasets
from softbench.datasets import Dataset
from softbench.datasets.case import RawCase
from softbench.datasets.prepare import one_case, prepare
from softbench.jobs import progress


def prepare_cases(
    source: str, files: Sequence[RawCase], folder: Path, settings: Mapping[str, Any], workers: int = 1
) -> Dataset:
    """Prepare cases of a source below `folder` as `datasets.prepare` does, to the byte."""
    full = prepare.full_settings(datasets.source(source), settings)
    deciding = {key: value for key, value in full.items() if key not in ("cases", "drop")}
    orders = [(one_case.Order(folder / "cases", source, case.id, case, deciding, {}),) for case in files]
    rows = progress.each(one_case.take_in, orders, workers=workers, what=source, log=lambda line: None)
    return dataset_of(folder, source, full, rows)


def dataset_of(folder: Path, source: str, settings: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> Dataset:
    """Return a dataset whose arrays lie below `folder`, and whose table is `rows`."""
    module = datasets.source(source)
    facts = {"classes": module.CLASSES, "structures": module.STRUCTURES, "modalities": module.MODALITIES}
    hashes = {row["case"]: row["hash"] for row in rows}
    prepared = {row["case"]: row["prepared"] for row in rows}
    manifest = facts | {"source": source, "settings": dict(settings), "truth": False}
    manifest |= {"cases": hashes, "prepared": prepared}
    return Dataset(folder, manifest, pd.DataFrame(list(rows)))
