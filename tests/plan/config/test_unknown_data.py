"""What a source computes, or does not say, cannot be checked when config is read, and is not refused."""

from copy import deepcopy
from pathlib import Path

import pytest
from softbench.plan import checks, modules
from softbench.plan.checks.experiments import Facts
from softbench.plan.plan import Plan


@pytest.fixture
def plan(root: Path) -> Plan:
    """A plan with names, raters and lengths that no data set has, in every place where data decides."""
    made = deepcopy(Plan.read(root))
    made.experiments["demo_brain"] |= {"composites": {"mean": ["a", "b"]}, "structures": {"printed": "c"}}
    made.tables["demo_brain"] |= {"composites": {"average": ["d"]}, "columns": [{"metric": "dsc", "structure": "e"}]}
    made.methods["svls"]["raters"] = 7
    made.datasets["phantom_brain"]["crop"] = {"size": [8, 8]}
    return made


def test_all_of_it_is_refused_where_the_source_says_what_there_is(plan: Plan) -> None:
    paths = {".".join(map(str, fault.path)) for fault in checks.faults(plan)}
    assert paths >= {
        "experiments.demo_brain.composites.mean.0",
        "experiments.demo_brain.structures.printed",
        "tables.demo_brain.composites.average.0",
        "tables.demo_brain.columns.0.structure",
        "methods.svls.raters",
        "datasets.phantom_brain.crop.size",
    }


def test_nothing_of_it_is_refused_where_the_source_does_not_say_it(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Facts, "declared", lambda facts, dataset, name: None)
    assert checks.faults(plan) == []


def test_what_a_module_computes_counts_as_not_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own.py").write_text("LABELS = read()\nSTRUCTURES = {name: (1,) for name in LABELS}\nDIMS = 3\n")
    monkeypatch.setattr(modules, "PACKAGE", tmp_path)
    found = [modules.constant("own.py", name, None) for name in ("STRUCTURES", "DIMS", "LABEL_MAPS")]
    assert found == [None, 3, None]
