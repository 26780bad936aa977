"""What stands first on the page: what was run, what it says, and why calibration stands over three regions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from softbench.page.answers import Answer
from softbench.page.ledger import Ledger
from softbench.page.page import environment
from softbench.tables.rounding import NOTHING

WHY_REGIONS = (
    "Label smoothing and GeoLS teach a network to stay below a confidence of 1 \N{MINUS SIGN} α (C \N{MINUS SIGN} "
    "1)/C (α: the share given away, C: classes). Most voxels are background that any network gets right, so over all "
    "voxels that cap by itself works against the ECE, whatever the network has learnt. Where predictions do go wrong, "
    "in the foreground and in the band around the boundaries, the same cap may hurt or help, and the order of the "
    "methods can turn round: hence all three regions side by side."
)
NONE: Mapping[str, str] = {}
NO_TEST = "One {what} per method: nothing tells how large a difference noise alone would make."


@dataclass(frozen=True)
class Shown:
    """A table in the opening: its address on the page, title, data set, trained methods' titles, runs, and answer.

    The papers' tables have no `answer`: each of their cells says where it stands against the printed number.
    """

    address: str
    title: str
    data: str
    methods: Sequence[str]
    runs: Ledger
    answer: Answer | None = None


def to_html(
    shown: Sequence[Shown], whole: Ledger, data: int, left: Sequence[str] = (), rehearsals: Mapping[str, str] = NONE
) -> str:
    """Return the opening as a fragment of HTML; it says what is in the tables, and makes no claim of its own.

    Args:
        shown: the tables in order, the papers' last.
        whole: the runs of all of them, each once.
        data: number of data sets.
        left: titles of the tables that are not finished.
        rehearsals: page beside this one -> title.
    """
    template = environment().get_template("opening.html.j2")
    tables = [one for one in shown if one.answer]
    return template.render(
        shown=shown, tables=tables, run=_run(shown, whole, data), summary=_summary(tables),
        regions=WHY_REGIONS, no_test=_no_test, facts=_facts, left=left, rehearsals=rehearsals,
    )  # fmt: skip


def _run(shown: Sequence[Shown], whole: Ledger, data: int) -> str:
    """Say in one sentence what was run; runs that several tables show count once."""
    if not (whole.done or whole.failed):
        return "Nothing was run: what stands below is printed in the papers."
    methods = len({method for one in shown for method in one.methods})
    seeds = f"seed{'' if len(whole.seeds) == 1 else 's'} {', '.join(map(str, whole.seeds))}"
    return (
        f"{_count_of(methods, 'trained method')} on {_count_of(data, 'data set')}, {seeds}: {_outcome(whole)}; "
        f"{_circumstances(whole)}."
    )


def _count_of(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _outcome(runs: Ledger) -> str:
    return f"{_count_of(runs.done, 'run')} done, {len(runs.failed) or 'none'} failed"


def _circumstances(runs: Ledger) -> str:
    """Say when, on what and at which commit; what no record tells is left out."""
    commits = f"commit {', '.join(runs.commits)}" if runs.commits else ""
    parts = (runs.when, ", ".join(runs.machines), commits)
    return "; ".join(part for part in parts if part) or "no record of when and where"


def _summary(tables: Sequence[Shown]) -> str:
    """Say in one sentence in how many tables anything was better or worse than its control."""
    tested = [one for one in tables if one.answer and one.answer.tests]
    if not tested:
        return ""
    better, worse = (_count([getattr(one.answer, side) for one in tested]) for side in ("better", "worse"))
    return f"Is a method better than its control beyond noise, in any column? {better}. Worse? {worse}."


def _count(found: Sequence[tuple[str, ...]]) -> str:
    """Say in how many tables there is anything; yes or no where there is one table."""
    count = sum(bool(lines) for lines in found)
    if len(found) == 1:
        return "Yes" if count else "No"
    return f"In {count or 'none'} of {len(found)} tables"


def _facts(one: Shown) -> Mapping[str, str]:
    """Return what was run for a table: name -> text."""
    runs = one.runs
    ran = bool(runs.done or runs.failed)
    return {
        "Data": one.data,
        "Methods": f"{len(one.methods)} trained",
        "Seeds": ", ".join(map(str, runs.seeds)) or NOTHING,
        "Runs": _outcome(runs) if ran else "not run",
        "When, where, commit": _circumstances(runs) if ran else NOTHING,
    }


def _no_test(one: Shown) -> str:
    """Say why a table has no test: one run, or one ensemble, per method."""
    return NO_TEST.format(what="run" if len(one.runs.seeds) < 2 else "ensemble")
