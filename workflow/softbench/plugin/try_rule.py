"""The rule of a recipe, tried on phantoms in a folder that is thrown away."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from softbench import datasets
from softbench.errors import InputError
from softbench.machine.finding import Finding
from softbench.soft_labels import open_store

CASES = 3
DATASETS = {"3-D": "phantom_brain_tiny", "2-D": "phantom_body_tiny"}
NEEDED = ("Snakefile", "config.yaml", "config", "workflow", "envs", "profiles")
LAST = 12  # lines of what Snakemake said that are shown where it failed


def findings(recipe: str, root: Path, *, only_read: bool) -> Iterator[Finding]:
    """Yield whether the workflow reads the rule and, unless only that is asked for, what the rule writes.

    Args:
        recipe: a rule file's name.
        root: the folder of the suite.
        only_read: for a recipe whose module was tried by itself.
    """
    with tempfile.TemporaryDirectory(prefix="softbench-check-") as folder:
        for name in NEEDED:
            Path(folder, name).symlink_to(root / name)
        targets = {dims: f"results/soft_labels/{dataset}/{recipe}/manifest.json" for dims, dataset in DATASETS.items()}
        failed, said = _snakemake(folder, [*targets.values(), *(["-n", "-q"] if only_read else ["-q", "rules", "-k"])])
        name = "read by workflow" if only_read else "rule on phantoms"
        done = "a dry run plans it" if only_read else f"ran on {' and '.join(DATASETS.values())}"
        yield Finding(name, "failed" if failed else "ok", said if failed else done)
        for dims, target in {} if only_read else targets.items():
            if Path(folder, target).exists():
                yield _of_store(Path(folder), dims, Path(target).parent)


def _snakemake(folder: str, arguments: list[str]) -> tuple[bool, str]:
    """Call Snakemake in a folder; return whether it failed, and the end of what it said."""
    environment = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    fewer = {dataset: {"cases": CASES} for dataset in DATASETS.values()}
    call = [sys.executable, "-m", "snakemake", "--cores", "1", *arguments, "--config", f"datasets={json.dumps(fewer)}"]
    done = subprocess.run(call, cwd=folder, env=environment, text=True, capture_output=True)
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    return done.returncode != 0, "\n    ".join(lines[-LAST:]).replace(folder + "/", "")


def _of_store(folder: Path, dims: str, store: Path) -> Finding:
    """Read the soft label of every case, as training would."""
    name = f"store ({dims})"
    try:
        dataset = datasets.open(folder / "results" / "data" / store.parent.name)
        soft_labels = open_store(folder / store)
        for case_id in dataset.cases["case"]:
            case = dataset.load(case_id)
            found, wanted = soft_labels.codes(case).shape, (len(dataset.classes), *case.labels.shape[1:])
            if found != wanted:
                raise InputError(f"case {case_id}: the shape is {found}, but must be {wanted}, class first.")
    except InputError as error:
        return Finding(name, "failed", str(error).replace(f"{folder}/", ""))
    return Finding(name, "ok", f"{len(dataset.cases)} cases: shape, type, range, sums, manifest")
