"""Inference and scoring of one case of BraTS size, with the U-Net of SVLS."""

import statistics
import time
from collections.abc import Callable
from typing import Any

import measure
import numpy as np
import torch
from softbench import metrics
from softbench.datasets.sources import brats2019
from softbench.training import predict
from softbench.training.device import channels_last
from training_work import CONFIG, TINY_NETWORK, build

from gpu_parts.job import Job

REPEATS = 3


def run(job: Job) -> None:
    """Note seconds by the clock, median of some calls after one that is not counted, and memory."""
    labels, image = measure.make_case(measure.TINY if job.tiny else measure.SHAPE)
    network = TINY_NETWORK if job.tiny else CONFIG["networks"]["unet3d"]
    torch.manual_seed(0)
    model = channels_last(build(network, len(image), measure.CLASSES, 3).to(job.device))
    job.note(image=list(image.shape), network=network["name"])
    job.each("calls", {"inference": lambda: inference(job, model, image), "scoring": lambda: scoring(labels)})


def inference(job: Job, model: torch.nn.Module, image: np.ndarray) -> dict[str, Any]:
    """Return what the probabilities of the whole image take, from the host's memory back to it."""
    if job.on_gpu:
        torch.cuda.reset_peak_memory_stats(job.device)
    seconds = median_s(lambda: predict([model], image))
    return {"seconds": seconds, "peak_bytes": torch.cuda.max_memory_allocated(job.device) if job.on_gpu else None}


def scoring(labels: np.ndarray) -> dict[str, Any]:
    """Return what all scores of a prediction take, on the CPU; the prediction is the reference, shifted and unsure."""
    shifted = np.roll(labels[0], 2, axis=2)
    probabilities = np.stack([np.where(shifted == c, 0.7, 0.1) for c in range(measure.CLASSES)]).astype(np.float32)
    structures = brats2019.STRUCTURES
    score = metrics.score_case
    return {"seconds": median_s(lambda: score(probabilities, labels, measure.SPACING_MM, structures))}


def median_s(action: Callable[[], object]) -> float:
    """Return the median seconds of some calls by the clock, after one that is not counted."""
    action()
    took = []
    for _ in range(REPEATS):
        start = time.monotonic()
        action()
        took.append(time.monotonic() - start)
    return statistics.median(took)
