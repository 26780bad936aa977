"""What finished runs took: training from each seed's records, scoring from the time of whole jobs."""

import calendar
import json
import time
from pathlib import Path
from typing import Any

import pandas as pd

from softbench.costs import seed
from softbench.forecast.work import load_of, tested_of
from softbench.plan.plan import Plan

RUNS, BENCHMARKS = Path("results/runs"), Path("results/benchmarks/runs")
SLACK_S = 5.0  # between the start of a job and Snakemake's clock


def collect(plan: Plan) -> pd.DataFrame:
    """Return a row for each seed below results/runs whose experiment, network and method config still has.

    Returns: the columns of `costs.seed.cost_of`, `load` (what a step computed, by config as it is now), `tested`,
        `s_per_step` (seconds on a GPU, CPU seconds elsewhere, reading and validation included; NaN for runs that were
        stopped and resumed) and `scoring_s` (NaN where a job did not train all of its seeds). No row where nothing was
        trained.
    """
    folders = sorted({path.parent for path in RUNS.glob("*/*/*/seed-*/history.csv")})
    rows = [_row(plan, folder) for folder in folders if (folder / "provenance.json").exists() and _known(plan, folder)]
    return pd.DataFrame(rows)


def _known(plan: Plan, folder: Path) -> bool:
    experiment, network, method = folder.parts[-4:-1]
    known = experiment in plan.experiments and network in plan.config["networks"] and method in plan.methods
    return known and plan.methods[method]["sanity"] is None


def _row(plan: Plan, folder: Path) -> dict[str, Any]:
    cost = seed.cost_of(folder)
    place = (cost["experiment"], cost["network"], cost["method"])
    taken = float("nan") if cost["resumed"] else cost["s" if cost["on_gpu"] else "cpu_s"]
    return {
        **cost,
        "load": load_of(plan, *place),
        "tested": tested_of(plan, cost["experiment"]),
        "s_per_step": taken / cost["steps"],
        "scoring_s": scoring_s(folder),
    }


def scoring_s(folder: Path) -> float:
    """Return the seconds of scoring a seed: those of its job that are not training, shared by the job's seeds.

    NaN where there is no record of the job, or a seed was trained before the job began.
    """
    for path in folder.parent.glob("batch-*.json"):
        seeds = json.loads(path.read_text(encoding="utf-8"))["seeds"]
        clock = BENCHMARKS.joinpath(*folder.parts[-4:-1], f"{path.stem}.tsv")
        if folder.name.removeprefix("seed-") in seeds and clock.exists():
            return _apart(clock, [folder.parent / f"seed-{one}" / "provenance.json" for one in seeds])
    return float("nan")


def _apart(clock: Path, records: list[Path]) -> float:
    job_s = float(pd.read_csv(clock, sep="\t")["s"].iloc[0])
    began = clock.stat().st_mtime - job_s
    facts = [json.loads(path.read_text(encoding="utf-8")) for path in records if path.exists()]
    starts = [calendar.timegm(time.strptime(one["began"], "%Y-%m-%dT%H:%M:%SZ")) for one in facts]
    if not facts or len(facts) < len(records) or min(starts) < began - SLACK_S:
        return float("nan")
    return max(0.0, job_s - sum(one["seconds"] for one in facts)) / len(facts)
