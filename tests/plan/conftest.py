"""A config, checked and planned as `snakemake -n` does."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from softbench.plan import checks, rule_files
from softbench.plan.config import read
from softbench.plan.config.check import faults
from softbench.plan.places import refuse
from softbench.plan.plan import Plan


@pytest.fixture(scope="session")
def shipped_config(root: Path) -> dict[str, Any]:
    """What the shipped files of config say; not to be changed."""
    return Plan.read(root).config


@pytest.fixture
def config(shipped_config: dict[str, Any]) -> dict[str, Any]:
    """The same, to be changed."""
    return deepcopy(shipped_config)


@pytest.fixture(scope="session")
def accepted(root: Path) -> Callable[[dict[str, Any]], Plan]:
    """Check a config and plan it; raises the first fault."""
    shipped = read(root)

    def accept(config: dict[str, Any]) -> Plan:
        refuse(faults(config), None)
        plan = Plan(config, rule_files.find(), by_name=shipped.by_name, tried=shipped.tried)
        checks.fit(plan)
        return plan

    return accept
