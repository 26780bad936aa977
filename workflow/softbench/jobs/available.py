"""How much memory this process and its workers may still take."""

from pathlib import Path

VERSION = None  # a circumstance
MEMINFO = Path("/proc/meminfo")
CGROUP, CGROUPS = Path("/proc/self/cgroup"), Path("/sys/fs/cgroup")


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
    limits = [(_number(group / "memory.max"), _number(group / "memory.current")) for group in groups]
    return [max(0, limit - used) for limit, used in limits if limit is not None and used is not None]


def _number(path: Path) -> int | None:
    """Return the number in a file; None where it is not there or says "max"."""
    try:
        return int(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
