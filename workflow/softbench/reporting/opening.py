"""What stands first on the page: what was run, what it says, and why calibration stands over three regions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from softbench.reporting.answers import Answer
from softbench.reporting.ledger import Ledger
from softbench.reporting.page import environment

REGIONS = (
    "Label smoothing and GeoLS teach a network to stay below a confidence of 1 \N{MINUS SIGN} α (C \N{MINUS SIGN} 1)/C "
    "(α: the share given away, C: classes), and most voxels are background that anyone gets right, so their ECE over "
    "all voxels comes out about eight times as large by arithmetic alone, whatever the network has learnt. In the "
    "foreground and in the band around the boundaries, where a prediction can be wrong, that cap weighs little and the "
    "order of the methods may turn round: hence all three regions side by side."
)
NO_TEST = "One run, or one ensemble, per method: nothing tells how large a difference noise alone would make."


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


def to_html(shown: Sequence[Shown]) -> str:
    """Return the opening as a fragment of HTML; it says what is in the tables, and makes no claim of its own."""
    template = environment().get_template("opening.html.j2")
    tables = [one for one in shown if one.answer]
    return template.render(
        shown=shown, tables=tables, summary=_summary(tables), regions=REGIONS, no_test=NO_TEST, facts=_facts
    )


def _summary(tables: Sequence[Shown]) -> str:
    """Say in one sentence in how many tables anything was better or worse than its control."""
    tested = [one for one in tables if one.answer and one.answer.tests]
    if not tested:
        return ""
    counts = {side: sum(bool(getattr(one.answer, side)) for one in tested) for side in ("better", "worse")}
    of = f"{len(tested)} table{'s' if len(tested) > 1 else ''}"
    better, worse = (
        f"in {count or 'none'} of {of}" if len(tested) > 1 else ("yes" if count else "no") for count in counts.values()
    )
    return f"Is a soft label better than its control beyond noise, in any column? {better.capitalize()}. Worse? {worse.capitalize()}."


def _facts(one: Shown) -> Mapping[str, str]:
    """Return what was run for a table: name -> text."""
    runs = one.runs
    failed = f"{len(runs.failed)} failed" if runs.failed else "none failed"
    where = "; ".join(
        part
        for part in (runs.when, ", ".join(runs.machines), f"commit {', '.join(runs.commits)}" if runs.commits else "")
        if part
    )
    return {
        "Data": one.data,
        "Methods": f"{len(one.methods)} trained",
        "Seeds": ", ".join(map(str, runs.seeds)) or "\N{EN DASH}",
        "Runs": f"{runs.done} done, {failed}" if runs.done or runs.failed else "not run",
        "When, where, commit": where or "\N{EN DASH}",
    }
