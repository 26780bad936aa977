"""The grid of calibrations and decoders as a table: a row a method and calibration, against one-hot + temperature.

Its columns are metrics of probabilities, and metrics of the label maps of each decoder. Within the table a row's key is
`method@calibration`, and the region of a column of label maps is the name of its decoder.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from softbench.errors import InputError
from softbench.jobs import pieces, storage
from softbench.statistics.summary import DIAGONALS
from softbench.tables.cells import Column, Method, Table
from softbench.tables.table import build

VERSION = 1
SIGN = "@"  # between method and calibration; no method's name holds it
OF_PROBABILITIES = (
    *(("nll", "all"), ("brier", "all"), ("ece", "all"), ("ece", "foreground"), ("ece", "band")),
    ("tace", "all"),
)
OF_LABEL_MAPS = ("dsc", "nsd")  # first words of the metrics of a table that each decoder has a column of
CONTROL = "temperature"  # calibration of the baseline
TITLES = {
    "raw": "raw",
    "temperature": "temperature",
    "class_temperature": "class temperatures",
    "local_temperature": "local temperature",
    "isotonic": "isotonic",
}


@dataclass(frozen=True)
class PostHocScores:
    """What the records of a grid list.

    scores: tidy, with `calibration` and `decoder`. failed: sentences on seeds without scores. fitted: of each piece
    `method`, `seed`, `calibration`, `decoder` and what was fitted. cases, patients: of the validation part.
    """

    scores: pd.DataFrame
    failed: tuple[str, ...]
    fitted: tuple[Mapping[str, Any], ...]
    cases: int
    patients: int


def read(needs: Mapping[str, Any], settings: Mapping[str, Any]) -> PostHocScores:
    """Read what a table shows of its records: some hundred numbers a case, method and seed would fill the memory.

    Args:
        needs: as `tables.view.Given` has them under `posthoc`.
        settings: of the table, as `assemble.build_table` takes them.
    Raises: InputError: if a file is missing or damaged, or no seed has scores.
    """
    tables: list[pd.DataFrame] = []
    failed: list[str] = []
    fitted: list[Mapping[str, Any]] = []
    validation: Mapping[str, int] = {"cases": 0, "patients": 0}
    metrics = {metric for metric, _ in OF_PROBABILITIES} | {column["metric"] for column in settings["columns"]}
    metrics |= set(DIAGONALS.values())  # put in where one of two masks is empty
    for record in pieces.read_joint(map(Path, needs["records"])):
        method, validation = record.content["run"]["method"], record.content["validation"]
        for seed, outcome in record.content["seeds"].items():
            if outcome["status"] == "failed":
                failed.append(f"{method}, seed {seed}: {outcome['reason']}")
                continue
            folder = record.path.parent / "posthoc" / f"seed-{seed}"
            for name, piece in outcome["pieces"].items():
                if not _is_shown(piece, needs):
                    continue
                table = storage.read_parquet(folder / f"{name}.parquet", record.listed)
                tables.append(table[table["metric"].isin(metrics)])
                whose = {key: piece[key] for key in ("calibration", "decoder")}
                fitted.append({"method": method, "seed": int(seed), **whose, **piece["fitted"]})
    if not tables:
        raise InputError(f"there is nothing to show: every run failed. {'; '.join(failed)}")
    return PostHocScores(pd.concat(tables, ignore_index=True), tuple(failed), tuple(fitted), **validation)


def _is_shown(piece: Mapping[str, Any], needs: Mapping[str, Any]) -> bool:
    is_decoded = piece["decoder"] is not None
    return piece["calibration"] in needs["calibrations"] and (not is_decoded or piece["decoder"] in needs["decoders"])


def build_grid(found: PostHocScores, settings: Mapping[str, Any], needs: Mapping[str, Any]) -> Table:
    """Return methods x calibrations by columns; each row against the plain one-hot method at its own temperature.

    Args:
        found: of the table.
        settings: of the table, as `assemble.build_table` takes them.
        needs: as `read`.
    Raises: InputError: as `tables.table.build`.
    """
    there = set(found.scores["method"])
    baseline = needs["baseline"] if needs["baseline"] in there else None
    control = None if baseline is None else baseline + SIGN + CONTROL
    titles = {row["key"]: row["title"] for row in settings["methods"] if not row.get("scaled")}
    rows = [
        {"key": key, "title": f"{titles[name]}, {TITLES[calibration]}", "control": None if key == control else control}
        for name in titles
        if name in there
        for calibration in needs["calibrations"]
        for key in [name + SIGN + calibration]
    ]
    return build(
        _keyed(found.scores),
        methods=rows,
        columns=list(_columns(found.scores, settings, needs["decoders"])),
        composites=settings.get("composites", {}),
        policy=settings.get("policy", "diagonal"),
        title=settings["title"],
        prediction="posthoc",
    )


def _keyed(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the scores under the keys of their rows, decoders in place of regions."""
    of_map = scores["decoder"] != ""
    return scores.assign(
        method=scores["method"] + SIGN + scores["calibration"], roi=scores["roi"].mask(of_map, scores["decoder"])
    )


def _columns(scores: pd.DataFrame, settings: Mapping[str, Any], decoders: Sequence[str]) -> Iterable[dict[str, Any]]:
    """Give the columns: those of probabilities, and for each decoder those of the table's overlaps.

    Of overlaps these are the table's composites where it has some, else each of its structures.
    """
    yield from ({"metric": metric, "roi": roi} for metric, roi in OF_PROBABILITIES)
    shown = [column for column in settings["columns"] if column["metric"].split("_")[0] in OF_LABEL_MAPS]
    usual = [column for column in shown if column["metric"] in set(scores["metric"])]
    means = [column for column in usual if column.get("structure") in settings.get("composites", {})]
    for column in means or usual:
        for decoder in decoders:
            yield {"metric": column["metric"], "structure": column["structure"], "roi": decoder}


def calibration_of(method: Method) -> str:
    """Return the calibration of a row."""
    return method.key.partition(SIGN)[2]


def method_of(method: Method) -> str:
    """Return the method of a row."""
    return method.key.partition(SIGN)[0]


def decoder_of(column: Column) -> str:
    """Return the decoder of a column; empty for one of probabilities."""
    return "" if (column.metric, column.roi) in OF_PROBABILITIES else column.roi
