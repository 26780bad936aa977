"""Circumstances of a piece of work: where, when, how long, how much memory and energy. No rule reads them."""

import os
import platform
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from softbench.jobs import energy, pieces

VERSION = None  # circumstance
PACKAGES = ("torch", "numpy", "scipy", "pandas", "nibabel", "GeodisTK", "scikit-image", "snakemake")


class Watch:
    """A stopwatch that begins when it is made and writes a provenance file when the work is done."""

    def __init__(self, device: Any = "cpu", powercap: Path = energy.POWERCAP) -> None:
        """Start; `device` is where the work runs, `powercap` where Linux shows the energy of CPU packages."""
        self.device = device
        if _on_gpu(device):
            _forget_peak(device)
        self.meter = energy.Meter(device, powercap)
        self.began = time.time()
        self.clock, self.cpu = time.monotonic(), _cpu_s()

    def write(self, path: Path, **more: Any) -> None:
        """Write host, device, seconds, peak memory, versions and commit, and whatever else is given."""
        facts = {
            "host": platform.node(),
            "platform": platform.platform(),
            "processor": processor(),
            "device": _device_name(self.device),
            "began": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.began)),
            "seconds": round(time.monotonic() - self.clock, 3),
            "cpu_seconds": round(_cpu_s() - self.cpu, 3),
            "peak_memory_mib": round(peak_memory_mib(), 1),
            **({"peak_device_memory_mib": round(_peak_device_mib(self.device), 1)} if _on_gpu(self.device) else {}),
            **self._energy(),
            "python": platform.python_version(),
            "packages": versions(),
            "commit": commit(),
            "command": " ".join(sys.argv),
        }
        pieces.write_json(path, facts | more)

    def _energy(self) -> dict[str, Any]:
        joules = self.meter.joules()
        return {"energy_j": joules, "energy_note": energy.NOTE} if joules else {"energy_j": "not measured"}


def of_cases(records: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Sum what the pieces of single cases took: whoever stops a job in the middle still learns what the whole cost.

    Returns: `cases`; `cases_timed`, those whose record tells its CPU time; their sum `cases_cpu_seconds`; and
        `code`, as `code_of`.
    """
    records = list(records)
    taken = [record.get("cpu_seconds") for record in records]
    timed = [seconds for seconds in taken if seconds is not None]
    times = {"cases": len(taken), "cases_timed": len(timed), "cases_cpu_seconds": round(sum(timed), 3)}
    return times | code_of(records)


def code_of(records: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """Return as `code` how many pieces were made by which code, whose records `plan.code` keeps: hash -> pieces."""
    return {"code": dict(Counter(record["code"] for record in records if "code" in record))}


def peak_memory_mib() -> float:
    """Return the largest resident memory of this process and of any of its finished children, in MiB."""
    kib = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return kib / 1024  # Linux counts in KiB


def versions() -> dict[str, str]:
    """Return the versions of the packages that numbers depend on; those not installed are left out."""
    found = {}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def commit() -> str:
    """Return the commit of the suite, with "+changes" where the tree differs; "unknown" outside a checkout."""
    here = Path(__file__).parent
    try:
        name = subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--dirty=+changes"],
            cwd=here, capture_output=True, text=True, check=True, timeout=10,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return name.stdout.strip()


def _cpu_s() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def processor() -> str:
    """Return the model of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")


def _on_gpu(device: Any) -> bool:
    return str(device).startswith("cuda")


def _forget_peak(device: Any) -> None:
    import torch

    torch.cuda.current_device()  # starts CUDA: before that there is nothing to reset
    torch.cuda.reset_peak_memory_stats(device)


def _peak_device_mib(device: Any) -> float:
    """Return the most device memory that tensors took since the watch began, in MiB."""
    import torch

    return float(torch.cuda.max_memory_allocated(device) / 2**20)


def _device_name(device: Any) -> str:
    if _on_gpu(device):
        import torch

        return str(torch.cuda.get_device_name(device))
    return str(device)
