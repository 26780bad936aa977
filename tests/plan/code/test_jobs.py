"""Jobs that really run load no module that their stages are not said to reach, by whatever name they load it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from softbench.plan.code import Code, Stages
from softbench.training.posthoc.asked import CALIBRATIONS, DECODERS

BEGIN = """
import json, os, sys
from pathlib import Path
import nibabel, numba, pandas as pd, scipy.ndimage, skimage.segmentation, torch, torch._dynamo
silent = lambda *_: None
def batch_of():
    from softbench.training.material import Material
    from softbench.training.run import Run
    run = Run.of(json.loads(Path("run.json").read_text()))
    split = pd.DataFrame(json.loads(Path("split.json").read_text()), columns=["case", "patient", "part"])
    return Material(run, Path("data"), Path("soft"), split, torch.device("cpu"), silent)
"""
JOBS = {
    "prepare": """
from softbench.datasets.prepare import prepare
settings = {"size": "tiny", "cases": 4}
prepare.run("phantom_retina", None, Path("data"), settings=settings, versions={}, log=silent)
""",
    "map": """
from softbench.soft_labels import maps
maps.produce("superpixel", Path("data"), Path("map"), settings={"count": 50}, version={}, log=silent)
""",
    "soften": """
from softbench.soft_labels.produce import produce
produce("epd", Path("data"), Path("soft"), settings={"factor": 2}, version={}, log=silent)
""",
    "train": """
from softbench.jobs import pieces
from softbench.training import weights
for seed in (0, 1):
    folder = Path(f"run/seed-{seed}")
    pieces.make(folder, "model", "key", lambda scratch: weights.fill(batch_of(), seed, folder, scratch))
""",
    "score": """
from softbench.jobs import pieces
from softbench.training import scores
folder = Path("run/seed-0")
pieces.make(folder, "scores", "key", lambda scratch: scores.fill(batch_of(), 0, folder, scratch))
""",
    "ensemble": """
from softbench.training import ensemble
hashes = {n: json.loads(Path(f"run/seed-{n}/model.key.json").read_text())["hash"] for n in "01"}
seeds = {n: {"status": "done", "model": one, "key": "key"} for n, one in hashes.items()}
Path("run/batch-0.json").write_text(json.dumps({"seeds": seeds}))
ensemble.run(batch_of(), [Path("run/batch-0.json")], {}, Path("run/ensemble.json"))
""",
    "posthoc": """
from softbench.training.posthoc import grid
from softbench.training.posthoc.calibrations import local_temperature
local_temperature.STEPS = 1
versions = {piece.name: {} for piece in grid.pieces_of(*ASKED)}
grid.run(batch_of(), [Path("run/batch-0.json")], grid.pieces_of(*ASKED), versions, Path("run/posthoc.json"))
""".replace("ASKED", repr((CALIBRATIONS, DECODERS))),
    "sanity": """
from softbench import datasets
from softbench.training import sanity
run = json.loads(Path("run.json").read_text())
split = pd.DataFrame(json.loads(Path("split.json").read_text()), columns=["case", "patient", "part"])
sanity.run(kind="chance", names=run["names"], scoring=run["scoring"], versions={}, seed=0,
           dataset=datasets.open(Path("data")), split=split, output=Path("chance/batch-0.json"), log=silent)
""",
}
# Each job is a fork of one process that has imported torch and the like, and nothing of the suite.
EACH = """
for name, text in json.loads(sys.stdin.read()).items():
    if os.fork() == 0:
        exec(text)
        files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
        Path(f"{name}.json").write_text(json.dumps(sorted(file for file in files if file)))
        os._exit(0)
    if os.wait()[1]:
        sys.exit(f"{name} failed")
"""
LOSS = "learned(l1 + soft_dice)"
NAMED = {
    "prepare": {"source": "phantom_retina"},
    "map": {"recipe": "superpixel"},
    "soften": {"recipe": "epd"},
    "train": {"network": "compact_unet", "loss": LOSS, "recipe": "epd", "coarse": True},
    "score": {"network": "compact_unet", "coarse": True},
    "ensemble": {},
    "posthoc": {"calibrations": CALIBRATIONS, "decoders": DECODERS},
    "sanity": {},
}
# What scoring and an ensemble load besides stands in the key of the weights, which is in theirs.
OF_WEIGHTS = {"score": NAMED["train"], "ensemble": NAMED["train"], "posthoc": NAMED["train"]}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory, workflow: Path) -> dict[str, set[str]]:
    """The files below workflow/ that each job had loaded at its end, each in a process of its own."""
    folder = tmp_path_factory.mktemp("jobs")
    names = dict.fromkeys(("experiment", "dataset", "split", "network", "method"), "tiny")
    run = {
        "names": names, "loss": LOSS, "resolution": {"factor": 2},
        "network": {"name": "compact_unet", "widths": [4, 8]},
        "protocol": {"steps": 2, "batch": 2, "patch_size": [32, 32], "learning_rate": 0.01},
        "scoring": {"tolerances_mm": [2.0], "thresholds": True, "temperature": True, "in_plane": False},
        "versions": {"training": {}, "scoring": {}},
    }  # fmt: skip
    cases = [f"phantom_retina_{n:03d}" for n in range(4)]
    split = [[case, case, part] for case, part in zip(cases, ("train", "train", "val", "test"), strict=True)]
    (folder / "run.json").write_text(json.dumps(run))
    (folder / "split.json").write_text(json.dumps(split))
    command, environment = [sys.executable, "-c", BEGIN + EACH], {**os.environ, "PYTHONPATH": str(workflow)}
    done = subprocess.run(command, cwd=folder, env=environment, text=True, capture_output=True, input=json.dumps(JOBS))
    assert done.returncode == 0, done.stderr
    files = {job: map(Path, json.loads((folder / f"{job}.json").read_text())) for job in JOBS}
    return {job: {str(one.relative_to(workflow)) for one in files[job] if one.is_relative_to(workflow)} for job in JOBS}


@pytest.mark.slow
@pytest.mark.parametrize("job", JOBS)
def test_job_loads_what_its_stage_reaches_and_nothing_else(
    job: str, loaded: dict[str, set[str]], code: Code, stages: Stages
) -> None:
    reached = set(code.reached(*stages.entries(job, **NAMED[job])))
    if job in OF_WEIGHTS:
        reached |= code.reached(*stages.entries("train", **OF_WEIGHTS[job]))
    assert len(loaded[job]) > 15
    assert loaded[job] - reached == set()
