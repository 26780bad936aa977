"""The wheel, installed where there is nothing of the suite: what it holds, and what works with it alone."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from make.markdown import DOCS
from make.site import tutorials

CORE = ("soft_labels", "metrics", "statistics", "results")  # need no extra
SCORE = "score --predictions soft=own/soft --references own/references --output out"


def printed(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_wheel_holds_every_file_of_the_package(wheel: Path, root: Path) -> None:
    package = root / "workflow" / "softbench"
    listed = printed("git", "-C", package, "ls-files").split()
    held = {name.removeprefix("softbench/") for name in zipfile.ZipFile(wheel).namelist()}
    assert [name for name in listed if (package / name).exists() and name not in held] == []


def test_wheel_holds_nothing_else(wheel: Path) -> None:
    folders = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {folder.split("-")[0] for folder in folders} == {"softbench", "softlabelbench"}


@pytest.mark.slow
def test_examples_run_with_the_wheel_alone(wheel: Path, fresh) -> None:
    bare = fresh(str(wheel))
    done = bare.examples(*CORE)
    assert done.returncode == 0, done.stdout
    for absent in ("torch", "snakemake", "monai", "matplotlib"):
        assert f"No module named '{absent}'" in bare.run("python", "-c", f"import {absent}").stdout
    said = bare.run("python", "-c", "import softbench; softbench.losses.build('ce')").stdout
    assert said.endswith(
        "softbench.losses.build needs torch, which is not installed: pip install 'softlabelbench[train]'\n"
    )


@pytest.mark.slow
def test_commands_with_the_wheel_alone(wheel: Path, fresh) -> None:
    bare = fresh(str(wheel))
    assert bare.run("python", Path(__file__).parent / "score_example.py", "own").returncode == 0
    scored = bare.run("softbench", *SCORE.split())
    assert scored.returncode == 0, scored.stdout
    assert "WARNING: a reliability diagram needs matplotlib" in scored.stdout
    assert (bare.work / "out" / "scores.csv").exists()
    assert "softlabelbench[figures]" in (bare.work / "out" / "index.html").read_text(encoding="utf-8")
    words = "soften --recipe svls --labels own/references/case_0.nii.gz --classes 2 --set sigma=2 --output s.nii.gz"
    softened = bare.run("softbench", *words.split())
    assert softened.returncode == 0, softened.stdout
    for verb in ("check", "code", "costs", "explain", "export", "new", "pack", "plan"):
        refused = bare.run("softbench", verb)
        assert refused.returncode == 1
        assert refused.stdout.startswith(f"ERROR: `softbench {verb}` reads the rules and config of a checkout")
        assert len(refused.stdout.splitlines()) == 1


@pytest.mark.slow
def test_extras_bring_diagrams_and_losses(wheel: Path, fresh, pinned: dict[str, str]) -> None:
    both = fresh(f"{wheel}[figures,train]", f"torch=={pinned['torch']}")
    done = both.examples("figures", "losses")
    assert done.returncode == 0, done.stdout
    assert both.run("python", Path(__file__).parent / "score_example.py", "own").returncode == 0
    scored = both.run("softbench", *SCORE.split())
    assert scored.returncode == 0, scored.stdout
    assert (both.work / "out" / "figures" / "reliability.png").exists()


@pytest.mark.torture
def test_lowest_versions(wheel: Path, fresh, lowest) -> None:
    done = fresh(str(wheel), *lowest("figures")).examples(*CORE, "figures")
    assert done.returncode == 0, done.stdout


@pytest.mark.torture
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_highest_versions(version: str, wheel: Path, fresh) -> None:
    python = f"python{version}"
    if shutil.which(python) is None or subprocess.run([python, "--version"], check=False).returncode:
        pytest.skip(f"there is no {python}")
    done = fresh(f"{wheel}[figures]", python=python).examples(*CORE, "figures")
    assert done.returncode == 0, done.stdout


@pytest.mark.torture
def test_lowest_torch(wheel: Path, fresh, lowest) -> None:
    done = fresh(str(wheel), *lowest("train")).examples("losses")  # a download of 3 GB where it is a build for CUDA
    assert done.returncode == 0, done.stdout


def check_monai(own) -> None:
    """Run the examples of `for_monai` and the tutorial where only the wheel and its extra are."""
    done = own.examples("losses", "for_monai")
    assert done.returncode == 0, done.stdout
    code = tutorials.blocks((DOCS / "tutorials" / "monai.md").read_text(encoding="utf-8"))
    (own.work / "tutorial.py").write_text("\n".join(code), encoding="utf-8")
    trained = own.run("python", "-I", "tutorial.py")
    assert trained.returncode == 0, trained.stdout
    assert "ece of all: 0." in trained.stdout


@pytest.mark.torture
def test_extra_of_monai_brings_what_its_tutorial_needs(wheel: Path, fresh, pinned: dict[str, str]) -> None:
    check_monai(fresh(f"{wheel}[monai]", f"torch=={pinned['torch']}"))


@pytest.mark.torture
def test_lowest_monai(wheel: Path, fresh, lowest) -> None:
    check_monai(fresh(str(wheel), *lowest("train", "monai")))


@pytest.mark.torture
def test_made_files_hold_the_commit_and_pass_twine(tmp_path: Path, root: Path) -> None:
    done = subprocess.run(
        [sys.executable, root / "envs" / "distribution.py", tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("PASSED") == 2
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as held:
        assert (
            held.read("softbench/jobs/archived_commit").decode().strip()
            == printed("git", "-C", root, "rev-parse", "HEAD").strip()
        )
