"""What README.md and docs/ say of speed beside others: blocks between marks, made from benchmarks/results.

A comparison that no file holds is left out; one that several machines have is that of the latest date.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from rows import short

from performance_page.cells import Record, table
from performance_page.cpu import compared, figure, title

Machines = Mapping[str, Record]


class Claim(NamedTuple):
    """Words for a row, and how it is found: script, start of its `what`, start of the peer's name."""

    words: str
    script: str
    what: str
    peer: str = ""


STEP = "training step, {}, compact_unet"
TRAINING = (
    Claim("a training step on MSD Hippocampus", "training", STEP.format("hippocampus"), "MONAI"),
    Claim("a training step on MSD Hippocampus", "training", STEP.format("hippocampus"), "plain loop"),
    Claim("a training step on the demo's brain phantom", "training", STEP.format("phantom"), "MONAI"),
    Claim("a training step on the demo's brain phantom", "training", STEP.format("phantom"), "plain loop"),
    Claim("a model of the demo, five seeds in one process", "training_runs", "a model of demo_brain", "a process each"),
    Claim("three seeds of the demo's network one after another", "training_fusion", "3 seeds one after another, demo"),
)
MAIN = (
    *TRAINING[0:3:2],
    Claim("all surface metrics of a case", "metrics", "all surface metrics, good prediction", "MONAI"),
    Claim("all surface metrics of a case", "metrics", "all surface metrics, good prediction", "medpy"),
    Claim("geodesic distances for GeoLS", "soft_labels_geols", "geodesic distances", "GeodisTK"),
    Claim("a dry run of 100 cases x 20 methods x 5 seeds", "planning", "dry run of 100 cases", "one job a case"),
)
PAPERS = Claim("a dry run of all papers' tables", "planning", "dry run of all papers' tables, data=published")
LARGE = "dry run of 10,000 cases"
CLOCK = ", time on the clock"  # as demo.py says it
MINUTE_S, LONG_S = 60, 100  # from so many seconds on they are said as minutes


class Found(NamedTuple):
    """A row, and the machine that it was measured on."""

    machine: str
    row: dict[str, Any]


def find(machines: Machines, claim: Claim) -> Found | None:
    """Return the latest row of a claim, None where no machine has one."""
    script = f"benchmarks/{claim.script}.py"
    fitting = [
        Found(title(machine), row)
        for machine in machines.values()
        for row in machine["rows"]
        if row["benchmark"] == script
        and row["what"].startswith(claim.what)
        and (row["peer"] or {"name": ""})["name"].startswith(claim.peer)
    ]
    return max(fitting, key=lambda found: found.row["date"], default=None)


def whole_run(machines: Machines, what: str) -> Found | None:
    """Return the latest row of `demo.py` that is called so."""
    rows = [Found(title(machine), row) for machine in machines.values() for row in machine["rows"]]
    fitting = [one for one in rows if one.row["benchmark"] == "benchmarks/demo.py" and one.row["what"] == what]
    return max(fitting, key=lambda found: found.row["date"], default=None)


def listed(machines: Machines, claims: Sequence[Claim]) -> str:
    """Return comparisons as a table with the machine of each."""
    pairs = [(claim, find(machines, claim)) for claim in claims]
    rows = [[claim.words, *cells(found)] for claim, found in pairs if found is not None and found.row["ratio"]]
    return table(["what", "ours", "beside", "", "times as fast", "processor"], rows)


def cells(found: Found) -> list[str]:
    """Return ours, the peer, its figure, the ratio with its range, and the machine."""
    row = found.row
    ratio, peer = row["ratio"], row["peer"]
    spread = f" ({short(ratio['lowest'])} to {short(ratio['highest'])})" if row["rounds"] > 1 else ""
    name = re.sub(r" \([ab]\)$", "", peer["name"])
    both = [figure(row["ours"], row), name, figure(peer["figure"], row)]
    return [*both, f"{short(ratio['median'])}{spread}", found.machine]


def main_comparisons(machines: Machines) -> str:
    """Return the comparisons that docs/run.md names."""
    return listed(machines, MAIN)


def training(machines: Machines) -> str:
    """Return the comparisons of training."""
    return listed(machines, TRAINING)


def labels(machines: Machines) -> str:
    """Return the comparisons of soft labels, all that there are."""
    scripts = ("soft_labels", "soft_labels_superpixel", "soft_labels_geols")
    names = dict.fromkeys(
        (script, row["what"], row["peer"]["name"])
        for script in scripts
        for machine in machines.values()
        for row in compared(machine["rows"])
        if row["benchmark"] == f"benchmarks/{script}.py"
    )
    return listed(machines, [Claim(what.removeprefix("label "), script, what, peer) for script, what, peer in names])


def planning(machines: Machines) -> str:
    """Return what dry runs cost."""
    memory = find(machines, Claim("", "planning", f"memory of the {LARGE}"))
    claims = (PAPERS, Claim("one of 10,000 cases x 200 methods x 5 seeds", "planning", LARGE))
    pairs = [(claim.words, find(machines, claim)) for claim in claims]
    parts = [f"{words} takes {short(found.row['ours'])} CPU-seconds" for words, found in pairs if found]
    if not parts:
        return ""
    text = " and ".join(parts) + (f" and {short(memory.row['ours'])} MiB of memory" if memory else "")
    machines_named = " and ".join(dict.fromkeys(found.machine for _, found in pairs if found))
    return f"{text[0].upper()}{text[1:]} ({machines_named}; `benchmarks/planning.py`).\n"


def demo(machines: Machines) -> str:
    """Return how long installation and the demo take."""
    named = (f"make setup{CLOCK}", f"make demo{CLOCK}", "make demo", "first table of make demo")
    setup, clock, cpu, first = (whole_run(machines, what) for what in named)
    if clock is None or cpu is None:
        return ""
    install = f"installs in {duration(setup.row['ours'])}, then runs" if setup else "installs what it needs, then runs"
    text = f"`make demo` {install} for {duration(clock.row['ours'])} ({duration(cpu.row['ours'], 'CPU-')}) on"
    text += f" {clock.machine}, without network or GPU"
    text += f"; the first table is there after {duration(first.row['ours'])}" if first else ""
    return f"{text} (commit {clock.row['commit'][:7]}, {clock.row['date']}).\n"


def hippocampus(machines: Machines) -> str:
    """Return how long the run of the tables on real images took."""
    found = whole_run(machines, "run of hippocampus, hippocampus_small")
    if found is None:
        return ""
    took, row = duration(found.row["ours"], "CPU-"), found.row
    return f"The run of this table and of the next took {took} ({found.machine}, commit {row['commit']}).\n"


def duration(seconds: float, kind: str = "") -> str:
    """Return seconds as words; `kind` stands before the unit.

    >>> duration(75.2), duration(332.0, "CPU-")
    ('75 seconds', '5.5 CPU-minutes')
    """
    if seconds < LONG_S:
        return f"{seconds:.0f} {kind}seconds"
    minutes = seconds / MINUTE_S
    return f"{minutes:.{0 if minutes >= 10 else 1}f} {kind}minutes"


PAGES: dict[str, dict[str, Callable[[Machines], str]]] = {
    "README.md": {"demo": demo},
    "docs/hippocampus.md": {"hippocampus": hippocampus},
    "docs/run.md": {"speed": main_comparisons},
    "docs/cluster.md": {"planning": planning},
    "docs/training.md": {"speed": training},
    "docs/methods.md": {"cost": labels},
}


def with_blocks(page: str, text: str, machines: Machines) -> str:
    """Return the text of a page with its blocks as the files have them.

    Raises: SystemExit: if a block's marks are not there.
    """
    for name, make in PAGES[page].items():
        first, last = f"<!-- {name}: made by `make docs` -->", f"<!-- end of {name} -->"
        if first not in text or last not in text:
            raise SystemExit(f"{page} lacks the lines {first} and {last}. Write them where the figures belong.")
        before, _, rest = text.partition(first)
        text = f"{before}{first}\n\n{make(machines)}\n{last}{rest.partition(last)[2]}"
    return text
