"""What would be downloaded: the sources that a plan fetches, with the sizes that they publish; and what is lacking."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from softbench.forecast.dry_run import Job
from softbench.plan.modules import constant_of_source, source_has
from softbench.plan.plan import Plan

RAW = ("results", "raw")  # where the manifests of fetched sources lie
ALL = "paper_tables"  # the target that is every paper's table


def of(jobs: Iterable[Job], config: dict[str, Any]) -> dict[str, tuple[float, float] | None]:
    """Return source -> (download, unpacked) in GB; None where no size is published, zeros where a folder is given."""
    written = [Path(path).parts for job in jobs for path in job.outputs]
    return {parts[2]: _size(parts[2], config) for parts in written if parts[:2] == RAW}


def _size(source: str, config: dict[str, Any]) -> tuple[float, float] | None:
    if source in config["folders"]:
        return 0.0, 0.0
    size = constant_of_source(source, "SIZE_GB") if source_has(source, "SIZE_GB") else None
    return None if size is None else (float(size[0]), float(size[1]))


def left_out(targets: Iterable[str], plan: Plan) -> dict[str, str]:
    """Return the experiments that papers' tables among the targets would show, had they data: each with the reason."""
    named = [one for target in targets for one in (plan.papers_of(plan.config["data"]) if target == ALL else [target])]
    tables = [table for table in named if table in plan.paper_tables]
    experiments = dict.fromkeys(experiment for table in tables for experiment in plan.experiments_of(table))
    reasons = {name: plan.missing(name) for name in experiments}
    return {name: reason for name, reason in reasons.items() if reason is not None}
