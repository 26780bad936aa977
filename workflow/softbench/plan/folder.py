"""The plan of a folder without starting Snakemake: its config, and the names of the rules in its rule files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from softbench.errors import InputError
from softbench.plan import checks, config, rule_files
from softbench.plan.config import layers
from softbench.plan.places import MisfitError, Node
from softbench.plan.plan import Plan

MANY = 40  # entries; nobody changes so many of the catalogue's by hand


def read(
    root: Path, configfiles: Sequence[str | Path] = (), assignments: Sequence[str] | Mapping[str, Any] = ()
) -> Plan:
    """Return the plan that Snakemake would make of the same folder and options.

    Args:
        root: the folder of the suite, with config.yaml, config/ and workflow/.
        configfiles: as given to `--configfile`: merged over config.yaml in their order, below `root` or absolute.
        assignments: as given to `--config`: key=value, the value in YAML, or as Snakemake has read them.
    Raises: InputError: as `config.read`, `config.check`, `Plan` and `checks.fit`.
    """
    found = config.read(root, configfiles, assignments)
    try:
        config.check(found)
        plan = _plan(root, found)
        checks.fit(plan)
        return plan
    except MisfitError as error:
        raise InputError(f"{advice(root, configfiles)}{error.placed(found.places)}") from None
    except InputError as error:
        raise InputError(f"{advice(root, configfiles)}{error}") from None


def _plan(root: Path, found: config.Config) -> Plan:
    rules = rule_files.find(root / "workflow" / "rules")
    return Plan(
        found.values, list(rules.recipes), list(rules.maps), list(rules.sources), rule_files.names(root),
        places=found.places, by_name=found.by_name,
    )  # fmt: skip


def advice(root: Path, configfiles: Sequence[str | Path] = ()) -> str:
    """Return what to do with a config.yaml from when it held the whole catalogue, or a copy of it; said before a fault.

    Its entries lie over those of the catalogue and are read. But what the catalogue has since gained may name what they
    lack. Nothing is said where no file repeats it.

    Raises: InputError: as `layers.stack`.
    """
    catalogue = layers.catalogue(root)
    for path in (layers.OWN, *configfiles):
        own = layers.own(root, path)
        repeated = sum(len(_names(own, section) & _names(catalogue, section)) for section in layers.SECTIONS)
        if repeated >= MANY:
            return (
                f"{path} also holds {repeated} entries of config/, where they stand now: it seems to be of an earlier "
                "version. Delete from it all that you did not change. What stopped first: "
            )
    return ""


def _names(layer: Node, section: str) -> set[str]:
    node = layer.value.get(section)
    return set(node.value) if node is not None and isinstance(node.value, dict) else set()
