"""The plan of a folder without starting Snakemake: its config, and the names of the rules in its rule files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from softbench.errors import InputError
from softbench.plan import checks, modules, rule_files, settings
from softbench.plan.config.check import faults_of
from softbench.plan.config.refuse import refuse
from softbench.plan.plan import Plan

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C is ten times as fast


def read(
    root: Path, configfiles: Sequence[str | Path] = (), assignments: Sequence[str] | Mapping[str, Any] = ()
) -> Plan:
    """Return the plan that Snakemake would make of the same folder and options.

    Args:
        root: the folder of the suite, with config.yaml and workflow/.
        configfiles: as given to `--configfile`: merged over config.yaml in their order, below `root` or absolute.
        assignments: as given to `--config`: key=value, the value in YAML, or as Snakemake has read them.
    Raises: InputError: if there is no config.yaml or a file cannot be read; and as `config.check` and `Plan`.
    """
    config = _load(root / "config.yaml")
    for path in configfiles:
        config = merged(config, _load(root / path))
    config = merged(config, settings.retype(_given(assignments)))
    refuse(faults_of(config), None)
    rules = rule_files.names(root)
    plan = Plan(config, _named(rules, "soften_"), _named(rules, "map_"), modules.sources(), rules)
    checks.fit(plan)
    return plan


def _named(rules: Sequence[str], prefix: str) -> list[str]:
    return [name.removeprefix(prefix) for name in rules if name.startswith(prefix)]


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return one config with the entries of another over it; mappings are merged key by key, as Snakemake does."""
    both = dict(below)
    for key, value in above.items():
        old = both.get(key)
        both[key] = merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return both


def _load(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), LOADER)
    except FileNotFoundError:
        raise InputError(f"there is no {path}. Run it in the folder of the suite.") from None
    except yaml.YAMLError as error:
        raise InputError(f"{path} is no YAML: {error}") from None
    return content


def _given(assignments: Sequence[str] | Mapping[str, Any]) -> dict[str, Any]:
    return dict(assignments) if isinstance(assignments, Mapping) else dict(map(_assignment, assignments))


def _assignment(text: str) -> tuple[str, Any]:
    key, sign, value = text.partition("=")
    if not sign:
        raise InputError(f"--config takes key=value, but was given {text!r}.")
    return key, yaml.safe_load(value)
