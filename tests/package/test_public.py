"""What is public: its names, its examples, and what it does without."""

import doctest
import importlib
import inspect
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import doctests
import pytest
import softbench
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from softbench import extras

PACKAGES = [name for name in softbench.__all__ if inspect.ismodule(getattr(softbench, name))]
SOURCES = Path(softbench.__file__).parent
WITH_EXAMPLES = [
    path for path in sorted(SOURCES.rglob("*.py")) if ">>> " in path.read_text(encoding="utf-8")
]  # fmt: skip
HEAVY = ("torch", "snakemake", "monai", "matplotlib", "seaborn", "jinja2", "skimage", "scipy.stats", "scipy.ndimage")


def test_packages_are_those_of_the_page() -> None:
    assert PACKAGES == ["figures", "for_monai", "losses", "metrics", "results", "soft_labels", "statistics"]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_function_has_an_example_that_gives_what_it_says(package: str) -> None:
    assert doctests.run([package]) == []


def test_function_without_an_example_and_a_wrong_example_are_found(monkeypatch) -> None:
    fake = ModuleType("softbench.fake")

    def bare() -> None:
        """Do nothing."""

    def wrong() -> int:
        """Count.

        >>> 1 + 1
        3
        """
        return 2

    fake.bare, fake.wrong, fake.__all__ = bare, wrong, ["bare", "wrong"]
    monkeypatch.setitem(sys.modules, "softbench.fake", fake)
    assert doctests.run(["fake"]) == ["fake.bare has no example", "fake.wrong: 1 of 1 lines give something else"]


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=lambda path: path.relative_to(SOURCES).as_posix())
def test_every_example_of_the_package_gives_what_it_says(path: Path) -> None:
    name = ".".join(path.relative_to(SOURCES.parent).with_suffix("").parts).removesuffix(".__init__")
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def run(code: str) -> str:
    """Run Python in a process of its own, and return what it printed, errors among it."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.mark.parametrize("package", ["soft_labels", "metrics", "statistics", "losses", "figures", "for_monai"])
def test_import_brings_no_heavy_library(package: str) -> None:
    code = f"import sys, softbench.{package}; print([name for name in {HEAVY} if name in sys.modules])"
    assert run(code) == "[]\n"


def test_import_of_metrics_brings_no_pandas() -> None:
    assert run("import sys, softbench.metrics; print('pandas' in sys.modules)") == "False\n"  # half of its time


def test_import_of_the_suite_brings_no_library_at_all() -> None:
    assert run("import sys, softbench; print([name for name in ('numpy', 'pandas') if name in sys.modules])") == "[]\n"


def test_losses_without_torch_say_what_to_install() -> None:
    said = run("import sys; sys.modules['torch'] = None; import softbench; softbench.losses.build('ce')")
    assert said.endswith(f"needs torch, which is not installed: pip install '{extras.DISTRIBUTION}[train]'\n")
    said = run("import sys; sys.modules['torch'] = None; import softbench; print('ce' in softbench.losses.names())")
    assert said == "True\n"


def test_diagram_without_matplotlib_says_what_to_install() -> None:
    said = run("import sys; sys.modules['matplotlib'] = None; import softbench; softbench.figures.reliability_diagram")
    assert said.endswith(f"needs matplotlib, which is not installed: pip install '{extras.DISTRIBUTION}[figures]'\n")


def test_other_missing_library_is_told_as_it_is() -> None:
    error = ModuleNotFoundError("No module named 'nothing'", name="nothing")
    assert extras.explained(error, "this") is error


def test_extras_bring_what_messages_say(project: dict[str, Any]) -> None:
    found = metadata.packages_distributions()
    for library, extra in extras.EXTRAS.items():
        brought = {canonicalize_name(Requirement(text).name) for text in project["optional-dependencies"][extra]}
        names = found.get(library, [library])  # nnU-Net is not installed in every environment
        assert brought & {canonicalize_name(name) for name in names}, f"[{extra}] does not bring {library}"
    assert project["name"] == extras.DISTRIBUTION


def test_pins_of_a_campaign_meet_the_dependencies(project: dict[str, Any], pinned: dict[str, str]) -> None:
    texts = [*project["dependencies"], *(one for many in project["optional-dependencies"].values() for one in many)]
    for one in map(Requirement, texts):
        if one.name != project["name"]:
            assert one.specifier.contains(pinned[canonicalize_name(one.name)]), f"{one} and envs/ disagree"


def test_package_says_its_types() -> None:
    assert (SOURCES / "py.typed").exists()
