"""What a check says."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "warning", "failed", "not checked"]


@dataclass(frozen=True)
class Finding:
    """What a check found.

    name: what was checked; verdict: "failed" where a campaign would go wrong, "warning" where it may; detail: what was
    found and, where the verdict is not "ok", what to do.
    """

    name: str
    verdict: Verdict
    detail: str

    def __str__(self) -> str:
        """Return the finding as a line."""
        return f"{self.verdict:11}  {self.name:17}  {self.detail}"
