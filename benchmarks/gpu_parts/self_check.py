"""Is what this card computes right: bf16 against fp32, a rerun's spread, and the largest crop that fits."""

from dataclasses import asdict, replace
from typing import Any

from softbench.tools.check import convolution, largest_crop, repeat
from softbench.tools.check.system import hardware, torch_build
from softbench.training.memory import Step, estimate
from training_work import CONFIG

from gpu_parts.job import Job

EDGES = tuple(range(96, 513, 32))  # of a cube, voxels; the network halves five times


def run(job: Job) -> None:
    """Note the findings of `softbench check` that concern the card, and the largest cube at batch 1."""
    device = job.device
    crop = (32, 32, 32) if job.tiny else (128, 192, 192)
    step = Step(CONFIG["networks"]["unet3d"], 4, 4, 1 if job.tiny else 4, crop)
    checks = {
        "torch": lambda: asdict(torch_build(device)),
        "device": lambda: asdict(hardware(device)),
        "bf16 convolutions": lambda: asdict(convolution.check(device)),
        "rerun": lambda: asdict(repeat.rerun(device)),
        "largest crop of the papers": lambda: asdict(largest_crop.check(device, step)),
        "largest cube, batch 1": lambda: largest_cube(job, replace(step, batch=1)),
    }
    job.each("checks", checks)


def largest_cube(job: Job, step: Step) -> dict[str, Any]:
    """Return the largest cube of which one fits in a step of `unet3d`: trained on a GPU, estimated on a CPU."""
    if not job.on_gpu:
        need = estimate(step)
        return {"estimated_bytes": need.bytes(1, step.crop), "crop": list(step.crop)}
    peaks: dict[int, int | None] = {}

    def fits(edge: int) -> bool:
        peaks[edge] = largest_crop.peak_bytes(job.device, replace(step, crop=(edge,) * 3))
        return peaks[edge] is not None

    edge = largest_crop.last_that_fits(EDGES, fits)
    return {"crop": None if edge is None else [edge] * 3, "peak_bytes": None if edge is None else peaks[edge]}
