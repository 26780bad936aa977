"""What must fit together across the entries of config: checked before any job."""

from typing import TYPE_CHECKING

from softbench.plan.checks import experiments, figures, papers, tables
from softbench.plan.checks.facts import Facts
from softbench.plan.config.refuse import refuse
from softbench.plan.config.walk import Fault

if TYPE_CHECKING:
    from softbench.plan.plan import Plan


def fit(plan: "Plan") -> None:
    """Raise for the first thing of a plan that does not fit another.

    Args:
        plan: complete, of a config that `config.check` lets pass.
    Raises: InputError: `file, line N: path.of.key`, what was found, what is known, and which of it was probably meant.
    """
    refuse(faults_of(plan), plan.places)


def require_split(plan: "Plan", experiment: str) -> None:
    """Raise where the split of an experiment is none of its data set; the message lists those that there are.

    Raises: InputError: as `fit`.
    """
    refuse(experiments.split(experiment, Facts(plan)), plan.places)


def faults_of(plan: "Plan") -> list[Fault]:
    """Return all that does not fit in a plan, in no order."""
    facts = Facts(plan)
    return [*experiments.faults(facts), *tables.faults(facts), *figures.faults(facts), *papers.faults(facts)]
