"""Cases of published data that are known to be faulty, or there twice, or of one patient; what is done with each.

`workflow/known_cases/<source>.csv` has a line a case: `case`, `what` is known of it, `source` that says so, `action`
(keep | exclude | group with <case>, which makes both one patient), and `check`, what preparing looks for in the case
(`second_scan`), or nothing. A data set's `known_cases` in config goes before the list: `{case_00015: exclude}`.
"""

import csv
import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from softbench.errors import InputError

VERSION = None  # decides which cases there are and of whom, and no number
FOLDER = Path(__file__).parents[1] / "known_cases"
COLUMNS = ("case", "what", "source", "action", "check")
KEEP, EXCLUDE, GROUP = "keep", "exclude", "group with "
ACTION = rf"^({KEEP}|{EXCLUDE}|{GROUP}\S+)$"
CHECKS = ("", "second_scan")
IN_CONFIG = "named in config"


@dataclass(frozen=True)
class KnownCase:
    """What is known of a case, and what is done with it; `check`: what preparing looks for in it.

    `decided_by`: `config` where that decides what is done; empty where the list does.
    """

    case: str
    what: str
    source: str
    action: str
    check: str = ""
    decided_by: str = ""

    @property
    def group(self) -> str:
        """The case whose patient this one is of, too; empty where it is not grouped."""
        return self.action.removeprefix(GROUP) if self.action.startswith(GROUP) else ""


def read(source: str, folder: Path = FOLDER) -> dict[str, KnownCase]:
    """Return the known cases of a source, in the order of its list; none where it has no list.

    Raises: InputError: if the columns are others, a case stands twice, or an action or check is unknown.
    """
    path = folder / f"{source}.csv"
    if not path.is_file():
        return {}
    with open(path, encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    if tuple(reader.fieldnames or ()) != COLUMNS or any(None in row or None in row.values() for row in rows):
        columns = ", ".join(COLUMNS)
        raise InputError(
            f"{path} must be a CSV file with the columns {columns}. Put cells that hold a comma in quotes."
        )
    known = {row["case"]: KnownCase(**row) for row in rows}
    if len(known) < len(rows):
        raise InputError(f"{path} names a case twice. Keep one line of each.")
    for case in known.values():
        _require_action(str(path), case.case, case.action)
        if case.check not in CHECKS:
            raise InputError(f"{path}: `check` of {case.case} is {case.check!r}, but must be second_scan or empty.")
    return known


def chosen(source: str, own: Mapping[str, str] | None, folder: Path = FOLDER) -> dict[str, KnownCase]:
    """Return the known cases of a source with the actions that a data set chooses: case -> action.

    A case that the list lacks may be named, too: to keep two different patients whose images are alike, say.
    """
    known = read(source, folder)
    for case, action in (own or {}).items():
        _require_action("`known_cases`", case, action)
        listed = known.get(case, KnownCase(case, IN_CONFIG, "config", ""))
        known[case] = replace(listed, action=action, decided_by="" if action == listed.action else "config")
    return known


def actions(source: str, own: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return what is done with each known case of a source: case -> action."""
    return {case: known.action for case, known in chosen(source, own).items()}


def excluded(taken: Mapping[str, str]) -> set[str]:
    """Return the cases that are left out, of case -> action."""
    return {case for case, action in taken.items() if action == EXCLUDE}


def patients(cases: Mapping[str, str], known: Iterable[KnownCase]) -> dict[str, str]:
    """Return the patient of each case, those that are grouped with another case having the patient of that one.

    Args:
        cases: case -> patient, as published.
        known: what is known.
    Raises: InputError: if cases are grouped in a circle.
    """
    groups = {case.case: case.group for case in known if case.group}

    def patient(case: str) -> str:
        met = [case]
        while met[-1] in groups:
            met.append(groups[met[-1]])
            if met.count(met[-1]) > 1:
                raise InputError(f"known cases are grouped in a circle: {', '.join(met)}. Group each with one of them.")
        return cases.get(met[-1], met[-1])

    return {case: patient(case) for case in cases}


def require_targets(own: Mapping[str, str], cases: Collection[str]) -> None:
    """Raise InputError where a data set groups a case with one that is not there: nobody would be one patient."""
    for case, action in own.items():
        target = action.removeprefix(GROUP)
        if action.startswith(GROUP) and target not in cases:
            near = difflib.get_close_matches(target, cases, 1)
            meant = f" Did you mean {near[0]!r}?" if near else ""
            raise InputError(f"`known_cases`: {case} is {action!r}, but there is no case {target!r}.{meant}")


def line(case: KnownCase) -> str:
    """Return the line of a list that says this of a case."""
    cells = [f'"{cell}"' if "," in cell else cell for cell in (getattr(case, column) for column in COLUMNS)]
    return ",".join(cells)


def _require_action(where: str, case: str, action: str) -> None:
    if action not in (KEEP, EXCLUDE) and not (action.startswith(GROUP) and action.removeprefix(GROUP).strip()):
        raise InputError(f"{where}: {case} is {action!r}, but must be `keep`, `exclude` or `group with <case>`.")
