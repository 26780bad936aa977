"""A run by a method that no commit holds says so, keeps it, and gives it back; so do its data, label and scores."""

import json
import subprocess
import sys
from collections.abc import Callable

import yaml
from softbench.tools.new import make_method

MINE = "workflow/softbench/soft_labels/mine.py"
RULE = "workflow/rules/soft_labels/mine.smk"
SEED = "results/runs/tiny/tiny_unet/mine/seed-0"
LABEL = "results/soft_labels/phantom_brain_tiny/mine"


def test_untracked_method_and_ignored_loss_are_recorded_with_the_run(make_clone: Callable) -> None:
    clone = make_clone("sources")
    (clone.path / ".gitignore").write_text("results/\n.snakemake/\n__pycache__/\n*_private.py\n")
    for words in (
        ["init", "-q"],
        ["add", "-A"],
        ["-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "all"],
    ):
        subprocess.run(["git", *words], cwd=clone.path, check=True)
    make_method("mine", "labels", clone.path)
    losses = clone.path / "workflow/softbench/losses"
    (losses / "ce_private.py").write_text((losses / "ce.py").read_text())
    tiny = clone.path / "tests/workflow/tiny.yaml"
    settings = yaml.safe_load(tiny.read_text())
    settings["methods"] = {"mine": {"loss": "ce_private", "control": None}}
    settings["experiments"]["tiny"]["methods"] = ["one_hot", "mine"]
    tiny.write_text(yaml.safe_dump(settings))
    clone.run(f"{SEED.rpartition('/')[0]}/batch-0.json", cores=1)

    for record in (f"{SEED}/provenance.json", f"{SEED}/scores.provenance.json"):
        facts = json.loads((clone.path / record).read_text())
        states = {fact["path"]: fact["state"] for fact in facts["changed_files"]}
        assert states[MINE] == states[RULE] == "not in the commit"
        assert states["workflow/softbench/losses/ce_private.py"] == "not in the commit, ignored by git"
        assert states["tests/workflow/tiny.yaml"] == "changed since the commit"
        assert facts["commit"].endswith(f" + {len(states)} changed files")
    label = json.loads((clone.path / LABEL / "provenance.json").read_text())
    assert {MINE, RULE} <= {fact["path"] for fact in label["changed_files"]}

    command = [sys.executable, "-m", "softbench", "explain", SEED, "--write-sources", "found"]
    environment = {"PYTHONPATH": str(clone.path / "workflow"), "PATH": "/usr/bin:/bin"}
    told = subprocess.run(command, cwd=clone.path, env=environment, capture_output=True, text=True, check=True).stdout
    assert f"{MINE} (not in the commit; sha256 " in told
    assert (clone.path / "found" / SEED / MINE).read_bytes() == (clone.path / MINE).read_bytes()
