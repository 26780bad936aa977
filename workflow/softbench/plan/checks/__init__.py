"""What must fit together across the entries of config: checked before any job."""

from typing import TYPE_CHECKING

from softbench.plan.checks import experiments, figures, papers, tables
from softbench.plan.checks.facts import Facts
from softbench.plan.config.nodes import Places
from softbench.plan.config.refuse import refuse
from softbench.plan.config.walk import Fault

if TYPE_CHECKING:
    from softbench.plan.plan import Plan


def fit(plan: "Plan", places: Places | None = None) -> None:
    """Raise for the first thing of a plan that does not fit another.

    Args:
        plan: complete, of a config that `config.check` lets pass.
        places: where its values were written.
    Raises: InputError: `file, line N: path.of.key`, what was found, what is known, and which of it was probably meant.
    """
    refuse(faults_of(plan), places)


def faults_of(plan: "Plan") -> list[Fault]:
    """Return all that does not fit in a plan, in no order."""
    facts = Facts(plan)
    return [*experiments.faults(facts), *tables.faults(facts), *figures.faults(facts), *papers.faults(facts)]
