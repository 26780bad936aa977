"""How often a prediction is right when the network says how sure it is: beside a paper's table that prints calibration.

All regions of its data set are shown; of several data sets the foreground alone, as in the SVLS paper.
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from softbench.figures import reliability
from softbench.metrics import Reliability
from softbench.papers import published
from softbench.tables import assemble
from softbench.tables.layout import REGIONS
from softbench.tables.view import Given, Picture, View

VERSION = 1
OF_CALIBRATION = ("ece", "tace_svls")  # metrics of a printed table that a diagram stands beside


def build(given: Given) -> Picture:
    """Draw the diagrams of each block of the table that has runs, a row for each of its regions."""
    blocks = _with_runs(given)
    several = len(blocks) > 1
    regions = {"foreground": REGIONS["foreground"]} if several else REGIONS
    names = _names(given, blocks)
    found: dict[tuple[str, Any, str], Reliability] = {}
    rows: dict[str, str] = {}
    for name, block in zip(names, blocks, strict=True):
        found |= _statistics(name, block)
        rows |= {f"{name}@{roi}": name if several else said for roi, said in regions.items()}
    methods = _methods(given, {method for method, _, _ in found})
    figure = reliability.draw(found, title=f"Reliability: {given.title}", methods=methods, rows=rows)
    return Picture(figure, f"{reliability.CAPTION} Over the foreground alone." if several else reliability.CAPTION)


def _methods(given: Given, found: Collection[str]) -> list[dict[str, str]]:
    """Return the methods with diagrams in the order of the table's rows: the paper's own, then those that it lacks."""
    titles, printed = given.settings["titles"], published.read(given.settings["published"]).cells
    ordered = dict.fromkeys([*(cell.place.method for cell in printed), *titles])
    return [{"key": key, "title": titles[key]} for key in ordered if key in found]


def _statistics(name: str, block: Mapping[str, Any]) -> Mapping[tuple[str, Any, str], Reliability]:
    """Return the bins of a block's runs, and of those at their own temperature, each region under the block's name.

    Nothing where every run failed, which the table says.
    """
    try:
        runs = assemble.read(map(Path, block["batches"]), scaled=block["scaled"], methods=block["methods"])
    except assemble.NoRunError:
        return {}
    return {(method, seed, f"{name}@{roi}"): bins for (method, seed, roi), bins in runs.reliability.items()}


def _names(given: Given, blocks: list[Mapping[str, Any]]) -> list[str]:
    """Return what readers call the data set and arm of each block."""
    datasets = published.read(given.settings["published"]).datasets
    return [", ".join(filter(None, (datasets[block["printed"]].title, block["arm"]))) for block in blocks]


def _with_runs(given: Given) -> list[Mapping[str, Any]]:
    return [block for block in given.settings["blocks"] if block["batches"]]


def without_diagrams(given: Given) -> str:
    """Say why a table has no diagram beside it; empty where it has."""
    metrics = published.read(given.settings["published"]).metrics.values()
    if not any(metric.ours in OF_CALIBRATION for metric in metrics):
        return "the paper's table prints no calibration"
    return "" if _with_runs(given) else "there is no data at hand to train on"


VIEW = View(
    name="reliability_beside_paper",
    file="reliability_{table}",
    title="Reliability",
    caption="How often a prediction is right against how sure it is: over all voxels, the foreground and the boundary "
    "band, or the foreground alone. The voxels of all test cases are pooled.",
    needs=("scores",),
    applies=without_diagrams,
    build=build,
    of=("paper",),
    place=20,
)
