"""What was measured on CPUs: ours beside others, a table a machine, and what has nothing to compare with."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath

from rows import short

from performance_page.cells import UNKNOWN, Record, table

LOSSES = (
    "MONAI's recipe has a network of MONAI's blocks, with the protocol's optimiser, schedule and clipping from torch.\n"
    "Its loss of a step differs from ours, from the same first weights and on the same batches, by at most:"
)
EARLIER = "in this row its network is the suite's class, and its optimiser Adam without schedule and clipping"
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
    parts += [losses(rows)]
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


def losses(rows: Sequence[Record]) -> str:
    """Return how near the losses of MONAI's recipe came to ours, a line a training step; nothing where none was timed.

    A row from before they were compared is one of another peer.
    """
    steps = [row for row in compared(rows) if row["peer"]["name"].startswith("MONAI's recipe")]
    lines = [f"- {row['what']}: {_agreement(row)}." for row in steps]
    return "\n".join([LOSSES, "", *lines, ""]) if lines else ""


def _agreement(row: Record) -> str:
    if "loss_difference" not in row:
        return f"not compared; {EARLIER}"
    return f"{row['loss_difference']:.1e} of its value over {row['loss_steps']} steps"


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
