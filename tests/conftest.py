"""Paths that tests share."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LONG = ("workflow", "slurm", "benchmarks")  # rooms whose tests start Snakemake, or scripts of minutes
pytest_plugins = ["tests.small_table"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite-snapshots", action="store_true", help="write tests/snapshots anew")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let rooms with long files begin: with a file a worker, a long one begun last keeps one worker at work alone."""
    items.sort(key=lambda item: item.path.relative_to(ROOT / "tests").parts[0] not in LONG)


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def oracles() -> Path:
    return ROOT / "tests" / "oracles"


@pytest.fixture(scope="session")
def hippocampus_folder() -> Path:
    """The real MSD Task04, or a skip with the reason."""
    folder = Path(os.environ.get("SOFTBENCH_DATA", ROOT.parent / "shared" / "data")) / "msd_task04_hippocampus"
    if not folder.is_dir():
        pytest.skip(f"needs the real data of MSD Task04: {folder} is missing (set SOFTBENCH_DATA)")
    return folder
