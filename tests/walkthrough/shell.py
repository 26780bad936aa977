"""One shell that stays open, as a reader's does: what `source` or `export` set holds for the next command."""

import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

FOREIGN = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE")  # of whoever started the walk


class Shell:
    """A bash in a folder; output of the n-th command goes to `log/<n>.txt`."""

    def __init__(self, folder: Path, log: Path, variables: Mapping[str, str]) -> None:
        """Start it without the environment that the walk itself runs in."""
        log.mkdir(parents=True, exist_ok=True)
        self.log, self.count = log, 0
        here = os.environ.get("VIRTUAL_ENV")
        clean = {name: value for name, value in os.environ.items() if name not in FOREIGN}
        clean["PATH"] = os.pathsep.join(
            p for p in clean["PATH"].split(os.pathsep) if not here or not p.startswith(here)
        )
        self.process = subprocess.Popen(
            ["bash", "--norc"], cwd=folder, env={**clean, **variables}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def type(self, command: str) -> tuple[int, float]:
        """Run a command to its end; return its exit code, and its seconds."""
        began, self.count = time.monotonic(), self.count + 1
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{{ {command}\n}} > {self._file()} 2>&1 < /dev/null\necho $?\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            return self.process.wait(), time.monotonic() - began
        return int(answer), time.monotonic() - began

    def last_words(self, lines: int = 40) -> str:
        """Return the end of what the last command printed."""
        text = (self.log / f"{self.count:02d}.txt").read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def _file(self) -> str:
        return f"'{self.log.resolve()}/{self.count:02d}.txt'"
