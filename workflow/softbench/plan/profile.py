"""Profiles name rules: one that names a rule of an earlier version, or none at all, would change nothing in silence."""

import difflib
from collections.abc import Collection, Iterable

from softbench.errors import InputError

NOW = {  # how rules of earlier versions began -> the rule that does their work, and how one of them is meant
    "prepare_": ("prepare", "\"64000 if '{rest}' in wildcards.dataset else 32000\""),
    "fetch_": ("fetch_source", "\"8000 if wildcards.source == '{rest}' else 4000\""),
    "figure_": ("figure", "4000 (and figure_of_predictions)"),
}


def check(named: Iterable[str], rules: Collection[str]) -> list[str]:
    """Return what there is to tell of rules that a profile or `--set-resources` names and the suite has not.

    Args:
        named: rules to which resources, threads or groups are given.
        rules: the names of all rules.
    Raises: InputError: for a rule of an earlier version, with the name of the one that does its work.
    """
    unknown = sorted(set(named) - set(rules))
    for name in unknown:
        for start, (now, example) in NOW.items():
            if name.startswith(start):
                shown = example.format(rest=name.removeprefix(start))
                raise InputError(
                    f"the profile (or --set-resources, --set-threads, --groups) names the rule {name!r}, whose work "
                    f"the rule {now!r} does now. Write, for instance, `set-resources: {now}: mem_mb: "
                    f"{shown}`; docs/cluster.md says more."
                )
    return [f"The profile names the rule {name!r}, which is not there.{_meant(name, rules)}" for name in unknown]


def _meant(name: str, rules: Collection[str]) -> str:
    near = difflib.get_close_matches(name, rules, 1)
    return f" Did you mean {near[0]!r}?" if near else ""
