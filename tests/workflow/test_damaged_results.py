"""Results that were damaged, deleted or copied: what the next run says, and that the command which it prints helps."""

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.damage import flip, instead
from tests.workflow.conftest import Clone

TINY = "tests/workflow/tiny.yaml"
DATA, LABELS, MAPS = (f"results/{room}/phantom_brain_tiny" for room in ("data", "soft_labels", "maps"))
RUNS = "results/runs/tiny/tiny_unet"
SAME = (  # bytes that are the same when they are made again
    f"{DATA}/manifest.json",
    f"{DATA}/cases.parquet",
    f"{DATA}/dropped.csv",
    f"{MAPS}/geodesic/shard-0.json",
    f"{LABELS}/geols/manifest.json",
    f"{RUNS}/one_hot/batch-0.json",
    f"{RUNS}/sanity.json",
    f"{RUNS}/oracle/batch-0.json",
    f"{RUNS}/one_hot/seed-0/model.pt",
    f"{RUNS}/geols/seed-0/scores.parquet",
    f"{RUNS}/oracle/seed-0/scores.parquet",
    f"{RUNS}/one_hot/seed-0/reliability.npz",
    f"{RUNS}/one_hot/seed-0/predictions/phantom_brain_000.nii.gz",
    "results/tables/tiny.csv",
    "results/tables/tiny.html",
    "results/figures/cases_tiny.png",
    "results/figures/cases_tiny.txt",
    "results/claims.csv",
    "results/scores.parquet",
)
OTHER = (  # circumstances stand in them
    f"{DATA}/provenance.json",
    f"{LABELS}/geols/quality.parquet",
    f"{RUNS}/geols/seed-0/history.csv",
    "results/report/index.html",
)


HARM: tuple[Callable[[Path], object], ...] = (
    lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    lambda path: path.write_bytes(b""),
    lambda path: path.write_bytes(os.urandom(700)),
    flip,
    instead(lambda path: path.symlink_to("/gone")),
    instead(lambda path: path.symlink_to(path.name)),
    instead(Path.mkdir),
    Path.unlink,
)


@pytest.fixture(scope="module")
def finished(make_clone: Callable) -> Clone:
    clone = make_clone("damaged")
    clone.replace(TINY, "methods: [one_hot, ls, svls, geols, chance, oracle]", "methods: [one_hot, geols, oracle]")
    clone.run()
    return clone


@pytest.fixture
def clone(finished: Clone, tmp_path: Path) -> Clone:
    folder = tmp_path / "copy"
    shutil.copytree(finished.path, folder, symlinks=True)
    return Clone(folder)


def contents(clone: Clone) -> dict[str, str]:
    return {name: hashlib.sha256((clone.path / name).read_bytes()).hexdigest() for name in SAME}


def repaired(clone: Clone) -> str:
    """Run, and do what is said, until nothing is; return what the last run printed."""
    for _ in range(3):
        process = clone.start()
        text, _ = process.communicate(timeout=300)
        if process.returncode == 0:
            return text
        assert "rule " not in text, text  # before the first job
        assert "`rm " in text, text
        (command,) = re.findall("`(rm .*?)`", text)
        named = text.partition("`")[0]
        for name in (*SAME, *OTHER):
            assert named.count(f"{name} ") <= 1
        assert ".." not in command
        subprocess.run(command, shell=True, check=True, cwd=clone.path)
    raise AssertionError(text)


@pytest.mark.parametrize("first", [3, *(pytest.param(n, marks=pytest.mark.torture) for n in (0, 1, 2, 4, 5, 6, 7))])
def test_every_kind_of_damage_to_every_kind_of_file_is_repaired(first: int, clone: Clone) -> None:
    before = contents(clone)
    for number, name in enumerate((*SAME, *OTHER), start=first):
        HARM[number % len(HARM)](clone.path / name)
    said = repaired(clone)
    assert "Deleted, so made again where they are asked for: " in said
    assert contents(clone) == before
    assert all((clone.path / name).is_file() for name in OTHER)
    assert not list((clone.path / ".snakemake/incomplete").rglob("*"))
    assert clone.jobs() == {}


def test_damaged_file_of_a_finished_job_is_made_again_by_a_forced_job(clone: Clone) -> None:
    """The time of the file is as before, so that only its content tells."""
    before, batch = contents(clone), f"{RUNS}/one_hot/batch-0.json"
    for file in ("model.pt", "scores.parquet"):
        path = clone.path / RUNS / "one_hot" / "seed-0" / file
        written = path.stat()
        flip(path)
        os.utime(path, (written.st_atime, written.st_mtime))
    text = clone.run(batch, "--forcerun", batch)
    for file in ("model.pt", "scores.parquet"):
        said = "is damaged (it has not the checksum that its record lists): it is made again."
        assert f"{RUNS}/one_hot/seed-0/{file} {said}" in text
    assert contents(clone) == before


def test_copy_without_times_runs_no_job(finished: Clone, tmp_path: Path) -> None:
    copy = tmp_path / "without_times"
    shutil.copytree(finished.path, copy, copy_function=shutil.copyfile, symlinks=True)
    files = [path for path in copy.rglob("*") if path.is_file()]
    for number, path in enumerate(sorted(files, key=lambda path: hashlib.sha256(str(path).encode()).digest())):
        os.utime(path, (1.7e9 + number, 1.7e9 + number))
    text = Clone(copy).run()
    assert "files have other times than their jobs gave them, and the same content: set back." in text
    assert "Nothing to be done" in text


def test_results_without_memory_of_snakemake_are_looked_at_again_and_nothing_is_trained(clone: Clone) -> None:
    before, batch = contents(clone), f"{RUNS}/one_hot/batch-0.json"
    shutil.rmtree(clone.path / ".snakemake")
    text = clone.run(batch)
    assert "Snakemake does not remember the settings of " in text
    assert re.search(r"^train +1$", text, re.MULTILINE)
    assert "no checkpoint, starting" not in text
    assert contents(clone) == before
    assert clone.jobs(batch) == {}


SCRIPTS = ("table", "claims", "collect_scores")
STORM = """    if Path("stormy").exists():
        raise RuntimeError("the weather is bad")
"""


def test_jobs_that_break_off_leave_the_last_good_files_and_the_page_says_that_it_is_older(clone: Clone) -> None:
    for script in SCRIPTS:
        path = clone.path / f"workflow/scripts/{script}.py"
        head, line, rest = path.read_text().partition("with logs.job(")
        opening, end, body = rest.partition(":\n")
        path.write_text(f"from pathlib import Path\n{head}{line}{opening}{end}{STORM}{body}")
    (clone.path / "stormy").touch()
    page = clone.path / "results/report/index.html"
    names = [name for name in SAME if not name.startswith((DATA, LABELS, MAPS, RUNS))]
    before = {name: (hashlib.sha256((clone.path / name).read_bytes()), os.stat(clone.path / name)) for name in names}
    text = clone.run("--keep-going", "--forcerun", *SCRIPTS, fails=True)
    assert text.count("the weather is bad") >= len(SCRIPTS)
    assert "Restored previous version" not in text
    assert re.search(r"A job broke off, so \d+ files of the last good run were kept: results/", text)
    for name, (digest, facts) in before.items():
        assert hashlib.sha256((clone.path / name).read_bytes()).digest() == digest.digest()
        assert os.stat(clone.path / name).st_mtime == facts.st_mtime
    assert "Kept from before: tiny." in page.read_text()
    clone.run("--keep-going", fails=True)
    assert page.read_text().count("This page is older than the newest results: ") == 1
    (clone.path / "stormy").unlink()
    text = clone.run()
    assert all(re.search(rf"^{script} +1$", text, re.MULTILINE) for script in SCRIPTS)
    assert "This page is older" not in page.read_text()
    assert clone.jobs() == {}
    assert all(hashlib.sha256((clone.path / n).read_bytes()).digest() == d.digest() for n, (d, _) in before.items())
