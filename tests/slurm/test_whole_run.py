"""One run over Slurm with every mishap that a campaign meets, from a machine of one core, on nodes without network.

The first attempt of `ls` fails; the time limit allows each training half its steps; there is one GPU for all of them.
"""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise

import pandas as pd
import pytest
from softbench.jobs import pieces

FAILS_ONCE = """
from pathlib import Path as _Path
if snakemake.wildcards.method == "ls" and not _Path("failed-once").exists():
    _Path("failed-once").touch()
    raise SystemExit(3)
"""
NO_NETWORK = """
import os, socket
def connect(self, address, _connect=socket.socket.connect):
    if "SLURM_JOB_ID" in os.environ and self.family in (socket.AF_INET, socket.AF_INET6):
        raise OSError(f"no network on nodes: {address}")
    return _connect(self, address)
socket.socket.connect = connect
"""
TARGETS = ("results/tables/tiny.csv", "results/tables/policies_tiny.csv", "results/tables/costs_tiny.csv")
BATCH = "results/runs/tiny/tiny_unet/ls/batch-0.json"


@pytest.fixture(scope="module")
def finished(make_campaign: Callable):
    campaign = make_campaign("whole_run")
    campaign.replace("workflow/scripts/train.py", "\nwith logs.job", f"{FAILS_ONCE}\nwith logs.job")
    campaign.replace("slurm/config.yaml", "runtime: 1440", "runtime: 1")  # minutes; one is kept for the end
    (campaign.path / "workflow/sitecustomize.py").write_text(NO_NETWORK)
    campaign.run(*TARGETS, "--config", f"scratch={campaign.path}/node")
    return campaign


def test_it_ends_with_all_that_was_asked_for(finished) -> None:
    assert all((finished.path / target).is_file() for target in TARGETS)
    assert finished.queue() == []


def test_failed_attempt_is_submitted_again_with_more_memory(finished) -> None:
    attempts = finished.jobs("train_wildcards_tiny_tiny_unet_ls")
    assert [one["JobState"] for one in attempts] == ["FAILED", "FAILED", "COMPLETED"]
    assert [one["MinMemoryNode"] for one in attempts] == ["16000M", "32000M", "48000M"]


def test_training_stopped_by_its_time_limit_goes_on_from_its_checkpoint(finished) -> None:
    attempts = finished.jobs("train_wildcards_tiny_tiny_unet_one_hot")
    assert [one["JobState"] for one in attempts] == ["FAILED", "COMPLETED"]  # ended by itself, not TIMEOUT
    said = [(finished.path / one["StdOut"]).read_text() for one in attempts]
    assert "time limit at step 20 of 40" in said[0]
    assert "continuing at step 20" in said[1]


def test_scores_are_those_of_an_undisturbed_run(finished, make_campaign: Callable) -> None:
    local = make_campaign("undisturbed")
    command = [sys.executable, "-m", "snakemake", "--cores", "2", BATCH, "--configfile", "tests/slurm/cluster.yaml"]
    environment = {**local.cluster.environment, "PYTHONPATH": str(local.path / "workflow")}
    subprocess.run(command, cwd=local.path, env=environment, check=True, capture_output=True, timeout=600)
    assert pieces.hash_file(local.path / BATCH) == pieces.hash_file(finished.path / BATCH)
    pd.testing.assert_frame_equal(local.scores("ls"), finished.scores("ls"), check_exact=True)


def test_data_are_copied_to_the_node_once(finished) -> None:
    said = "".join((finished.path / one["StdOut"]).read_text() for one in finished.jobs("train"))
    assert said.count("scratch: copying") == 1
    assert said.count("scratch: reading the copy") == 3  # the other starts but that which was made to fail


def test_no_more_gpu_jobs_at_once_than_gpus(finished) -> None:
    trained = finished.jobs("train")
    assert len(trained) == 5
    assert all(one["TresPerJob"] == "gres:gpu:1" for one in trained)
    spans = sorted((_time(one["StartTime"]), _time(one["EndTime"])) for one in trained)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_jobs_have_the_cpus_of_their_rule_and_not_of_the_machine_that_submits(finished) -> None:
    (prepare,) = finished.jobs("prepare")
    assert prepare["NumCPUs"] == "1"  # of a phantom; of other data sets 8 (tests/slurm/test_profile.py)


def test_small_jobs_share_a_slurm_job(finished) -> None:
    comments = Counter(
        one["Comment"].split("_wildcards_")[0] for one in finished.jobs() if "train" not in one["Comment"]
    )
    softened = "rule_soften_phantom_brain_tiny_soften_ls_soften_one_hot"
    assert comments == {"rule_prepare": 1, softened: 1, "rule_score_sanity": 1, "rule_table": 1}


def test_table_with_all_its_views_is_one_slurm_job(finished) -> None:
    views = json.loads((finished.path / "results/tables/tiny.json").read_text())["views"]
    assert len(views) > 10
    assert not [name for name, view in views.items() if view["state"] == "failed"]
    assert (finished.path / "results/logs/tables/tiny.done").exists()


def test_nothing_is_left_to_do(finished) -> None:
    before = len(finished.jobs())
    assert "Nothing to be done" in finished.run(*TARGETS)
    assert len(finished.jobs()) == before
