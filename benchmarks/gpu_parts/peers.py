"""The suite's step beside the SVLS authors' loop and MONAI's recipe on cases of BraTS size, taking turns."""

import os

import training_contest
import training_work

from gpu_parts.job import Job

STEPS, WARM_UP, ROUNDS = 4, 2, 3  # the authors' loop decodes four cases of five files a step
WORKERS = 4  # processes that prepare


def run(job: Job) -> None:
    """Note what a step costs each of the three, turn by turn, and how many times ours is as fast."""
    work = training_work.brats(job.scratch, job.device, tiny=job.tiny)
    dataset = work.prepare(job.scratch / "prepared", workers=1 if job.tiny else min(WORKERS, os.cpu_count() or 1))
    steps, warm_up, rounds = (1, 1, 1) if job.tiny else (STEPS, WARM_UP, ROUNDS)
    results = training_contest.take_turns(
        work,
        dataset,
        steps=steps,
        warm_up=warm_up,
        rounds=rounds,
        go_on=lambda: job.has_time(30),
        after=lambda results: job.note(**training_contest.facts(work, results)),
    )
    job.failed.extend(training_contest.failed(results))
