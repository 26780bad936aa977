"""A file on its way: `<name>.part` holds what came so far, `<name>.part.json` which version of the file that is."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from softbench.jobs import pieces

VERSION = None  # what came of a download so far; sums are checked after it


@dataclass(frozen=True)
class Part:
    """The bytes of a download so far, in `path`."""

    path: Path

    @classmethod
    def of(cls, target: Path) -> "Part":
        """Return the part of a file that will be called `target`."""
        return cls(target.with_name(target.name + ".part"))

    @property
    def size(self) -> int:
        """Bytes so far; 0 where there is none."""
        return self.path.stat().st_size if self.path.exists() else 0

    @property
    def _memory(self) -> Path:
        return self.path.with_name(self.path.name + ".json")

    def version(self) -> dict[str, Any] | None:
        """Return what was remembered of the version, or None where nothing readable is."""
        try:
            version: dict[str, Any] = json.loads(self._memory.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return version

    def remember(self, version: Mapping[str, Any]) -> None:
        """Write down which version of the file the bytes belong to: its whole size, ETag and date."""
        pieces.write_json(self._memory, dict(version))

    def clear(self) -> None:
        """Throw away what came so far."""
        self.path.unlink(missing_ok=True)
        self._memory.unlink(missing_ok=True)
