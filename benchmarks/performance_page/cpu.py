"""What was measured on CPUs: ours beside others, a table a machine, and what has nothing to compare with."""

from collections.abc import Mapping, Sequence
from pathlib import PurePath

from rows import short

from performance_page.cells import Record, table

CIRCUMSTANCES = ("rounds", "date", "versions", "by")


def of_cpus(machines: Mapping[str, Record]) -> str:
    """Return the tables of all machines; `machines` are the files of benchmarks/results by their names."""
    return "\n".join(of_machine(name, machine) for name, machine in machines.items())


def of_machine(name: str, machine: Record) -> str:
    """Return where the figures were measured, the comparisons, and the figures of ours alone."""
    rows = machine["rows"]
    parts = [f"### {title(machine)}\n", f"From `benchmarks/results/{name}.json`.{notes(rows)}\n"]
    head = ["what", "ours", "the other", "", "times as fast", "in single rounds", *CIRCUMSTANCES]
    parts += [table(head, [comparison(row) for row in compared(rows)])]
    alone = [[row["what"], figure(row["ours"], row), *circumstances(row)] for row in rows if not row["peer"]]
    if alone:
        parts += ["Ours alone:\n", table(["what", "", *CIRCUMSTANCES], alone)]
    return "\n".join(parts)


def figure(value: float, row: Record) -> str:
    """Return a figure with the unit of its row."""
    return f"{short(value)} {row['unit']}"


def title(machine: Record) -> str:
    """Return processor and cores."""
    return f"{machine['machine']['processor']}, {machine['machine']['cores']} cores"


def compared(rows: Sequence[Record]) -> list[Record]:
    """Return the rows that compare."""
    return [row for row in rows if row["ratio"]]


def comparison(row: Record) -> list[str]:
    """Return the cells of a comparison."""
    ratio, peer = row["ratio"], row["peer"]
    spread = f"{short(ratio['lowest'])} to {short(ratio['highest'])}" if row["rounds"] > 1 else ""
    both = [figure(row["ours"], row), peer["name"], figure(peer["figure"], row)]
    return [row["what"], *both, short(ratio["median"]), spread, *circumstances(row)]


def circumstances(row: Record) -> list[str]:
    """Return rounds, date, versions and script of a row."""
    versions = ", ".join(f"{name} {version}" for name, version in row["packages"].items() if name != "python")
    return [str(row["rounds"]), row["date"], versions, f"`{PurePath(row['benchmark']).name}`"]


def notes(rows: Sequence[Record]) -> str:
    """Return what was noted, once, and of which dates where not of all rows."""
    texts = dict.fromkeys(row["note"] for row in rows if row["note"])
    said = ""
    for text in texts:
        dates = sorted({row["date"] for row in rows if row["note"] == text})
        said += f" {text}" if all(row["note"] == text for row in rows) else f" Rows of {', '.join(dates)}: {text}"
    return said
