"""The page docs/fidelity.md, made from workflow/published/fidelity.

It lists each element of the papers' experiments: where it is in the suite, whether as printed, and what shows it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from softbench.papers.published.reader import FOLDER, HERE, PAPERS, check, paper
from softbench.plan.config import Config

from make.markdown import table

SCHEMA = HERE / "schemas" / "fidelity.schema.yaml"
KINDS = ("method", "loss", "network", "protocol", "data", "split", "metric", "table", "figure", "claim")
STATUSES = {
    "printed": "as printed",
    "released": "as released",  # as the authors' code does it, where that departs from the paper or says more
    "ours": "ours",
    "missing": "missing",
}
KEY = re.compile(r"(config[\w/]*\.yaml): ([\w.]+)")  # a file of config, a dotted path of keys
RESULTS = re.compile(r"results/(?:tables|figures)/(\w+)\.\w+")

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
OF_TABLES = "reliability_"  # begins the name of a table's own diagram
TITLES = {
    "method": "Methods", "loss": "Losses", "network": "Networks", "protocol": "Training", "data": "Data",
    "split": "Splits", "metric": "Metrics", "table": "Tables", "figure": "Figures", "claim": "Claims",
}  # fmt: skip


@dataclass(frozen=True)
class Element:
    """One element of a paper's experiments.

    `where` names files, or keys of config as "config/methods.yaml: methods.svls"; `shown` names tests as
    "tests/test_x.py::test_name", or outputs that a target makes.
    """

    paper: str
    name: str
    kind: str
    place: str
    what: str
    status: str
    because: str = ""
    where: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()


@cache
def elements(paper: str) -> tuple[Element, ...]:
    """Return the elements of a paper, in the order of its file.

    Raises: InputError: naming the file and what in it the schema does not allow.
    """
    path = FOLDER / "fidelity" / f"{paper}.yaml"
    content: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    check(content, SCHEMA, f"fidelity/{path.name}")
    return tuple(
        Element(
            paper, **{**element, "where": tuple(element.get("where", ())), "shown": tuple(element.get("shown", ()))}
        )
        for element in content
    )


def all_elements() -> tuple[Element, ...]:
    """Return the elements of all papers."""
    return tuple(element for paper in PAPERS for element in elements(paper))


def stale(ledger: Iterable[Element], root: Path, config: Config) -> list[str]:
    """Return what the elements name and the suite does not have: one line each; none where all is there.

    Args:
        found: elements to look at.
        root: the folder of the suite.
        config: its config; a key stands in the file that is named with it.
    """
    return [
        f"{element.paper}.{element.name}: there is no {name}"
        for element in ledger
        for name in _absent(element, root, config)
    ]


def _absent(element: Element, root: Path, config: Config) -> list[str]:
    places = [name for name in element.where if not _has_place(name, root, config)]
    return places + [name for name in element.shown if not _has_proof(name, root, config)]


def _has_place(name: str, root: Path, config: Config) -> bool:
    key = KEY.fullmatch(name)
    if not key:
        return (root / name).exists()
    path = key[2].split(".")
    place, value = config.places.of(path[:2]), config.values
    for step in path:
        if not isinstance(value, Mapping) or step not in value:
            return False
        value = value[step]
    return place is not None and place.file == key[1]


def _has_proof(name: str, root: Path, config: Config) -> bool:
    if output := RESULTS.fullmatch(name):
        own = re.sub("_(open|phantom)$", "", output[1])
        return own.removeprefix(OF_TABLES) in config.values["tables"] or own in config.values["figures"]
    path, _, test = name.partition("::")
    file = root / path
    return bool(test) and file.is_file() and f"def {test}(" in file.read_text(encoding="utf-8")


def page() -> str:
    """Return the page."""
    return "\n".join([HEAD, _overview(), *map(_of_paper, PAPERS)])


def _overview() -> str:
    counts = {key: Counter(element.status for element in elements(key)) for key in PAPERS}
    rows = [
        (f"[{key}](#{key})", str(len(elements(key))), *(str(counts[key][status]) for status in STATUSES))
        for key in PAPERS
    ]
    total = [str(sum(int(row[column]) for row in rows)) for column in range(1, len(STATUSES) + 2)]
    return table(("paper", "elements", *STATUSES.values()), [*rows, ("all", *total)]) + "\n"


def _of_paper(key: str) -> str:
    reference = paper(key)
    parts = [f"## {key}\n\n{reference.authors} {reference.year}: *{reference.title}*.\n"]
    for kind in KINDS:
        if chosen := [element for element in elements(key) if element.kind == kind]:
            parts.append(f"### {TITLES[kind]} of {key}\n\n{table(HEADS, map(_row, chosen))}\n")
    return "\n".join(parts)


HEADS = ("element", "paper", "here", "where", "shown by")


def _row(element: Element) -> tuple[str, ...]:
    status = f"**{STATUSES[element.status]}**" if element.status == "missing" else STATUSES[element.status]
    said = f"{status}: {element.because}" if element.because else status
    return element.what, element.place, said, _names(element.where), _names(element.shown)


def _names(names: Sequence[str]) -> str:
    """Return names as code, each without the folder that all of its kind share."""
    return "<br>".join(f"`{name.removeprefix('workflow/')}`" for name in names) or "–"
