"""Each element of the papers' experiments: where it is in the suite, whether as printed, and what shows it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from softbench.published.reader import FOLDER, HERE, PAPERS, check

SCHEMA = HERE / "schemas" / "fidelity.schema.yaml"
KINDS = ("method", "loss", "network", "protocol", "data", "split", "metric", "table", "figure", "claim")
STATUSES = {
    "printed": "as printed",
    "released": "as released",  # as the authors' code does it, where that departs from the paper or says more
    "ours": "ours",
    "missing": "missing",
}
CONFIG = "config.yaml: "  # before a dotted path of keys
RESULTS = re.compile(r"results/(?:tables|figures)/(\w+)\.\w+")


@dataclass(frozen=True)
class Element:
    """One element of a paper's experiments.

    `where` names files, or keys of config as "config.yaml: methods.svls"; `shown` names tests as
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
        Element(paper, **{**one, "where": tuple(one.get("where", ())), "shown": tuple(one.get("shown", ()))})
        for one in content
    )


def all_elements() -> tuple[Element, ...]:
    """Return the elements of all papers."""
    return tuple(one for paper in PAPERS for one in elements(paper))


def stale(found: Iterable[Element], root: Path, config: Mapping[str, Any]) -> list[str]:
    """Return what the elements name and the suite does not have: one line each; none where all is there.

    Args:
        found: elements to look at.
        root: the folder of the suite.
        config: its config.
    """
    return [f"{one.paper}.{one.name}: there is no {name}" for one in found for name in _absent(one, root, config)]


def _absent(one: Element, root: Path, config: Mapping[str, Any]) -> list[str]:
    places = [name for name in one.where if not _has_place(name, root, config)]
    return places + [name for name in one.shown if not _has_proof(name, root, config)]


def _has_place(name: str, root: Path, config: Mapping[str, Any]) -> bool:
    if not name.startswith(CONFIG):
        return (root / name).exists()
    value: Any = config
    for key in name.removeprefix(CONFIG).split("."):
        if not isinstance(value, Mapping) or key not in value:
            return False
        value = value[key]
    return True


def _has_proof(name: str, root: Path, config: Mapping[str, Any]) -> bool:
    if output := RESULTS.fullmatch(name):
        own = re.sub("_(open|phantom)$", "", output[1])
        return own in config["tables"] or own in config["figures"]
    path, _, test = name.partition("::")
    file = root / path
    return bool(test) and file.is_file() and f"def {test}(" in file.read_text(encoding="utf-8")
