"""A rule file dropped in is trained and shown beside the others; a bad one stops before training, and itself alone."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml
from softbench.plan.config import read
from softbench.tools.new import make_method

KEPT = ["one_hot", "ls"]
RULES = "workflow/rules/soft_labels"
RUNS = "results/runs/tiny/tiny_unet"
TABLE = ("results/tables/tiny.md", "results/tables/quality_tiny.md")
BY_HAND = '''
PROGRAM_{name} = """
import json, pathlib, sys
import numpy as np
data, output = (pathlib.Path(path).parent for path in sys.argv[1:])
(output / "cases").mkdir(parents=True, exist_ok=True)
cases = sorted(path.name for path in (data / "cases").iterdir() if path.is_dir())
for case in cases:
    labels = np.load(data / "cases" / case / "labels.npy")[0]
    soft = (labels == np.arange(4)[:, None, None, None]) * {one}
    np.savez(output / "cases" / (case + ".npz"), probabilities=soft.astype(np.uint16))
facts = dict(recipe="{name}", kind="stored", settings=dict(), classes=4, normalised=True, key="1")
(output / "manifest.json").write_text(json.dumps(dict(facts, cases=dict.fromkeys(cases, "1"))))
"""


rule soften_{name}:
    """A program that writes the store itself."""
    input:
        data=DATASET,
    output:
        manifest="results/soft_labels/{{dataset}}/{{soft_label}}/manifest.json",
    log:
        "results/logs/soft_labels/{{dataset}}/{{soft_label}}.log",
    wildcard_constraints:
        soft_label=keys_of("{name}"),
    conda:
        "../../../envs/labels.yaml"
    params:
        program=PROGRAM_{name},
    shell:
        "python -c '{{params.program}}' {{input.data}} {{output.manifest}} > {{log}} 2>&1"
'''
SHARE = "((1 - share) * target + share * near)"
BAD = {  # name -> what stands in place of the template's result, what is said of it
    "bad_sums": (f"({SHARE} / 2)", "must sum to 1 over classes, but is off by up to 0.5"),
    "bad_nan": (f"({SHARE} * np.nan)", "must lie in [0, 1], but spans nan to nan"),
    "bad_sign": (f"({SHARE} - 1)", "must lie in [0, 1], but spans -1"),
    "bad_shape": (f"({SHARE})[1:]", "has the shape (3, 24, 32, 32), but must have (4, 24, 32, 32)"),
    "bad_crash": ("np.zeros(3)[9]", "soften stopped with IndexError: index 9 is out of bounds for axis 0 with size 3"),
}


def make(clone, name: str, form: str = "labels", root: Path | None = None) -> None:
    """Write the files of `make method` into the copy."""
    make_method(name, form, root or clone.path)


@pytest.fixture(scope="module")
def finished(make_clone: Callable):
    """A finished tiny experiment with `methods: all`, in a copy that knows two methods and two recipes."""
    clone = make_clone("plugin")
    for path in (clone.path / RULES).glob("*.smk"):
        if path.stem not in KEPT:
            path.unlink()
    config = read(clone.path).values
    for part in ("soft_labels", "methods"):
        config[part] = {name: config[part][name] for name in KEPT}
    empty = ("maps", "teachers", "figures", "experiments", "tables", "collections", "rater_studies", "rater_sweeps")
    config |= {name: {} for name in (*empty, "rater_laboratory")}
    shutil.rmtree(clone.path / "config")
    (clone.path / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    tiny = clone.path / "tests/workflow/tiny.yaml"
    settings = yaml.safe_load(tiny.read_text())
    settings["experiments"] = {"tiny": {**settings["experiments"]["tiny"], "methods": "all"}}
    settings["tables"] = {"tiny": settings["tables"]["tiny"]}
    tiny.write_text(yaml.safe_dump(settings, sort_keys=False))
    clone.run(*TABLE)
    return clone


@pytest.fixture
def dropped(finished):
    """A function that drops files in; they are taken out again."""
    before = {
        path for path in finished.path.rglob("*") if "results" not in path.parts and ".snakemake" not in path.parts
    }
    yield finished
    for path in finished.path.rglob("*"):
        if path.is_file() and path not in before and not {"results", ".snakemake"} & set(path.parts):
            path.unlink()


def test_dropped_rule_plans_its_own_jobs_and_the_tables_alone(dropped) -> None:
    assert dropped.jobs(*TABLE) == {}
    make(dropped, "mine")
    assert dropped.jobs(*TABLE) == {"soften_mine": 1, "train": 1, "table": 1}


def test_rule_alone_plans_the_same_without_a_module(dropped) -> None:
    (dropped.path / RULES / "hand.smk").write_text(BY_HAND.format(name="hand", one=65535))
    assert dropped.jobs(*TABLE) == {"soften_hand": 1, "train": 1, "table": 1}


def test_loss_alone_is_one_line(finished) -> None:
    jobs = finished.jobs(*TABLE, "--config", "methods={focal: {title: Focal, soft_label: one_hot, loss: focal}}")
    assert jobs == {"train": 1, "table": 1}


def test_whole_page_plans_nothing_of_the_others(dropped) -> None:
    """Of the runs that are there no job is planned, whatever is asked for."""
    make(dropped, "mine")
    said = dropped.run(
        "-n",
        f"{RUNS}/one_hot/batch-0.json",
        f"{RUNS}/ls/batch-0.json",
        "results/soft_labels/phantom_brain_tiny/ls/manifest.json",
    )
    assert "Nothing to be done" in said


def test_bad_module_stops_the_dry_run_with_file_and_line(dropped) -> None:
    make(dropped, "mine")
    dropped.replace("workflow/softbench/soft_labels/mine.py", "def soften(", "def soften((")
    said = dropped.run("-n", *TABLE, fails=True)
    assert re.search(r"soft_labels/mine\.py, line \d+ is no Python", said)
    assert "Traceback" not in said


def test_rule_that_is_no_snakemake_stops_the_dry_run_with_its_file(dropped) -> None:
    (dropped.path / RULES / "mine.smk").write_text("rule soften_mine:\n    input\n        data=DATASET,\n")
    said = dropped.run("-n", *TABLE, fails=True)
    assert "workflow/rules/soft_labels/mine.smk cannot be read: SyntaxError: Colon expected after keyword input" in said
    assert "Traceback" not in said


def test_unknown_setting_of_a_program_stops_before_any_job(dropped) -> None:
    make(dropped, "prog", "perl")
    said = dropped.run("-n", *TABLE, "--config", "soft_labels={prog: {recipe: prog, shaer: 0.5}}", fails=True)
    assert "soft_labels.prog sets 'shaer', which its rule does not know; known: share" in said


def test_bad_methods_are_not_trained_and_do_not_stop_the_good(dropped) -> None:
    """Five bad modules and a bad store among two good ones: the good are trained, and shown once the bad are gone."""
    for name, (result, _) in BAD.items():
        make(dropped, name)
        dropped.replace(f"workflow/softbench/soft_labels/{name}.py", SHARE, result)
    rules = dropped.path / RULES
    for name, one in (("hand", 65535), ("bad_hand", 30000)):
        (rules / f"{name}.smk").write_text(BY_HAND.format(name=name, one=one))
    make(dropped, "mine")
    batches = [f"{RUNS}/{name}/batch-0.json" for name in (*BAD, "bad_hand", "hand", "mine")]
    said = dropped.run(*batches, "--keep-going", fails=True)
    for name, (_, message) in BAD.items():
        assert (
            f"case phantom_brain_000: the soft label {message}" in said or f"case phantom_brain_000: {message}" in said
        )
        assert f"Fix workflow/softbench/soft_labels/{name}.py: `softbench check {name}` tries it" in said
        assert not (dropped.path / RUNS / name).exists()
    assert re.search(
        r"bad_hand/cases/phantom_brain_\d+\.npz: the classes of \d+ of \d+ voxels do not sum to 65535", said
    )
    assert not list((dropped.path / RUNS / "bad_hand").rglob("model*"))
    for name in (*BAD, "bad_hand"):
        (rules / f"{name}.smk").unlink()
    dropped.run(*TABLE)
    rows = pd.read_csv(dropped.path / "results/tables/tiny.csv")["method"].unique()
    assert list(rows) == [*KEPT, "hand", "mine"]
    assert all(f"| {name} |" in (dropped.path / TABLE[1]).read_text() for name in ("hand", "mine"))
