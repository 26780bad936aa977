"""The page docs/datasets.md, made from the sources' modules, `datasets.yaml`, config and the committed splits."""

from collections.abc import Iterable, Mapping

import yaml
from softbench import datasets
from softbench.datasets import phantoms
from softbench.errors import InputError
from softbench.plan.config import read

from make import datasets_source
from make.datasets_source import Facts
from make.markdown import HERE, ROOT, fill, table

HOW = {"open": "open", "tcia": "open (TCIA)", "token": "token", "manual": "by hand"}


def page() -> str:
    """Return the page.

    Raises: InputError: if a source has no facts in `datasets.yaml`, or facts have no source.
    """
    facts, entries = collect_source_facts(), read(ROOT).values["datasets"]
    sections = {name: datasets_source.section(name, of_source, entries) for name, of_source in facts.items()}
    return fill("datasets.md.j2", overview=overview(facts), phantoms=table_of_phantoms(), sections=sections)


def collect_source_facts() -> dict[str, Facts]:
    """Return the facts of `datasets.yaml`, in its order; raise `InputError` unless they are of the sources that are."""
    facts: dict[str, Facts] = yaml.safe_load((HERE / "datasets.yaml").read_text(encoding="utf-8"))
    stated = {name for name in datasets.names() if datasets.source(name).ACCESS not in ("made", "own")}
    different = set(facts) ^ stated
    if different:
        raise InputError(
            f"datasets.yaml and the modules differ in {', '.join(sorted(different))}. Add the facts, or take them away."
        )
    return facts


def overview(facts: Mapping[str, Facts]) -> str:
    """Return the table of all sources but phantoms."""
    head = ("source", "what", "access", "cases", "raters", "split: train / val / test", "used by")
    rows = []
    for name, of_source in facts.items():
        source = datasets.source(name)
        mains = [datasets_source.parts(split) for split in of_source.get("splits", {}) if split.endswith("/main")]
        parts = "; ".join(dict.fromkeys(mains)) or datasets_source.shares(source.SPLITS["main"])
        used = ", ".join(of_source["used"]) or "–"
        rows.append((f"[`{name}`](#{name})", of_source["what"], HOW[source.ACCESS], str(of_source["cases"]),
                     str(of_source["raters"]), parts, used))  # fmt: skip
    return table(head, rows)


def table_of_phantoms() -> str:
    """Return the table of phantoms; what a module does not say is read off a case."""
    head = ("source", "what", "size: voxels, mm", "channels", "structures (class ids)", "raters", "train / val / test")
    rows = []
    for name in phantoms.names():
        source = datasets.source(name)
        made = {size: phantoms.make(name, 0, size=size) for size in ("small", "tiny")}
        grids = [f"{size}: {_by(c.labels.shape[1:])}, {_by(c.spacing_mm)}" for size, c in made.items()]
        structures = ", ".join(f"{key} ({' + '.join(map(str, ids))})" for key, ids in source.STRUCTURES.items())
        split = [datasets_source.parts(f"{key}/main") for key in (name, f"{name}_tiny")]
        rows.append((f"`{name}`", source.TITLE, "; ".join(grids), ", ".join(source.MODALITIES), structures,
                     str(len(made["tiny"].labels)), "; tiny ".join(split)))  # fmt: skip
    return table(head, rows)


def _by(numbers: Iterable[float]) -> str:
    return " x ".join(f"{number:g}" for number in numbers)
