"""Code that changed under results while its VERSION stayed: named with its results; all else is silent."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from softbench import cli
from softbench.jobs import pieces, provenance
from softbench.plan.code import Code, record
from softbench.plan.code.stages import COARSE, FIRST

S = "softbench/"
LOOP, SVLS, OVERLAP, WORDS = f"{S}training/loop.py", f"{S}soft_labels/svls.py", f"{S}metrics/overlap.py", f"{S}pool.py"
TREE = {path: "VERSION = 1" for path in (*FIRST.values(), COARSE, f"{S}networks/unet.py")} | {
    f"{S}__init__.py": "VERSION = None  # names",
    LOOP: "from softbench import pool\nVERSION = 3\nRATE = 0.1  # of a step",
    OVERLAP: "VERSION = 2\nSLACK = 1e-6",
    SVLS: "VERSION: int = 1\nSIGMA = 1",
    WORDS: "VERSION = None  # processes\nWORKERS = 1",
    FIRST["train"]: "from softbench.training import loop\nVERSION = 1",
    FIRST["score"]: "from softbench.metrics import overlap\nVERSION = 1",
}
RUN = {"network": "unet", "loss": "l1", "recipe": "svls", "coarse": False}
Tree = Callable[[dict[str, str]], Path]


@pytest.fixture
def workflow(tree: Tree, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A small suite in a folder of its own, where jobs made a data set's soft label and two seeds."""
    folder = tree(TREE)
    for module in ("arithmetic", "l1", "weighted_sum"):
        tree({f"{S}losses/{module}.py": "VERSION = 1"})
    monkeypatch.setattr(record, "WORKFLOW", folder)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(pieces.MADE_BY, raising=False)
    monkeypatch.setenv(pieces.MADE_BY, "")
    soften("one", "two")
    train(0, 1)
    return folder


def soften(*cases: str) -> None:
    """Do what a job of soft labels does for its cases."""
    record.note("soften", recipe="svls")
    folder = Path("results/soft_labels/brain/svls")
    records = [pieces.make(folder / "cases", case, f"key of {case}", lambda scratch: {}) for case in cases]
    pieces.write_json(folder / "provenance.json", provenance.of_cases(records))


def train(*seeds: int) -> None:
    record.note("train", "score", **RUN)
    for seed in seeds:
        folder = Path(f"results/runs/demo/unet/svls/seed-{seed}")
        pieces.make(folder, "model", "key of weights", lambda scratch: {})
        pieces.make(folder, "scores", "key of scores", lambda scratch: {})


def told(workflow: Path) -> list[str]:
    return record.lines(Path("results"), Code(workflow))


def change(workflow: Path, path: str, old: str, new: str) -> None:
    text = (workflow / path).read_text()
    assert old in text
    (workflow / path).write_text(text.replace(old, new))


def test_results_of_the_code_as_it_is_say_nothing(workflow: Path) -> None:
    assert len(list(Path("results/logs/code").glob("*.json"))) == 2
    assert told(workflow) == []


def test_changed_constant_is_named_with_its_results_and_what_to_do(workflow: Path) -> None:
    change(workflow, LOOP, "0.1", "0.2")
    said = told(workflow)
    assert said[1] == f"  {LOOP} (2 trained seeds)"
    assert len(said) == 4
    assert "`softbench code raise`" in said[2]
    assert "`softbench code keep`" in said[3]


def test_stages_that_reach_a_module_are_told_and_no_others(workflow: Path) -> None:
    change(workflow, SVLS, "SIGMA = 1", "SIGMA = 2")
    change(workflow, OVERLAP, "1e-6", "1e-7")
    assert told(workflow)[1:3] == [
        f"  {OVERLAP} (2 scored seeds)",
        f"  {SVLS} (1 soft labels, 2 trained seeds)",
    ]


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (LOOP, "# of a step", "# of each step"),
        (LOOP, "VERSION = 3\nRATE = 0.1", "VERSION = 4\nRATE = 0.2"),
        (WORDS, "WORKERS = 1", "WORKERS = 2"),
        (COARSE, "VERSION = 1", "VERSION = 1\nFACTOR = 2"),
        (LOOP, "VERSION = 3", "VERSION = None"),
    ],
    ids=["comment", "raised VERSION", "module that decides no number", "module of no result", "decides none now"],
)
def test_silence(workflow: Path, path: str, old: str, new: str) -> None:
    change(workflow, path, old, new)
    assert told(workflow) == []


def test_result_that_is_made_anew_anyway_is_not_told_of_another_module(workflow: Path) -> None:
    change(workflow, LOOP, "0.1", "0.2")
    change(workflow, FIRST["train"], "VERSION = 1", "VERSION = 2")
    assert told(workflow) == []


def test_seed_trained_after_the_change_is_not_counted(workflow: Path) -> None:
    change(workflow, LOOP, "0.1", "0.2")
    train(0, 1, 2)
    assert told(workflow)[1] == f"  {LOOP} (2 trained seeds)"


def test_soft_label_whose_cases_differ_in_age_counts_by_the_oldest(workflow: Path) -> None:
    change(workflow, SVLS, "SIGMA = 1", "SIGMA = 2")
    soften("one", "two", "three")
    code = json.loads(Path("results/soft_labels/brain/svls/provenance.json").read_text())["code"]
    assert sorted(code.values()) == [1, 2]
    assert told(workflow)[1] == f"  {SVLS} (1 soft labels, 2 trained seeds)"


def test_keep_is_silent_until_the_next_change_and_over_several_steps(workflow: Path) -> None:
    for old, new in (("0.1", "0.2"), ("0.2", "0.3")):
        change(workflow, LOOP, old, new)
        assert told(workflow) != []
        assert record.keep(Path("results"), Code(workflow)) == [LOOP]
        assert told(workflow) == []
    change(workflow, LOOP, "0.3", "0.1")  # as when they were made
    assert told(workflow) == []
    change(workflow, LOOP, "0.1", "0.4")
    assert told(workflow) != []


def test_raise_raises_the_versions_in_the_files(workflow: Path) -> None:
    change(workflow, LOOP, "0.1", "0.2")
    change(workflow, SVLS, "SIGMA = 1", "SIGMA = 2")
    assert record.raise_versions(Path("results"), Code(workflow)) == [SVLS, LOOP]
    assert "\nVERSION = 4\n" in (workflow / LOOP).read_text()
    assert "VERSION: int = 2\n" in (workflow / SVLS).read_text()
    assert told(workflow) == []


def test_command_shows_raises_and_keeps(workflow: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change(workflow, LOOP, "0.1", "0.2")
    for arguments, said in (
        (["code"], f"  {LOOP} (2 trained seeds)"),
        (["code", "keep"], f"kept as it is: {LOOP}"),
        (["code"], "made by the present code"),
        (["code", "raise"], "nothing to do"),
    ):
        assert cli.main(arguments) == 0
        assert said in capsys.readouterr().out


def test_broken_or_missing_records_say_nothing(workflow: Path) -> None:
    change(workflow, LOOP, "0.1", "0.2")
    for path in Path("results/logs/code").glob("*.json"):
        path.write_text("{")
    Path("results/runs/demo/unet/svls/seed-1/model.key.json").write_text("[]")
    assert told(workflow) == []
    assert record.lines(Path("nowhere"), Code(workflow)) == []


def test_job_that_notes_nothing_leaves_records_as_they_were(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(pieces.MADE_BY, raising=False)
    assert set(pieces.make(tmp_path, "piece", "key", lambda scratch: {})) == {"key", "files", "sums"}


def test_thousands_of_results_are_read_in_a_moment(workflow: Path) -> None:
    text = Path("results/runs/demo/unet/svls/seed-0/model.key.json").read_text()
    for number in range(3000):
        folder = Path(f"results/runs/demo/unet/method_{number % 30}/seed-{number}")
        folder.mkdir(parents=True)
        (folder / "model.key.json").write_text(text)
    change(workflow, LOOP, "0.1", "0.2")
    code, began = Code(workflow), time.process_time()
    assert record.lines(Path("results"), code)[1] == f"  {LOOP} (3002 trained seeds)"
    assert time.process_time() - began < 1
    assert os.environ[pieces.MADE_BY]
