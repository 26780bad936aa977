"""Snakemake, or any of its processes, killed at random times: the same command ends with the same numbers.

The short form runs with all tests; the full form, fifty kills over the demo, takes an hour or more: `make torture`.
"""

import csv
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

TABLE = "results/tables/tiny.csv"
SHORT = ["--config", "experiments={tiny: {methods: [one_hot, geols, chance]}}"]
WITH_TIMES = ("costs_",)  # tables of seconds and joules


def torture(root: Path, folder: Path, *call: str, kills: int, seed: int, mean_s: float) -> list[dict[str, str]]:
    """Call Snakemake in a folder until all kills are spent and it has ended; return what was killed when."""
    record = folder / "kills.csv"
    script = [sys.executable, str(root / "tests" / "torture" / "kills.py"), "--folder", str(folder)]
    numbers = ["--kills", str(kills), "--seed", str(seed), "--mean", str(mean_s), "--record", str(record)]
    subprocess.run([*script, *numbers, "--", *call], check=True)
    with open(record, newline="") as file:
        return list(csv.DictReader(file))


def files_of(folder: Path) -> Iterator[Path]:
    """Give what must not differ: manifests, scores, bins, tables."""
    for pattern in ("data/**/manifest.json", "soft_labels/**/manifest.json", "runs/**/batch-*.json"):
        yield from folder.glob(pattern)
    for pattern in (
        "runs/**/ensemble.json",
        "runs/*/*/*.json",
        "runs/**/scores.parquet",
        "runs/**/reliability.npz",
        "tables/*.csv",
    ):
        yield from (path for path in folder.glob(pattern) if not path.name.startswith(WITH_TIMES))


def same(one: Path, other: Path) -> bool:
    if not other.exists():
        return False
    if one.suffix == ".parquet":
        return pd.read_parquet(one).equals(pd.read_parquet(other))
    if one.suffix == ".npz":
        with np.load(one) as a, np.load(other) as b:
            return a.files == b.files and all(np.array_equal(a[name], b[name], equal_nan=True) for name in a.files)
    return one.read_bytes() == other.read_bytes()


def differing(undisturbed: Path, killed: Path) -> list[str]:
    """List the files of an undisturbed run whose content a killed one has not; there must be some to compare."""
    given, found = undisturbed / "results", killed / "results"
    paths = sorted(files_of(given))
    assert any(path.name == "scores.parquet" for path in paths)
    assert {path.relative_to(found) for path in files_of(found)} == {path.relative_to(given) for path in paths}
    return [str(path) for path in paths if not same(path, found / path.relative_to(given))]


def test_five_kills_change_no_number(make_clone: Callable, root: Path) -> None:
    undisturbed, killed = make_clone("undisturbed"), make_clone("killed_often")
    undisturbed.run(TABLE, *SHORT)
    call = ["--cores", "2", TABLE, *SHORT, "--configfile", "tests/workflow/tiny.yaml"]
    kills = torture(root, killed.path, *call, kills=5, seed=11, mean_s=6.0)
    assert len(kills) == 5
    assert differing(undisturbed.path, killed.path) == []
    assert killed.jobs(TABLE, *SHORT) == {}


@pytest.mark.torture
def test_fifty_kills_over_the_demo_change_no_number(make_clone: Callable, root: Path) -> None:
    undisturbed, killed = make_clone("demo"), make_clone("killed_demo")
    undisturbed.run(config="config.yaml", within_s=4 * 3600)
    seed = int(os.environ.get("SOFTBENCH_KILL_SEED", "1"))
    kills = torture(root, killed.path, "--cores", "2", kills=50, seed=seed, mean_s=40.0)
    assert len(kills) == 50
    assert differing(undisturbed.path, killed.path) == []
