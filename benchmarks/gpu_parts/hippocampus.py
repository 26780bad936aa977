"""Config's `hippocampus_5min`, five seeds end to end: from prepared cases on disk to the scores of 60 test cases."""

import time
from functools import partial
from typing import Any

import hippocampus_run
import pandas as pd
import torch
from bundle import open_hippocampus
from softbench.datasets import Dataset
from softbench.training import predictors
from softbench.training.inference import make_view
from softbench.training.run import Scoring
from softbench.training.scoring import score
from training_work import CONFIG

from gpu_parts.job import Job

EXPERIMENT, METHOD = "hippocampus_5min", "one_hot_ce_dice"
SEEDS = range(5)
SHOWN = {"dsc": ("dsc", None), **{f"ece_{roi}": ("ece", roi) for roi in ("all", "foreground", "band")}}
SHOWN |= {"nll_all": ("nll", "all"), "brier_all": ("brier", "all")}
ALL = "all"  # structures together


def run(job: Job) -> None:
    """Note of each seed what it reaches and what it took.

    Raises: FileNotFoundError: if the bundle holds no hippocampus.
    """
    dataset = open_hippocampus(job.bundle, job.scratch / "hippocampus")
    job.note(experiment=EXPERIMENT, method=METHOD)
    seeds = list(SEEDS)[: 1 if job.tiny else None]
    job.each("seeds", {f"seed {seed}": partial(one_seed, job, dataset, seed) for seed in seeds})


def one_seed(job: Job, dataset: Dataset, seed: int) -> dict[str, Any]:
    """Train and score a seed; seconds are those of the clock and of the process."""
    parts = hippocampus_run.split_parts(EXPERIMENT, dataset, most=2 if job.tiny else None)
    protocol = hippocampus_run.protocol_of(EXPERIMENT, steps=2 if job.tiny else None)
    clocks = [(time.monotonic(), time.process_time())]
    model = hippocampus_run.train_seed(EXPERIMENT, METHOD, dataset, parts, protocol, seed, job.device)
    clocks.append((time.monotonic(), time.process_time()))
    network = {METHOD: predictors.Networks([model], view=make_view(protocol))}
    rows, _ = score(network, dataset, parts.test, scoring(), log=lambda line: None)[METHOD]
    clocks.append((time.monotonic(), time.process_time()))
    names = ("training_s", "training_cpu_s"), ("scoring_s", "scoring_cpu_s")
    took = {
        name: after - before
        for pair, earlier, later in zip(names, clocks, clocks[1:], strict=False)
        for name, before, after in zip(pair, earlier, later, strict=True)
    }
    return took | {"steps": protocol.steps, "test_cases": len(parts.test), "scores": means(rows), **peak(job)}


def scoring() -> Scoring:
    """Return how the experiment is scored."""
    asked = CONFIG["experiments"][EXPERIMENT]["scoring"]
    return Scoring(**{name: value for name, value in asked.items() if name != "ensemble"})


def means(rows: pd.DataFrame) -> dict[str, float]:
    """Return the mean over test cases of each measure that is shown; DSC is the mean of both structures."""
    of_cases = rows[rows["case"] != "pooled"]
    found = {}
    for name, (metric, roi) in SHOWN.items():
        chosen = of_cases[of_cases["metric"] == metric]
        if roi is None:
            chosen = chosen[chosen["structure"] != ALL]
        else:
            chosen = chosen[(chosen["structure"] == ALL) & (chosen["roi"] == roi)]
        found[name] = float(chosen["value"].mean())
    return found


def peak(job: Job) -> dict[str, int]:
    """Return the most device memory that tensors took so far."""
    return {"peak_bytes": torch.cuda.max_memory_allocated(job.device)} if job.on_gpu else {}
