"""Is a difference real: means with their spread, differences paired over seeds, tests, what they can see, and ranks."""

from softbench.statistics.agreement import Agreement, agreement
from softbench.statistics.bootstrap import NewPatients, new_patients
from softbench.statistics.crossed import Crossed, crossed_difference
from softbench.statistics.joint import draw_means
from softbench.statistics.margin import Equivalence, equivalence
from softbench.statistics.multiplicity import Family, holm
from softbench.statistics.nemenyi import Friedman, friedman
from softbench.statistics.paired import Difference, difference, differences
from softbench.statistics.policy import apply as apply_policy
from softbench.statistics.power import detectable, power, seeds_needed
from softbench.statistics.ranking import Ranks, ranks
from softbench.statistics.summary import composite, seed_means, summarise
from softbench.statistics.validity import reason_against

__all__ = [
    "Agreement",
    "Crossed",
    "Difference",
    "Equivalence",
    "Family",
    "Friedman",
    "NewPatients",
    "Ranks",
    "agreement",
    "apply_policy",
    "composite",
    "crossed_difference",
    "detectable",
    "difference",
    "differences",
    "draw_means",
    "equivalence",
    "friedman",
    "holm",
    "new_patients",
    "power",
    "ranks",
    "reason_against",
    "seed_means",
    "seeds_needed",
    "summarise",
]
