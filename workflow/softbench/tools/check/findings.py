"""What a check says, and how checks are run one after another."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal, get_args

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


def _found(verdict: Verdict, name: str, detail: str) -> Finding:
    return Finding(name, verdict, detail)


ok, warning, failed, not_checked = (partial(_found, verdict) for verdict in get_args(Verdict))


def run(named: Mapping[str, Callable[[], Finding]]) -> Iterator[Finding]:
    """Yield the findings; a check that stops by an error has failed, and the others go on."""
    for name, check in named.items():
        try:
            finding = check()
        except Exception as error:  # whatever a driver, a library or a file system raises is a finding
            said = (f"{error}".strip().splitlines() or ["without a message"])[0]
            finding = failed(name, f"it stopped with {type(error).__name__}: {said}")
        yield finding
