"""One source on the page docs/datasets.md: its facts, preparation and splits, as tables."""

import inspect
import re
from collections.abc import Mapping, Sequence
from math import prod
from types import ModuleType
from typing import Any

import yaml
from softbench import datasets
from softbench.datasets import splits
from softbench.datasets.prepare import intensities, prepare
from softbench.datasets.sources import reading

from make.markdown import ROOT, table

SPLITS = ROOT / "workflow" / "splits"

Facts = Mapping[str, Any]


def section(name: str, facts: Facts, entries: Mapping[str, Facts]) -> dict[str, Any]:
    """Return what the template shows of a source."""
    source = datasets.source(name)
    about, _, rest = (inspect.getdoc(source) or "").partition("\n\n")
    return {
        "about": about.replace("\n", " "),
        "rest": re.sub(r"(?<!\n)\n\*\*", "\n\n**", rest),  # what begins in bold is a paragraph of its own
        "facts": table(("", ""), [(label, text) for label, text in _facts(source, facts).items()]),
        "steps": getattr(source, "STEPS", ()),
        "preparation": _preparation(source, facts["whose"]),
        "entries": [_entry(key, entry, source) for key, entry in entries.items() if entry["source"] == name],
        "splits": _splits(source, facts),
        "traps": facts["traps"],
        "tried": facts["tried"],
    }


def _facts(source: ModuleType, facts: Facts) -> dict[str, str]:
    structures = [f"{name} ({' + '.join(map(str, ids))})" for name, ids in source.STRUCTURES.items()]
    return {
        "licence": source.LICENCE,
        "cite": source.CITATION,
        "files": source.LAYOUT.replace("<", r"\<").replace("*", r"\*"),  # neither HTML nor emphasis
        "size": f"{_size(source)}; prepared {_prepared_size(source, facts)}",
        "channels": ", ".join(source.MODALITIES),
        "classes": ", ".join(f"{index} {name}" for index, name in enumerate(source.CLASSES)),
        "published ids": _published_ids(source),
        "structures (class ids)": ", ".join(structures),
        "left out": _left_out(source),
    }


def _published_ids(source: ModuleType) -> str:
    if not hasattr(source, "LABEL_IDS"):
        return "derived, see above" if hasattr(source, "read") else "as the classes"
    ids = [f"{number} {source.CLASSES[class_id]}" for number, class_id in source.LABEL_IDS.items()]
    return ", ".join(ids + [f"{number} not labelled" for number in reading.ignored_ids(source)])


def _left_out(source: ModuleType) -> str:
    reasons: dict[str, list[str]] = {}
    for case, reason in getattr(source, "DROPPED", {}).items():
        reasons.setdefault(reason, []).append(case)
    texts = [f"{cases[0]} to {cases[-1]}: {reason}" for reason, cases in reasons.items()]
    if hasattr(source, "find_dropped"):
        texts.append("what is no case on purpose, each with its reason in `dropped.csv`")
    return "; ".join(texts) or "nothing"


def _size(source: ModuleType) -> str:
    size = getattr(source, "SIZE_GB", None)
    return f"download {size[0]:g} GB, unpacked {size[1]:g} GB" if size else "download unknown"


def _prepared_size(source: ModuleType, facts: Facts) -> str:
    """Estimate from the grid: float32 a channel, a byte a rater and for the map of labelled voxels."""
    settings = prepare.full_settings(source, {})
    grid = (settings["crop"] or {}).get("size") or facts["grid"]
    cases, raters = (int(str(facts[kind]).removeprefix("up to ").split()[0]) for kind in ("cases", "raters"))
    channels = len(intensities.channel_names(settings["window"], source.MODALITIES))
    gigabytes = cases * prod(grid) * (4 * channels + raters + bool(facts.get("maps"))) / 1e9
    return f"about {gigabytes:.2g} GB" if gigabytes < 10 else f"about {gigabytes:.0f} GB"


def _preparation(source: ModuleType, whose: Mapping[str, str]) -> str:
    """Return a table of the settings that the source has, or that differ from those of all."""
    settings = prepare.full_settings(source, {})
    rows = [(f"`{name}`", f"`{_flow(settings[name])}`", whose[name]) for name in settings_of(source)]
    return table(("setting", "value", "whose"), rows)


def settings_of(source: ModuleType) -> list[str]:
    """Return the settings that a source decides, `normalise` always, in the order in which they act."""
    own: Sequence[str] = list(getattr(source, "SETTINGS", {}))
    decided = {"normalise", *getattr(source, "DEFAULTS", {})}
    return [*own, *(name for name in prepare.DEFAULTS if name in decided)]


def _entry(key: str, entry: Facts, source: ModuleType) -> str:
    defaults = prepare.full_settings(source, {})
    other = [
        f"{name}: {_flow(value)}" for name, value in entry.items() if name != "source" and value != defaults.get(name)
    ]
    return f"`{key}`" + (f" (`{'`, `'.join(other)}`)" if other else "")


def _splits(source: ModuleType, facts: Facts) -> str:
    rows = []
    for split, made in facts.get("splits", {}).items():
        by = f"`{made['by']}`" if "by" in made else ""
        rows.append((f"`{split}`", parts(split), "; ".join(text for text in (by, made.get("note", "")) if text)))
    for name, rule in getattr(source, "SPLITS", {}).items():
        given = {part: share for part, share in rule.items() if part != "leaks"}
        units = "{case: case for case in patients}" if "leaks" in rule else "patients"
        by = f"`by_patient({units}, {given})`, once the ids are known"
        rows.append((f"`<dataset>/{name}`", shares(rule), by + ("; patients leak" if "leaks" in rule else "")))
    return table(("split", "train / val / test", "made by"), rows)


def parts(split: str) -> str:
    """Return how many cases a committed split has in each part; one that trains and validates counts in both."""
    counts = splits.read(SPLITS / f"{split}.csv")["part"].value_counts()
    return " / ".join(str(counts[part]) for part in splits.PARTS)


def shares(rule: Mapping[str, Any]) -> str:
    """Return the shares that a rule gives to each part."""
    sizes = {part: share for part, share in rule.items() if part != "leaks"}
    are_counts = all(isinstance(size, int) for size in sizes.values())
    numbers = {part: size if are_counts else 100 * size for part, size in sizes.items()}
    given = [f"{number:g} ({part})" if "+" in part else f"{number:g}" for part, number in numbers.items()]
    return f"{' / '.join(given)}{'' if are_counts else ' %'} of {rule.get('leaks', 'patients')}"


def _flow(value: Any) -> str:
    return yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=10**6).strip().removesuffix("\n...")
