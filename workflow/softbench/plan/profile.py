"""Check of the rules named in profiles: settings for a rule that no longer exists would silently have no effect."""

import difflib
from collections.abc import Collection, Iterable

from softbench.errors import InputError

OF_TABLES = (  # rules of which the job of a table does the work
    "statistics_table", "rank_table", "rank_figure", "case_figure", "free_rows", "policies", "truth", "quality_table",
    "gallery", "reliability", "costs",
)  # fmt: skip
NOW = {  # how rules of an earlier version began -> the rule that does their work
    "prepare_": "prepare",
    "fetch_": "fetch_source",
    "figure_probabilities": "figure_of_predictions",
    "figure_discrepancy": "figure_of_predictions",
    "figure_": "figure",
    **dict.fromkeys(OF_TABLES, "table"),
}
ONE = {  # rule -> how its memory is set for one of those that it does the work of
    "prepare": "\"64000 if '{rest}' in wildcards.dataset else 32000\"",
    "fetch_source": "\"8000 if wildcards.source == '{rest}' else 4000\"",
}
SHOWN = 3  # names of a rule's predecessors in a message


def check(named: Iterable[str], rules: Collection[str]) -> list[str]:
    """Return what there is to tell of rules that a profile or `--set-resources` names and the suite has not.

    Args:
        named: rules to which resources, threads or groups are given.
        rules: the names of all rules.
    Raises: InputError: for rules of an earlier version, all at once, with the name of the one that does their work.
    """
    unknown = sorted(set(named) - set(rules))
    earlier: dict[str, list[str]] = {}
    for name in unknown:
        if now := new_name(name):
            earlier.setdefault(now, []).append(name)
    if earlier:
        told = "\n".join(f"  {_told(now, names)}" for now, names in earlier.items())
        raise InputError(
            "the profile (or --set-resources, --set-threads, --groups) names rules of an earlier version:\n"
            f"{told}\nDelete these lines, or write the rule of today in their place: its own resources stand in "
            "slurm/config.yaml and workflow/rules. docs/cluster.md says more."
        )
    return [f"The profile names the rule {name!r}, which is not there.{_meant(name, rules)}" for name in unknown]


def new_name(name: str) -> str | None:
    """Return the rule that does the work of one of an earlier version; None where there was no such rule."""
    return next((now for start, now in NOW.items() if name.startswith(start)), None)


def _told(now: str, names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    verb = "are" if len(names) > 1 else "is"
    example = ONE.get(now, "8000").format(rest=names[0].partition("_")[2])
    return f"{', '.join(names[:SHOWN])}{more} {verb} now {now!r}, e.g. `set-resources: {now}: mem_mb: {example}`"


def _meant(name: str, rules: Collection[str]) -> str:
    near = difflib.get_close_matches(name, rules, 1)
    return f" Did you mean {near[0]!r}?" if near else ""
