"""A metric of one's own in a run: one file more is a score, a column and a line of the page of metrics."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd


def test_one_file_is_scored_stands_in_the_table_and_on_the_page_of_metrics(make_clone: Callable, root: Path) -> None:
    clone = make_clone("own_metric")
    clone.replace("tests/workflow/tiny.yaml", "svls, geols, chance, oracle]", "oracle]")
    clone.run()
    weights = {file: file.stat().st_mtime_ns for file in clone.path.glob("results/runs/**/model.pt")}
    before = clone.scores()
    assert weights
    (found,) = re.findall(
        r"^```python\n# (workflow/softbench/metrics/\S+)\n(.*?)^```$",
        (root / "docs/extend.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE,
    )  # fmt: skip
    (clone.path / found[0]).write_text(found[1])

    clone.run()
    assert {file: file.stat().st_mtime_ns for file in weights} == weights  # nothing is trained again
    scores = clone.scores()
    own = scores[scores["metric"] == "ravd"]
    assert set(own["structure"]) == {"WT", "TC", "ET"}
    pd.testing.assert_frame_equal(scores.drop(own.index).reset_index(drop=True), before)
    table = (clone.path / "results/tables/tiny.md").read_text()
    assert "RAVD" in table
    assert "RAVD" in (clone.path / "results/report/index.html").read_text()
    numbers = pd.read_csv(clone.path / "results/tables/tiny.csv")
    assert set(numbers.loc[numbers["metric"] == "ravd", "method"]) >= {"one_hot", "oracle"}
    assert clone.jobs() == {}

    shutil.copytree(root / "docs/make", clone.path / "docs/make")
    shutil.copytree(root / "tests/oracles/metrics", clone.path / "tests/oracles/metrics")
    paths = os.pathsep.join(str(clone.path / name) for name in ("workflow", "docs"))
    page = subprocess.run(
        [sys.executable, "-c", "from make import metrics; print(metrics.page())"],
        cwd=clone.path, env={**os.environ, "PYTHONPATH": paths}, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    assert "| `ravd` | RAVD | 1 | lower | 0 to ∞ |" in page
