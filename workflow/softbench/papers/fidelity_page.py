"""The page docs/fidelity.md, made from the lists in workflow/published/fidelity.

`make docs` calls `python -m softbench.papers.fidelity_page`.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from softbench.jobs import pieces
from softbench.papers.fidelity import KINDS, STATUSES, Element, elements
from softbench.papers.page_table import page_table
from softbench.papers.published.reader import PAPERS, paper

PAGE = Path(__file__).parents[3] / "docs" / "fidelity.md"
HEAD = """# Fidelity

<!-- Made by `make docs`: edit workflow/published/fidelity/*.yaml, not this file. -->

Each element of the four papers' experiments: where it is in the suite, whether it is as the paper prints it, and the
test or output that shows it.

- **as printed**: what the paper says, to the letter.
- **as released**: what the authors' published code does, where the paper says less or something else.
- **ours**: the paper leaves it open, contradicts itself, or cannot be followed here; the reason stands beside it. What
  decides a table's numbers is also printed under that table.
- **missing**: not in the suite yet.

A test fails when a file, a key of config, a test or an output that is named here does not exist.
"""
TITLES = {
    "method": "Methods", "loss": "Losses", "network": "Networks", "protocol": "Training", "data": "Data",
    "split": "Splits", "metric": "Metrics", "table": "Tables", "figure": "Figures", "claim": "Claims",
}  # fmt: skip


def page() -> str:
    """Return the page."""
    return "\n".join([HEAD, _overview(), *map(_of_paper, PAPERS)])


def _overview() -> str:
    counts = {key: Counter(one.status for one in elements(key)) for key in PAPERS}
    rows = [
        (f"[{key}](#{key})", str(len(elements(key))), *(str(counts[key][status]) for status in STATUSES))
        for key in PAPERS
    ]
    total = [str(sum(int(row[column]) for row in rows)) for column in range(1, len(STATUSES) + 2)]
    return page_table(("paper", "elements", *STATUSES.values()), [*rows, ("all", *total)])


def _of_paper(key: str) -> str:
    one = paper(key)
    parts = [f"## {key}\n\n{one.authors} {one.year}: *{one.title}*.\n"]
    for kind in KINDS:
        if chosen := [element for element in elements(key) if element.kind == kind]:
            parts.append(f"### {TITLES[kind]} of {key}\n\n{page_table(HEADS, map(_row, chosen))}")
    return "\n".join(parts)


HEADS = ("element", "paper", "here", "where", "shown by")


def _row(one: Element) -> tuple[str, ...]:
    status = f"**{STATUSES[one.status]}**" if one.status == "missing" else STATUSES[one.status]
    said = f"{status}: {one.because}" if one.because else status
    return one.what, one.place, said, _names(one.where), _names(one.shown)


def _names(names: Sequence[str]) -> str:
    """Return names as code, each without the folder that all of its kind share."""
    return "<br>".join(f"`{name.removeprefix('workflow/')}`" for name in names) or "–"


def write(path: Path = PAGE) -> None:
    """Write the page."""
    pieces.write_text(path, page())


if __name__ == "__main__":
    write()
