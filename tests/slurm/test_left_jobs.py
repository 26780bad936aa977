"""What a run leaves in the queue: cancelled, nothing; killed, its jobs, and the next run starts none beside them."""

import re
import signal
import subprocess
from collections.abc import Callable

import pytest

WAITS = "\nimport time; time.sleep(600)\nwith logs.job"
TARGET = "results/data/phantom_brain_tiny/manifest.json"


@pytest.fixture(scope="module")
def campaign(make_campaign: Callable):
    """A copy whose only job runs for ten minutes."""
    campaign = make_campaign("left")
    campaign.replace("workflow/scripts/prepare.py", "\nwith logs.job", WAITS)
    return campaign


def start(campaign) -> tuple[subprocess.Popen[str], str]:
    """Return a run with its job at work, and the job's id."""
    process = campaign.start(TARGET)
    campaign.wait_until(lambda: any(one["JobState"] == "RUNNING" for one in campaign.queue()))
    (job,) = campaign.queue()
    return process, job["JobId"]


def test_interrupted_run_leaves_no_job(campaign) -> None:
    process, job = start(campaign)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=120)
    assert process.returncode != 0
    campaign.wait_until(lambda: campaign.queue() == [], 30)
    assert [one["JobState"] for one in campaign.jobs() if one["JobId"] == job] == ["CANCELLED"]


def test_killed_run_leaves_its_job_and_the_next_says_so_and_starts_none(campaign) -> None:
    process, job = start(campaign)
    process.kill()
    printed, _ = process.communicate()
    assert [one["JobId"] for one in campaign.queue()] == [job]
    said = campaign.run(TARGET, fails=True)
    assert f"scancel {job}" in said
    assert "Traceback" not in said
    assert [one["JobId"] for one in campaign.queue()] == [job]
    assert TARGET in campaign.run(TARGET, "-n")  # who only looks is let through
    campaign.cluster.call("scancel", "--name", re.search(r"SLURM run ID: (\S+)", printed)[1])
    campaign.wait_until(lambda: campaign.queue() == [], 30)
