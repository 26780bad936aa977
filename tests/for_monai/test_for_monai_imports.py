"""The room is imported without MONAI, and says what installs it."""

import subprocess
import sys

import pytest
from softbench import for_monai


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_import_brings_neither_monai_nor_torch() -> None:
    code = (
        "import sys, softbench; softbench.for_monai.__all__; print([n for n in ('torch', 'monai') if n in sys.modules])"
    )
    assert run(code) == "[]\n"


@pytest.mark.parametrize("name", ["SoftLabeld", "SoftLoss", "SoftbenchMetric"])
@pytest.mark.parametrize("missing", ["monai", "torch"])
def test_missing_library_is_told_with_what_installs_it(missing: str, name: str) -> None:
    said = run(f"import sys; sys.modules[{missing!r}] = None; import softbench; softbench.for_monai.{name}")
    assert said.endswith(f"{name} needs {missing}, which is not installed: pip install 'softlabelbench[monai]'\n")


def test_all_is_there_and_other_names_are_refused() -> None:
    assert all(getattr(for_monai, name).__name__ == name for name in for_monai.__all__)
    with pytest.raises(AttributeError, match="has no 'SoftLabels'; it has: SoftLabel, SoftLabeld"):
        for_monai.SoftLabels  # noqa: B018
