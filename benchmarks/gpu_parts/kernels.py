"""Which kernels a step spends its time in, and how much of the time the GPU computes: torch's profiler."""

from collections.abc import Callable
from typing import Any

import torch
from torch.autograd import DeviceType
from torch.profiler import ProfilerActivity

SHOWN = 12  # kernels


def profile(action: Callable[[], object], device: torch.device) -> dict[str, Any]:
    """Return the kernels that took longest with their share, and of a GPU the share of the time that it computed.

    The latter is of the second half of the profiled seconds, when nothing is made for the first time any more; the
    profiler itself slows the host, so it is the least that can be true.
    """
    gpu = device.type == "cuda"
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if gpu else [])]
    with torch.profiler.profile(activities=activities) as profiler:
        action()
        if gpu:
            torch.cuda.synchronize(device)
    spent = {row.key: _spent(row, gpu) for row in profiler.key_averages()}
    total = sum(spent.values())
    longest = sorted(spent, key=lambda key: spent[key], reverse=True)[:SHOWN]
    kernels = {name[:120]: spent[name] / total for name in longest if spent[name]}
    return {"share_of_kernels": kernels, "share_gpu_busy": busy(profiler) if gpu else None}


def _spent(row: Any, gpu: bool) -> float:
    """Return the time of a row itself: of kernels on a GPU, of operators on a CPU."""
    if not gpu:
        return float(row.self_cpu_time_total)
    return float(row.self_device_time_total) if _on_gpu(row) else 0.0


def busy(profiler: torch.profiler.profile) -> float:
    """Return the share of the second half of the profiled time in which a kernel ran."""
    ran = sorted((one.time_range.start, one.time_range.end) for one in profiler.events() if _on_gpu(one))
    begin, end = ran[0][0], max(last for _, last in ran)
    covered, reached = 0.0, begin + (end - begin) / 2
    half = reached
    for start, last in ran:
        covered += max(0.0, last - max(start, reached))
        reached = max(reached, last)
    return covered / (end - half)


def _on_gpu(event: Any) -> bool:
    """Return whether this is a kernel or a copy, not the name of a region that holds some."""
    return event.device_type == DeviceType.CUDA and not event.is_user_annotation
