"""The plan of a folder without starting Snakemake: its config, and the names of the rules in its rule files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from softbench.errors import InputError
from softbench.plan import checks, config, modules, rule_files
from softbench.plan.config import old
from softbench.plan.config.faults import MisfitError
from softbench.plan.plan import Plan


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
    except InputError as error:
        raise InputError(f"{old.advice(root, configfiles)}{error}") from None


def _plan(root: Path, found: config.Config) -> Plan:
    rules = rule_files.names(root)
    recipes, kinds = _named(rules, "soften_"), _named(rules, "map_")
    sources = modules.sources()
    try:
        return Plan(found.values, recipes, kinds, sources, rules, places=found.places, by_name=found.by_name)
    except MisfitError as error:
        raise error.placed(found.places) from None


def _named(rules: Sequence[str], prefix: str) -> list[str]:
    return [name.removeprefix(prefix) for name in rules if name.startswith(prefix)]
