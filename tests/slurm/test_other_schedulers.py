"""profiles/cluster: what PBS, SGE and LSF are given, and what is made of their answers; programs of the same names."""

import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

SUBMIT = r"""#!/bin/sh
# stands in for qsub and bsub: runs the job at once, in the background, and says its id as the scheduler would
echo "$0 $@" >> "$CALLS"
id=$(wc -l < "$CALLS")
for script; do :; done
[ "${0##*/}" = bsub ] && { cat > "$CALLS.$id.sh"; script=$CALLS.$id.sh; }
if [ -z "${HELD:-}" ]; then
  PBS_JOBID=$id sh "$script" > "$CALLS.$id.log" 2>&1
fi
[ "${0##*/}" = bsub ] && echo "Job <$id> is submitted to default queue <normal>." || echo "$id"
"""
QUEUE = (
    '#!/bin/sh\necho "$0 $@" >> "$CALLS.queue"\n[ -n "${HELD:-}" ] && { echo RUN; exit 0; }\necho unknown >&2; exit 1\n'
)
CANCEL = '#!/bin/sh\necho "$0 $@" >> "$CALLS.cancelled"\n'
PROGRAMS = {"qsub": SUBMIT, "bsub": SUBMIT, "qstat": QUEUE, "bjobs": QUEUE, "qdel": CANCEL, "bkill": CANCEL}
LINES = {
    "pbs": "-N job -l select=1:ncpus=4:mem=8000mb:ngpus=1 -l walltime=25:05:00 -j oe",
    "sge": "-terse -N job -S /bin/sh -pe smp 4 -l h_vmem=2000M -l h_rt=25:05:00 -l gpu=1 -j y",
    "lsf": "-J job -n 4 -R span[hosts=1] rusage[mem=8000] -W 1505 -gpu num=1",
}


@pytest.fixture
def cluster(root: Path, tmp_path: Path) -> Any:
    """A folder with the profile and stand-ins; returns what runs a command in it."""
    (tmp_path / "bin").mkdir()
    for name, text in PROGRAMS.items():
        (tmp_path / "bin" / name).write_text(text)
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / "profiles").symlink_to(root / "profiles")
    environment = os.environ | {
        "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}",
        "CALLS": str(tmp_path / "calls"),
        "SOFTBENCH_WAIT_S": "1",
    }

    def run(*words: object, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*map(str, words)], cwd=tmp_path, env=environment | more, capture_output=True, text=True, check=False
        )

    return run


def job(root: Path, folder: Path, command: str) -> Path:
    text = (root / "profiles/cluster/job.sh").read_text().format(properties="{}", exec_job=command)
    path = folder / "job with space.sh"
    path.write_text(text)
    return path


@pytest.mark.parametrize("scheduler", LINES)
def test_each_scheduler_is_asked_for_what_the_job_needs(
    scheduler: str, cluster: Any, root: Path, tmp_path: Path
) -> None:
    script = job(root, tmp_path, "exit 0 || exit 1")
    submit = ("profiles/cluster/submit.sh", scheduler, 4, 8000, 1505, 1, "job", script)
    result = cluster(*submit)
    assert result.stdout == f"{scheduler}:1\n", result.stderr
    assert LINES[scheduler] in (tmp_path / "calls").read_text()
    assert cluster("profiles/cluster/status.sh", f"{scheduler}:1").stdout == "success\n"
    cluster(*submit[:5], 0, "job", script)
    assert "gpu" not in (tmp_path / "calls").read_text().splitlines()[1]
    cluster("profiles/cluster/cancel.sh", f"{scheduler}:1", f"{scheduler}:2")
    cancelled = (tmp_path / "calls.cancelled").read_text().splitlines()
    assert [Path(line.split()[0]).name for line in cancelled] == ["bkill" if scheduler == "lsf" else "qdel"] * 2
    assert [line.split()[1] for line in cancelled] == ["1", "2"]


@pytest.mark.parametrize("scheduler", LINES)
def test_status_tells_failed_killed_and_running_apart(scheduler: str, cluster: Any, root: Path, tmp_path: Path) -> None:
    script = job(root, tmp_path, "exit 3")
    words = ("profiles/cluster/submit.sh", scheduler, 1, 1000, 10, 0, "job", script)
    cluster(*words)
    assert cluster("profiles/cluster/status.sh", f"{scheduler}:1").stdout == "failed\n"
    cluster(*words, HELD="yes")
    status = ("profiles/cluster/status.sh", f"{scheduler}:2")
    assert cluster(*status, HELD="yes").stdout == "running\n"
    assert cluster(*status).stdout == "running\n"  # gone, but its exit code may be on its way
    time.sleep(1.1)
    assert cluster(*status).stdout == "failed\n"


def test_unknown_scheduler_and_no_id_are_errors(cluster: Any, root: Path, tmp_path: Path) -> None:
    script = job(root, tmp_path, "exit 0")
    wrong = cluster("profiles/cluster/submit.sh", "cray", 1, 1000, 10, 0, "job", script)
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "must be pbs, sge or lsf, not cray" in wrong.stderr
    (tmp_path / "bin" / "bsub").write_text("#!/bin/sh\necho Request aborted.\n")
    none = cluster("profiles/cluster/submit.sh", "lsf", 1, 1000, 10, 0, "job", script)
    assert none.returncode == 1
    assert "no job id" in none.stderr


def test_profile_asks_for_what_slurms_does(root: Path) -> None:
    slurm, other = (
        yaml.safe_load((root / path).read_text()) for path in ("slurm/config.yaml", "profiles/cluster/config.yaml")
    )
    for key in ("set-resources", "groups", "group-components", "resources", "set-resource-scopes", "retries"):
        assert other[key] == slurm[key], f"{key} differs: change both profiles"
    assert set(other["default-resources"]) == {"mem_mb", "runtime", "cpus_per_task", "gpu"}
    assert other["executor"] == "cluster-generic"
    for program in (
        other["cluster-generic-submit-cmd"].split()[0],
        *(other[f"cluster-generic-{word}-cmd"] for word in ("status", "cancel")),
    ):
        assert os.access(root / program, os.X_OK), program


SNAKEFILE = """
rule all:
    input: "second.txt"
rule first:
    output: "first.txt"
    resources: gpu=1
    shell: "echo 1 > {output}"
rule second:
    input: "first.txt"
    output: "second.txt"
    shell: "cat {input} > {output}"
"""


def test_plugin_runs_jobs_with_the_profile(cluster: Any, root: Path, tmp_path: Path) -> None:
    pytest.importorskip(
        "snakemake_executor_plugin_cluster_generic", reason="needs snakemake-executor-plugin-cluster-generic"
    )
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    profile = yaml.safe_load((root / "profiles/cluster/config.yaml").read_text())
    for key in ("set-resources", "groups", "group-components"):
        del profile[key]  # of rules that are not here
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "config.yaml").write_text(yaml.safe_dump(profile | {"max-status-checks-per-second": 10}))
    result = cluster("snakemake", "--cores", "1", "--profile", "small", "--seconds-between-status-checks", "1")
    assert result.returncode == 0, result.stdout + result.stderr
    assert (tmp_path / "second.txt").read_text() == "1\n"
    first, second = (tmp_path / "calls").read_text().splitlines()
    assert "-N softbench-first -l select=1:ncpus=1:mem=4000mb:ngpus=1 -l walltime=01:00:00" in first
    assert "-N softbench-second -l select=1:ncpus=1:mem=4000mb -l" in second
