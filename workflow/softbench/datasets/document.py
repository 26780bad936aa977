"""The page docs/datasets.md, made from the sources' modules, `document.yaml`, config and the committed splits.

`make docs` calls `python -m softbench.explain.dataset_page`, which hands over the data sets of config.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import jinja2
import yaml

from softbench import datasets
from softbench.datasets import document_source, phantoms
from softbench.datasets.document_source import Facts
from softbench.errors import InputError
from softbench.jobs import pieces

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PAGE = ROOT / "docs" / "datasets.md"
HOW = {"open": "open", "tcia": "open (TCIA)", "token": "token", "manual": "by hand"}


def page(entries: Mapping[str, Facts]) -> str:
    """Return the page.

    Args:
        entries: the data sets of config.
    Raises: InputError: if a source has no facts in `document.yaml`, or facts have no source.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), autoescape=False, trim_blocks=True, lstrip_blocks=True,
        undefined=jinja2.StrictUndefined, keep_trailing_newline=True,
    )  # fmt: skip
    facts = facts_of_sources()
    sections = {name: document_source.section(name, of_source, entries) for name, of_source in facts.items()}
    template = environment.get_template("document.md.j2")
    return template.render(overview=overview(facts), phantoms=table_of_phantoms(), sections=sections)


def facts_of_sources() -> dict[str, Facts]:
    """Return the facts of `document.yaml`, in its order; raise `InputError` unless they are of the sources that are."""
    facts: dict[str, Facts] = yaml.safe_load((HERE / "document.yaml").read_text(encoding="utf-8"))
    stated = {name for name in datasets.names() if datasets.source(name).ACCESS not in ("made", "own")}
    different = set(facts) ^ stated
    if different:
        raise InputError(
            f"document.yaml and the modules differ in {', '.join(sorted(different))}. Add the facts, or take them away."
        )
    return facts


def overview(facts: Mapping[str, Facts]) -> str:
    """Return the table of all sources but phantoms."""
    head = ("source", "what", "access", "cases", "raters", "split: train / val / test", "used by")
    rows = []
    for name, of_source in facts.items():
        source = datasets.source(name)
        mains = [document_source.parts(split) for split in of_source.get("splits", {}) if split.endswith("/main")]
        parts = "; ".join(dict.fromkeys(mains)) or document_source.shares(source.SPLITS["main"])
        used = ", ".join(of_source["used"]) or "–"
        rows.append((f"[`{name}`](#{name})", of_source["what"], HOW[source.ACCESS], str(of_source["cases"]),
                     str(of_source["raters"]), parts, used))  # fmt: skip
    return document_source.table(head, rows)


def table_of_phantoms() -> str:
    """Return the table of phantoms; what a module does not say is read off a case."""
    head = ("source", "what", "size: voxels, mm", "channels", "structures (class ids)", "raters", "train / val / test")
    rows = []
    for name in phantoms.names():
        source = datasets.source(name)
        made = {size: phantoms.make(name, 0, size=size) for size in ("small", "tiny")}
        grids = [f"{size}: {_by(c.labels.shape[1:])}, {_by(c.spacing_mm)}" for size, c in made.items()]
        structures = ", ".join(f"{key} ({' + '.join(map(str, ids))})" for key, ids in source.STRUCTURES.items())
        split = [document_source.parts(f"{key}/main") for key in (name, f"{name}_tiny")]
        rows.append((f"`{name}`", source.TITLE, "; ".join(grids), ", ".join(source.MODALITIES), structures,
                     str(len(made["tiny"].labels)), "; tiny ".join(split)))  # fmt: skip
    return document_source.table(head, rows)


def _by(numbers: Iterable[float]) -> str:
    return " x ".join(f"{number:g}" for number in numbers)


def write(entries: Mapping[str, Facts], path: Path = PAGE) -> None:
    """Write the page of the repository's sources; `entries` are the data sets of config."""
    pieces.write_text(path, page(entries))
