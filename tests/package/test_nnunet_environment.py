"""The room for nnU-Net with the wheel, in an environment that has nnU-Net as pinned."""

import os
import subprocess
from pathlib import Path

import pytest


@pytest.mark.torture
def test_tests_of_the_room_pass_with_the_pinned_nnunet(root: Path, wheel: Path, fresh) -> None:
    folder = root / "tests" / "for_nnunet"
    lines = (folder / "pins.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    environment = fresh(f"{wheel}[train]", "pytest", *pins)
    command = [environment.folder / "bin" / "python", "-m", "pytest", "-q", "-m", "", "-p", "no:cacheprovider", folder]
    done = subprocess.run(
        [*command, "--rootdir", folder, "-c", os.devnull, "--import-mode=importlib"],
        cwd=environment.work, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "skipped" not in done.stdout.splitlines()[-1] or "nnU-Net cannot search" in done.stdout
