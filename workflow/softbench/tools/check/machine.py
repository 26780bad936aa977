"""The checks of a machine."""

from collections.abc import Callable
from pathlib import Path

import torch

from softbench.tools.check import convolution, largest_crop, repeat, system
from softbench.tools.check.device import hardware, torch_build
from softbench.tools.check.findings import Finding
from softbench.training.memory import Step


def checks(device: torch.device, step: Step, results: Path) -> dict[str, Callable[[], Finding]]:
    """Return the checks by the names of their findings, quick ones first."""
    return {
        "packages": system.packages,
        "torch": lambda: torch_build(device),
        "device": lambda: hardware(device),
        "results folder": lambda: system.results_folder(results),
        "clock": lambda: system.clock(results),
        "worker processes": system.workers,
        "rerun": lambda: repeat.rerun(device),
        "stop and continue": lambda: repeat.resume(device),
        "bf16 convolutions": lambda: convolution.check(device),
        "memory": lambda: largest_crop.check(device, step),
    }
