"""Is it worth training seeds together, and replaying steps as CUDA graphs or compiled: seconds a model, and losses."""

import time
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import torch
from hippocampus_run import protocol_of
from softbench.training.device import channels_last
from training_work import CONFIG, build, read_clock, seconds_between

from gpu_parts.job import Job
from gpu_parts.ways import HOWS, WARM, Batches, Runner

EXPERIMENT, CHANNELS, CLASSES = "hippocampus_5min", 1, 3
COUNTS = {"full": (8, 4, 2, 1), "tiny": (2, 1)}  # seeds at once; the most telling first
COMPARED = 20  # steps whose losses are compared
SEED = 0


def run(job: Job) -> None:
    """Note what a model costs in each way, and how far its losses are from those of seeds trained one by one."""
    possible = [how for how in HOWS if job.on_gpu or "graph" not in how]
    ways = [(fuse, how) for how in possible for fuse in (False, True)]
    counts = COUNTS["tiny" if job.tiny else "full"]
    alone = {count: partial(losses, job, count, False, "eager", half=job.on_gpu) for count in counts}
    expected = {count: cache(take) for count, take in alone.items()}  # taken once, when it is first needed
    items = {
        f"{title(fuse, how)}, {count} seeds": partial(measure, job, expected[count], count, fuse, how)
        for fuse, how in ways
        for count in counts
        if count > 1 or not fuse
    }
    if not job.on_gpu:
        job.note(left_out="CUDA graphs: there is no GPU; `compiled` is traced, not compiled")
    job.note(network=CONFIG["experiments"][EXPERIMENT]["networks"][0], steps_of_a_model=protocol_of(EXPERIMENT).steps)
    job.each("losses", {"rerun": partial(rerun, job, counts[0]), "fused, in float32": partial(exact, job, counts[0])})
    job.each("ways", items)


def title(fuse: bool, how: str) -> str:
    """Return what a way is called."""
    return f"{'fused' if fuse else 'one by one'}, {how}"


def measure(job: Job, alone: Callable[[], torch.Tensor], count: int, fuse: bool, how: str) -> dict[str, Any]:
    """Return the seconds of a way: before its steps, of a step a model, and of a whole model; and its losses."""
    expected, steps = alone(), 2 if job.tiny else 50
    began = time.monotonic()
    runner = made(job, count, fuse, how, half=job.on_gpu)
    runner.take(compared(job) - len(runner.losses))
    first = torch.stack(runner.losses)
    synchronise(job)
    start_s = time.monotonic() - began
    start = read_clock(job.device)
    runner.take(steps)
    step_s = seconds_between(start, read_clock(job.device)) / steps / count
    return {
        "seeds": count,
        "way": title(fuse, how),
        "start_s": start_s,
        "step_s_a_model": step_s,
        "model_s": step_s * (protocol_of(EXPERIMENT).steps or 0),
        "largest_loss_difference": float((first - expected).abs().max()),
        "largest_loss": float(expected.abs().max()),
    }


def rerun(job: Job, count: int) -> dict[str, float]:
    """Return how far the losses of seeds trained one by one are from those of the same again."""
    one, other = (losses(job, count, False, "eager", half=job.on_gpu) for _ in range(2))
    return {"seeds": count, "largest_difference": float((other - one).abs().max())}


def exact(job: Job, count: int) -> dict[str, float]:
    """Return how far the losses of fused seeds are from those of seeds trained one by one, all in float32."""
    before = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = False
    try:
        alone, together = (losses(job, count, fuse, "eager", half=False) for fuse in (False, True))
    finally:
        torch.backends.cudnn.allow_tf32 = before
    return {"seeds": count, "largest_difference": float((together - alone).abs().max())}


def losses(job: Job, count: int, fuse: bool, how: str, *, half: bool) -> torch.Tensor:
    """Return the losses (steps, K) of the first steps of a way."""
    runner = made(job, count, fuse, how, half=half)
    runner.take(compared(job))
    return torch.stack(runner.losses)


def compared(job: Job) -> int:
    """Return how many steps' losses are compared; a CUDA graph is recorded within them."""
    return WARM + 1 if job.tiny else COMPARED


def made(job: Job, count: int, fuse: bool, how: str, *, half: bool) -> Runner:
    """Return a runner of fresh networks: those of a seed are the same in each way."""
    network, models = CONFIG["networks"][CONFIG["experiments"][EXPERIMENT]["networks"][0]], []
    for seed in range(count):
        torch.manual_seed(seed)
        models.append(build(network, CHANNELS, CLASSES, 3))
    return Runner(models, batches(job, count), fuse=fuse, how=how, half=half)


def batches(job: Job, count: int) -> Batches:
    """Return noise for each seed, and what it shall learn from it."""
    protocol = protocol_of(EXPERIMENT)
    crop = (16, 16, 16) if job.tiny else tuple(protocol.patch_size)
    generator = torch.Generator().manual_seed(SEED)
    images = torch.randn(protocol.batch, count * CHANNELS, *crop, generator=generator)
    targets = torch.rand(protocol.batch, count, CLASSES, *crop, generator=generator).softmax(dim=2)
    return Batches(channels_last(images.to(job.device)), targets.to(job.device))


def synchronise(job: Job) -> None:
    """Wait for the GPU."""
    if job.on_gpu:
        torch.cuda.synchronize(job.device)
