"""A metric of one's own: one file, the one of docs/extend.md, is scored, described and planned for."""

import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from softbench import InputError
from softbench.metrics import metric
from softbench.metrics.catalogue import CATALOGUE
from softbench.plan import modules
from softbench.plan.code import Code
from softbench.plan.config import metrics

SCORED = """
import numpy as np
from softbench import metrics
reference = np.zeros((4, 8, 8), int)
reference[1:3, 2:6, 2:6] = 1
p = np.where(np.stack([reference == 0, reference == 1]), 0.9, 0.1)
p[:, 1, 2, 2:6] = p[::-1, 1, 2, 2:6].copy()  # 4 of 32 voxels missed
rows = metrics.score_case(p, reference[None], (1, 1, 1), {"organ": [1]}).query("metric == 'KEY'")
print(rows[["structure", "roi", "value", "unit"]].to_csv(index=False, header=False), metrics.describe("KEY").name)
print(metrics.binary(p[1] > 0.5, reference == 1, (1, 1, 1)).get("KEY"))
"""
SCORED_BY_CASE = """
import numpy as np
from softbench.metrics.score import assess
from softbench.training.scoring import score_each
p = np.full((2, 2, 2, 2), 0.5)
score_each(["brain_7"], lambda case: {"raw": assess(p, p[:1].astype(int), (1, 1, 1), {"organ": [1]})}, {}, print)
"""
DSC = CATALOGUE["dsc"]


@pytest.fixture(scope="session")
def example(root: Path) -> tuple[str, str]:
    """The metric of docs/extend.md: where it says that it stands, and its text."""
    page = (root / "docs/extend.md").read_text(encoding="utf-8")
    (found,) = re.findall(r"^```python\n# (workflow/softbench/metrics/\S+)\n(.*?)^```$", page, re.DOTALL | re.M)
    return found


@pytest.fixture
def copy(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package, which the plan reads."""
    shutil.copytree(root / "workflow", tmp_path / "workflow", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(modules, "PACKAGE", tmp_path / "workflow/softbench")
    return tmp_path


def scores(copy: Path, key: str) -> list[str]:
    """Score a case with the copy of the package."""
    done = subprocess.run(
        [sys.executable, "-c", SCORED.replace("KEY", key)],
        env={"PYTHONPATH": str(copy / "workflow")}, capture_output=True, text=True,
    )  # fmt: skip
    assert not done.returncode, done.stderr
    return [line.strip() for line in done.stdout.splitlines() if line.strip()]


def test_the_file_is_scored_of_each_structure(copy: Path, example: tuple[str, str]) -> None:
    (copy / example[0]).write_text(example[1])
    assert scores(copy, "ravd") == ["organ,all,0.125,1", "RAVD", "0.125"]


def test_metric_of_voxels_is_measured_in_its_regions(copy: Path, example: tuple[str, str]) -> None:
    """Four of the 32 voxels in the foreground have 0.1 for the true class, the others 0.9."""
    text = example[1].replace('of="counts"', 'of="voxels", regions=("foreground",)').replace('"ravd"', '"surprise"')
    compute = "compute=lambda v: 1 - v.probabilities[v.reference, range(len(v.reference))].mean(),\n)\n"
    (copy / example[0]).write_text(text.partition("compute=")[0] + compute)
    (row, *_) = scores(copy, "surprise")
    assert row.startswith("all,foreground,0.")
    assert float(row.split(",")[2]) == pytest.approx((4 * 0.9 + 28 * 0.1) / 32)
    assert ("surprise", "foreground", "all") in list(metrics.scored({"tolerances_mm": []}))


def test_plan_knows_it_and_gives_it_columns(copy: Path, example: tuple[str, str]) -> None:
    table = {"columns": [{"metric": "dsc", "structure": "A"}, {"metric": "dsc", "structure": "B"}, {"metric": "ece"}]}
    scoring = {"tolerances_mm": [1.0, 2.0]}
    assert metrics.own_columns(table, scoring) == []
    metrics._entries.cache_clear()
    (copy / example[0]).write_text(example[1])
    assert metrics.is_known("ravd")
    assert ("ravd", "all", "structures") in list(metrics.scored(scoring))
    assert metrics.own_columns(table, scoring) == [{"metric": "ravd", "structure": name} for name in "AB"]
    assert metrics.own_columns({**table, "grid": "training"}, scoring) == []
    assert metrics.own_columns({"columns": [*table["columns"], {"metric": "ravd"}]}, scoring) == []
    metrics._entries.cache_clear()
    (copy / example[0]).write_text(example[1].replace('of="counts"', 'of="surfaces", tolerance=True'))
    assert [column["metric"] for column in metrics.own_columns(table, scoring)] == ["ravd_1mm"] * 2 + ["ravd_2mm"] * 2
    metrics._entries.cache_clear()


@pytest.mark.parametrize(
    ("compute", "said"),
    [
        ("n: None", "`compute` must return one number (NaN where it is undefined), but returned None"),
        ("n: __import__('numpy').ones(2)", "returned an array of float64 of the shape (2,)"),
        ("n: 'high'", "returned str 'high'"),
        ("n: 1j", "returned complex 1j"),
        ("n: n.both / 0", "`compute` stopped with ZeroDivisionError: division by zero (ravd.py, line 16)"),
        ("n: n.all", "`compute` stopped with AttributeError: 'Overlap' object has no attribute 'all' (ravd.py, line"),
        ("n, m: 0", "`compute` stopped with TypeError: "),
        ("n: (_ for _ in ()).throw(InputError('no voxel'))", ": no voxel"),
    ],
)
def test_what_is_no_number_names_the_metric_its_file_and_the_case(
    copy: Path, example: tuple[str, str], compute: str, said: str
) -> None:
    text = example[1].partition("compute=")[0].replace("metric import OPEN", "metric import InputError, OPEN")
    (copy / example[0]).write_text(f"{text}compute=lambda {compute},\n)\n")
    done = subprocess.run(
        [sys.executable, "-c", SCORED_BY_CASE],
        env={"PYTHONPATH": str(copy / "workflow")}, capture_output=True, text=True,
    )  # fmt: skip
    last = done.stderr.strip().splitlines()[-1]
    assert "InputError: case brain_7: the metric 'ravd' (workflow/softbench/metrics/ravd.py): " in last, done.stderr
    assert said in last


@pytest.mark.parametrize("value", [1, 0.5, True, np.float32(2), np.int64(3), np.True_, np.array(4.0), float("nan")])
def test_any_single_number_is_a_value(value: Any) -> None:
    (measured,) = metric.values([replace(DSC, compute=lambda counts: value)], None).values()
    assert isinstance(measured, float)
    np.testing.assert_equal(measured, float(value))


def test_second_file_with_its_key_stops_the_plan(copy: Path, example: tuple[str, str]) -> None:
    metrics._entries.cache_clear()
    for name in ("ravd.py", "zvd.py"):
        (copy / "workflow/softbench/metrics" / name).write_text(example[1])
    with pytest.raises(InputError, match=r"zvd\.py: another metric has the key 'ravd'"):
        metrics.entries()


def test_scores_have_its_version_in_their_key_and_weights_do_not(copy: Path, example: tuple[str, str]) -> None:
    score, train = "softbench/training/scores.py", "softbench/training/weights.py"
    before, table = Code(copy / "workflow"), "softbench/tables/making.py"
    (copy / example[0]).write_text(example[1])
    after = Code(copy / "workflow")
    assert after.versions(score) == before.versions(score) | {"softbench/metrics/ravd.py": 1}
    assert after.versions(train) == before.versions(train)
    assert after.fingerprint(table) != before.fingerprint(table)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('    unit="1",\n', "", r"ravd\.py: METRIC lacks unit; see softbench/metrics/metric\.py"),
        ('key="ravd"', "key=str(1)", r"ravd\.py: better, key, .* of METRIC must be written out"),
        ('key="ravd"', 'key="dsc"', r"ravd\.py: another metric has the key 'dsc'"),
        ('key="ravd"', 'key="threshold"', r"ravd\.py: another metric has the key 'threshold'"),
        ('key="ravd"', 'key="volume error"', r"ravd\.py: the key 'volume error' must be a lower-case letter"),
        ('unit="1"', 'unit="1", colour="red"', r"ravd\.py: METRIC has no field colour"),
        ('better="lower"', 'better="smaller"', r"'better' of METRIC must be of higher, .*, but is 'smaller'"),
        ('of="counts"', 'of="count"', r"ravd\.py: 'of' of METRIC must be of counts, surfaces, .*, but is 'count'"),
        ('of="counts"', 'of="bins", regions=("edge",)', r"'regions' .* of all, foreground, band, but is \('edge',\)"),
        ("METRIC = Metric(", "METRIC = dict(", r"ravd\.py: METRIC must be written as `Metric"),
        ("VERSION = 1\n", "", r"ravd\.py declares no VERSION"),
        ("VERSION = 1", "VERSION = '1'", r"ravd\.py: VERSION must be a whole number"),
    ],
)
def test_file_without_a_sound_metric_stops_the_plan(
    copy: Path, example: tuple[str, str], old: str, new: str, said: str
) -> None:
    (copy / example[0]).write_text(example[1].replace(old, new))
    with pytest.raises(InputError, match=said):
        metrics.entries()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('key="ravd"', 'key="dsc"', "another metric has the key 'dsc'"),
        ("METRIC = Metric(", "METRIC = dict(", "METRIC must be a `Metric(…)`, but is {"),
        ('of="counts"', 'of="count"', "`of` of the metric 'ravd' must be one of counts, surfaces"),
        ('better="lower"', 'better="smaller"', "`better` of the metric 'ravd' must be one of higher, lower, neither"),
    ],
)
def test_entry_that_cannot_be_one_is_refused(
    copy: Path, example: tuple[str, str], old: str, new: str, said: str
) -> None:
    (copy / example[0]).write_text(example[1].replace(old, new))
    with pytest.raises(AssertionError, match=re.escape(said)):
        scores(copy, "ravd")
