"""What was measured on CPUs: ours beside others, a table a machine, and what has nothing to compare with."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath

from rows import short

from performance_page.cells import UNKNOWN, Record, table

CIRCUMSTANCES = ("rounds", "other programs", "date", "commit", "versions", "by")
FOLDER = Path(__file__).parents[1]
KEEPS = re.compile(r'Rows\("(\w+)"')  # how a script says that it has rows


def of_cpus(machines: Mapping[str, Record]) -> str:
    """Return the tables of all machines; `machines` are the files of benchmarks/results by their names."""
    return "\n".join(of_machine(name, machine) for name, machine in machines.items())


def of_machine(name: str, machine: Record) -> str:
    """Return where the figures were measured, the comparisons, and the figures of ours alone."""
    rows = machine["rows"]
    parts = [f"### {title(machine)}\n", f"From `benchmarks/results/{name}.json`.{not_measured(rows)}\n"]
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
    """Return rounds, load, date, commit, versions and script of a row, or that it was measured by hand (`by`)."""
    versions = ", ".join(f"{name} {version}" for name, version in row["packages"].items() if name != "python")
    script = f"`{PurePath(row['benchmark']).name}`" if "by" not in row else f"measured by {row['by']}"
    return [str(row["rounds"]), load(row["other_programs"]), row["date"], row["commit"], versions, script]


def load(cores: float | str | None) -> str:
    """Return how many cores other programs kept busy; a row from before that was measured may hold a word for it."""
    return UNKNOWN if cores is None else cores if isinstance(cores, str) else f"{cores:.1f} cores"


def not_measured(rows: Sequence[Record]) -> str:
    """Return which scripts have no row of this machine, as a sentence; nothing where all have."""
    there = {PurePath(row["benchmark"]).stem for row in rows}
    lacking = [f"`{name}.py`" for name in scripts() if name not in there]
    return f" Not measured here yet: {', '.join(lacking)}." if lacking else ""


def scripts() -> list[str]:
    """Return the benchmarks that have rows, by name."""
    texts = (path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.py")))
    return [found[1] for text in texts if (found := KEEPS.search(text))]
