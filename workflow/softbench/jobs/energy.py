"""Energy by the counters of the hardware: NVML's of a GPU and RAPL's of CPU packages; what cannot be read is left out.

Both count all that ran on the GPU, or in the package, meanwhile: also what other programs did.
"""

import ctypes
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

VERSION = None  # circumstance
POWERCAP = Path("/sys/class/powercap")
SAMPLE_S = 20.0  # RAPL's counters start again at 0 after 2**32 units, some after 65 kJ: 3 minutes at 350 W
NOTE = "counters of the whole GPU and of whole CPU packages: other programs are counted too"


class Meter:
    """Counts from when it is made."""

    def __init__(self, device: Any = "cpu", powercap: Path = POWERCAP) -> None:
        """Start; `device` is where the work runs, `powercap` where Linux shows RAPL's counters."""
        self._library = nvml() if str(device).startswith("cuda") else None
        self._uuid = _uuid(device) if self._library else ""
        self._gpu = self._gpu_j()
        self._packages = packages(powercap)
        if self._packages:
            threading.Thread(target=_sample, args=(weakref.ref(self),), name="energy", daemon=True).start()

    def joules(self) -> dict[str, float]:
        """Return the energy since the start: `gpu` and `cpu_packages`, each only where it could be read."""
        found = {}
        now = self._gpu_j()
        if self._gpu is not None and now is not None:
            found["gpu"] = round(now - self._gpu, 3)
        self.sample()
        if self._packages and not any(package.lost for package in self._packages):
            found["cpu_packages"] = round(sum(package.joules for package in self._packages), 3)
        return found

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
        self._range, self._last = _number(folder / "max_energy_range_uj"), _number(self._counter)
        self.joules, self.lost = 0.0, False

    def sample(self) -> None:
        """Add what was used since the last look; a counter that went back has started again."""
        with self._lock:
            try:
                now = _number(self._counter)
            except (OSError, ValueError):
                self.lost = True
                return
            used = now - self._last
            self.joules += (used if used >= 0 else used + self._range) / 1e6
            self._last = now


def packages(powercap: Path = POWERCAP) -> list[Package]:
    """Return the counters of all CPU packages, or none where one of them cannot be read."""
    try:
        zones = [zone for zone in sorted(powercap.glob("intel-rapl:*")) if _name(zone).startswith("package")]
        return [Package(zone) for zone in zones]
    except (OSError, ValueError):
        return []


def _name(zone: Path) -> str:
    return (zone / "name").read_text(encoding="utf-8").strip()


def _number(path: Path) -> int:
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
    import torch

    return f"GPU-{torch.cuda.get_device_properties(device).uuid}"
