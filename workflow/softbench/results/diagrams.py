"""Diagrams of the runs of a table, drawn as those on its page."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from softbench.errors import InputError, in_words
from softbench.extras import explained
from softbench.jobs import pieces
from softbench.metrics import Reliability
from softbench.results.shown import Diagram
from softbench.tables.assemble import Statistics
from softbench.tables.view import Given

VERSION = None  # draws what runs wrote
Methods = Sequence[Mapping[str, Any]]  # `key` and `title` of each


def reliability(title: str, statistics: Statistics, methods: Methods, region: str | None) -> Diagram:
    """Return reliability diagrams, and the bins that they show.

    Args:
        title: of the table.
        statistics: (method, seed or None for an ensemble, region) -> bins.
        methods: to show, in order.
        region: one of the regions that were scored; None: all.
    Raises: InputError: if nothing was scored there.
    """
    try:  # tables need none of the drawing libraries
        from softbench.figures import reliability as figure
    except ModuleNotFoundError as error:
        raise explained(error, "a reliability diagram") from error

    regions = list(dict.fromkeys(roi for _, _, roi in statistics))
    if not statistics:
        raise InputError(f"{title}: only label maps were scored; without probabilities there is no reliability.")
    if region is not None and region not in regions:
        raise InputError(f"{title} has no reliability statistics of the region {region!r}, but of {in_words(regions)}.")
    keys = [method["key"] for method in methods]
    chosen = {key: bins for key, bins in statistics.items() if key[0] in keys and region in (None, key[2])}
    heading = f"Reliability: {title}"
    drawn = figure.draw(chosen, title=heading, methods=methods)
    return Diagram(heading, figure.CAPTION, _bins(chosen), drawn)


def _bins(statistics: Statistics) -> pd.DataFrame:
    """Return a row for each bin: its edges, voxels, mean confidence and accuracy (NaN where it is empty)."""
    return pd.concat([_of_run(*key, bins) for key, bins in statistics.items()], ignore_index=True)


def _of_run(method: str, seed: int | None, roi: str, bins: Reliability) -> pd.DataFrame:
    edges = np.linspace(0, 1, len(bins.counts) + 1)
    count = np.where(bins.counts > 0, bins.counts, np.nan)
    whose = {"method": method, "seed": pd.array([seed] * len(bins.counts), dtype="Int64"), "roi": roi}
    sums = {"voxels": bins.counts, "confidence": bins.confidence / count, "accuracy": bins.correct / count}
    return pd.DataFrame({**whose, "low": edges[:-1], "high": edges[1:], **sums})


def training(given: Given, methods: Methods) -> Diagram:
    """Return how the runs of a table were trained: loss, validation DSC and learning rate against steps.

    Raises: InputError: if none of the methods was trained.
    """
    try:
        from softbench.figures import training as figure
    except ModuleNotFoundError as error:
        raise explained(error, "a diagram of training") from error

    batches = _batches(given.needs["scores"])
    titles = {method["key"]: method["title"] for method in methods if method["key"] in batches}
    if not titles:
        raise InputError(
            f"{given.title}: none of {in_words(m['key'] for m in methods)} was trained in runs of its own."
        )
    runs = {key: {"batches": batches[key]} for key in titles}
    panel = figure.read({"name": given.title, "runs": runs}, titles)
    if panel.curves is None:
        raise InputError(f"{given.title}: every run of {in_words(titles)} failed, so there is nothing to draw.")
    drawn = figure.draw([panel], title="Training")
    return Diagram(f"Training: {given.title}", figure.caption([panel]), panel.curves, drawn)


def _batches(paths: Iterable[Path]) -> dict[str, list[str]]:
    """Return the manifests of the batches of each trained method; a joint manifest lists what is not trained."""
    of_method: dict[str, list[str]] = {}
    for record in pieces.read_joint([path for path in paths if path.name.startswith("batch-")], None):
        of_method.setdefault(record.content["run"]["method"], []).append(str(record.path))
    return of_method
