"""On what would training run: the build of torch, the device, and the memory that is free."""

import os
from pathlib import Path

import torch

from softbench.jobs import provenance
from softbench.jobs.progress import gib
from softbench.tools.check.findings import Finding, failed, ok, warning

RIGHT_CUDNN = 91500  # 9.15: fixes bf16 conv3d, pytorch#163539 (silently wrong) and #166122 (slow)
NVIDIA = Path("/dev/nvidiactl")  # there where the driver of a GPU is loaded
MEMINFO = Path("/proc/meminfo")
CGROUP, CGROUPS = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")


def torch_build(device: torch.device) -> Finding:
    """Refuse torch 2.9 and doubt an old cuDNN."""
    return judge(torch.__version__, _cudnn() if device.type == "cuda" else None)


def _cudnn() -> int | None:
    number: int | None = torch.backends.cudnn.version()  # type: ignore[no-untyped-call]
    return number


def judge(version: str, cudnn: int | None) -> Finding:
    """Judge a version of torch and of the cuDNN that it will use; None where it will use none."""
    found = f"torch {version}, {'no cuDNN' if cudnn is None else f'cuDNN {readable(cudnn)}'}"
    if version.split(".")[:2] == ["2", "9"]:
        why = "torch 2.9 came with a cuDNN whose bf16 3-D convolutions are slow and, on large crops, silently wrong"
        return failed("torch", f"{found}: {why}. Install the torch of envs/requirements.txt: `make setup`.")
    if cudnn is not None and cudnn < RIGHT_CUDNN:
        why = "before 9.15, bf16 3-D convolutions can be slow or wrong"
        return warning("torch", f"{found}: {why}. The check of convolutions decides; else install a newer one.")
    return ok("torch", f"{found}.")


def readable(cudnn: int) -> str:
    """Return cuDNN's number as people write it: 91002 is 9.10.2, and before version 9, 8902 was 8.9.2."""
    base = 10000 if cudnn >= 90000 else 1000
    return f"{cudnn // base}.{cudnn % base // 100}.{cudnn % 100}"


def hardware(device: torch.device, nvidia: Path = NVIDIA) -> Finding:
    """Name the device, and say where a GPU stays unused or does not compute in bf16."""
    if device.type == "cuda":
        return _gpu(device)
    found = f"cpu: {provenance.processor()}, {len(os.sched_getaffinity(0))} cores, {gib(available_bytes())} free"
    if nvidia.exists() and not torch.cuda.is_available():
        why = "a GPU is there, but torch does not see it" + ("" if torch.version.cuda else ": this is its CPU build")
        return warning("device", f"{found}; {why}. Install the CUDA build, and see that the driver is newer.")
    return ok("device", f"{found}.")


def _gpu(device: torch.device) -> Finding:
    name, memory, capability, in_bf16 = _facts(device)
    nvml = provenance.nvml()
    driver = nvml.driver() if nvml else "unknown"
    cores = len(os.sched_getaffinity(0))
    found = f"{name}, {gib(memory)}, compute capability {capability}, driver {driver}, CUDA {torch.version.cuda}; "
    found += f"{cores} CPU cores, {gib(available_bytes())} free"
    if not in_bf16:
        return warning("device", f"{found}. It does not compute in bf16: training is slower, in fp32.")
    return ok("device", f"{found}.")


def _facts(device: torch.device) -> tuple[str, int, str, bool]:
    """Return name, bytes of memory, compute capability and whether it computes in bf16 itself."""
    of = torch.cuda.get_device_properties(device)
    return of.name, of.total_memory, f"{of.major}.{of.minor}", torch.cuda.is_bf16_supported(False)


def available_bytes(meminfo: Path = MEMINFO, cgroup: Path = CGROUP, cgroups: Path = CGROUPS) -> int:
    """Return MemAvailable, or less where a limit (of Slurm or a container) leaves less."""
    lines = dict(line.split(":", 1) for line in meminfo.read_text(encoding="utf-8").splitlines() if ":" in line)
    return min([1024 * int(lines["MemAvailable"].split()[0]), *_left(cgroup, cgroups)])


def _left(cgroup: Path, cgroups: Path) -> list[int]:
    """Return what each control group (version 2) above this process leaves of its limit."""
    try:
        own = next(line[3:] for line in cgroup.read_text(encoding="utf-8").splitlines() if line.startswith("0::"))
    except (OSError, StopIteration):
        return []
    lowest = cgroups / own.strip("/")
    groups = [lowest, *(above for above in lowest.parents if above.is_relative_to(cgroups))]
    found = [(_number(group / "memory.max"), _number(group / "memory.current")) for group in groups]
    return [max(0, limit - used) for limit, used in found if limit is not None and used is not None]


def _number(path: Path) -> int | None:
    """Return the number in a file; None where it is not there or says "max"."""
    try:
        return int(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
