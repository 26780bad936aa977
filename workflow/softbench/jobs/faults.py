"""What is wrong with files: one line a kind of fault, however many files have it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from softbench.errors import InputError, counted, in_words

VERSION = None  # messages
SHOWN = 3  # names in a line
SHORT = 2  # letters of a name that may as well be a word, such as "a"
NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?")


@dataclass(frozen=True)
class Fault:
    """Why one case, or one whole folder, cannot be scored.

    where: the folder, as messages call it. case: its name; "" for the folder as a whole. text: what was found and what
    to do. kind: what tells faults apart whose texts differ in numbers alone.
    """

    where: str
    case: str
    text: str
    kind: str = ""

    @property
    def reason(self) -> str:
        """The first sentence, without what to do."""
        return self.text.split(". ", maxsplit=1)[0].rstrip(".")


class FileError(InputError):
    """A file that cannot be scored; `kind` as in `Fault`."""

    def __init__(self, text: str, kind: str = "") -> None:
        super().__init__(text)
        self.kind = kind

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        """Let another process pass it on."""
        return type(self), (str(self), self.kind)


def fault(where: str, case: str, error: InputError) -> Fault:
    """Return what an error says of a case."""
    return Fault(where, case, str(error), getattr(error, "kind", ""))


def group(faults: Iterable[Fault]) -> list[list[Fault]]:
    """Return the faults that differ in file names and numbers alone as one group each, in order; doubles once."""
    groups: dict[tuple[str, str, str], list[Fault]] = {}
    for found in dict.fromkeys(faults):
        groups.setdefault((found.where, found.kind, _mask(found)), []).append(found)
    return list(groups.values())


def lines(faults: Iterable[Fault]) -> list[str]:
    """Return a line for each group: where, which cases, and what the first says."""
    return [f"- {_which(alike)}: {alike[0].text}" for alike in group(faults)]


def _which(alike: Sequence[Fault]) -> str:
    first = alike[0]
    if not first.case:
        return first.where
    if len(alike) == 1:
        return f"{first.where}, case {first.case}"
    same = len({found.text for found in alike}) == 1
    return f"{first.where}, {name_cases([found.case for found in alike])}" + ("" if same else ", the first")


def name_cases(cases: Sequence[str]) -> str:
    """Return how many there are, and the names of the first three.

    >>> name_cases(["a"]), name_cases(["a", "b", "c", "d"])
    ('1 case (a)', '4 cases (a, b, c and 1 more)')
    """
    return f"{counted(len(cases), 'case')} ({first_names(cases)})"


def first_names(names: Sequence[str]) -> str:
    """Return up to three names, and how many there are besides."""
    more = [f"{len(names) - SHOWN} more"] if len(names) > SHOWN else []
    return in_words([*names[:SHOWN], *more])


def _mask(found: Fault) -> str:
    """Return the text without what differs from file to file."""
    if not found.case:
        return NUMBER.sub("#", found.text)
    file, case = rf"\S*\b{re.escape(found.case)}(?i:\.nii\.gz|\.nii|\.npz)", re.escape(found.case)
    text = re.sub(file, "FILE", found.text)
    if len(found.case) > SHORT:
        text = re.sub(rf"(?<![A-Za-z0-9]){case}(?![A-Za-z0-9])", "CASE", text)
    return NUMBER.sub("#", text)
