"""A training that Slurm stops goes on from its last checkpoint: pushed off its node, then killed at its time limit."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

pytestmark = pytest.mark.torture
BATCH = "results/runs/tiny/tiny_unet/one_hot/batch-0.json"
LONG = ("steps: 40, batch: 2", "steps: 2500, batch: 2")
RARELY = ("validate_every: 20", "validate_every: 500")
SLOW = (
    "            _seed(seed, step, device)\n",
    "            _seed(seed, step, device)\n" + " " * 12 + "time.sleep(0.06)\n",
)


def lengthen(campaign) -> None:
    """Make a training long enough for several checkpoints, one every twenty seconds."""
    for change in (LONG, RARELY):
        campaign.replace("tests/slurm/cluster.yaml", *change)


def wait_for_checkpoint(campaign) -> None:
    """Wait until a checkpoint appears that was not there before."""
    path = campaign.path / "results/runs/tiny/tiny_unet/one_hot/seed-0/checkpoint.pt"
    before = path.stat().st_mtime_ns if path.exists() else 0
    campaign.wait_until(lambda: path.exists() and path.stat().st_mtime_ns > before)


def requeue(campaign) -> None:
    """Take the training off its node, as a job of higher priority or a broken node does; Slurm starts it again."""
    (job,) = campaign.jobs("train")
    campaign.cluster.call("scontrol", "requeue", job["JobId"])
    campaign.wait_until(lambda: campaign.jobs("train")[0]["JobState"] == "PENDING")
    campaign.cluster.call("scontrol", "update", f"JobId={job['JobId']}", "StartTime=now")


def end_at_limit(campaign) -> None:
    """Let Slurm kill the training at a limit of a minute, of which it knows nothing."""
    conf = campaign.cluster.folder / "slurm.conf"
    conf.write_text(conf.read_text().replace("OverTimeLimit=5", "OverTimeLimit=0"))
    campaign.cluster.call("scontrol", "reconfigure")
    (job,) = campaign.jobs("train")
    campaign.cluster.call("scontrol", "update", f"JobId={job['JobId']}", "TimeLimit=1")


@pytest.fixture(scope="module")
def stopped(make_campaign: Callable):
    campaign = make_campaign("stopped")
    lengthen(campaign)
    campaign.replace("workflow/softbench/training/loop.py", *SLOW)
    process = campaign.start(BATCH)
    wait_for_checkpoint(campaign)
    requeue(campaign)
    wait_for_checkpoint(campaign)
    end_at_limit(campaign)
    said, _ = process.communicate(timeout=1500)
    assert process.returncode == 0, said
    return campaign


def log_of(job: dict[str, str]) -> str:
    return Path(job["StdOut"]).read_text()


def test_killed_at_its_limit_it_is_submitted_again(stopped) -> None:
    first, second = stopped.jobs("train")
    assert (first["JobState"], first["Restarts"]) == ("TIMEOUT", "1")
    assert second["JobState"] == "COMPLETED"


def test_each_start_goes_on_from_the_last_checkpoint(stopped) -> None:
    for job in stopped.jobs("train"):
        assert "continuing at step" in log_of(job)


def test_scores_are_those_of_an_undisturbed_run(stopped, make_campaign: Callable) -> None:
    local = make_campaign("undisturbed")
    lengthen(local)
    command = [sys.executable, "-m", "snakemake", "--cores", "2", BATCH, "--configfile", "tests/slurm/cluster.yaml"]
    environment = {**local.cluster.environment, "PYTHONPATH": str(local.path / "workflow")}
    subprocess.run(command, cwd=local.path, env=environment, check=True, capture_output=True, timeout=1500)
    pd.testing.assert_frame_equal(local.scores("one_hot"), stopped.scores("one_hot"), check_exact=True)
