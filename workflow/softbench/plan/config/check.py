"""All of config against its schema: one error, the first by file and line."""

from collections.abc import Mapping
from typing import Any, Protocol

from softbench.errors import InputError
from softbench.losses import catalogue as losses
from softbench.plan.config import entries, rules_found, schema, together, walk
from softbench.plan.config.names import Names
from softbench.plan.config.nodes import Places
from softbench.plan.config.refuse import refuse
from softbench.plan.config.rules_found import RulesFound
from softbench.plan.config.walk import Fault, Rules


class Read(Protocol):
    """What was read of config: `read.Config`."""

    @property
    def values(self) -> dict[str, Any]:
        """Plain values."""
        ...

    @property
    def places(self) -> Places:
        """Where each of them was written."""
        ...


def check(config: Read, found: RulesFound | None = None) -> None:
    """Raise for the first fault of config: a key, type, range or name that is not known.

    Args:
        config: as it was read.
        found: the recipes, maps and sources that there are; None: by the text of the rule files.
    Raises: InputError: `file, line N: path.of.key`, what was found, what is known, and which of it was probably meant.
    """
    refuse(faults_of(config.values, found), config.places)


def faults_of(values: Mapping[str, Any], found: RulesFound | None = None) -> list[Fault]:
    """Return what is wrong with config: with its entries one by one, or if nothing is, with what they say together."""
    names = Names(values, found or rules_found.find())
    wrong = list(walk.faults(values, schema.whole(), (), _rules(names)))
    return wrong or list(together.faults(values, names))


def _rules(names: Names) -> Rules:
    def entry(kind: str, key: str, value: Any) -> Any:
        return entries.of(kind, key, value, names.found.maps)

    return Rules(names.of, entry, _loss, names.is_known)


def _loss(expression: str) -> str | None:
    """Return what is wrong with a loss; None where it can be read."""
    try:
        losses.read(expression)
    except InputError as error:
        return str(error)
    return None
