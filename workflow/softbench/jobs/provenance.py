"""Circumstances of a piece of work: where, when, how long, how much memory and energy. No rule reads them.

Energy is read from the counters of the hardware: NVML's of a GPU and RAPL's of CPU packages; what cannot be read is
left out. Both count all that ran on the GPU, or in the package, meanwhile: also what other programs did.
"""

import ctypes
import os
import platform
import resource
import sys
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

from softbench.jobs import pieces, sources

VERSION = None  # circumstance
PACKAGES = ("torch", "numpy", "scipy", "pandas", "nibabel", "GeodisTK", "scikit-image", "snakemake")
POWERCAP = Path("/sys/class/powercap")
SAMPLE_S = 20.0  # RAPL's counters start again at 0 after 2**32 units, some after 65 kJ: 3 minutes at 350 W
NAMED = 3  # files that differ from the commit, where it is printed
NOTE = "counters of the whole GPU and of whole CPU packages: other programs are counted too"


class Watch:
    """A stopwatch that begins when it is made and writes a provenance file when the work is done."""

    def __init__(self, device: Any = "cpu", powercap: Path = POWERCAP) -> None:
        """Start; `device` is where the work runs, `powercap` where Linux shows the energy of CPU packages."""
        self.device, self.cuda = device, _cuda(device)
        if self.cuda:
            self.cuda.current_device()  # starts CUDA: before that there is nothing to reset
            self.cuda.reset_peak_memory_stats(device)
        self.meter = Meter(device, powercap)
        self.began = time.time()
        self.clock, self.cpu = time.monotonic(), _cpu_s()

    def write(self, path: Path, **more: Any) -> None:
        """Write host, device, seconds, memory, versions, commit with the archive of what differs, and what is given."""
        joules = self.meter.joules()
        facts: dict[str, Any] = {
            "host": platform.node(),
            "platform": platform.platform(),
            "processor": processor(),
            "device": str(self.cuda.get_device_name(self.device) if self.cuda else self.device),
            "began": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.began)),
            "seconds": round(time.monotonic() - self.clock, 3),
            "cpu_seconds": round(_cpu_s() - self.cpu, 3),
            "peak_memory_mib": round(peak_memory_mib(), 1),
            "energy_j": joules or "not measured",
            **({"energy_note": NOTE} if joules else {}),
            "python": platform.python_version(),
            "packages": versions(),
            **sources.write(path),
            "command": " ".join(sys.argv),
        }
        if self.cuda:  # of what tensors took since the watch began
            facts["peak_device_memory_mib"] = round(self.cuda.max_memory_allocated(self.device) / 2**20, 1)
        pieces.write_json(path, facts | more)


def _cuda(device: Any) -> Any:
    """Return `torch.cuda` for a device of it; None for any other, without torch."""
    if not str(device).startswith("cuda"):
        return None
    import torch

    return torch.cuda


def of_cases(records: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Sum what the pieces of single cases took, also those that an earlier, stopped job made.

    Returns: `cases`; `cases_timed`, those whose record holds its CPU time; their sum `cases_cpu_seconds`; and
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
    installed = {}
    for package in PACKAGES:
        try:
            installed[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return installed


def commit(files: Iterable[Path] = ()) -> str:
    """Return the commit of the suite, and how many of some files, by default of all its sources, differ from it."""
    return sources.describe(sources.look(files or sources.of_suite(config=True)), named=NAMED)


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


class Meter:
    """Measures time, memory and energy from when it is made."""

    def __init__(self, device: Any = "cpu", powercap: Path = POWERCAP) -> None:
        """Start; `device` is where the work runs, `powercap` where Linux shows RAPL's counters."""
        self._library = nvml() if _cuda(device) else None
        self._uuid = _uuid(device) if self._library else ""
        self._gpu = self._gpu_j()
        self._packages = packages(powercap)
        if self._packages:
            threading.Thread(target=_sample, args=(weakref.ref(self),), name="energy", daemon=True).start()

    def joules(self) -> dict[str, float]:
        """Return the energy since the start: `gpu` and `cpu_packages`, each only where it could be read."""
        energy = {}
        now = self._gpu_j()
        if self._gpu is not None and now is not None:
            energy["gpu"] = round(now - self._gpu, 3)
        self.sample()
        if self._packages and not any(package.lost for package in self._packages):
            energy["cpu_packages"] = round(sum(package.joules for package in self._packages), 3)
        return energy

    def sample(self) -> None:
        """Read the counters that start again at 0."""
        for package in self._packages:
            package.sample()

    def _gpu_j(self) -> float | None:
        return self._library.energy_j(self._uuid) if self._library else None


def _sample(meter: "weakref.ref[Meter]") -> None:
    """Read the counters from time to time, as long as somebody holds the meter."""
    pause = threading.Event()
    while not pause.wait(SAMPLE_S):
        held = meter()
        if held is None:
            return
        held.sample()
        del held


class Package:
    """RAPL's counter of a CPU package."""

    def __init__(self, folder: Path) -> None:
        """Start; raises OSError where the counter may not be read, as on most machines without root."""
        self._counter, self._lock = folder / "energy_uj", threading.Lock()
        self._range, self._last = _read_number(folder / "max_energy_range_uj"), _read_number(self._counter)
        self.joules, self.lost = 0.0, False

    def sample(self) -> None:
        """Add what was used since the last look; a counter that went back has started again."""
        with self._lock:
            try:
                now = _read_number(self._counter)
            except (OSError, ValueError):
                self.lost = True
                return
            used = now - self._last
            self.joules += (used if used >= 0 else used + self._range) / 1e6
            self._last = now


def packages(powercap: Path = POWERCAP) -> list[Package]:
    """Return the counters of all CPU packages, or none where one of them cannot be read."""
    try:
        zones = sorted(powercap.glob("intel-rapl:*"))
        return [Package(zone) for zone in zones if (zone / "name").read_text(encoding="utf-8").startswith("package")]
    except (OSError, ValueError):
        return []


def _read_number(path: Path) -> int:
    return int(path.read_text(encoding="utf-8"))


class Nvml:
    """The few functions of NVIDIA's management library that we need."""

    def __init__(self, library: Any) -> None:
        """Take a loaded library; it must have been initialised."""
        self._library = library

    def driver(self) -> str:
        """Return the version of the driver, or "unknown"."""
        text = ctypes.create_string_buffer(80)
        return "unknown" if self._library.nvmlSystemGetDriverVersion(text, 80) else text.value.decode()

    def energy_j(self, uuid: str) -> float | None:
        """Return the energy of a GPU since its driver was loaded; None where it does not count (before Volta, MIG)."""
        handle, used = ctypes.c_void_p(), ctypes.c_ulonglong()
        if self._library.nvmlDeviceGetHandleByUUID(uuid.encode(), ctypes.byref(handle)):
            return None
        if self._library.nvmlDeviceGetTotalEnergyConsumption(handle, ctypes.byref(used)):
            return None
        return used.value / 1000  # it counts mJ


def nvml(load: Callable[[str], Any] = ctypes.CDLL) -> Nvml | None:
    """Return NVML, or None where there is no driver of a GPU, or one too old."""
    try:
        library = load("libnvidia-ml.so.1")
        return None if library.nvmlInit_v2() else Nvml(library)
    except (OSError, AttributeError):
        return None


def _uuid(device: Any) -> str:
    """Return the name that NVML knows a device of torch by: its number is another where some GPUs are hidden."""
    return f"GPU-{_cuda(device).get_device_properties(device).uuid}"
