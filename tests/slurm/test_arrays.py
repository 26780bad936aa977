"""The other ways of the profile: runs as one array, downloads from the machine that submits, SIGTERM."""

import signal
from collections.abc import Callable

import pytest

pytestmark = pytest.mark.torture
RUNS = [f"results/runs/tiny/tiny_unet/{method}/batch-0.json" for method in ("one_hot", "ls")]


def test_runs_as_an_array_are_one_submission(make_campaign: Callable) -> None:
    campaign = make_campaign("array")
    campaign.replace("slurm/config.yaml", "# slurm-array-jobs: train", "slurm-array-jobs: train")
    campaign.run(*RUNS)
    trained = campaign.jobs("train")
    assert [one["JobState"] for one in trained] == ["COMPLETED", "COMPLETED"]
    assert len({one["ArrayJobId"] for one in trained}) == 1
    assert all((campaign.path / run).is_file() for run in RUNS)


def test_fetching_is_no_job(make_campaign: Callable) -> None:
    """It fails here, for want of such a folder; where it ran is what counts."""
    campaign = make_campaign("fetch")
    (campaign.path / "empty").mkdir()
    target = "results/raw/chase_db1/manifest.json"
    said = campaign.run(target, "--config", f"mirror={campaign.path}/empty", fails=True)
    assert "fetch_source" in said
    assert campaign.jobs() == []


def test_terminated_run_ends_with_the_jobs_that_it_has(make_campaign: Callable) -> None:
    """SIGTERM, as a service manager sends it: nothing new is submitted, what runs is waited for."""
    campaign = make_campaign("terminated")
    process = campaign.start(*RUNS)
    campaign.wait_until(lambda: any(one["JobState"] == "RUNNING" for one in campaign.queue()))
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=300)
    assert process.returncode != 0
    assert [one["JobState"] for one in campaign.jobs()] == ["COMPLETED"]
    assert (campaign.path / "results/data/phantom_brain_tiny/manifest.json").is_file()
