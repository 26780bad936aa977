"""What the CPU benchmarks found on a machine: the rows of benchmarks/results/<machine>.json, for docs/performance.md.

A row is one comparison, or one figure where there is nothing to compare with. It replaces an earlier row of the same
benchmark, `what` and peer; all others stay. A row that was entered by hand, of commands that were timed by hand, has
`by: hand`, until a run of its benchmark replaces it. The file is written under a temporary name, then renamed.
"""

import argparse
import json
import math
import os
import platform
import re
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from types import MappingProxyType
from typing import Any

from load import Load
from softbench.jobs import pieces, provenance

FOLDER = Path(__file__).parent / "results"
CODE = (FOLDER.parent, FOLDER.parents[1] / "workflow" / "softbench")
DIGITS = 4  # of a figure in the file
TIMES = {"CPU s": "times as fast", "ms": "times as fast", "s": "times as fast", "MiB": "times as little memory"}


@dataclass(frozen=True)
class Peer:
    """What ours is compared with: its name, and its figure in each round, in the unit of ours."""

    name: str
    rounds: Sequence[float]


class Rows:
    """The rows of one benchmark: each is printed, and kept where `--keep` says so."""

    def __init__(self, benchmark: str, chosen: argparse.Namespace, *packages: str) -> None:
        """Begin; `benchmark` is the script's name, `packages` are those that matter for its figures.

        `chosen` has `keep` and `tiny` (`options.parser`). Figures of a tiny size, and of a GPU, are never kept.
        """
        self.facts = {"benchmark": f"benchmarks/{benchmark}.py"}
        self.load = Load()
        self.packages = packages
        self.kept = chosen.keep and not chosen.tiny and getattr(chosen, "device", "cpu") == "cpu"

    def add(
        self,
        what: str,
        ours: Sequence[float],
        peer: Peer | None = None,
        *,
        unit: str = "CPU s",
        more: str = "",
        facts: Mapping[str, float] = MappingProxyType({}),
    ) -> dict[str, Any]:
        """Print a row, and keep it, with `facts`; `ours` has a figure a round, `more` ends the printed line alone."""
        row = {"what": what, "unit": unit, **compare(ours, peer), **self.facts, **facts}
        row["other_programs"] = self._others()
        print(line(row) + more, flush=True)
        if self.kept:
            keep(row | self._circumstances())
        return row

    def _others(self) -> float | None:
        """Return how many cores other programs kept busy since the row before, which is while this was measured."""
        cores = self.load.cores()
        return None if cores is None else round(cores, 2)

    def _circumstances(self) -> dict[str, Any]:
        versions = {name: version for name in self.packages if (version := installed(name)) is not None}
        code = [file for folder in CODE for file in sorted(folder.rglob("*.py"))]
        commit, _, changed = provenance.commit(code).partition(" ")
        return {
            "packages": {"python": platform.python_version(), **versions},
            "date": time.strftime("%Y-%m-%d", time.gmtime()),
            "commit": commit[:12] + (" + changes" if changed else ""),
        }


def compare(ours: Sequence[float], peer: Peer | None) -> dict[str, Any]:
    """Return the medians of both, and peer / ours: of the medians, and the lowest and highest of the rounds.

    Where both ran equally often, a round of one belongs to that of the other; else each round of ours is compared with
    the peer's median. The ratio is None where there is no peer, or ours took no time that the clock could measure.
    """
    found: dict[str, Any] = {"ours": rounded(statistics.median(ours)), "peer": None, "ratio": None, "rounds": len(ours)}
    if peer is None:
        return found
    middle = statistics.median(peer.rounds)
    found["peer"] = {"name": peer.name, "figure": rounded(middle)}
    if min(ours) > 0:
        theirs = peer.rounds if len(peer.rounds) == len(ours) else [middle] * len(ours)
        ratios = [their / own for their, own in zip(theirs, ours, strict=True)]
        median = middle / statistics.median(ours)
        found["ratio"] = {"median": median, "lowest": min(*ratios, median), "highest": max(*ratios, median)}
        found["ratio"] = {name: rounded(value) for name, value in found["ratio"].items()}
    return found


def line(row: dict[str, Any]) -> str:
    """Return a row as the line that a benchmark prints."""
    said, peer, ratio = f"{row['what']}: {short(row['ours'])} {row['unit']}", row["peer"], row["ratio"]
    if peer is None:
        return said
    said += f", {peer['name']} {short(peer['figure'])} {row['unit']}, "
    if ratio is None:
        return said + "too fast to measure"
    low, high = short(ratio["lowest"]), short(ratio["highest"])
    return said + f"{short(ratio['median'])} {TIMES[row['unit']]} ({low} to {high})"


def keep(row: dict[str, Any]) -> None:
    """Write a row into the file of this machine, in the place of the earlier one."""
    path = FOLDER / f"{machine_name()}.json"
    rows = json.loads(path.read_text(encoding="utf-8"))["rows"] if path.exists() else []
    names = [row_name(one) for one in rows]
    place = names.index(row_name(row)) if row_name(row) in names else len(rows)
    rows[place : place + 1] = [row]
    machine = {"processor": provenance.processor(), "cores": os.cpu_count()}
    pieces.write_json(path, {"machine": machine, "rows": sorted(rows, key=lambda one: one["benchmark"])})


def row_name(row: dict[str, Any]) -> tuple[str, str, str]:
    """Return what a row is known by: its benchmark, what it measured, and whom it is compared with."""
    return row["benchmark"], row["what"], row["peer"]["name"] if row["peer"] else ""


def machine_name() -> str:
    """Return the processor and the number of cores as a file's name: amd-epyc-2-cores."""
    processor = re.sub(r"\((R|TM)\)|@.*", "", provenance.processor())
    return "-".join(re.findall(r"[a-z0-9]+", f"{processor} {os.cpu_count()} cores".lower()))


def installed(name: str) -> str | None:
    """Return the version of a package, or None where there is none."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def rounded(value: float) -> float:
    """Return a figure with the digits that the file keeps."""
    return float(f"{value:.{DIGITS}g}")


def short(value: float) -> str:
    """Return a figure with three digits, whole from 100 on.

    >>> short(0.01234), short(5.678), short(114.2)
    ('0.0123', '5.68', '114')
    """
    if not value:
        return "0"
    return f"{value:.{max(0, 2 - math.floor(math.log10(abs(value))))}f}"
