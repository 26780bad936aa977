"""All checks, one after another."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import torch

from softbench.machine import (
    clock,
    convolution,
    hardware,
    largest_crop,
    packages,
    rerun,
    results_folder,
    resume,
    torch_version,
    workers,
)
from softbench.machine.finding import Finding
from softbench.training.memory import Step


def checks(device: torch.device, step: Step, results: Path) -> dict[str, Callable[[], Finding]]:
    """Return the checks by name, quick ones first."""
    return {
        packages.NAME: packages.check,
        torch_version.NAME: lambda: torch_version.check(device),
        hardware.NAME: lambda: hardware.check(device),
        results_folder.NAME: lambda: results_folder.check(results),
        clock.NAME: lambda: clock.check(results),
        workers.NAME: workers.check,
        rerun.NAME: lambda: rerun.check(device),
        resume.NAME: lambda: resume.check(device),
        convolution.NAME: lambda: convolution.check(device),
        largest_crop.NAME: lambda: largest_crop.check(device, step),
    }


def run(named: Mapping[str, Callable[[], Finding]]) -> Iterator[Finding]:
    """Yield the findings; a check that stops by an error has failed, and the others go on."""
    for name, check in named.items():
        try:
            finding = check()
        except Exception as error:  # whatever a driver, a library or a file system raises is a finding
            said = (f"{error}".strip().splitlines() or ["without a word"])[0]
            finding = Finding(name, "failed", f"it stopped with {type(error).__name__}: {said}")
        yield finding
