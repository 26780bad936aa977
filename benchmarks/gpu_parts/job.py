"""What a part of `gpu.py` is given: device, size, data, time, and where it notes what it finds."""

import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from record import Record


@dataclass(frozen=True)
class Job:
    """One part.

    name: of the part; tiny: whether sizes only try the code; bundle: folder of `make gpu-bundle`, which may be missing;
    scratch: an empty folder; deadline: on the clock of `time.monotonic`, after which no further item begins; failed:
    what failed so far.
    """

    name: str
    device: torch.device
    tiny: bool
    bundle: Path
    scratch: Path
    deadline: float
    record: Record
    failed: list[str] = field(default_factory=list)  # items

    @property
    def on_gpu(self) -> bool:
        """Return whether this runs on a GPU."""
        return self.device.type == "cuda"

    def note(self, **found: Any) -> None:
        """Add to the part's results; the file is written at once."""
        self.record.note(self.name, **found)

    def has_time(self, seconds: float = 0.0) -> bool:
        """Return whether so many seconds are left."""
        return time.monotonic() + seconds < self.deadline

    def attempt(self, what: str, action: Callable[[], Any]) -> Any:
        """Return what an action returns, or None where it raises: then its error is noted, and the part has failed."""
        try:
            return action()
        except Exception:  # whatever a library raises costs what was measured before nothing
            self.failed.append(what)
            self.note(**{f"error of {what}": traceback.format_exc()})
            return None

    def each(self, where: str, items: dict[str, Callable[[], Any]]) -> None:
        """Note under `where` what each item returns; one that fails is noted with its error, one too late as skipped.

        An item that fails keeps no other from running; its part counts as failed.
        """
        found: dict[str, Any] = {}
        for name, action in items.items():
            try:
                found[name] = action() if self.has_time() else {"skipped": "no time was left"}
            except Exception:  # whatever a library raises costs the other items nothing
                found[name] = {"error": traceback.format_exc()}
                self.failed.append(f"{where}: {name}")
            self.note(**{where: found})
