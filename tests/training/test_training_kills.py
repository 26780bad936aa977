"""Training killed at 20 random steps: weights and scores are those of a run that nobody disturbed, bit for bit.

A process that has imported all it needs forks a child for each attempt; the child kills itself by SIGKILL right before
the step that was drawn, and the next attempt goes on from what it left.
"""

import json
import random
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from softbench.datasets.prepare import prepare
from softbench.soft_labels.produce import produce

SEEDS, STEPS, KILLS = 4, 60, 20
SPLIT = "case,patient,part\n" + "".join(
    f"phantom_brain_{n:03d},phantom_brain_{n:03d},{part}\n" for n, part in enumerate(["train", "train", "val", "test"])
)
SCRIPT = """
import json, os, signal, sys
from pathlib import Path
import torch
from softbench.datasets import splits
from softbench.training import loop
from softbench.training.batch import Batch, Run, run_batch

torch.set_num_threads(1)
folder, output, run, kills = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3]), json.loads(sys.argv[4])
seeds, draw, loop.CHECKPOINT_S = json.loads(sys.argv[5]), loop.draw_batch, 0.0


def attempt(last):
    def batch_unless_killed(data, protocol, seed, step, into):
        if last is not None and [seed, step] == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return draw(data, protocol, seed, step, into)

    loop.draw_batch = batch_unless_killed
    split = splits.read(folder / "split.csv")
    batch = Batch(Run.of(run), folder / "data", folder / "soft", split, torch.device("cpu"), print)
    run_batch(batch, seeds, output, output / "batch-0.json")


for last in [*kills, None]:
    child = os.fork()
    if child == 0:
        attempt(last)
        os._exit(0)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert ended == (-signal.SIGKILL if last else 0), f"attempt to be killed at {last} ended with {ended}"
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    prepare.run(
        "phantom_brain",
        None,
        folder / "data",
        versions={},
        settings={"size": "tiny", "cases": 4},
        log=lambda line: None,
    )
    produce("one_hot", folder / "data", folder / "soft", settings={}, version={}, log=lambda line: None)
    (folder / "split.csv").write_text(SPLIT)
    return folder


def run(data: Path, output: Path, kills: list[tuple[int, int]]) -> str:
    """Run seeds 0 to 3, killed before each of these (seed, step) in turn; return what was logged."""
    settings = {
        "names": {"experiment": "tiny", "dataset": "made", "split": "main", "network": "small", "method": "one_hot"},
        "network": {"name": "compact_unet", "widths": [4, 8]},
        "loss": "learned(ce + dice)",  # learned weights must come back, too
        "protocol": {
            "steps": STEPS, "batch": 2, "patch_size": [8, 16, 16], "learning_rate": 0.01, "flips": ["W"],
            "select": "best", "schedule": "halve_on_plateau", "patience": 1, "validate_every": 20,
        },
        "scoring": {"tolerances_mm": [2.0]},
        "versions": {"training": {}, "scoring": {}},
    }  # fmt: skip
    texts = [json.dumps(value) for value in (settings, kills, list(range(SEEDS)))]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(data), str(output), *texts], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_run_killed_at_20_random_steps_ends_like_an_undisturbed_one(data: Path, tmp_path: Path) -> None:
    places = [(seed, step) for seed in range(SEEDS) for step in range(STEPS)]
    kills = sorted(random.Random(0).sample(places, KILLS))
    run(data, tmp_path / "whole", [])
    run(data, tmp_path / "killed", kills)
    assert (tmp_path / "killed" / "batch-0.json").read_bytes() == (tmp_path / "whole" / "batch-0.json").read_bytes()
    for seed in range(SEEDS):
        whole, killed = (pd.read_parquet(tmp_path / n / f"seed-{seed}" / "scores.parquet") for n in ("whole", "killed"))
        pd.testing.assert_frame_equal(whole, killed, check_exact=True)
        assert not (tmp_path / "killed" / f"seed-{seed}" / "checkpoint.pt").exists()
