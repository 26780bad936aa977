"""Contests that were held on CPUs."""

from collections.abc import Sequence

from performance_page.card import commit
from performance_page.cells import NONE, Record, at
from performance_page.contest import peers


def of_cpus(records: Sequence[Record]) -> str:
    """Return the contests that were held on CPUs."""
    held = [record for record in records if at(record, "parts", "peers")] or [NONE]
    return "\n".join(["## One CPU core\n", *(one for record in held for one in (cpu_line(record), peers(record)))])


def cpu_line(record: Record) -> str:
    """Return on what a contest was held."""
    if record is NONE:
        return ""
    of = record["machine"]
    note = at(record, "note")
    text = f"{record['began'][:10]}, commit {commit(record)}; {of['processor']}, {of['cores']} cores; "
    return text + f"torch {of['packages']['torch']}, Python {of['python']}." + (f" {note}" if note else "") + "\n"
