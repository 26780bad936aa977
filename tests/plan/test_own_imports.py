"""Files of a user are imported once for each state of their code, in another process, before any job."""

import shutil
import sys
from pathlib import Path

import pytest
from softbench import InputError
from softbench.plan import modules, own_imports
from softbench.plan.code import Code

LOSS = '''"""Own."""

from torch import nn

VERSION = 1
LOSS = {"class": "Own"}


class Own(nn.Module):
    """Mean of the logits."""

    def forward(self, logits, target):
        """Return it."""
        return logits.mean()
'''
FAULTS = {  # what is changed -> what is said
    "name that is not there": ("from torch import nn", "from torch import nn, nnn", r"ImportError: .*'nnn'.*line 3"),
    "name of the package": ("VERSION", "from softbench.losses.arithmetic import probabilty\nVERSION", "ImportError: "),
    "error at the top": ("VERSION = 1", "VERSION = 1\nX = 1 / 0", r"ZeroDivisionError: .* \(own\.py, line 6\)"),
    "end of Python": ("VERSION = 1", "VERSION = 1\nraise SystemExit(0)", "ends Python when it is imported"),
    "crash": ("VERSION = 1", "import os\nVERSION = 1\nos._exit(3)", "ended the process"),
    "not a number": ("logits.mean()", "logits", r"must return one number for the whole batch"),
    "no loss of torch": ("class Own(nn.Module)", "class Own", r"Own is no loss of torch. Write `class Own\("),
}  # fmt: skip


@pytest.fixture
def package(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package, which is planned."""
    shutil.copytree(root / "workflow", tmp_path / "workflow", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(modules, "PACKAGE", tmp_path / "workflow/softbench")
    monkeypatch.setenv("PYTHONPATH", "")
    return tmp_path / "workflow/softbench"


def check(package: Path) -> None:
    own_imports.check([], Code(package.parent), package.parents[1] / "imported.json")


def test_suite_without_own_files_starts_no_process(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_imports.subprocess, "run", None)
    check(package)


def test_sound_file_is_imported_once_until_it_changes(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (package / "losses/own.py").write_text(LOSS)
    check(package)
    run, calls = own_imports.subprocess.run, []
    monkeypatch.setattr(own_imports.subprocess, "run", lambda *a, **k: calls.append(a) or run(*a, **k))
    check(package)
    (package / "losses/own.py").write_text(f"# a comment\n{LOSS}")
    check(package)
    assert calls == []
    (package / "losses/own.py").write_text(LOSS.replace("mean()", "sum()"))
    check(package)
    assert len(calls) == 1
    assert "softbench.losses.own" not in sys.modules


@pytest.mark.parametrize("fault", FAULTS)
def test_file_that_fails_is_named_each_time(fault: str, package: Path) -> None:
    old, new, said = FAULTS[fault]
    (package / "losses/own.py").write_text(LOSS.replace(old, new, 1))
    for _ in range(2):
        with pytest.raises(InputError, match=f"losses/own.py.*{said}"):
            check(package)


def test_package_of_another_environment_is_left_to_it(package: Path) -> None:
    (package / "losses/own.py").write_text(LOSS.replace("VERSION", "import no_such_package\nVERSION"))
    check(package)
