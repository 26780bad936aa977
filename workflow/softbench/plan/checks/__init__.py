"""What must fit together across the entries of config: checked before any job."""

from typing import TYPE_CHECKING

from softbench.plan.checks import experiments, methods, raters, recipes, shows, teachers, tuning
from softbench.plan.checks.experiments import Facts
from softbench.plan.places import Fault, refuse

if TYPE_CHECKING:
    from softbench.plan.plan import Plan


def fit(plan: "Plan") -> None:
    """Raise for the first thing of a plan that does not fit another.

    Args:
        plan: complete, of a config that `config.check` lets pass.
    Raises: InputError: as `places.refuse`.
    """
    refuse(faults(plan), plan.places)


def require_split(plan: "Plan", experiment: str) -> None:
    """Raise where the split of an experiment is none of its data set; the message lists those that there are.

    Raises: InputError: as `fit`.
    """
    refuse(experiments.split(experiment, Facts(plan)), plan.places)


def faults(plan: "Plan") -> list[Fault]:
    """Return all that does not fit in a plan, in no order."""
    facts = Facts(plan)
    return [
        *methods.faults(facts), *experiments.faults(facts),
        *shows.of_tables(facts), *shows.of_figures(facts), *shows.of_papers(facts),
        *raters.faults(plan), *recipes.faults(plan), *tuning.faults(facts), *teachers.faults(facts),
    ]  # fmt: skip
