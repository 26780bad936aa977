"""What a benchmark leaves: a JSON file that says on which machine, when, with which versions, and what was found.

The file is replaced by rename each time that something is added, so a run that is cut off leaves what it had measured.
"""

import math
import os
import platform
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from rows import installed
from softbench.jobs import pieces, provenance

PINS = Path(__file__).parents[1] / "envs" / "requirements.txt"
NAMED = ("torch", "numpy", "scipy", "pandas", "numba", "scikit-image", "monai", "nibabel", "triton")


def machine(device: torch.device) -> dict[str, Any]:
    """Return the facts of a machine: device, processor, cores, versions, and what differs from the suite's pins."""
    cuda = device.type == "cuda"
    return {
        "device": torch.cuda.get_device_name(device) if cuda else "cpu",
        "device_memory_bytes": torch.cuda.get_device_properties(device).total_memory if cuda else None,
        "cuda": torch.version.cuda if cuda else None,
        "cudnn": torch.backends.cudnn.version() if cuda else None,
        "processor": provenance.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "python": platform.python_version(),
        "packages": {name: version for name in NAMED if (version := installed(name)) is not None},
        "not_as_pinned": not_as_pinned(),
        "commit": provenance.commit(),
    }


def not_as_pinned() -> dict[str, str]:
    """Return the packages that are here in another version than the suite's, as "2.11.0, pinned 2.13.0"."""
    pins = [line.split("==") for line in PINS.read_text(encoding="utf-8").splitlines() if "==" in line]
    here = {name: (installed(name), pin) for name, pin in pins}
    return {
        name: f"{version}, pinned {pin}"
        for name, (version, pin) in here.items()
        if version is not None and version.partition("+")[0] != pin
    }


class Record:
    """The file of a benchmark, written anew with each `note`."""

    def __init__(self, path: Path, device: torch.device, **facts: Any) -> None:
        """Begin the file: when, where, and whatever else is given."""
        self.path = path
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.content: dict[str, Any] = {"began": now, "machine": machine(device), **facts, "parts": {}}
        self.write()

    def note(self, part: str, **found: Any) -> None:
        """Add to what is known of a part."""
        self.content["parts"].setdefault(part, {}).update(found)
        self.write()

    def write(self) -> None:
        """Write the file, whole or not at all."""
        pieces.write_json(self.path, known(self.content))


def known(content: Any) -> Any:
    """Return content whose numbers JSON knows: what is not finite becomes None, which stands for unknown."""
    if isinstance(content, Mapping):
        return {str(name): known(value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [known(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content
