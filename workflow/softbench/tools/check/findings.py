"""What a check says, and how checks are run one after another."""

from collections.abc import Callable, Iterator, Mapping
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


def ok(name: str, detail: str) -> Finding:
    """Return a finding that all is well."""
    return Finding(name, "ok", detail)


def warning(name: str, detail: str) -> Finding:
    """Return a finding that something may go wrong."""
    return Finding(name, "warning", detail)


def failed(name: str, detail: str) -> Finding:
    """Return a finding that a campaign would go wrong."""
    return Finding(name, "failed", detail)


def not_checked(name: str, detail: str) -> Finding:
    """Return a finding that the check does not apply here."""
    return Finding(name, "not checked", detail)


def run(named: Mapping[str, Callable[[], Finding]]) -> Iterator[Finding]:
    """Yield the findings; a check that stops by an error has failed, and the others go on."""
    for name, check in named.items():
        try:
            finding = check()
        except Exception as error:  # whatever a driver, a library or a file system raises is a finding
            said = (f"{error}".strip().splitlines() or ["without a message"])[0]
            finding = Finding(name, "failed", f"it stopped with {type(error).__name__}: {said}")
        yield finding
