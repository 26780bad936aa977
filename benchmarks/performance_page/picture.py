"""docs/pictures/performance.png: how many times as fast ours is, a line a comparison, a panel a machine."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator
from rows import short
from softbench.figures import pictures
from softbench.jobs import pieces

from performance_page.cells import Record
from performance_page.cpu import compared, title

DPI, WIDTH, LINE, HEAD = 180, 7.2, 0.29, 0.75  # inches: of the sheet, of a comparison, of title and axis
FASTER, SLOWER = pictures.COLOURS[6], pictures.COLOURS[2]
TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)


def draw(machines: Mapping[str, Record], path: Path) -> None:
    """Draw all comparisons; the file holds a hash of what it shows, so that a test finds a stale one."""
    lines = {title(machine): compared(machine["rows"]) for machine in machines.values()}
    lines = {name: sorted(rows, key=lambda row: row["ratio"]["median"]) for name, rows in lines.items() if rows}
    if not lines:
        return
    with pictures.style("ticks"):
        heights = [HEAD + LINE * len(rows) for rows in lines.values()]
        figure = Figure(figsize=(WIDTH, sum(heights)), layout="constrained")
        axes = figure.subplots(len(lines), height_ratios=heights, squeeze=False)[:, 0]
        for axis, (name, rows) in zip(axes, lines.items(), strict=True):
            panel(axis, name, rows)
        about = {"Software": None, "Description": shown(machines)}
        pieces.write_file(path, lambda part: figure.savefig(part, dpi=DPI, metadata=about))


def panel(axis: Axes, name: str, rows: Sequence[Record]) -> None:
    """Draw the comparisons of one machine."""
    axis.set_title(f"How many times as fast as the others: {name}", fontsize=8.5, fontweight="bold", loc="left")
    axis.axvline(1, color="0.35", linewidth=0.8, zorder=1)
    for height, row in enumerate(rows):
        ratio = row["ratio"]
        colour = FASTER if ratio["median"] >= 1 else SLOWER
        axis.plot([ratio["lowest"], ratio["highest"]], [height, height], color=colour, linewidth=1.6, alpha=0.5)
        axis.plot(ratio["median"], height, "o", color=colour, markersize=3.6)
        beside = {"xytext": (5, 0), "textcoords": "offset points", "va": "center", "fontsize": 7}
        axis.annotate(short(ratio["median"]), (ratio["highest"], height), **beside)
    low = min(1.0, *(row["ratio"]["lowest"] for row in rows))
    high = max(row["ratio"]["highest"] for row in rows)
    axis.set(xscale="log", xlim=(low / 1.3, high * 1.6), ylim=(-0.7, len(rows) - 0.3))
    axis.set_yticks(range(len(rows)), [f"{row['what']}\nbeside {row['peer']['name']}" for row in rows], fontsize=6.5)
    ticks = [tick for tick in TICKS if low / 1.3 <= tick <= high * 1.6]
    axis.xaxis.set(major_locator=FixedLocator(ticks), minor_locator=NullLocator())
    axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks], fontsize=7)
    axis.set_xlabel("the other / ours; point: medians, line: lowest to highest of the rounds (log axis)", fontsize=7)
    axis.grid(axis="x", color="0.92", linewidth=0.5)
    axis.set_axisbelow(True)


def shown(machines: Mapping[str, Record]) -> str:
    """Return the hash of what the picture shows."""
    facts = [
        [title(machine), [[row["what"], row["peer"]["name"], row["ratio"]] for row in compared(machine["rows"])]]
        for machine in machines.values()
    ]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
