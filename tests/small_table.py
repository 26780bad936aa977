"""Scores whose table can be worked out by hand."""

import pandas as pd
import pytest
from softbench.tables import table

METHODS = [
    {"key": "one_hot", "title": "One-hot", "control": None},
    {"key": "good", "title": "Good_1 (50 %)", "control": "one_hot"},
    {"key": "bad", "title": "Bad & <late>", "control": "one_hot"},
    {"key": "noise", "title": "Noise", "control": "one_hot"},
]
# What each method adds to one-hot's DSC of 0.5 in seeds 0, 1, 2; `noise` has mean 0 and a wide interval.
SHIFT = {"one_hot": (0, 0, 0), "good": (0.10, 0.11, 0.09), "bad": (-0.10, -0.11, -0.09), "noise": (0.1, -0.1, 0.0)}
COLUMNS = [
    {"metric": "dsc", "structure": "A"},
    {"metric": "hd95", "structure": "both"},
    {"metric": "ece", "roi": "all"},
    {"metric": "ece", "roi": "band"},
]
INF, NAN = float("inf"), float("nan")


def _rows_of(method, seed, case):
    dsc = 0.5 + SHIFT[method][seed]
    yield "A", "dsc", "all", NAN if case == "c1" else dsc, "1"
    yield "B", "dsc", "all", dsc, "1"
    yield "A", "hd95", "all", INF if (method, seed, case) == ("bad", 0, "c0") else 2.0, "mm"
    yield "B", "hd95", "all", 4.0, "mm"
    yield "all", "image_diagonal", "all", 100.0, "mm"
    yield "all", "ece", "all", 0.01 - SHIFT[method][seed] / 100, "1"
    yield "all", "ece", "band", 0.05, "1"


@pytest.fixture
def methods():
    """The rows of the table."""
    return METHODS


@pytest.fixture
def scores():
    """Four methods, three seeds, cases c0, c1 and c2; c1 has no DSC of A; `bad` misses A once (c0, seed 0)."""
    rows = [
        (method, seed, case, *row)
        for method in SHIFT
        for seed in range(3)
        for case in ("c0", "c1", "c2")
        for row in _rows_of(method, seed, case)
    ]
    names = ["method", "seed", "case", "structure", "metric", "roi", "value", "unit"]
    fixed = {"experiment": "e", "dataset": "d", "network": "n", "grid": "full", "prediction": "raw", "rater": 1}
    return pd.DataFrame(rows, columns=names).assign(**fixed)


@pytest.fixture
def build(scores):
    """Build the table of these scores, with settings changed as wished."""

    def make(**changes):
        settings = {
            "methods": METHODS, "columns": COLUMNS, "composites": {"both": ["A", "B"]}, "title": "Table 1: 100 % _x_",
        }  # fmt: skip
        return table.build(changes.pop("scores", scores), **(settings | changes))

    return make
