"""On what would training run."""

import os
from pathlib import Path

import torch

from softbench.jobs import energy, provenance
from softbench.jobs.progress import gib
from softbench.machine.available import available_bytes
from softbench.machine.finding import Finding

NAME = "device"
NVIDIA = Path("/dev/nvidiactl")  # there where the driver of a GPU is loaded


def check(device: torch.device, nvidia: Path = NVIDIA) -> Finding:
    """Name the device, and say where a GPU stays unused or does not compute in bf16."""
    if device.type == "cuda":
        return _gpu(device)
    found = f"cpu: {provenance.processor()}, {len(os.sched_getaffinity(0))} cores, {gib(available_bytes())} free"
    if nvidia.exists() and not torch.cuda.is_available():
        why = "a GPU is there, but torch does not see it" + ("" if torch.version.cuda else ": this is its CPU build")
        return Finding(NAME, "warning", f"{found}; {why}. Install the CUDA build, and see that the driver is newer.")
    return Finding(NAME, "ok", f"{found}.")


def _gpu(device: torch.device) -> Finding:
    name, memory, capability, in_bf16 = _facts(device)
    nvml = energy.nvml()
    driver = nvml.driver() if nvml else "unknown"
    cores = len(os.sched_getaffinity(0))
    found = f"{name}, {gib(memory)}, compute capability {capability}, driver {driver}, CUDA {torch.version.cuda}; "
    found += f"{cores} CPU cores, {gib(available_bytes())} free"
    if not in_bf16:
        return Finding(NAME, "warning", f"{found}. It does not compute in bf16: training is slower, in fp32.")
    return Finding(NAME, "ok", f"{found}.")


def _facts(device: torch.device) -> tuple[str, int, str, bool]:
    """Return name, bytes of memory, compute capability and whether it computes in bf16 itself."""
    of = torch.cuda.get_device_properties(device)
    return of.name, of.total_memory, f"{of.major}.{of.minor}", torch.cuda.is_bf16_supported(False)
